//! Pictures of plan, runs, rows by cause, history and audit, at each size.

use super::pictures::{SIZES, picture_of};
use super::plan_flows::planner;
use super::robot::Robot;
use super::row_flows::{rows, taker, with_refused};
use super::worlds::{core, mixed, of};

fn plan(name: &str, prepare: impl Fn(&mut Robot)) {
    for size in SIZES {
        let mut robot = Robot::new(size, mixed(), planner());
        for _ in 0..4 {
            robot.press("j");
        }
        robot.press("p");
        prepare(&mut robot);
        picture_of(&format!("plan_{name}"), &robot, size);
    }
}

#[test]
fn a_plan_shows_counts_cost_and_what_changes_field_by_field() {
    plan("fresh", |robot| {
        robot.press("j");
        robot.press("j");
        robot.press("j");
    });
}

#[test]
fn invalid_rows_of_a_plan_say_why() {
    plan("invalid", |robot| {
        for _ in 0..4 {
            robot.press("f");
        }
    });
}

#[test]
fn held_deletes_say_that_nothing_is_deleted_yet() {
    for size in SIZES {
        let mut robot = Robot::new(size, mixed(), core());
        robot.press("j");
        robot.press("j");
        robot.press("A");
        picture_of("plan_held", &robot, size);
    }
}

#[test]
fn applying_a_plan_asks_with_its_cost() {
    plan("apply", |robot| robot.press("A"));
}

#[test]
fn the_runs_of_all_syncs_are_listed_with_bars() {
    for size in SIZES {
        let mut robot = Robot::new(size, mixed(), core());
        robot.press("3");
        robot.press("j");
        picture_of("runs_list", &robot, size);
    }
}

#[test]
fn a_workspace_without_runs_says_where_to_begin() {
    for size in SIZES {
        let script = Box::new(|_: &_| Some(Ok(signalsmith::domain::command::Reply::Runs(vec![]))));
        let mut robot = Robot::new(size, of(vec![]), script);
        robot.press("3");
        picture_of("runs_empty", &robot, size);
    }
}

#[test]
fn a_run_shows_timeline_counters_log_and_chart() {
    for size in SIZES {
        let mut robot = Robot::new(size, mixed(), core());
        robot.press("3");
        robot.press("enter");
        picture_of("run_live", &robot, size);
    }
    for size in SIZES {
        let mut robot = Robot::new(size, with_refused(), taker());
        robot.press("3");
        robot.press("f");
        robot.type_text("errors hubspot");
        robot.press("enter");
        robot.press("enter");
        picture_of("run_ended", &robot, size);
    }
}

#[test]
fn rows_stand_by_cause() {
    for size in SIZES {
        picture_of("rows_causes", &rows(size), size);
        let mut robot = rows(size);
        robot.press("enter");
        robot.press("j");
        picture_of("rows_rows", &robot, size);
    }
}

#[test]
fn a_key_has_a_history() {
    for size in SIZES {
        let mut robot = rows(size);
        robot.press("H");
        picture_of("history", &robot, size);
    }
}

#[test]
fn the_audit_trail_shows_each_change_field_by_field() {
    for size in SIZES {
        let mut robot = Robot::new(size, mixed(), core());
        robot.press("7");
        robot.press("j");
        picture_of("audit", &robot, size);
    }
}
