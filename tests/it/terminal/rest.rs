//! At rest the program sleeps: no bytes, and no wake-up but the minute's.

use std::collections::BTreeMap;
use std::time::Duration;

use super::host::Host;

/// How long a process is watched at a time.
const WATCHED: Duration = Duration::from_secs(3);
/// How often it is watched: the minute may change in one of the times, and what was just started
/// may still settle.
const TIMES: u32 = 5;

/// How often each thread of a process was awake so far, and its processor time in clock ticks: one
/// that runs round and round never goes to sleep.
fn awake(process: u32) -> BTreeMap<String, (u64, u64)> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut awake = BTreeMap::new();
    for thread in threads {
        let folder = thread.unwrap().path();
        let read = |name| std::fs::read_to_string(folder.join(name));
        // A thread may end meanwhile.
        let (Ok(status), Ok(stat)) = (read("status"), read("stat")) else {
            continue;
        };
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let name = format!("{} {}", value("Name:"), value("Pid:"));
        let naps: u64 = value("voluntary_ctxt_switches:").parse().unwrap();
        // After the name in brackets, which may hold anything: proc_pid_stat(5).
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
        awake.insert(name, (naps, ticks(11) + ticks(12)));
    }
    awake
}

/// Makes sure that a process sleeps through a while.
#[track_caller]
pub fn sleeps(process: u32, what: &str) {
    let mut seen = Vec::new();
    for _ in 0..TIMES {
        let before = awake(process);
        std::thread::park_timeout(WATCHED);
        let after = awake(process);
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
