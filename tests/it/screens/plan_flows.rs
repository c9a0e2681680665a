//! The page of a plan: making, looking through, deciding.

use signalsmith::domain::browse::{Browse, PlanPart};
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::{RunOptions, RunStatus};
use signalsmith::tui::Export;

use super::browsing::{answer, planned};
use super::real::Desk;
use super::robot::{Robot, Script};
use super::worlds::{core, mixed, run_id, sync_id};
use crate::support::workspace::Workspace;

const WIDE: (u16, u16) = (120, 36);
const NARROW: (u16, u16) = (80, 24);

/// A core that plans as it is asked.
pub fn planner() -> Script {
    let mut rest = core();
    Box::new(move |command| match command {
        Command::Run { options, .. } if options.plan_only => {
            Some(Ok(Reply::Run(Box::new(planned(RunStatus::Running)))))
        }
        Command::WaitRun { .. } => Some(Ok(Reply::Run(Box::new(planned(RunStatus::Completed))))),
        Command::Run { .. } => Some(Ok(Reply::Run(Box::new(planned(RunStatus::Queued))))),
        other => rest(other),
    })
}

/// The plan of the fifth sync, made just now.
fn plan(size: (u16, u16)) -> Robot {
    let mut robot = Robot::new(size, mixed(), planner());
    for _ in 0..4 {
        robot.press("j");
    }
    robot.press("p");
    robot
}

fn asked(robot: &Robot) -> Vec<(PlanPart, u64)> {
    let entries = robot.sent.iter().filter_map(|command| match command {
        Command::Browse(Browse::Entries { part, offset, .. }) => Some((*part, *offset)),
        _ => None,
    });
    entries.collect()
}

fn runs(robot: &Robot) -> Vec<RunOptions> {
    let runs = robot.sent.iter().filter_map(|command| match command {
        Command::Run { options, .. } => Some(options.clone()),
        _ => None,
    });
    runs.collect()
}

#[test]
fn p_reads_compares_and_shows_what_would_be_sent() {
    let robot = plan(WIDE);
    robot.sees("create 1,300  update 4,711  delete 6,204 HELD  unchanged 37,292  invalid 3");
    robot.sees("6,204 is 12.9 % of 48,210 known; limit 500");
    robot.sees("1 of 12,215");
    robot.sees("1204.50 → 1377.00");
    robot.sees("Nothing has been sent");
    let only = RunOptions {
        plan_only: true,
        ..RunOptions::default()
    };
    assert_eq!(runs(&robot), [only]);
}

#[test]
fn a_plan_of_any_length_is_read_where_it_is_looked_at() {
    let mut robot = plan(NARROW);
    robot.press("G");
    robot.sees("12,215 of 12,215");
    robot.sees("cus_0012214");
    robot.press("g");
    robot.press("g");
    assert_eq!(asked(&robot), [(PlanPart::All, 0), (PlanPart::All, 12_200)]);
}

#[test]
fn the_filter_goes_through_the_kinds_and_esc_takes_it_back() {
    let mut robot = plan(WIDE);
    for (words, total) in [
        ("CREATE", "1 of 1,300"),
        ("UPDATE", "1 of 4,711"),
        ("DELETE", "1 of 6,204"),
        ("INVALID", "1 of 3"),
    ] {
        robot.press("f");
        robot.sees(words);
        robot.sees(total);
    }
    robot.sees("`x•••` is not a number");
    robot.press("esc");
    robot.sees("1 of 12,215");
    robot.press("esc");
    robot.sees("Syncs 7");
}

#[test]
fn a_key_is_found_however_far_it_is() {
    let mut robot = plan(WIDE);
    robot.press("/");
    robot.type_text("cus_9001");
    robot.press("enter");
    robot.sees("9,002 of 12,215");
    robot.sees("cus_0009001");
    let finds = robot.sent.iter().filter_map(|command| match command {
        Command::Browse(Browse::Find { offset, .. }) => Some(*offset),
        _ => None,
    });
    assert_eq!(finds.collect::<Vec<_>>(), [0, 5_000]);
    robot.press("n");
    robot.sees("no entry from here on has it");
}

#[test]
fn a_search_that_takes_long_is_shown_and_can_be_let_go() {
    let mut rest = planner();
    let script: Script = Box::new(move |command| match command {
        Command::Browse(Browse::Find { .. }) => None,
        other => rest(other),
    });
    let mut robot = Robot::new(WIDE, mixed(), script);
    for _ in 0..4 {
        robot.press("j");
    }
    robot.press("p");
    robot.press("/");
    robot.type_text("7");
    robot.press("enter");
    robot.sees("looking for '7'");
    robot.press("esc");
    robot.sees_no("looking for");
    assert_eq!(robot.abandoned.len(), 1);
}

#[test]
fn applying_deletes_over_the_limit_needs_their_number_typed() {
    let mut robot = plan(WIDE);
    robot.press("A");
    robot.sees("Apply the plan of Google Ads Audience?");
    robot.sees("creates 1,300, updates 4,711 and deletes 6,204 at Google Ads");
    robot.wait(400);
    robot.type_text("6203");
    robot.press("enter");
    assert_eq!(runs(&robot).len(), 1);
    robot.type_text("6204");
    robot.press("enter");
    let exactly = RunOptions {
        approved_plan: Some("8f3a11c0ffee".repeat(4)),
        ..RunOptions::default()
    };
    assert_eq!(runs(&robot).last(), Some(&exactly));
    robot.sees("Run ");
    robot.sees("Log");
}

#[test]
fn a_plan_can_go_without_its_deletes() {
    let mut robot = plan(WIDE);
    robot.press("W");
    robot.sees("6,204 records stay");
    robot.press("y");
    let without = RunOptions {
        without_deletes: true,
        ..RunOptions::default()
    };
    assert_eq!(runs(&robot).last(), Some(&without));
}

#[test]
fn held_deletes_can_be_rejected_and_nothing_less_than_y_does_it() {
    let mut robot = Robot::new(WIDE, mixed(), core());
    robot.press("j");
    robot.press("j");
    robot.press("A");
    robot.sees("6,204 deletes are held: 12.9 % of the 48,210 records");
    robot.press("x");
    robot.sees("Reject the 6,204 held deletes of Meta lookalike?");
    robot.press("enter");
    robot.press("x");
    robot.press("y");
    let target = sync_id(3).as_str().to_owned();
    assert_eq!(robot.sent.last(), Some(&Command::Reject { target }));
    robot.sees("rejected, nothing was deleted");
}

#[test]
fn what_is_shown_can_be_exported() {
    let mut robot = plan(WIDE);
    robot.press("f");
    robot.press("E");
    let run = run_id(60);
    let what = Export::Plan {
        run: run.clone(),
        part: PlanPart::Create,
    };
    let (name, exported) = robot.exported.remove(0);
    assert!(name.starts_with(&format!("{run}-create-2026")), "{name}");
    assert_eq!(exported, what);
}

#[test]
fn a_plan_that_came_to_nothing_says_why_and_can_be_made_again() {
    let mut rest = planner();
    let mut tries = 0;
    let script: Script = Box::new(move |command| match command {
        Command::WaitRun { .. } if tries == 0 => {
            tries += 1;
            let mut failed = planned(RunStatus::Failed);
            failed.plan_hash = None;
            let text = "reading contacts from crm: database is locked";
            failed.error = Some(Problem::new(ProblemKind::Source, text));
            Some(Ok(Reply::Run(Box::new(failed))))
        }
        other => rest(other),
    });
    let mut robot = Robot::new(WIDE, mixed(), script);
    for _ in 0..4 {
        robot.press("j");
    }
    robot.press("p");
    robot.sees("database is locked");
    robot.sees("Nothing has been sent");
    robot.press("A");
    robot.sees("not now: the plan is not here yet");
    robot.press("p");
    robot.sees("1 of 12,215");
}

#[test]
fn a_plan_that_is_no_longer_kept_is_told() {
    let script: Script = Box::new(|command| match command {
        Command::Browse(Browse::Plan { .. }) => Some(answer(&Browse::Plan { run: run_id(999) })),
        _ => Some(Ok(Reply::Done)),
    });
    let mut robot = Robot::new(WIDE, mixed(), script);
    robot.press("j");
    robot.press("j");
    robot.press("A");
    robot.sees("is no longer kept");
}

/// A mirror whose source has lost most of its people, before a real core.
fn shrunk() -> Desk {
    let workspace = Workspace::new();
    let mut sql = "create table people (id integer, email text, name text);".to_owned();
    for id in 1..=30 {
        sql += &format!("insert into people values ({id}, 'p{id}@x.example', 'Name {id}');");
    }
    workspace.source(&sql);
    workspace.apply(FILE);
    workspace.run("people");
    workspace
        .source("delete from people where id > 15; update people set name = 'New' where id = 1");
    Desk::new(workspace, NARROW)
}

/// A mirror of the table of people.
pub const FILE: &str = r#"
[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email, name from people"
primary_key = ["id"]
columns = [{ name = "email", role = "identifier" }]

[[destination]]
name = "there"
type = "sqlite"
path = "copy.db"

[[sync]]
name = "people"
model = "people"
destination = "there"
destination_object = "people"
mode = "mirror"
field_mappings = [
  { source_column = "email", destination_field = "email", is_identifier = true },
  { source_column = "id", destination_field = "number" },
  { source_column = "name", destination_field = "name" },
]
"#;

fn left(desk: &Desk) -> usize {
    desk.workspace.target("select number from people").len()
}

#[test]
fn a_real_plan_is_applied_exactly_and_its_deletes_by_their_number() {
    let mut desk = shrunk();
    desk.press(&["p"]);
    desk.robot.sees("create 0  update 1  delete 15 HELD");
    desk.robot.sees("15 is 50.0 % of 30 known; limit 10");
    desk.robot.press("f");
    desk.robot.sees("Name 1 → New");
    desk.robot.press("A");
    desk.robot.wait(400);
    desk.robot.type_text("15");
    desk.robot.press("enter");
    desk.workspace
        .until("people", |sync| sync.active.is_none() && sync.known == 15);
    desk.look();
    desk.robot.wait(1_500);
    desk.robot.sees("deleted 15");
    assert_eq!(left(&desk), 15);
}

#[test]
fn real_held_deletes_are_rejected_and_stay() {
    let mut desk = shrunk();
    desk.workspace.run("people");
    desk.look();
    desk.press(&["A"]);
    desk.robot.sees("Nothing is deleted until you approve");
    desk.robot.sees("1 of 15");
    desk.press(&["x", "y"]);
    desk.robot.sees("rejected, nothing was deleted");
    assert_eq!(desk.workspace.sync("people").held, None);
    assert_eq!(left(&desk), 30);
    desk.press(&["A"]);
    desk.robot.sees("not now:");
}
