//! Undoing a run: its plan page, the question, and what then goes.

use serde_json::json;
use signalsmith::domain::browse::{Browse, Browsed, PlanHead, PlanPart, PlanRow};
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::plan::OperationKind;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::{Counters, Phase, Run, RunStatus, Trigger};
use signalsmith::link::WorkspaceView;
use signalsmith::link::view::{ActiveRun, SyncState};

use super::pictures::{SIZES, picture_of};
use super::plan_flows::FILE;
use super::real::Desk;
use super::robot::{Robot, Script};
use super::worlds::{core, mixed, run, run_id, sync_id, tally};
use crate::support::workspace::Workspace;

const WIDE: (u16, u16) = (120, 36);
const NARROW: (u16, u16) = (80, 24);

/// The undo of the fourth run, waiting for a person.
fn undo() -> Run {
    let world = mixed();
    let mut undo = run(70, &world.syncs[3], RunStatus::Running, "14:47:30", 0);
    undo.trigger = Trigger::Undo { run: run_id(4) };
    undo.options.undo_of = Some(run_id(4));
    undo.phase = Some(Phase::AwaitingApproval);
    undo.counters = Counters {
        read: 54,
        skipped: 6,
        update: tally(48, 0, 0),
        delete: tally(5, 0, 0),
        ..Counters::default()
    };
    undo
}

fn row(op: Option<OperationKind>, at: u64) -> PlanRow {
    let old = json!({"Email": format!("u{at}@example.com"), "LastName": null});
    let new = json!({"Email": format!("u{at}@example.com"), "LastName": "Lovelace"});
    let id = format!("cus_{at:04}");
    let why = match at % 2 {
        0 => "changed_since: it was written again since",
        _ => "outcome_unknown: whether it was written is not known",
    };
    PlanRow {
        op,
        key: [("id".to_owned(), json!(id))].into_iter().collect(),
        identifier: op.map_or(String::new(), |_| format!("u{at}@example.com")),
        destination_id: (op == Some(OperationKind::Delete)).then(|| "003xx7Qd".to_owned()),
        old: op.map(|_| old),
        new: (op == Some(OperationKind::Update)).then_some(new),
        why: op.is_none().then(|| why.to_owned()),
        field: None,
    }
}

fn browse(question: &Browse) -> Browsed {
    match question {
        Browse::Plan { .. } => Browsed::Plan(Box::new(PlanHead {
            plan_hash: "8f3a11c0ffee".repeat(4),
            invalid: 6,
            known: 900,
            delete_limit: 10,
            foreign_deletes: 0,
            run: undo(),
        })),
        Browse::Entries { part, .. } => {
            let kind = |at| match part {
                PlanPart::All if at % 11 == 3 => Some(OperationKind::Delete),
                PlanPart::All => Some(OperationKind::Update),
                part => part.kind(),
            };
            let count = match part {
                PlanPart::All => 53,
                PlanPart::Update => 48,
                PlanPart::Delete => 5,
                _ => 6,
            };
            Browsed::Entries((0..count).map(|at| row(kind(at), at)).collect())
        }
        other => panic!("{other:?}"),
    }
}

fn script() -> Script {
    let mut rest = core();
    Box::new(move |command| match command {
        Command::Undo { .. } => {
            let mut begun = undo();
            begun.phase = Some(Phase::Comparing);
            Some(Ok(Reply::Run(Box::new(begun))))
        }
        Command::WaitRun { .. } => Some(Ok(Reply::Run(Box::new(undo())))),
        Command::Browse(question @ (Browse::Plan { .. } | Browse::Entries { .. })) => {
            Some(Ok(Reply::Browsed(Box::new(browse(question)))))
        }
        other => rest(other),
    })
}

/// The world while the undo waits.
fn waits() -> WorkspaceView {
    let mut world = mixed();
    let mut sync = (*world.syncs[3]).clone();
    sync.state = SyncState::AwaitingApproval;
    sync.active = Some(ActiveRun {
        run: undo(),
        expected_rows: None,
        rows_per_second: 0.0,
        eta_s: None,
    });
    world.syncs[3] = sync.into();
    world.sequence = 2;
    world
}

/// The plan page of an undo that waits.
fn planned(size: (u16, u16)) -> Robot {
    let mut robot = Robot::new(size, mixed(), script());
    robot.press("3");
    robot.press("f");
    robot.type_text("hubspot");
    robot.press("enter");
    robot.press("U");
    robot.world(waits());
    robot
}

#[test]
fn the_undo_of_a_run_shows_what_is_taken_back_and_what_stays() {
    let mut robot = planned(WIDE);
    let asked = Command::Undo {
        run: run_id(4),
        approved_plan: None,
    };
    assert!(robot.sent.contains(&asked));
    robot.sees("Undo of ");
    robot.sees("create 0  restore 48  delete 5  stays 6");
    robot.sees("~ restore");
    robot.sees("null → Lovelace");
    robot.sees("Nothing is taken back yet");
    for _ in 0..3 {
        robot.press("f");
    }
    robot.sees("STAYS");
    robot.sees("it was written again since");
    robot.sees_no("changed_since");
}

#[test]
fn nothing_less_than_y_undoes_it_and_the_question_tells_the_cost() {
    let mut robot = planned(NARROW);
    robot.press("A");
    robot.sees("Undo run ");
    robot.sees("At HubSpot it restores 48 records, deletes 5 records.");
    robot.sees("6 rows stay as they are now");
    robot.sees("The sync is paused with it");
    robot.press("enter");
    robot.sees_no("The sync is paused with it");
    let approval = |robot: &Robot| {
        let mut sent = robot.sent.iter();
        sent.any(|command| matches!(command, Command::Approve { .. }))
    };
    assert!(!approval(&robot));
    robot.press("A");
    robot.press("y");
    assert_eq!(
        robot.sent.last(),
        Some(&Command::Approve {
            target: run_id(70).as_str().to_owned(),
            plan_hash: "8f3a11c0ffee".repeat(4),
        })
    );
}

#[test]
fn an_undo_that_waits_is_dropped_with_x() {
    let mut robot = planned(WIDE);
    robot.press("x");
    robot.sees("Drop the undo for HubSpot Lifecycle?");
    robot.press("y");
    let target = run_id(70).as_str().to_owned();
    assert_eq!(robot.sent.last(), Some(&Command::Reject { target }));
    robot.sees("rejected, nothing was taken back");
    assert!(
        robot
            .sent
            .iter()
            .all(|it| !matches!(it, Command::Pause { sync } if *sync == sync_id(4).as_str()))
    );
}

#[test]
fn a_run_that_cannot_be_undone_says_why() {
    let mut rest = script();
    let script: Script = Box::new(move |command| match command {
        Command::Undo { run, .. } => {
            let text = format!("cannot undo run {run}: its plan is no longer kept");
            Some(Err(Problem::new(ProblemKind::NotFound, text).hint(
                "mend the model or the mapping and run the sync instead",
            )))
        }
        other => rest(other),
    });
    let mut robot = Robot::new(WIDE, mixed(), script);
    robot.press("3");
    robot.press("U");
    robot.sees("not now: it goes on");
    robot.press("f");
    robot.type_text("failed billing");
    robot.press("enter");
    robot.press("U");
    robot.sees("not now: it wrote nothing");
    robot.press("esc");
    robot.press("f");
    robot.type_text("hubspot");
    robot.press("enter");
    robot.press("enter");
    robot.press("U");
    robot.sees("its plan is no longer kept");
    robot.sees("mend the model or the mapping");
}

#[test]
fn an_undo_has_its_pictures() {
    for size in SIZES {
        let mut robot = planned(size);
        robot.press("j");
        picture_of("undo_plan", &robot, size);
        for _ in 0..3 {
            robot.press("f");
        }
        picture_of("undo_stays", &robot, size);
        robot.press("A");
        picture_of("undo_asked", &robot, size);
    }
}

/// A sync whose last run wrote nonsense, before a real core.
fn spoilt() -> Desk {
    let workspace = Workspace::new();
    let mut sql = "create table people (id integer, email text, name text);".to_owned();
    for id in 1..=5 {
        sql += &format!("insert into people values ({id}, 'p{id}@x.example', 'Name {id}');");
    }
    workspace.source(&sql);
    workspace.apply(&FILE.replace("mirror", "upsert"));
    workspace.run("people");
    workspace.source("update people set name = 'bad' where id < 3");
    workspace.run("people");
    Desk::new(workspace, NARROW)
}

#[test]
fn a_real_run_is_undone_from_the_list_of_runs() {
    let mut desk = spoilt();
    desk.press(&["3", "U"]);
    desk.robot.wait(100);
    desk.robot.sees("create 0  restore 2  delete 0  stays 0");
    desk.robot.sees("bad → Name");
    desk.press(&["A"]);
    desk.robot.wait(400);
    desk.press(&["y"]);
    desk.workspace.until("people", |sync| {
        sync.active.is_none() && sync.sync.settings.paused
    });
    desk.look();
    let names = desk
        .workspace
        .target("select name from people order by number");
    assert_eq!(names[..2], ["Name 1", "Name 2"]);
    desk.robot.sees("updated 2. The sync is paused");
    desk.press(&["esc"]);
    desk.robot.wait(1_000);
    desk.robot.sees("undo");
}
