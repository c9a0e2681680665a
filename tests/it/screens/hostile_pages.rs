//! Hostile text and any keys on the screens of models, sources and destinations.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::destination::Health;
use signalsmith::domain::explore::Explore;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::link::{Connection, WorkspaceView};
use signalsmith::tui::What;

use super::catalogs::{catalog, contact_rows, core};
use super::hostile::{NAMES, is_whole};
use super::robot::{Robot, Script};

fn hostile_catalog() -> WorkspaceView {
    let mut world = catalog();
    let long = "x\u{202e}\u{1b}[31m全".repeat(1 << 12);
    for (name, number) in NAMES.iter().chain([&long.as_str()]).zip(0..) {
        let mut model = (*world.models[0]).clone();
        model.id = signalsmith::domain::id::ModelId::from_bits(100 + number);
        model.name = (*name).to_owned();
        model.sql = format!("select '{name}' /* {name}\n{name} */ from \"{name}\"");
        for column in &mut model.columns {
            column.name = format!("{} {name}", column.name);
        }
        model.primary_key = vec![(*name).to_owned()];
        world.models.push(Arc::new(model));
        let mut found = (*world.destinations[0]).clone();
        found.id = signalsmith::domain::id::DestinationId::from_bits(100 + number);
        found.name = (*name).to_owned();
        found.settings.insert("url".into(), json!(name));
        found
            .settings
            .insert("headers".into(), json!({ (*name): name }));
        found.health = Health::Failing {
            at: "2026-11-24T13:58:00Z".parse().unwrap(),
            reason: (*name).to_owned(),
        };
        world.destinations.push(Arc::new(found));
    }
    world
}

/// A core whose rows and errors are hostile.
fn hostile_core() -> Script {
    let mut quick = core();
    Box::new(move |command| match command {
        Command::Explore(Explore::Query { .. }) => {
            let mut table = contact_rows();
            for (row, name) in table.rows.iter_mut().zip(NAMES) {
                row[1] = json!(name);
                row[2] = json!({ name: [name] });
            }
            for (column, name) in table.columns.iter_mut().zip(NAMES) {
                column.name = format!("{name}{}", column.name);
            }
            Some(Ok(Reply::Table(table)))
        }
        Command::Explore(Explore::CheckKey { .. }) | Command::Test { .. } => Some(Err(
            Problem::new(ProblemKind::Source, NAMES[0]).hint(NAMES[2]),
        )),
        other => quick(other),
    })
}

#[test]
fn hostile_models_rows_and_connections_stay_in_their_columns() {
    for size in [(120, 36), (80, 24), (59, 14), (39, 9), (101, 15)] {
        let mut robot = Robot::new(size, hostile_catalog(), hostile_core());
        let keys = [
            "4", "G", "k", "e", "ctrl-t", "tab", "#", "v", "tab", "l", "j", "tab", "tab", "esc",
            "esc", "6", "j", "T", "e", "tab", "tab", "esc", "b", "esc", "j", "j", "5", "b", "tab",
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
        "4",
        "4",
        "5",
        "5",
        "6",
        "6",
        "n",
        "N",
        "e",
        "e",
        "b",
        "T",
        "D",
        "R",
        "i",
        "#",
        "v",
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
        "tab",
        "backtab",
        "/",
        "f",
        "o",
        "space",
        "*",
        ":",
        "?",
        "q",
        "x",
        "ctrl-t",
        "ctrl-s",
        "ctrl-o",
        "ctrl-n",
        "ctrl-u",
        "ctrl-d",
        "ctrl-z",
        "ctrl-c",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pagedown",
        "backspace",
        "é",
        "世",
        "'",
    ])
}

#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Size(u16, u16),
    World(bool),
    Lost(bool),
    Paste,
    Wait(u64),
}

fn anything() -> impl Strategy<Value = Happening> {
    prop_oneof![
        14 => any_key().prop_map(Happening::Key),
        1 => (0_u16..150, 0_u16..50).prop_map(|(columns, rows)| Happening::Size(columns, rows)),
        1 => any::<bool>().prop_map(Happening::World),
        1 => any::<bool>().prop_map(Happening::Lost),
        1 => Just(Happening::Paste),
        1 => (0_u64..20_000).prop_map(Happening::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_keys_panics_and_esc_leads_out(
        size in prop::sample::select(vec![(120, 36), (80, 24), (59, 14), (100, 16)]),
        happenings in prop::collection::vec(anything(), 0..80),
    ) {
        let mut robot = Robot::new(size, catalog(), core());
        for happening in happenings {
            match happening {
                Happening::Key(key) => robot.press(key),
                Happening::Size(columns, rows) => robot.resize((columns.max(1), rows.max(1))),
                Happening::World(full) => {
                    robot.world(if full { catalog() } else { super::worlds::of(vec![]) });
                }
                Happening::Lost(true) => {
                    robot.tell(What::Connection(Connection::Lost { retry_in_s: 4 }));
                }
                Happening::Lost(false) => robot.tell(What::Connection(Connection::Local)),
                Happening::Paste => robot.tell(What::Paste("a\nb\u{1b}[2J".into())),
                Happening::Wait(ms) => robot.wait(ms),
            }
            let (buffer, place) = robot.draw();
            prop_assert!(buffer.area.contains(place));
        }
        // From wherever it is, esc and a yes to discarding lead to a list, and a number to another.
        robot.resize((120, 36));
        robot.world(catalog());
        for _ in 0..14 {
            robot.press("esc");
            if robot.screen().contains("Discard the edits") {
                robot.press("y");
            }
        }
        robot.press("2");
        for _ in 0..14 {
            robot.press("esc");
            if robot.screen().contains("Discard the edits") {
                robot.press("y");
            }
        }
        let screen = robot.screen();
        prop_assert!(screen.contains("Syncs 2 ·"), "{}", screen);
    }
}
