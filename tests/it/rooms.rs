//! The house: which room of `src/` may know which, and how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room, and the rooms that it may know besides itself.
const RULES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("connectors", &["domain", "failpoints"]),
    ("store", &["domain"]),
    ("snapshot", &["domain", "failpoints"]),
    ("config", &["domain"]),
    (
        "engine",
        &[
            "domain",
            "connectors",
            "store",
            "snapshot",
            "config",
            "link",
            "telemetry",
            "failpoints",
        ],
    ),
    ("failpoints", &[]),
    ("link", &["domain"]),
    ("tui", &["domain", "link", "safe_text"]),
    ("api", &["domain", "link", "safe_text"]),
    ("sandbox", &["domain"]),
    ("safe_text", &[]),
    ("telemetry", &[]),
    (
        "cli",
        &[
            "domain",
            "connectors",
            "store",
            "snapshot",
            "config",
            "engine",
            "link",
            "tui",
            "api",
            "sandbox",
            "safe_text",
            "telemetry",
            "failpoints",
        ],
    ),
];

/// Lines that a file may have at most.
const MAX_LINES: usize = 400;

fn allowed(room: &str) -> Option<&'static [&'static str]> {
    RULES
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, known)| *known)
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The rooms that a text names by `crate::`, alone or in braces, or by climbing past its own room;
/// `depth` is how deep its module lies.
fn named(text: &str, depth: usize) -> Vec<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ");
    let mut rooms = Vec::new();
    let climb = "super::".repeat(depth);
    for start in ["crate::", climb.as_str()] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') || start.is_empty() {
                continue;
            }
            let rest = &code[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(list) => rooms.extend(heads(list)),
                None => rooms.push(word(rest)),
            }
        }
    }
    rooms.retain(|room| allowed(room).is_some());
    rooms.sort();
    rooms.dedup();
    rooms
}

fn word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first words of a list in braces, those of inner lists left out.
fn heads(list: &str) -> Vec<String> {
    let mut heads = vec![word(list)];
    let mut level = 0_usize;
    for (at, character) in list.char_indices() {
        match character {
            '{' => level += 1,
            '}' if level == 0 => break,
            '}' => level -= 1,
            ',' if level == 0 => heads.push(word(&list[at + 1..])),
            _ => {}
        }
    }
    heads
}

/// The edges of one file that the rules do not allow.
fn forbidden(path: &Path, text: &str) -> Vec<String> {
    let mut parts: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    let room = parts[0].clone();
    if ["lib", "main"].contains(&room.as_str()) {
        return Vec::new();
    }
    let Some(known) = allowed(&room) else {
        return vec![format!("{}: there is no room '{room}'", path.display())];
    };
    named(text, parts.len())
        .into_iter()
        .filter(|other| *other != room && !known.contains(&other.as_str()))
        .map(|other| format!("{}: {room} may not know {other}", path.display()))
        .collect()
}

#[test]
fn no_room_knows_a_room_that_it_may_not_know() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for path in sources("src") {
        let text = fs::read_to_string(&path).unwrap();
        wrong.extend(forbidden(path.strip_prefix(&src).unwrap(), &text));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_forbidden_edge_is_found_in_every_spelling() {
    let told = |path: &str, text: &str| forbidden(Path::new(path), text).len();
    assert_eq!(told("tui/view.rs", "use crate::engine::Engine;"), 1);
    assert_eq!(told("tui/view.rs", "fn f() { crate::store::open(); }"), 1);
    assert_eq!(
        told("api/mod.rs", "use crate::{domain::{id, run}, store};"),
        1
    );
    assert_eq!(
        told(
            "api/mod.rs",
            "use crate::{\n    link::Link,\n    config::{a, b},\n};"
        ),
        1
    );
    assert_eq!(
        told("domain/row.rs", "use super::super::snapshot::Entry;"),
        1
    );
    assert_eq!(
        told("connectors/a/b.rs", "pub(in crate::store) fn f() {}"),
        1
    );
    assert_eq!(told("attic/mod.rs", ""), 1);
}

#[test]
fn what_is_allowed_or_only_written_about_is_no_edge() {
    let told = |path: &str, text: &str| forbidden(Path::new(path), text);
    let none = Vec::<String>::new();
    assert_eq!(
        told(
            "tui/view.rs",
            "use crate::domain::run::Run; use crate::link::Link;"
        ),
        none
    );
    assert_eq!(told("tui/view.rs", "//! As [`crate::engine`] says."), none);
    assert_eq!(
        told("engine/run/mod.rs", "use super::super::snapshot_names;"),
        none
    );
    assert_eq!(
        told("engine/run/mod.rs", "use super::super::store::Store;"),
        none
    );
    assert_eq!(
        told("store/rows/mod.rs", "use super::snapshot::Rows;"),
        none
    );
    assert_eq!(told("main.rs", "signalsmith::cli::run()"), none);
}

#[test]
fn every_file_is_under_400_lines() {
    let long: Vec<String> = sources("src")
        .into_iter()
        .chain(sources("tests"))
        .map(|path| {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            (lines, path)
        })
        .filter(|(lines, _)| *lines >= MAX_LINES)
        .map(|(lines, path)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
