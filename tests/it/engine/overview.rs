//! Trouble as a real core tells it, set aside and back again, and the sums of its runs.

use std::time::Duration;

use signalsmith::domain::browse::{Browse, Browsed, RunSums};
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::trouble::{Extent, SetAside, Until};
use signalsmith::link::troubles::Troubles;

use super::*;

fn troubles(workspace: &Workspace) -> Troubles {
    Troubles::of(&workspace.view(), workspace.now())
}

fn set_aside(
    workspace: &Workspace,
    cause: &str,
    until: Option<Until>,
    seen: Option<Extent>,
) -> Result<Reply, Problem> {
    let cause = cause.to_owned();
    workspace.ask(Command::SetAside(SetAside { cause, until, seen }))
}

/// The keys of what counts.
fn counted(workspace: &Workspace) -> Vec<String> {
    let troubles = troubles(workspace);
    troubles.counted().map(|it| it.key.clone()).collect()
}

/// A workspace whose source is gone, and whose sync has failed for it.
fn broken() -> Workspace {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", ""));
    assert_eq!(workspace.run("people").status, RunStatus::Completed);
    workspace.source("alter table people rename to persons");
    assert_eq!(workspace.run("people").status, RunStatus::Failed);
    workspace
}

#[test]
fn what_is_acknowledged_stays_so_over_a_restart_and_is_told_again_when_it_happens_anew() {
    let mut workspace = broken();
    let [cause] = counted(&workspace).try_into().unwrap();
    let seen = troubles(&workspace).all[0].extent.clone();
    set_aside(&workspace, &cause, Some(Until::Worse), Some(seen)).unwrap();
    assert!(counted(&workspace).is_empty());
    assert_eq!(workspace.run("people").status, RunStatus::Failed);
    assert!(counted(&workspace).is_empty(), "it is no worse");
    workspace.stop();
    workspace.start().unwrap();
    assert!(counted(&workspace).is_empty());
    let first = troubles(&workspace).all[0].since;
    assert!(first.is_some_and(|since| since <= workspace.now()));
    workspace.source("alter table persons rename to people");
    assert_eq!(workspace.run("people").status, RunStatus::Completed);
    workspace.until_all(|view| view.asides.is_empty());
    workspace.source("alter table people rename to persons");
    workspace.run("people");
    assert_eq!(counted(&workspace), std::slice::from_ref(&cause));
    set_aside(&workspace, &cause, Some(Until::Worse), None).unwrap();
    set_aside(&workspace, &cause, None, None).unwrap();
    assert_eq!(counted(&workspace), [cause]);
    let question = Command::Browse(Browse::Audit {
        before: None,
        limit: 3,
    });
    let Ok(Reply::Browsed(browsed)) = workspace.ask(question) else {
        panic!("no audit")
    };
    let Browsed::Audit(lines) = *browsed else {
        panic!("no audit")
    };
    let actions: Vec<&str> = lines.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions[..2], ["take up", "acknowledge"]);
}

#[test]
fn what_is_over_or_has_become_worse_is_not_set_aside() {
    let workspace = broken();
    let gone = set_aside(&workspace, "refused/dst_x", Some(Until::Worse), None);
    assert_eq!(gone.unwrap_err().kind, ProblemKind::NotFound);
    let [cause] = counted(&workspace).try_into().unwrap();
    let less = Some(Extent::default());
    let worse = set_aside(&workspace, &cause, Some(Until::Worse), less);
    assert_eq!(worse.unwrap_err().kind, ProblemKind::Conflict);
    assert_eq!(counted(&workspace), [cause]);
}

#[test]
fn runs_are_summed_up_from_a_moment_on_and_by_stretches() {
    let workspace = broken();
    workspace.wait_for(workspace.clock.advance(Duration::from_secs(60 * 60)));
    let middle = workspace.now();
    workspace.source("alter table persons rename to people");
    add(&workspace, 4, 8);
    assert_eq!(workspace.run("people").status, RunStatus::Completed);
    let ask = |question| match workspace.ask(Command::Browse(question)) {
        Ok(Reply::Browsed(browsed)) => *browsed,
        other => panic!("{other:?}"),
    };
    let one = RunSums {
        runs: 1,
        written: 5,
        ..RunSums::default()
    };
    assert_eq!(ask(Browse::Since { at: middle }), Browsed::Since(one));
    let start = "2026-03-02T00:00:00Z".parse().unwrap();
    let Browsed::Stretches(sums) = ask(Browse::Stretches {
        starts: vec![start, middle],
    }) else {
        panic!("no stretches")
    };
    let [before, after] = sums.try_into().unwrap();
    assert_eq!((before.written, after), (3, one));
    assert!(before.runs >= 2 && before.failed >= 1, "{before:?}");
    let backwards = Browse::Stretches {
        starts: vec![middle, start],
    };
    assert!(workspace.ask(Command::Browse(backwards)).is_err());
}
