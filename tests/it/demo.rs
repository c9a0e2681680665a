//! The demo: it runs without a terminal, checks itself, and leaves nothing behind.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use crate::support::program::Program;

fn rounds<'a>(shown: &'a str, sync: &str) -> Vec<&'a str> {
    shown
        .lines()
        .filter(|line| line.starts_with(sync))
        .collect()
}

#[test]
fn the_headless_demo_checks_every_destination_and_leaves_nothing_behind() {
    let program = Program::new();
    let shown = program.ok(&["demo", "--headless"]);
    for (sync, mode) in [
        ("Customer table", "upsert"),
        ("Customer file", "mirror"),
        ("Order file", "append"),
        ("Spender hook", "mirror"),
    ] {
        let lines = rounds(&shown, sync);
        assert_eq!(lines.len(), 4, "{shown}");
        assert!(lines.iter().all(|line| line.contains(mode)), "{shown}");
    }
    assert!(
        shown.contains("every destination holds exactly what its mode says"),
        "{shown}"
    );
    let left: Vec<_> = std::fs::read_dir(program.path("")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_named_folder_is_kept_with_a_workspace_that_can_be_used() {
    let program = Program::new();
    program.ok(&["demo", "--headless", "--seed", "11", "-C", "demo"]);
    let status = program.ok(&["status", "-C", "demo"]);
    assert_eq!(rounds(&status, "Active table").len(), 1, "{status}");
    let check = program.ok(&["check", "-C", "demo", "demo/demo.toml"]);
    assert!(check.contains("0 to create, 0 to update"), "{check}");
}

#[test]
fn a_folder_that_is_not_empty_is_refused_and_left_alone() {
    let program = Program::new();
    std::fs::create_dir(program.path("mine")).unwrap();
    std::fs::write(program.path("mine/letter.txt"), "dear").unwrap();
    let ran = program.run(&["demo", "--headless", "-C", "mine"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("it is not empty"), "{ran:?}");
    assert_eq!(std::fs::read_dir(program.path("mine")).unwrap().count(), 1);
}

#[test]
fn a_demo_that_is_told_to_stop_leaves_nothing_behind() {
    let program = Program::new();
    let mut demo = program
        .command(&program.path(""), &["demo", "--headless"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(demo.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.starts_with("run 1"), "{line}");
    let id = rustix::process::Pid::from_child(&demo);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(1), "{rest}");
    assert_eq!(rest, "error: the demo was stopped\n");
    assert_eq!(std::fs::read_dir(program.path("")).unwrap().count(), 0);
}
