//! `serve` and `stop`: a core without a face.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::desk::{Desk, UPSERT};

/// A core without a face, once it can be reached.
struct Served {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Served {
    fn start(desk: &Desk) -> Self {
        let mut child = desk
            .program
            .command(&desk.path(""), &["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(
            line.starts_with("serving ") && line.contains("core.sock"),
            "{line}"
        );
        Self { child, said }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end; its exit code.
    fn ended(mut self) -> Option<i32> {
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn a_served_core_takes_commands_until_it_is_stopped() {
    let desk = Desk::with(3, UPSERT);
    let served = Served::start(&desk);
    let run = desk.json(0, &["run", "contacts", "--no-wait", "--json"]);
    desk.ok(&["logs", run["id"].as_str().unwrap(), "--follow"]);
    assert_eq!(desk.count("select count(*) from Contact"), 3);
    let second = desk.run(&["serve"]);
    assert_eq!(second.code, 1, "{second:?}");
    assert!(
        second.stderr.contains(&served.child.id().to_string()),
        "{second:?}"
    );
    assert!(desk.ok(&["stop"]).contains("stopped"));
    assert_eq!(served.ended(), Some(0));
    assert!(desk.ok(&["stop"]).contains("no core runs"));
    assert!(!desk.path("workspace").join("core.sock").exists());
    // Without it a command has a core of its own again.
    desk.ok(&["status"]);
}

#[test]
fn a_served_core_outlives_its_terminal_and_ends_at_a_signal_to_end() {
    let desk = Desk::with(3, UPSERT);
    for signal in [Signal::TERM, Signal::INT] {
        let served = Served::start(&desk);
        served.signal(Signal::HUP);
        desk.ok(&["run", "contacts"]);
        served.signal(signal);
        assert_eq!(served.ended(), Some(0));
    }
}

#[test]
fn serving_and_stopping_need_a_workspace_and_a_port_is_not_offered() {
    let desk = Desk::new(1);
    for command in ["serve", "stop"] {
        let ran = desk.run(&["-C", "nowhere", command]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("there is no workspace in"), "{ran:?}");
    }
    let ran = desk.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("--listen"), "{ran:?}");
    // Only a core that hands over passes a lock.
    let ran = desk.run(&["serve", "--take-over"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.contains("not the lock of this workspace"),
        "{ran:?}"
    );
}
