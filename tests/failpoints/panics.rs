//! An interface that breaks off: the terminal is given back, and the core in its process goes on.

use std::path::Path;

use crate::host::{Host, descriptor};

#[test]
fn a_panic_of_the_interface_leaves_a_core_without_a_face_and_its_run_goes_on() {
    let host = Host::new(5);
    let mut pty = host.interface_with("SIGNALSMITH_PLANTED_BUG", "interface_breaks_off");
    let core = host.core();
    pty.send("r");
    host.arrived(1);
    host.gate.open(1);
    host.arrived(2);
    pty.send("c");
    pty.sees("cancel the run");
    pty.press_until_gone("y");
    pty.sees("its core goes on in this process");
    host.desk.ok(&["status"]);
    host.gate.open(100);
    let run = host.ended_run();
    assert_eq!(run["status"], "completed", "{run}");
    assert_eq!(run["counters"]["create"]["done"], 5, "{run}");
    host.sent_once(5);
    assert_eq!(host.core(), core, "the same process");
    for number in 1..3 {
        assert_eq!(descriptor(core, number), Path::new("/dev/null"));
    }
    let input = descriptor(core, 0);
    assert!(input.to_string_lossy().starts_with("pipe:"), "{input:?}");
    // It is still the terminal's foreground process: ctrl-c stops it.
    pty.send("\u{3}");
    assert!(pty.ends());
    assert!(host.desk.ok(&["stop"]).contains("no core runs"));
}
