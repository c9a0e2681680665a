//! Rows that a person does not want to hear of: tried as before, told apart until their cause changes.

use signalsmith::domain::browse::{Browse, Browsed, Cause};
use signalsmith::domain::command::{CauseName, Command, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::link::view::SyncState;

use super::*;
use crate::support::scripted::{Fate, Scripted};

/// A sync of three people to a destination that refuses the first.
fn refused() -> (Workspace, Scripted, Run) {
    let there = Scripted::new();
    let workspace = Workspace::with(std::sync::Arc::new(there.clone()));
    workspace.source(TABLE);
    add(&workspace, 1, 3);
    workspace.apply(&file(
        "upsert",
        "type = \"scripted\"",
        "Contact",
        "paused = false",
    ));
    fate(&there, 1, Some(Fate::Reject));
    let run = workspace.run("people");
    assert_eq!(state(&workspace), (SyncState::Errors, 0));
    (workspace, there, run)
}

fn fate(there: &Scripted, id: u32, fate: Option<Fate>) {
    let identifier = format!("text p{id}@x.example");
    match fate {
        Some(fate) => there.there().fates.insert(identifier, fate),
        None => there.there().fates.remove(&identifier),
    };
}

fn state(workspace: &Workspace) -> (SyncState, u64) {
    let sync = workspace.sync("people");
    (sync.state.clone(), sync.ignored.total())
}

fn causes(workspace: &Workspace, run: &Run) -> Vec<Cause> {
    let command = Command::Browse(Browse::Causes {
        run: run.id.clone(),
    });
    let Ok(Reply::Browsed(browsed)) = workspace.ask(command) else {
        panic!("no answer")
    };
    let Browsed::Causes(causes) = *browsed else {
        panic!("no causes")
    };
    causes
}

fn set(workspace: &Workspace, run: &Run, ignore: bool) -> Result<(), Problem> {
    let cause = CauseName {
        verdict: None,
        code: causes(workspace, run)[0].code.clone(),
        field: None,
    };
    let command = Command::Ignore {
        run: run.id.clone(),
        cause,
        ignore,
    };
    workspace.ask(command).map(|_| ())
}

fn rows(workspace: &Workspace, run: &Run) -> Vec<(String, u64, u64)> {
    let all = causes(workspace, run).into_iter();
    all.map(|cause| (cause.verdict, cause.rows, cause.ignored))
        .collect()
}

#[test]
fn ignored_rows_are_sent_as_before_and_count_as_no_trouble() {
    let (workspace, there, first) = refused();
    set(&workspace, &first, true).unwrap();
    assert_eq!(state(&workspace), (SyncState::Ok, 1));
    assert_eq!(rows(&workspace, &first), [("rejected".into(), 1, 1)]);
    let seen = there.there().seen.len();
    let second = workspace.run("people");
    assert_eq!(there.there().seen.len(), seen + 1, "it is tried again");
    assert_eq!(second.status, RunStatus::CompletedWithErrors);
    assert_eq!(state(&workspace), (SyncState::Ok, 1));
    assert_eq!(workspace.rows(&second)[0].attempts, 2);
    // Another row with the same cause is another trouble.
    fate(&there, 2, Some(Fate::Reject));
    workspace.source("update people set name = 'new' where id = 2");
    let third = workspace.run("people");
    assert_eq!(rows(&workspace, &third), [("rejected".into(), 2, 1)]);
    assert_eq!(state(&workspace), (SyncState::Errors, 1));
    set(&workspace, &third, true).unwrap();
    assert_eq!(state(&workspace), (SyncState::Ok, 2));
    set(&workspace, &third, false).unwrap();
    assert_eq!(state(&workspace), (SyncState::Errors, 0));
    assert_eq!(rows(&workspace, &third), [("rejected".into(), 2, 0)]);
    let Ok(Reply::Browsed(browsed)) = workspace.ask(Command::Browse(Browse::Audit {
        before: None,
        limit: 3,
    })) else {
        panic!("no answer")
    };
    let Browsed::Audit(lines) = *browsed else {
        panic!("no trail")
    };
    let actions: Vec<&str> = lines.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["heed", "ignore", "ignore"]);
}

#[test]
fn a_row_is_heeded_again_when_its_cause_changes_or_it_has_gone_through() {
    let (mut workspace, there, first) = refused();
    set(&workspace, &first, true).unwrap();
    workspace.stop();
    workspace.start().unwrap();
    assert_eq!(
        state(&workspace),
        (SyncState::Ok, 1),
        "it outlives the core"
    );
    fate(&there, 1, Some(Fate::Unknown { applied: false }));
    let unknown = workspace.run("people");
    assert_eq!(rows(&workspace, &unknown), [("unknown".into(), 1, 0)]);
    assert_eq!(state(&workspace), (SyncState::Errors, 0));
    fate(&there, 1, Some(Fate::Reject));
    let again = workspace.run("people");
    assert_eq!(state(&workspace), (SyncState::Errors, 0));
    set(&workspace, &again, true).unwrap();
    fate(&there, 1, None);
    assert_eq!(workspace.run("people").status, RunStatus::Completed);
    fate(&there, 1, Some(Fate::Reject));
    workspace.source("update people set name = 'new' where id = 1");
    workspace.run("people");
    assert_eq!(state(&workspace), (SyncState::Errors, 0));
}

#[test]
fn rows_that_failed_again_since_are_ignored_where_they_failed_last() {
    let (workspace, _, first) = refused();
    let second = workspace.run("people");
    let late = set(&workspace, &first, true).unwrap_err();
    assert_eq!(late.kind, ProblemKind::Conflict);
    assert!(late.hint.contains("latest run"), "{late:?}");
    set(&workspace, &second, true).unwrap();
    assert_eq!(state(&workspace), (SyncState::Ok, 1));
}
