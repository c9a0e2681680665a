//! Ways to leave the interface while a run goes on in its process: the run goes on to its end.

use std::path::Path;

use rustix::process::Signal;

use super::given_back;
use super::host::{Host, descriptor};

/// A run whose first request was answered and whose second one waits.
fn running(host: &Host, pty: &mut super::pty::Pty) {
    pty.send("r");
    host.arrived(1);
    host.gate.open(1);
    host.arrived(2);
}

/// The group of a process.
fn group(process: u32) -> i32 {
    let pid = rustix::process::Pid::from_raw(i32::try_from(process).unwrap());
    rustix::process::getpgid(pid)
        .unwrap()
        .as_raw_nonzero()
        .get()
}

#[test]
fn left_running_the_same_run_goes_on_in_a_core_of_its_own() {
    let host = Host::new(30);
    let mut pty = host.interface();
    let before = host.core();
    running(&host, &mut pty);
    pty.send("q");
    pty.sees("leave running");
    pty.press_until("l", "handing over");
    // No new batch starts; the one in flight is awaited.
    host.answers_until(1, || pty.shows("runs go on in process"));
    assert!(pty.ends());
    given_back(&pty.bytes());
    let core = host.core();
    assert_ne!(core, before);
    assert_eq!(
        group(core),
        i32::try_from(core).unwrap(),
        "a group of its own"
    );
    for number in 1..3 {
        assert_eq!(descriptor(core, number), Path::new("/dev/null"));
    }
    let input = descriptor(core, 0);
    assert!(input.to_string_lossy().starts_with("pipe:"), "{input:?}");
    host.gate.open(100);
    let run = host.ended_run();
    assert_eq!(run["status"], "completed", "{run}");
    assert_eq!(run["counters"]["create"]["done"], 30, "{run}");
    assert_eq!(run["trigger"], "manual", "{run}");
    host.sent_once(30);
    assert!(host.desk.ok(&["stop"]).contains("stopped"));
    assert!(host.desk.ok(&["stop"]).contains("no core runs"));
}

#[test]
fn staying_is_the_answer_of_enter_and_stopping_runs_that_of_y() {
    let host = Host::new(20);
    let mut pty = host.interface();
    running(&host, &mut pty);
    pty.send("q");
    pty.sees("leave running");
    pty.press_until_no("\r", "leave running");
    pty.send("q");
    pty.sees("leave running");
    pty.press_until_gone("y");
    // The request in flight is awaited.
    host.answers_until(1, || pty.has_ended());
    assert!(pty.ends());
    given_back(&pty.bytes());
    let run = host.desk.json(0, &["show", "run", "contacts", "--json"]);
    assert_eq!(run["status"], "interrupted", "{run}");
    let sent = host.gate.came().len();
    assert_eq!(run["counters"]["create"]["done"], sent, "{run}");
    assert!(sent < 20, "it was stopped");
}

#[test]
fn ctrl_z_hands_a_live_run_over_and_fg_comes_back_attached_to_it() {
    let host = Host::new(30);
    let script = "signalsmith; echo in-the-shell; fg >/dev/null; echo done";
    let mut pty = host.shell(&["-m"], script);
    pty.sees("core ● local");
    running(&host, &mut pty);
    pty.send("\u{1a}");
    pty.sees("leave running");
    let before = pty.bytes().len();
    pty.press_until("l", "handing over");
    host.answers_until(1, || pty.shows("core ● attached"));
    let shell = pty.gets(b"in-the-shell", before);
    host.gate.open(100);
    let run = host.ended_run();
    assert_eq!(run["counters"]["create"]["done"], 30, "{run}");
    host.sent_once(30);
    pty.send("q");
    pty.gets(b"done", shell);
    assert!(pty.ends());
    given_back(&pty.bytes());
}

#[test]
fn a_terminal_that_hangs_up_leaves_a_core_without_a_face() {
    let host = Host::new(5);
    // The shell leads the session; killed, it takes the terminal with it.
    let mut pty = host.shell(&[], "signalsmith; true");
    pty.sees("core ● local");
    running(&host, &mut pty);
    let core = host.core();
    assert_ne!(core, pty.process());
    pty.kill();
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
    super::rest::sleeps(core, "a core without a face");
    assert!(host.desk.ok(&["stop"]).contains("stopped"));
}

#[test]
fn sigterm_gives_the_terminal_back_and_stops_the_core() {
    let host = Host::new(3);
    let mut pty = host.interface();
    pty.signal(Signal::TERM);
    assert!(pty.ends());
    given_back(&pty.bytes());
    assert!(host.desk.ok(&["stop"]).contains("no core runs"));
}
