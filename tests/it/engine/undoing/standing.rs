//! How a sync stands after an undo of one of its runs.

use super::*;

#[test]
fn an_undo_that_comes_to_nothing_hides_no_trouble_of_the_run_before() {
    let workspace = people(3);
    workspace.source("update people set email = null where id = 3;");
    workspace.apply(&to_copy("upsert", ""));
    let first = workspace.run("people");
    assert_eq!(first.status, RunStatus::CompletedWithErrors);
    let is_as_it_was = || {
        let sync = workspace.sync("people");
        assert_eq!(sync.last.as_ref().map(|run| &run.id), Some(&first.id));
        assert_eq!(sync.state, SyncState::Errors);
    };
    is_as_it_was();
    let undo = planned(&workspace, &first);
    let target = undo.id.to_string();
    workspace.ask(Command::Reject { target }).unwrap();
    workspace.wait(&undo.id);
    is_as_it_was();
    // What it wrote is gone, and nothing is left to take back.
    workspace.source("update people set name = 'other';");
    workspace.run("people");
    let undo = try_undo(&workspace, &first, None).unwrap();
    let undo = workspace.wait(&undo.id);
    assert_eq!(
        (undo.status, undo.counters.skipped),
        (RunStatus::Completed, 2)
    );
    let sync = workspace.sync("people");
    let last = sync.last.as_ref();
    assert!(last.is_some_and(|run| run.options.undo_of.is_none()));
    assert_eq!(sync.state, SyncState::Errors);
}
