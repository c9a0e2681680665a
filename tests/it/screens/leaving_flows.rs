//! Flows of leaving while runs live in this process: what is offered, and what follows.

use signalsmith::tui::Leave;

use super::robot::{Robot, options};
use super::worlds::{core, mixed};

/// A robot before a core of this process that can be handed over, with a run under way.
fn robot(size: (u16, u16)) -> Robot {
    let mut options = options();
    options.leave_running = true;
    Robot::with(size, mixed(), core(), &options, None)
}

#[test]
fn a_run_under_way_can_be_left_running_stopped_or_stayed_with() {
    for size in [(59, 14), (80, 24), (120, 36)] {
        for (key, left) in [
            ("l", Some(Leave::KeepRunning)),
            ("y", Some(Leave::StopRuns)),
            ("enter", None),
            ("esc", None),
        ] {
            let mut robot = robot(size);
            robot.press("q");
            robot.sees("Leave with 1 run under way?");
            robot.sees("[ stay ] enter   l leave running   y stop runs");
            // What was pressed before the question could be read is no answer to it.
            robot.press_at_once(key);
            assert_eq!(robot.left, None);
            robot.press(key);
            assert_eq!(robot.left, left, "{key} at {size:?}");
            assert_eq!(robot.session.is_some(), left.is_some());
        }
    }
}

#[test]
fn ctrl_z_offers_the_hand_over_before_it_stops_the_runs_with_the_interface() {
    for (key, left, suspended) in [
        ("l", Some(Leave::Suspend), false),
        ("y", None, true),
        ("enter", None, false),
    ] {
        let mut robot = robot((80, 24));
        robot.press("ctrl-z");
        robot.sees("l leave running   y suspend runs too");
        robot.press(key);
        assert_eq!((robot.left, robot.suspended), (left, suspended), "{key}");
    }
}

#[test]
fn what_cannot_be_handed_over_is_not_offered() {
    let mut robot = Robot::new((80, 24), mixed(), core());
    robot.press("q");
    robot.sees("Leave and stop 1 run?");
    robot.sees_no("leave running");
    robot.press("l");
    assert_eq!(robot.left, None);
    robot.press("esc");
    robot.press("ctrl-z");
    robot.sees_no("leave running");
}
