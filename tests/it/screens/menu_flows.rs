//! The run menu: the ways to run other than the plain one.

use signalsmith::domain::command::Command;
use signalsmith::domain::run::RunOptions;

use super::robot::Robot;
use super::worlds::{core, mixed, sync_id};

fn runs(robot: &Robot) -> Vec<Command> {
    let sent = robot.sent.iter();
    let runs = sent.filter(|command| matches!(command, Command::Run { .. }));
    runs.cloned().collect()
}

#[test]
fn the_run_menu_begins_from_now_after_a_question_and_shows_a_plan_on_its_page() {
    let mut robot = Robot::new((120, 36), mixed(), core());
    for _ in 0..3 {
        robot.press("j");
    }
    robot.press("R");
    robot.press("n");
    robot.sees("Begin HubSpot Lifecycle from now?");
    robot.sees("900 known records stay as they are");
    robot.press("enter");
    assert!(runs(&robot).is_empty());
    robot.press("R");
    robot.press("n");
    robot.press("y");
    let from_now = RunOptions {
        from_now: true,
        ..RunOptions::default()
    };
    let run = |options| Command::Run {
        sync: sync_id(4).as_str().to_owned(),
        options,
    };
    assert_eq!(runs(&robot), [run(from_now)]);
    robot.press("R");
    robot.press("p");
    let plan = RunOptions {
        plan_only: true,
        ..RunOptions::default()
    };
    assert_eq!(robot.sent.last(), Some(&run(plan)));
    robot.sees("┌ Plan · HubSpot Lifecycle");
}
