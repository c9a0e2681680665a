//! Hostile text and any keys where a sync is mapped, scheduled, edited and made.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::destination::{
    Capabilities, Deletion, Field, IdentifierForm, Object, ObjectSchema,
};
use signalsmith::domain::explore::Explore;
use signalsmith::domain::mapping::FieldMapping;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::rehearsal::{FieldCheck, ObjectInfo, Rehearsal};
use signalsmith::domain::run::Counters;
use signalsmith::domain::value::Type;
use signalsmith::link::WorkspaceView;
use signalsmith::tui::What;

use super::catalogs::{catalog, contact_rows, core};
use super::hostile::{NAMES, is_whole};
use super::robot::{Robot, Script};

/// A sync whose mapping, names and schedule are hostile.
fn world() -> WorkspaceView {
    let mut world = catalog();
    let mut sync = (*world.syncs[0]).clone();
    sync.known = 48_210;
    let line = |value: serde_json::Value| serde_json::from_value::<FieldMapping>(value).unwrap();
    let mut lines = vec![
        line(
            json!({ "source_column": "email", "destination_field": "Email", "is_identifier": true }),
        ),
        line(
            json!({ "source_column": "first_name", "destination_field": "Twice",
            "transforms": ["nonsense", { "name": "replace", "from": NAMES[0], "to": NAMES[4] }] }),
        ),
        line(json!({ "template": "{{ row.", "destination_field": "Twice" })),
    ];
    for name in NAMES {
        lines.push(line(json!({ "constant": name, "destination_field": name })));
        lines.push(line(
            json!({ "source_column": name, "destination_field": format!("{name}!") }),
        ));
    }
    sync.sync.settings.field_mappings = lines;
    sync.sync.settings.tags = NAMES.map(str::to_owned).to_vec();
    sync.sync.settings.destination_object = NAMES[2].into();
    world.syncs[0] = Arc::new(sync);
    world
}

fn info() -> ObjectInfo {
    let mut fields = vec![
        Field {
            required: true,
            ..Field::plain("LastName", Type::Text)
        },
        Field::plain("Email", Type::Text),
    ];
    fields.extend(NAMES.map(|name| Field {
        picklist: NAMES.map(str::to_owned).to_vec(),
        max_length: Some(3),
        ..Field::plain(name, Type::Text)
    }));
    ObjectInfo {
        schema: ObjectSchema {
            object: Object {
                name: NAMES[1].into(),
                label: NAMES[3].into(),
            },
            fields,
            open: true,
            exists: true,
        },
        capabilities: Capabilities {
            modes: vec![Mode::Upsert],
            refused_modes: vec![(Mode::Mirror, NAMES[0].into())],
            lookup: false,
            read_fields: false,
            list: false,
            composite_identifier: false,
            deletion: Deletion::Told,
            identifier_form: IdentifierForm::Exact,
            max_batch_rows: 1,
            max_batch_bytes: 1,
            concurrency: 1,
            requests_per_second: None,
            idempotent: false,
            exactly_once: false,
            request_timeout_s: 1,
            ambiguous_5xx: false,
        },
    }
}

fn hostile_core() -> Script {
    let mut quick = core();
    Box::new(move |command| match command {
        Command::Explore(Explore::Object { .. }) => Some(Ok(Reply::Object(Box::new(info())))),
        Command::Explore(Explore::Rehearse { .. }) => {
            let check = |name: &str| FieldCheck {
                field: name.to_owned(),
                missing: 812,
                invalid: 3,
                example: Some((NAMES[6].into(), name.to_owned())),
            };
            Some(Ok(Reply::Rehearsal(Box::new(Rehearsal {
                rows: 48_210,
                fields: NAMES.map(check).to_vec(),
                counters: Some(Counters::default()),
                starts_empty: false,
            }))))
        }
        Command::Objects { .. } => Some(Ok(Reply::Objects(
            NAMES
                .map(|name| Object {
                    name: name.into(),
                    label: format!("{name}{name}"),
                })
                .to_vec(),
        ))),
        Command::Preview { .. } | Command::Explore(Explore::Row { .. }) => {
            let mut table = contact_rows();
            for (row, name) in table.rows.iter_mut().zip(NAMES) {
                row[1] = json!(name);
                row[2] = json!({ name: [name] });
            }
            Some(Ok(Reply::Table(table)))
        }
        Command::Edit(_) => Some(Err(
            Problem::new(ProblemKind::Config, NAMES[0]).hint(NAMES[2])
        )),
        other => quick(other),
    })
}

#[test]
fn hostile_fields_rows_and_objects_stay_in_their_columns() {
    for size in [(120, 36), (80, 24), (59, 14), (39, 9), (101, 15)] {
        let mut robot = Robot::new(size, world(), hostile_core());
        let keys = [
            "m", ".", "j", "j", "enter", "down", "enter", "t", "enter", "tab", "esc", "v", "e",
            "e", "i", "n", "w", "ctrl-s", "esc", "y", "s", "right", "down", "é", "ctrl-s", "esc",
            "y", "e", "down", "right", "ctrl-t", "down", "enter", "down", "ctrl-s", "esc", "y",
            "n", "enter", "enter", "enter", "j", "enter", "j", "k", "enter", "A", "ctrl-s", "esc",
            "esc",
        ];
        for key in keys {
            robot.press(key);
            is_whole(&robot);
        }
    }
}

fn any_key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "m",
        "m",
        "s",
        "e",
        "n",
        "n",
        "N",
        "D",
        "enter",
        "enter",
        "enter",
        "esc",
        "tab",
        "backtab",
        "left",
        "right",
        "up",
        "down",
        "j",
        "k",
        "h",
        "l",
        "=",
        "x",
        "t",
        "J",
        "K",
        "i",
        "w",
        "a",
        "A",
        "d",
        ",",
        ".",
        "#",
        "v",
        "u",
        "ctrl-r",
        "ctrl-s",
        "ctrl-t",
        "ctrl-n",
        "+",
        "b",
        "R",
        "y",
        "/",
        "f",
        "space",
        "backspace",
        "g",
        "G",
        "1",
        "2",
        "?",
        ":",
        "q",
        "é",
        "世",
        "{",
        "\"",
    ])
}

#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Size(u16, u16),
    World(bool),
    Paste,
    Wait(u64),
}

fn anything() -> impl Strategy<Value = Happening> {
    prop_oneof![
        20 => any_key().prop_map(Happening::Key),
        1 => (0_u16..150, 0_u16..50).prop_map(|(columns, rows)| Happening::Size(columns, rows)),
        1 => any::<bool>().prop_map(Happening::World),
        1 => Just(Happening::Paste),
        1 => (0_u64..20_000).prop_map(Happening::Wait),
    ]
}

/// Leaves whatever is open, edits that are not saved with it.
fn lead_out(robot: &mut Robot) {
    for _ in 0..14 {
        robot.press("esc");
        if robot.screen().contains("Discard the edits") {
            robot.press("y");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_keys_panics_and_esc_leads_out(
        size in prop::sample::select(vec![(120, 36), (80, 24), (59, 14), (100, 16)]),
        happenings in prop::collection::vec(anything(), 0..80),
    ) {
        let mut robot = Robot::new(size, world(), hostile_core());
        for happening in happenings {
            match happening {
                Happening::Key(key) => robot.press(key),
                Happening::Size(columns, rows) => robot.resize((columns.max(1), rows.max(1))),
                Happening::World(full) => {
                    robot.world(if full { world() } else { super::worlds::of(vec![]) });
                }
                Happening::Paste => robot.tell(What::Paste("a\nb\u{1b}[2J{{ row.email }}".into())),
                Happening::Wait(ms) => robot.wait(ms),
            }
            let (buffer, place) = robot.draw();
            prop_assert!(buffer.area.contains(place));
        }
        robot.resize((120, 36));
        robot.world(world());
        lead_out(&mut robot);
        if robot.screen().contains("1 OVERVIEW") {
            prop_assert!(robot.screen().contains("Overview ·"), "{}", robot.screen());
            robot.press("2");
            lead_out(&mut robot);
        }
        // The palette may have led to another tab, whose first page is as far out.
        robot.press("2");
        let screen = robot.screen();
        prop_assert!(screen.contains("Syncs 2 ·"), "{}", screen);
    }
}
