//! The Runs screen and the page of one run.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::run::RunStatus;
use signalsmith::link::view::SyncState;

use super::robot::{Robot, Script};
use super::worlds::{core, live, mixed, of, run, run_id, sync};

const WIDE: (u16, u16) = (120, 36);

fn runs(size: (u16, u16)) -> Robot {
    let mut robot = Robot::new(size, mixed(), core());
    robot.press("3");
    robot.wait(500);
    robot
}

#[test]
fn the_runs_of_all_syncs_stand_in_one_list_with_what_is_under_way_first() {
    let mut robot = runs(WIDE);
    robot.sees("Runs 10");
    robot.sees("running");
    robot.sees("┌ czph · CRM Contacts - Hourly ");
    robot.press("f");
    robot.type_text("failed");
    robot.press("enter");
    robot.sees("Runs 2 of 10");
    robot.press("j");
    robot.sees("database is locked");
}

#[test]
fn a_run_that_begins_is_listed_and_the_newest_are_read_again() {
    let mut robot = runs(WIDE);
    let before = robot.sent.len();
    robot.wait(2_000);
    assert_eq!(robot.sent.len(), before, "what has not changed is not read");
    let mut world = mixed();
    let mut ok = (*world.syncs[4]).clone();
    ok.queued = Some(run(77, &ok, RunStatus::Queued, "14:48:12", 0));
    world.syncs[4] = ok.into();
    world.sequence = 2;
    robot.world(world);
    robot.sees("queued");
    robot.sees("Runs 11");
    let asked = |robot: &Robot| {
        let reads = robot.sent.iter().skip(before);
        reads
            .filter(|command| matches!(command, Command::Runs { .. }))
            .count()
    };
    assert_eq!(asked(&robot), 1);
}

#[test]
fn older_runs_are_read_as_they_are_reached() {
    let world = of(vec![sync(1, "many", SyncState::Ok)]);
    let script: Script = Box::new(|command| {
        let world = of(vec![sync(1, "many", SyncState::Ok)]);
        let page = |from: u64, to: u64| {
            let all =
                (from..to).map(|n| run(n, &world.syncs[0], RunStatus::Completed, "12:00:00", 5));
            Reply::Runs(all.collect())
        };
        Some(Ok(match command {
            Command::Runs { before: None, .. } => page(1_000, 1_200),
            Command::Runs {
                before: Some(id), ..
            } if *id == run_id(1_199) => page(1_200, 1_250),
            _ => Reply::Log(Vec::new()),
        }))
    });
    let mut robot = Robot::new(WIDE, world, script);
    robot.press("3");
    robot.sees("Runs 200 · by newest · and older");
    robot.press("G");
    robot.press("G");
    robot.sees("Runs 250 · by newest");
    robot.sees_no("and older");
}

#[test]
fn a_run_shows_its_phases_and_its_log_and_can_be_cancelled() {
    let mut robot = runs(WIDE);
    robot.press("enter");
    robot.sees("Run ");
    robot.sees("querying");
    robot.sees("batch 7: 429, waiting 2.0 s as asked");
    robot.sees("following");
    robot.press("c");
    robot.press("y");
    let target = run_id(2).as_str().to_owned();
    assert_eq!(robot.sent.last(), Some(&Command::Cancel { target }));
}

#[test]
fn the_log_of_a_run_under_way_is_read_on_and_a_scrolled_one_stands_still() {
    let mut robot = runs(WIDE);
    robot.press("enter");
    robot.event(live(1, "batch 8 accepted"));
    robot.sees_no("batch 8 accepted");
    robot.wait(200);
    robot.sees("batch 8 accepted");
    robot.press("k");
    robot.sees("paused, `G` follows");
    robot.event(live(2, "batch 9 accepted"));
    robot.wait(200);
    robot.sees("batch 9 accepted");
    robot.sees("paused");
    robot.press("G");
    robot.sees("following");
}

#[test]
fn a_run_that_ends_is_shown_as_it_ended() {
    let mut rest = core();
    let script: Script = Box::new(move |command| match command {
        Command::ShowRun { .. } => {
            let world = mixed();
            let mut ended = run(2, &world.syncs[1], RunStatus::Completed, "14:48:11", 50);
            ended.counters.create.planned = 7;
            ended.counters.create.done = 7;
            Some(Ok(Reply::Run(Box::new(ended))))
        }
        other => rest(other),
    });
    let mut robot = Robot::new(WIDE, mixed(), script);
    robot.press("3");
    robot.press("enter");
    robot.sees("writing");
    let mut world = mixed();
    let mut idle = (*world.syncs[1]).clone();
    idle.active = None;
    world.syncs[1] = idle.into();
    world.sequence = 2;
    robot.world(world);
    robot.sees("completed");
    robot.sees("created 7");
}

#[test]
fn refused_rows_go_again_from_the_list_and_many_only_after_a_question() {
    let mut robot = runs(WIDE);
    robot.press("/");
    robot.type_text("with errors");
    robot.press("enter");
    robot.press("R");
    let retry = |number| Command::Retry {
        run: run_id(number),
        cause: None,
        keys: Vec::new(),
    };
    assert_eq!(robot.sent.last(), Some(&retry(4)));
    robot.press("g");
    robot.press("g");
    robot.press("R");
    robot.sees("not now: it goes on");
}
