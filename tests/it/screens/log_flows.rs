//! Flows in the log of a run: whose it is, reading, following, searching.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::event::LogLine;
use signalsmith::domain::run::RunStatus;
use signalsmith::tui::What;

use super::logs;
use super::robot::Robot;
use super::worlds::{core, live, mixed, run, run_id};

const WIDE: (u16, u16) = (120, 36);

fn robot() -> Robot {
    Robot::new(WIDE, mixed(), core())
}

#[test]
fn a_run_opened_from_the_list_of_runs_shows_its_own_log() {
    let mut robot = robot();
    robot.press("j");
    robot.press(">");
    robot.wait(500);
    robot.press("enter");
    for _ in 0..2 {
        robot.press("j");
    }
    robot.press("enter");
    robot.wait(500);
    let opened = robot.sent.iter().rev().find_map(|command| match command {
        Command::LogPage { run, .. } => Some(run.clone()),
        _ => None,
    });
    assert_eq!(opened, Some(run_id(21)));
    robot.press("esc");
    robot.wait(500);
    robot.sees("batch 7: 429");
}

#[test]
fn moving_fast_through_the_list_asks_for_one_log_only() {
    let mut robot = robot();
    let before = robot.sent.len();
    for _ in 0..3 {
        robot.press_at_once("j");
    }
    assert_eq!(robot.sent.len(), before);
    robot.wait(500);
    assert_eq!(robot.sent.len(), before + 1);
}

/// A robot before a log of so many lines, in its pane.
fn before_a_log_of(lines: u64) -> Robot {
    let text = |number: u64| match number % 100_000 {
        4_321 => format!("line {number} needle"),
        _ => format!("line {number}"),
    };
    let all: Vec<LogLine> = (0..lines)
        .map(|number| LogLine {
            at: super::robot::now(),
            word: "writing".into(),
            text: text(number),
        })
        .collect();
    let script = Box::new(move |command: &Command| {
        Some(Ok(match command {
            Command::LogPage {
                from, limit, text, ..
            } => Reply::LogPage(logs::page(&all, *from, *limit, text.as_deref())),
            _ => Reply::Done,
        }))
    });
    let mut robot = Robot::new(WIDE, mixed(), script);
    robot.press("j");
    robot.wait(500);
    robot.press("enter");
    robot.press("enter");
    robot
}

/// Lines that were asked for in all.
fn asked(robot: &Robot) -> u64 {
    let limits = robot.sent.iter().map(|command| match command {
        Command::LogPage { limit, .. } => u64::from(*limit),
        _ => 0,
    });
    limits.sum()
}

#[test]
fn the_end_of_a_log_of_a_million_lines_is_read_from_its_end() {
    let mut robot = before_a_log_of(1_000_000);
    robot.sees("line 999999");
    robot.sees("99 % of 100.0 MB");
    assert!(asked(&robot) <= 3_000, "{}", asked(&robot));
    // Up through what is read ahead, and further.
    for _ in 0..300 {
        robot.press("ctrl-u");
    }
    robot.wait(10);
    let screen = robot.screen();
    assert!(!screen.contains("line 999999"), "{screen}");
    let up = screen.lines().find_map(|line| line.split("line ").nth(1));
    let number: u64 = up.unwrap()[..6].parse().unwrap();
    assert!((990_000..999_500).contains(&number), "{screen}");
    assert!(asked(&robot) <= 20_000, "{}", asked(&robot));
}

#[test]
fn the_first_line_of_a_log_of_a_million_lines_and_its_last_one_are_one_key_away() {
    let mut robot = before_a_log_of(1_000_000);
    robot.press("g");
    robot.press("g");
    robot.wait(10);
    robot.sees("line 0 ");
    robot.sees("0 % of 100.0 MB");
    robot.sees("paused");
    for _ in 0..3 {
        robot.press("j");
    }
    robot.sees("line 3 ");
    robot.press("G");
    robot.wait(10);
    robot.sees("line 999999");
    robot.sees("following");
    assert!(asked(&robot) <= 10_000, "{}", asked(&robot));
}

#[test]
fn a_search_goes_on_beyond_the_lines_that_are_here() {
    let mut robot = before_a_log_of(1_000_000);
    robot.press("/");
    robot.type_text("needle");
    robot.press("enter");
    robot.press("N");
    robot.wait(10);
    robot.sees("line 904321 needle");
    robot.press("N");
    robot.wait(10);
    robot.sees("line 804321 needle");
    robot.press("n");
    robot.wait(10);
    robot.sees("line 904321 needle");
    robot.press("n");
    robot.wait(10);
    robot.sees("no hit further on");
}

#[test]
fn a_filter_shows_what_it_finds_in_the_whole_log() {
    let mut robot = before_a_log_of(400_000);
    robot.press("f");
    robot.type_text("needle");
    robot.press("enter");
    robot.wait(200);
    for hit in ["4321", "104321", "204321", "304321"] {
        robot.sees(&format!("line {hit} needle"));
    }
    robot.press("esc");
    robot.wait(200);
    robot.sees("line 399999");
}

#[test]
fn after_a_gap_in_what_happened_the_log_is_read_again() {
    let mut robot = robot();
    robot.press("j");
    robot.wait(500);
    let reads = |robot: &Robot| {
        let logs = robot
            .sent
            .iter()
            .filter(|c| matches!(c, Command::LogPage { .. }));
        logs.count()
    };
    let before = reads(&robot);
    robot.tell(What::Lagged);
    robot.tell(What::Lagged);
    robot.wait(300);
    assert_eq!(reads(&robot), before + 1);
    robot.sees("batch 7: 429");
}

#[test]
fn search_in_the_log_goes_from_hit_to_hit_and_the_filter_hides_the_rest() {
    let mut robot = robot();
    robot.press("j");
    robot.wait(500);
    for second in 0..50 {
        robot.event(live(second, &format!("batch {second}")));
    }
    robot.press("enter");
    robot.press("enter");
    robot.press("/");
    robot.type_text("batch 7");
    robot.press("enter");
    robot.sees("paused");
    robot.press("n");
    robot.press("f");
    robot.type_text("rejected");
    robot.press("enter");
    robot.sees("STRING_TOO_LONG");
    robot.sees_no("batch 49");
    robot.press("s");
    assert_eq!(robot.saved.len(), 1);
    assert!(robot.saved[0].1.contains("STRING_TOO_LONG"));
    assert!(!robot.saved[0].1.contains("batch"));
    robot.press("G");
    robot.sees("following");
}

#[test]
fn a_new_run_of_the_selected_sync_takes_over_the_log() {
    let mut robot = robot();
    robot.press("j");
    robot.wait(500);
    let mut world = mixed();
    let mut changed = (*world.syncs[1]).clone();
    let mut active = changed.active.take().unwrap();
    let mut ended = active.run.clone();
    ended.status = RunStatus::Completed;
    changed.last = Some(ended);
    active.run = run(50, &changed, RunStatus::Running, "14:48:10", 0);
    changed.active = Some(active);
    world.syncs[1] = changed.into();
    robot.world(world);
    robot.wait(500);
    let asked = robot.sent.iter().rev().find_map(|command| match command {
        Command::LogPage { run, .. } => Some(run.clone()),
        _ => None,
    });
    assert_eq!(asked, Some(run_id(50)));
}
