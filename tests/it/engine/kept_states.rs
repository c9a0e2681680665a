//! What a sync has sent is kept when it goes to another object, and can be put back.

use std::time::Duration;

use signalsmith::domain::command::Command;
use signalsmith::domain::problem::{Problem, ProblemKind};

use super::*;

fn go_to(workspace: &Workspace, object: &str) {
    workspace
        .try_apply(&file("mirror", COPY, object, ""), &["people"])
        .unwrap();
}

fn put_back(workspace: &Workspace) -> Result<(), Problem> {
    let sync = "people".into();
    workspace.ask(Command::PutBack { sync }).map(|_| ())
}

/// A sync of 40 people that went to another object, sent them there, and came back.
fn came_back() -> Workspace {
    let workspace = people(40);
    workspace.apply(&file("mirror", COPY, "people", ""));
    workspace.run("people");
    go_to(&workspace, "others");
    assert_eq!(
        workspace.sync("people").kept,
        None,
        "it is another object's"
    );
    assert_eq!(completed(&workspace.run("people")), (40, 0, 0));
    go_to(&workspace, "people");
    workspace
}

#[test]
fn a_state_that_was_left_behind_is_put_back_and_the_next_run_sends_what_differs() {
    let mut workspace = came_back();
    let sync = workspace.sync("people");
    assert_eq!((sync.known, sync.kept), (0, Some(workspace.now())));
    workspace
        .source("update people set name = 'New' where id = 1; delete from people where id = 2");
    workspace.stop();
    workspace.start().unwrap();
    put_back(&workspace).unwrap();
    let sync = workspace.sync("people");
    assert_eq!((sync.known, sync.kept), (40, None));
    let next = workspace.run("people");
    assert_eq!(completed(&next), (0, 1, 1));
    assert_eq!(next.counters.unchanged, 38);
    assert_eq!(copied(&workspace).len(), 39);
    // The state of the other object was kept in its turn.
    go_to(&workspace, "others");
    put_back(&workspace).unwrap();
    assert_eq!(completed(&workspace.run("people")), (0, 1, 1));
    let none = put_back(&workspace).unwrap_err();
    assert_eq!(none.kind, ProblemKind::NotFound);
    assert!(none.hint.contains("30 days"), "{none:?}");
}

#[test]
fn what_was_sent_meanwhile_is_kept_when_an_earlier_state_takes_its_place() {
    let workspace = came_back();
    assert_eq!(completed(&workspace.run("people")), (40, 0, 0));
    put_back(&workspace).unwrap();
    assert_eq!(workspace.sync("people").known, 40);
    assert!(workspace.sync("people").kept.is_some());
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn a_state_is_kept_for_30_days_and_its_files_go_with_it() {
    let workspace = came_back();
    let folder = workspace.folder().join("snapshots");
    let files = || {
        let id = workspace.sync("people").id().to_string();
        std::fs::read_dir(folder.join(id)).unwrap().count()
    };
    workspace.run("people");
    assert_eq!(files(), 3);
    let days = |days: u64| Duration::from_hours(24 * days);
    workspace.wait_for(workspace.clock.advance(days(30)));
    workspace.run("people");
    assert_eq!(files(), 3, "they are kept");
    workspace.wait_for(workspace.clock.advance(Duration::from_secs(1)));
    workspace.run("people");
    assert_eq!(files(), 1);
    assert_eq!(
        put_back(&workspace).unwrap_err().kind,
        ProblemKind::NotFound
    );
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn keys_that_mean_something_else_now_are_not_put_back() {
    let workspace = came_back();
    let other = file("mirror", COPY, "people", "").replace("[\"id\"]", "[\"email\"]");
    workspace.try_apply(&other, &["people"]).unwrap();
    let refused = put_back(&workspace).unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    assert_eq!(workspace.sync("people").known, 0);
}
