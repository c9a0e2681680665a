//! The example of a resource file: it applies as it stands, and knows every key.

use std::path::{Path, PathBuf};

use signalsmith::connectors::registry::{DESTINATIONS, SOURCES};

use crate::support::program::Program;

const EXAMPLE: &str = include_str!("../../config.example.toml");

/// What the example's destinations would write, where a person has run it.
fn written() -> Vec<(PathBuf, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = ["example.db", "example-out"].map(|name| root.join(name));
    paths
        .into_iter()
        .map(|path| {
            let there = path.exists();
            (path, there)
        })
        .collect()
}

#[test]
fn the_example_applies_as_it_stands_and_touches_no_destination() {
    let program = Program::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let before = written();
    let run = |arguments: &[&str]| {
        let ran = program.run_from(root, arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.stdout
    };
    run(&["init"]);
    let checked = run(&["check", "config.example.toml"]);
    assert!(checked.contains("7 to create, 1 to update"), "{checked}");
    let applied = run(&["apply", "--yes", "config.example.toml"]);
    assert!(
        applied.contains("+ create sync Airports to table"),
        "{applied}"
    );
    let checked = run(&["check", "config.example.toml"]);
    assert!(checked.contains("0 to create, 0 to update"), "{checked}");
    let plan = run(&["plan", "Airports to table", "--all"]);
    for line in [
        "name: Lansdowne Airport",
        "metres: 318.2",
        "written_by: Airports to table",
    ] {
        assert!(plan.contains(line), "{line}");
    }
    assert_eq!(written(), before);
}

#[test]
fn what_was_exported_applies_again_without_a_change() {
    let program = Program::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    program.ok(&["init"]);
    let example = root.join("config.example.toml");
    program.ok(&["apply", "--yes", example.to_str().unwrap()]);
    let first = program.ok(&["export"]);
    std::fs::write(program.path("export.toml"), &first).unwrap();
    let checked = program.ok(&["check", "export.toml"]);
    assert!(checked.contains("0 to create, 0 to update"), "{checked}");
    program.ok(&["apply", "--yes", "export.toml"]);
    assert_eq!(program.ok(&["export"]), first);
}

#[test]
fn the_example_shows_every_setting_of_every_connection() {
    let shown = |key: &str| {
        let is_key = |line: &str| {
            let line = line.trim_start_matches(['#', ' ']);
            line.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        EXAMPLE.lines().any(is_key)
    };
    let kinds = SOURCES.iter().chain(DESTINATIONS);
    let missing: Vec<String> = kinds
        .flat_map(|kind| kind.settings.iter().map(|setting| (kind.word, setting.key)))
        .filter(|(_, key)| !shown(key))
        .map(|(word, key)| format!("{word}: {key}"))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_possibility_that_the_example_keeps_behind_a_hash_is_a_known_key() {
    let program = Program::new();
    program.ok(&["init"]);
    // A line that holds a key, or opens a table, counts; prose does not.
    let is_key = |line: &str| {
        let word = line.split('=').next().unwrap_or_default().trim();
        line.contains(" = ")
            && !word.is_empty()
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let hook = EXAMPLE.split("name = \"example hook\"").nth(1).unwrap();
    let hook = hook.split("[[sync]]").next().unwrap();
    let keys: Vec<&str> = hook
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| is_key(line))
        .collect();
    assert!(keys.len() > 20, "{keys:?}");
    let text = format!(
        "[[destination]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"https://hooks.example.com/rows\"\n{}\n",
        keys.join("\n")
    );
    std::fs::write(program.path("hook.toml"), &text).unwrap();
    let checked = program.ok(&["check", "hook.toml"]);
    assert!(checked.contains("1 to create"), "{checked}");
}
