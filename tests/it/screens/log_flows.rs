//! Flows in the log of a run: whose it is, reading, following, searching.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::event::LogLine;
use signalsmith::domain::run::RunStatus;
use signalsmith::tui::What;

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
        Command::Log { run, .. } => Some(run.clone()),
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

#[test]
fn a_long_log_is_read_page_by_page_and_only_its_end_is_kept() {
    let script = Box::new(|command: &Command| {
        Some(Ok(match command {
            Command::Log { from, limit, .. } => {
                let end = (from + u64::from(*limit)).min(23_456);
                Reply::Log(
                    (*from..end)
                        .map(|number| LogLine {
                            at: super::robot::now(),
                            word: "writing".into(),
                            text: format!("line {number}"),
                        })
                        .collect(),
                )
            }
            _ => Reply::Done,
        }))
    });
    let robot = Robot::new(WIDE, mixed(), script);
    robot.sees("line 23455");
    robot.sees("newest 10,000 of 23,456 lines");
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
            .filter(|c| matches!(c, Command::Log { .. }));
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
        Command::Log { run, .. } => Some(run.clone()),
        _ => None,
    });
    assert_eq!(asked, Some(run_id(50)));
}
