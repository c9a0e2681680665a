//! Hostile text and any keys at any size: nothing breaks the layout, nothing panics.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::RunStatus;
use signalsmith::link::view::SyncState;
use signalsmith::link::{Connection, WorkspaceView};
use signalsmith::tui::What;

use super::robot::Robot;
use super::worlds::{core, live, mixed, of, run, silent, sync};

pub const NAMES: [&str; 9] = [
    "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}[2Jboom",
    "\u{9b}31m c1 \u{90}q\u{9c}",
    "right \u{202e}tfel\u{202c} to left \u{2066}x\u{2069}",
    "zero\u{200b}width\u{200d}joiner\u{feff}",
    "全角の長い名前がここにありますとても長い名前です、さらに長くなります",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}z",
    "line\nbreak\r\ttab\u{0}nul\u{7f}",
    "👩‍👩‍👧‍👦 family 🇩🇪 flag",
    "",
];

fn hostile_world() -> WorkspaceView {
    let mut syncs: Vec<_> = NAMES
        .iter()
        .zip(1..)
        .map(|(name, number)| {
            let mut view = sync(number, name, SyncState::Failed);
            view.model = (*name).to_owned();
            view.destination = (*name).to_owned();
            view.schedule_words = (*name).to_owned();
            view.sync.settings.tags = vec![(*name).to_owned()];
            let mut failed = run(number, &view, RunStatus::Failed, "13:00:00", 9);
            failed.error = Some(Problem::new(ProblemKind::Source, *name).hint(*name));
            view.last = Some(failed);
            view
        })
        .collect();
    let long = "x\u{202e}\u{1b}[31m".repeat(1 << 17);
    let mut view = sync(
        90,
        &long,
        SyncState::NeedsAttention {
            reason: long.clone(),
        },
    );
    view.schedule_words.clone_from(&long);
    syncs.push(view);
    let mut world = of(syncs);
    world.name = NAMES[0].to_owned();
    world
}

/// No control or direction character stands in a cell, and every border is in its column.
#[track_caller]
pub fn is_whole(robot: &Robot) {
    let (buffer, place) = robot.draw();
    assert!(buffer.area.contains(place), "{place:?}");
    for cell in buffer.content() {
        let bad = cell.symbol().chars().any(|c| {
            c.is_control()
                || matches!(u32::from(c), 0x61c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069)
        });
        assert!(!bad, "{:?}", cell.symbol());
    }
}

#[test]
fn hostile_names_and_errors_stay_in_their_columns() {
    for size in [(120, 36), (80, 24), (59, 14), (39, 9), (101, 15)] {
        let mut robot = Robot::new(size, hostile_world(), core());
        for key in [
            "j", "j", "G", "k", "enter", ">", "esc", "R", "esc", "?", "esc", ":", "esc",
        ] {
            robot.press(key);
            is_whole(&robot);
        }
        if size.0 >= 100 {
            let (buffer, _) = robot.draw();
            let right = size.0 - 1;
            for y in 3..10 {
                assert_eq!(
                    buffer[(right, y)].symbol(),
                    "│",
                    "row {y}\n{}",
                    robot.screen()
                );
            }
        }
    }
}

#[test]
fn hostile_log_lines_stay_in_their_columns_wrapped_or_cut() {
    let mut robot = Robot::new((120, 36), mixed(), core());
    robot.press("j");
    robot.wait(500);
    let long = "y\u{9b}\u{202e}".repeat(1 << 18);
    for (name, second) in NAMES.iter().chain([&long.as_str()]).zip(0..) {
        robot.event(live(second, name));
    }
    robot.press("enter");
    robot.press("enter");
    for key in ["l", "l", "w", "k", "k", "G", "w", "h"] {
        robot.press(key);
        is_whole(&robot);
        let (buffer, _) = robot.draw();
        for y in 24..34 {
            assert_eq!(
                buffer[(119, y)].symbol(),
                "│",
                "row {y}\n{}",
                robot.screen()
            );
        }
    }
}

#[test]
fn ten_thousand_syncs_answer_a_key_at_once() {
    let syncs = (0..10_000)
        .map(|number| sync(number + 1, &format!("sync {number:05}"), SyncState::Ok))
        .collect();
    let mut robot = Robot::new((120, 36), of(syncs), silent());
    robot.press("G");
    robot.sees("sync 09999");
    let started = Instant::now();
    for _ in 0..20 {
        robot.press("k");
        robot.draw();
    }
    // A debug build on a busy machine; what this finds is work that grows with the square.
    assert!(started.elapsed() < Duration::from_secs(4));
}

fn any_key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "j",
        "k",
        "h",
        "l",
        "g",
        "G",
        "enter",
        "esc",
        "tab",
        "backtab",
        "<",
        ">",
        "/",
        "f",
        "o",
        "space",
        "*",
        ":",
        "?",
        "y",
        "Y",
        "L",
        "r",
        "R",
        "P",
        "c",
        "A",
        "n",
        "N",
        "w",
        "s",
        "q",
        "1",
        "x",
        "ctrl-u",
        "ctrl-d",
        "ctrl-l",
        "ctrl-z",
        "ctrl-p",
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
    ])
}

#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Size(u16, u16),
    World(bool),
    Lost(bool),
    Line,
    Paste,
    Wait(u64),
}

fn anything() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => any_key().prop_map(Happening::Key),
        1 => (0_u16..150, 0_u16..50).prop_map(|(columns, rows)| Happening::Size(columns, rows)),
        1 => any::<bool>().prop_map(Happening::World),
        1 => any::<bool>().prop_map(Happening::Lost),
        1 => Just(Happening::Line),
        1 => Just(Happening::Paste),
        1 => (0_u64..20_000).prop_map(Happening::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_keys_panics_or_leaves_the_focus_nowhere(
        size in prop::sample::select(vec![(120, 36), (80, 24), (59, 14), (100, 16)]),
        happenings in prop::collection::vec(anything(), 0..60),
    ) {
        let mut robot = Robot::new(size, mixed(), core());
        for happening in happenings {
            match happening {
                Happening::Key(key) => robot.press(key),
                Happening::Size(columns, rows) => robot.resize((columns.max(1), rows.max(1))),
                Happening::World(full) => {
                    robot.world(if full { mixed() } else { of(vec![]) });
                }
                Happening::Lost(true) => {
                    robot.tell(What::Connection(Connection::Lost { retry_in_s: 4 }));
                }
                Happening::Lost(false) => robot.tell(What::Connection(Connection::Local)),
                Happening::Line => robot.event(live(1, "line")),
                Happening::Paste => robot.tell(What::Paste("a\nb\u{1b}[2J".into())),
                Happening::Wait(ms) => robot.wait(ms),
            }
            let (buffer, place) = robot.draw();
            prop_assert!(buffer.area.contains(place));
        }
        // Whatever is open, esc leads to a first page, and from the Overview `2` to the list, where the cursor's row can be seen again.
        robot.resize((120, 36));
        robot.world(mixed());
        for _ in 0..8 {
            robot.press("esc");
            if robot.screen().contains("Discard the edits") {
                robot.press("y");
            }
        }
        if robot.screen().contains("1 OVERVIEW") {
            prop_assert!(robot.screen().contains("Overview ·"), "{}", robot.screen());
            robot.press("2");
        }
        let screen = robot.screen();
        prop_assert!(screen.contains("Syncs 7 ·"), "{}", screen);
        prop_assert!(screen.contains('▸'), "{}", screen);
    }
}
