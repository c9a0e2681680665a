//! What reaches the terminal: nothing that a row, a name or an error could make it obey; and help.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::support::desk::{Desk, UPSERT};
use crate::support::program::Program;

/// Rings, clears, colours, turns text around: as ESC sequences and as single C1 characters.
const HOSTILE: &str = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\u{202e}x\u{7f}";

fn assert_plain(text: &str, what: &str) {
    let obeyed = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(!text.contains(obeyed), "{what}: {text:?}");
}

#[test]
fn hostile_text_never_reaches_the_terminal_raw() {
    let desk = Desk::with(3, UPSERT);
    desk.source(&format!(
        "UPDATE customers SET first_name = '{HOSTILE}' WHERE id = 2"
    ));
    desk.source(&format!(
        "UPDATE customers SET email = '{HOSTILE}', ltv = 'x{HOSTILE}' WHERE id = 3"
    ));
    for arguments in [
        &["preview", "people"][..],
        &["preview", "people", "--json"],
        &["plan", "contacts", "--all"],
        &["plan", "contacts", "--all", "--json"],
        &["run", "contacts"],
        &["rows", "contacts"],
        &["rows", "contacts", "--json"],
        &["rows", "contacts", "--json", "--unmask"],
        &["logs", "contacts"],
        &["logs", "contacts", "--json"],
        &["history", "2", "--unmask"],
        &["history", "2", "--unmask", "--json"],
        &["run", HOSTILE],
        &["show", "sync", HOSTILE],
        &["history", HOSTILE],
        &["test", HOSTILE],
        &["schedule", "next", HOSTILE],
        &["transforms", HOSTILE],
        &["apply", HOSTILE],
    ] {
        let ran = desk.run(arguments);
        assert_plain(&ran.stdout, &format!("{arguments:?}"));
        assert_plain(&ran.stderr, &format!("{arguments:?}"));
        assert!(
            !(ran.stdout.is_empty() && ran.stderr.is_empty()),
            "{arguments:?}"
        );
    }
    let history = desk.json(0, &["history", "2", "--unmask", "--json"]);
    assert_eq!(
        history[0]["new"]["FirstName"], HOSTILE,
        "escaped is not changed"
    );
}

#[test]
fn a_hostile_file_is_told_of_and_exported_in_plain_text() {
    let desk = Desk::new(3);
    let named = |name: &str| {
        desk.resources(UPSERT)
            .replace("\"contacts\"", &format!("\"{name}\""))
    };
    let ran = desk.refused(&named("a\\u001b[2J"));
    assert!(ran.stderr.contains("plain text"), "{ran:?}");
    assert_plain(&ran.stderr, "a name with an escape sequence");
    let ran = desk.refused(&desk.resources(UPSERT).replace("upsert", "\\u009b31m"));
    assert_plain(&ran.stderr, "a mode with an escape sequence");
    let text = desk.resources(UPSERT).replace(
        "{ source_column = \"ltv\", destination_field = \"Ltv\" }",
        "{ constant = \"\\u001b[2J\\u009b\\u202e\\r\\n\\ttail\", destination_field = \"Ltv\" }",
    );
    desk.apply(&text);
    let export = desk.ok(&["export"]);
    assert_plain(&export, "the export");
    desk.write("again.toml", &export);
    let again = desk.ok(&["apply", "again.toml"]);
    assert!(!again.contains("update"), "{again}");
    for arguments in [
        &["show", "sync", "contacts"][..],
        &["show", "sync", "contacts", "--json"],
    ] {
        assert_plain(&desk.ok(arguments), "the sync");
    }
}

#[test]
fn scripts_find_json_on_the_output_and_nothing_else() {
    let desk = Desk::with(3, UPSERT);
    for arguments in [
        &["run", "contacts"][..],
        &["plan", "contacts"],
        &["status"],
        &["list", "syncs"],
        &["list", "runs"],
        &["show", "run", "contacts"],
        &["history", "1"],
        &["preview", "people"],
        &["test", "copy"],
        &["object", "list", "copy"],
        &["object", "fields", "copy", "Contact"],
        &["schedule", "next", "@daily"],
        &["transforms"],
        &["check", "acme.toml"],
        &["apply", "acme.toml", "--yes"],
    ] {
        let ran = desk.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        let one: Result<Json, _> = serde_json::from_str(&ran.stdout);
        assert!(one.is_ok(), "{arguments:?}: {ran:?}");
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let desk = Desk::with(3_000, UPSERT);
    for arguments in [
        &["plan", "contacts", "--all"][..],
        &["plan", "contacts", "--all", "--json"],
        &["export"],
        &["--help"],
        &["preview", "people", "--limit", "3000"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_signalsmith"))
            .args(arguments)
            .env_clear()
            .env("HOME", desk.path(""))
            .env("SIGNALSMITH_DIR", desk.path("workspace"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut reader = BufReader::with_capacity(16, child.stdout.take().unwrap());
        reader.read_line(&mut first).unwrap();
        drop(reader);
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!said.contains("panic"), "{arguments:?}: {said}");
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {said}");
    }
}

#[test]
fn every_command_has_help_and_refuses_what_it_does_not_know() {
    let program = Program::new();
    let top = program.ok(&["--help"]);
    let listed = top
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    let commands: Vec<&str> = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let help = program.ok(&[command, "--help"]);
        assert!(help.contains("Usage: signalsmith"), "{command}");
        let ran = program.run(&[command, "--no-such-option"]);
        assert_eq!(ran.code, 2, "{command}: {ran:?}");
    }
    assert_eq!(program.run(&["no-such-command"]).code, 2);
    assert!(program.ok(&["--version"]).starts_with("signalsmith "));
}
