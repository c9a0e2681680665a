//! Hostile text and any keys on the screens of plans, runs, rows, histories and the audit trail.

use proptest::prelude::*;
use serde_json::Value as Json;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};

use super::hostile::{NAMES, is_whole};
use super::plan_flows::planner;
use super::robot::{Robot, Script};
use super::row_flows::with_refused;

/// Fields of a reply that come from outside.
const OUTSIDE: [&str; 13] = [
    "identifier",
    "destination_id",
    "why",
    "field",
    "code",
    "reason",
    "actor",
    "name",
    "text",
    "word",
    "Email",
    "LastName",
    "Stage",
];

/// Puts hostile text wherever text comes from outside, names of fields included.
fn poison(value: &mut Json, number: &mut usize) {
    fn next(number: &mut usize) -> String {
        *number += 1;
        NAMES[*number % NAMES.len()].to_owned()
    }
    match value {
        Json::Object(keys) => {
            for key in ["old", "new", "payload"] {
                if let Some(Json::Object(record)) = keys.get_mut(key) {
                    let first = record.values().next().cloned();
                    record.insert(next(number), first.unwrap_or_default());
                    record.insert("long".into(), "全\u{202e}".repeat(4_000).into());
                }
            }
            if let Some(Json::Object(key)) = keys.get_mut("key") {
                key.values_mut()
                    .for_each(|value| *value = next(number).into());
            }
            for (key, value) in keys.iter_mut() {
                match value {
                    Json::String(text) if OUTSIDE.contains(&key.as_str()) => *text = next(number),
                    other => poison(other, number),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| poison(item, number)),
        _ => {}
    }
}

/// A core whose records are hostile, and which fails at times.
fn hostile_core() -> Script {
    let mut quick = planner();
    let mut number = 0;
    Box::new(move |command| {
        if let Command::Retry { .. } = command {
            return Some(Err(
                Problem::new(ProblemKind::State, NAMES[0]).hint(NAMES[2])
            ));
        }
        let reply = quick(command)?;
        let shown = matches!(
            command,
            Command::Browse(_)
                | Command::Rows { .. }
                | Command::History { .. }
                | Command::LogPage { .. }
        );
        let reply = reply.map(|reply| {
            let mut json = serde_json::to_value(&reply).unwrap();
            poison(&mut json, &mut number);
            match shown {
                true => serde_json::from_value::<Reply>(json).unwrap(),
                false => reply,
            }
        });
        Some(reply)
    })
}

#[test]
fn hostile_records_stay_in_their_columns() {
    for size in [(120, 36), (80, 24), (59, 14), (39, 9), (101, 15)] {
        let mut robot = Robot::new(size, with_refused(), hostile_core());
        let keys = [
            "j", "j", "j", "j", "p", "j", "G", "f", "f", "f", "f", "H", "esc", "A", "esc", "esc",
            "esc", "3", "j", "j", "j", "enter", "enter", "enter", "j", "T", "esc", "R", "esc", "H",
            "X", "esc", "e", "G", "esc", "esc", "esc", "7", "j", "G", "y",
        ];
        for key in keys {
            robot.press(key);
            is_whole(&robot);
        }
    }
}

fn any_key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "2",
        "3",
        "3",
        "7",
        "p",
        "p",
        "A",
        "W",
        "x",
        "E",
        ",",
        ".",
        "n",
        "H",
        "w",
        "R",
        "T",
        "X",
        "e",
        "c",
        "y",
        "Y",
        "j",
        "k",
        "h",
        "l",
        "g",
        "G",
        "enter",
        "enter",
        "esc",
        "tab",
        "/",
        "f",
        "o",
        ":",
        "?",
        "ctrl-u",
        "ctrl-d",
        "1",
        "9",
        "backspace",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_keys_at_any_size_break_nothing(
        keys in proptest::collection::vec(any_key(), 1..60),
        size in prop::sample::select(vec![(120, 36), (80, 24), (59, 14), (45, 11), (39, 9)]),
    ) {
        let mut robot = Robot::new(size, with_refused(), hostile_core());
        for key in keys {
            robot.press(key);
            is_whole(&robot);
        }
    }
}
