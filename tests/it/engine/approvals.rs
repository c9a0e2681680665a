//! Runs that wait for a person.

use std::time::Duration;

use signalsmith::domain::command::Command;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::run::Phase;
use signalsmith::link::view::SyncState;

use super::*;

fn waiting() -> (Workspace, Run) {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", "approval = \"always\""));
    let run = workspace.run("people");
    assert_eq!(run.phase, Some(Phase::AwaitingApproval), "{run:#?}");
    assert_eq!((run.status, run.exit_code()), (RunStatus::Running, 4));
    (workspace, run)
}

#[test]
fn a_run_that_needs_approval_waits_and_goes_on_with_that_very_plan() {
    let (workspace, run) = waiting();
    assert_eq!(workspace.sync("people").state, SyncState::AwaitingApproval);
    assert!(!workspace.path("copy.db").exists());
    let plan = workspace.plan(&run);
    assert_eq!(Some(&plan.plan_hash), run.plan_hash.as_ref());
    assert_eq!(plan.operations.len(), 3);
    let refused = workspace.approve("people", "another").unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    // What comes after the plan is not in it.
    workspace.source("update people set name = 'Later'");
    workspace.approve(run.id.as_str(), &plan.plan_hash).unwrap();
    assert_eq!(completed(&workspace.wait(&run.id)), (3, 0, 0));
    assert_eq!(copied(&workspace)[0], "1|p1@x.example|Name 1");
}

#[test]
fn a_rejected_plan_ends_with_nothing_sent() {
    let (workspace, run) = waiting();
    workspace
        .ask(Command::Reject {
            target: "people".into(),
        })
        .unwrap();
    let run = workspace.wait(&run.id);
    assert_eq!(run.status, RunStatus::Cancelled);
    assert_eq!(run.error.as_ref().unwrap().kind, ProblemKind::Approval);
    assert_eq!(run.counters.create.unsent, 3);
    assert!(!workspace.path("copy.db").exists());
}

#[test]
fn a_plan_that_nobody_approves_within_24_hours_ends_with_nothing_sent() {
    let (workspace, run) = waiting();
    let day = Duration::from_hours(24);
    workspace.wait_for(async {
        workspace.clock.sleepers(1).await;
        workspace.clock.advance(day - Duration::from_secs(1)).await;
    });
    assert_eq!(workspace.wait(&run.id).status, RunStatus::Running);
    workspace.wait_for(workspace.clock.advance(Duration::from_secs(1)));
    let run = workspace.next_run("people", None);
    assert_eq!(run.status, RunStatus::Cancelled);
    assert!(run.error.as_ref().unwrap().text.contains("24 h"));
    assert!(!workspace.path("copy.db").exists());
}

#[test]
fn a_waiting_run_can_be_cancelled() {
    let (workspace, run) = waiting();
    workspace.cancel("people").unwrap();
    let run = workspace.next_run("people", None).id == run.id;
    assert!(run);
    assert_eq!(workspace.runs("people")[0].status, RunStatus::Cancelled);
}

#[test]
fn approved_deletes_do_not_wait_a_second_time_for_the_same_plan() {
    let workspace = people(20);
    workspace.apply(&to_copy("mirror", "approval = \"always\""));
    let first = workspace.run("people");
    workspace
        .approve("people", first.plan_hash.as_ref().unwrap())
        .unwrap();
    workspace.wait(&first.id);
    workspace.source("delete from people where id <= 12");
    let second = workspace.run("people");
    assert_eq!(second.phase, Some(Phase::AwaitingApproval));
    let hash = second.plan_hash.clone().unwrap();
    workspace.approve("people", &hash).unwrap();
    let second = workspace.wait(&second.id);
    // The person saw the plan with its deletes, but the guard stands apart from that.
    assert_eq!(second.counters.delete.held, 12);
    let third = workspace.approve("people", &hash).unwrap();
    assert_eq!(completed(&workspace.wait(&third.id)), (0, 0, 12));
}
