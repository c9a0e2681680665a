//! At rest the program sleeps: no bytes, and no wake-up but the minute's.

use std::collections::BTreeMap;
use std::time::Duration;

use super::host::Host;

/// How long a process is watched at a time.
const WATCHED: Duration = Duration::from_secs(3);
/// How often it is watched: the minute may change in one of the times, and what was just started
/// may still settle.
const TIMES: u32 = 5;

/// How often each thread of a process has gone to sleep so far, and so was awake before.
fn naps(process: u32) -> BTreeMap<String, u64> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut naps = BTreeMap::new();
    for thread in threads {
        let folder = thread.unwrap().path();
        // A thread may end meanwhile.
        let Ok(status) = std::fs::read_to_string(folder.join("status")) else {
            continue;
        };
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let name = format!("{} {}", value("Name:"), value("Pid:"));
        let count = value("voluntary_ctxt_switches:").parse().unwrap();
        naps.insert(name, count);
    }
    naps
}

/// Makes sure that a process sleeps through a while.
#[track_caller]
pub fn sleeps(process: u32, what: &str) {
    let mut seen = Vec::new();
    for _ in 0..TIMES {
        let before = naps(process);
        std::thread::park_timeout(WATCHED);
        let after = naps(process);
        if before == after {
            return;
        }
        let woke = after
            .iter()
            .filter(|(name, count)| before.get(*name) != Some(count));
        seen.push(format!("{:?}", woke.collect::<Vec<_>>()));
    }
    panic!("{what} does not sleep: {seen:#?}");
}

#[test]
fn an_interface_at_rest_writes_nothing_and_sleeps() {
    let host = Host::new(2);
    let mut pty = host.interface();
    host.gate.open(100);
    pty.send("r");
    pty.sees("completed");
    pty.quiet_for(Duration::from_secs(1));
    let before = pty.bytes().len();
    sleeps(pty.process(), "the interface");
    // A minute may have changed in between, once: HH:MM and the relative times.
    let written = pty.bytes().len() - before;
    assert!(written < 400, "{written} bytes");
    pty.send("q");
    assert!(pty.ends());
}
