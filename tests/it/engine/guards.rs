//! The guards: what holds deletes, and what stops a run before it does harm.

use signalsmith::domain::command::Command;
use signalsmith::domain::problem::ProblemKind;

use super::*;

/// A mirror of 20 people that was run once, of whom 12 have gone since.
fn shrunk() -> Workspace {
    let workspace = people(20);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source("delete from people where id <= 12");
    workspace
}

#[test]
fn more_deletes_than_the_guard_allows_are_held_while_all_else_goes() {
    let workspace = shrunk();
    workspace.source("update people set name = 'New' where id = 20");
    add(&workspace, 21, 21);
    let run = workspace.run("people");
    assert_eq!(completed(&run), (1, 1, 0));
    assert_eq!(
        (run.counters.delete.planned, run.counters.delete.held),
        (12, 12)
    );
    assert_eq!(run.exit_code(), 4);
    assert_eq!(copied(&workspace).len(), 21);
    let held = workspace.sync("people").held.clone().unwrap();
    assert_eq!((held.count, held.run), (12, run.id));
}

#[test]
fn approved_deletes_go_for_keys_that_are_still_absent() {
    let workspace = shrunk();
    let held = workspace.run("people");
    let hash = held.plan_hash.clone().unwrap();
    assert!(workspace.approve("people", "0000").is_err());
    // One comes back, and one more goes that nobody has seen.
    add(&workspace, 1, 1);
    workspace.source("delete from people where id = 13");
    let run = workspace.approve("people", &hash).unwrap();
    let run = workspace.wait(&run.id);
    assert_eq!(run.status, RunStatus::Completed, "{run:#?}");
    assert_eq!(
        (run.counters.delete.done, run.counters.delete.held),
        (11, 1)
    );
    let left = workspace.target("select number from people order by number");
    assert_eq!(left, ["1", "13", "14", "15", "16", "17", "18", "19", "20"]);
    assert_eq!(workspace.sync("people").held.as_ref().unwrap().count, 1);
}

#[test]
fn a_newer_plan_takes_the_place_of_the_held_one() {
    let workspace = shrunk();
    let first = workspace.run("people").plan_hash.unwrap();
    workspace.source("delete from people where id = 13");
    let second = workspace.run("people");
    assert_eq!(second.counters.delete.held, 13);
    let refused = workspace.approve("people", &first).unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    // Where all come back, nothing is held any more.
    add(&workspace, 1, 13);
    workspace.run("people");
    assert_eq!(workspace.sync("people").held, None);
    assert!(
        workspace
            .approve("people", &second.plan_hash.unwrap())
            .is_err()
    );
    assert_eq!(copied(&workspace).len(), 20);
}

#[test]
fn held_deletes_can_be_dropped() {
    let workspace = shrunk();
    workspace.run("people");
    workspace
        .ask(Command::Reject {
            target: "people".into(),
        })
        .unwrap();
    assert_eq!(workspace.sync("people").held, None);
    assert!(
        workspace
            .ask(Command::Reject {
                target: "people".into()
            })
            .is_err()
    );
}

#[test]
fn any_delete_is_held_when_the_model_has_no_rows() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source("delete from people");
    let run = workspace.run("people");
    assert_eq!(completed(&run), (0, 0, 0));
    assert_eq!((run.counters.delete.held, run.exit_code()), (3, 4));
    assert_eq!(copied(&workspace).len(), 3);
    let approved = workspace
        .approve("people", &run.plan_hash.unwrap())
        .unwrap();
    assert_eq!(completed(&workspace.wait(&approved.id)), (0, 0, 3));
    assert!(copied(&workspace).is_empty());
}

#[test]
fn a_model_that_has_shrunk_too_far_stops_until_its_size_is_accepted() {
    let workspace = people(120);
    workspace.apply(&to_copy("upsert", ""));
    workspace.run("people");
    workspace
        .source("delete from people where id > 59; update people set name = 'New' where id = 1");
    for _ in 0..2 {
        let run = workspace.run("people");
        assert_eq!(
            (run.status, run.exit_code()),
            (RunStatus::Failed, 5),
            "{run:#?}"
        );
        assert_eq!(run.counters.update.unsent, 1);
        assert_eq!(workspace.sync("people").known, 120, "nothing is forgotten");
    }
    let accepted = workspace.run_with("people", options(|it| it.accept_size = true));
    assert_eq!(completed(&accepted), (0, 1, 0));
    assert_eq!(workspace.sync("people").known, 59);
    assert_eq!(workspace.run("people").status, RunStatus::Completed);
}

#[test]
fn half_of_the_rows_may_be_missing_but_not_more() {
    let workspace = people(120);
    workspace.apply(&to_copy("upsert", ""));
    workspace.run("people");
    workspace.source("delete from people where id > 60");
    assert_eq!(workspace.run("people").status, RunStatus::Completed);
}

#[test]
fn more_than_half_invalid_rows_fail_the_run_before_anything_is_sent() {
    let workspace = people(10);
    workspace.apply(&to_copy("upsert", ""));
    workspace.source("update people set email = null where id <= 6");
    let run = workspace.run("people");
    assert_eq!((run.status, run.exit_code()), (RunStatus::Failed, 5));
    assert_eq!((run.counters.invalid, run.counters.create.unsent), (6, 4));
    assert_eq!(workspace.rows(&run).len(), 6, "the rows can be looked at");
    workspace.source("update people set email = 'back@x.example' where id = 6");
    assert_eq!(
        workspace.run("people").status,
        RunStatus::CompletedWithErrors
    );
}

#[test]
fn a_missing_or_retyped_column_fails_the_run_before_anything_is_sent() {
    for change in [
        "alter table people rename column name to title",
        "alter table people drop column name; alter table people add column name integer default 7",
    ] {
        let workspace = people(10);
        workspace.apply(&to_copy("upsert", ""));
        workspace.source(change);
        let run = workspace.run("people");
        assert_eq!(run.status, RunStatus::Failed, "{change}");
        assert_eq!(run.exit_code(), 5, "{run:#?}");
        assert!(!workspace.path("copy.db").exists(), "{change}");
    }
}

#[test]
fn a_destination_that_refuses_the_first_500_rows_alike_is_not_tried_further() {
    let workspace = people(700);
    // Batches of 100, so that not all is answered at once.
    let receiver = receiver(&workspace, Vec::new());
    for _ in 0..7 {
        let bad = r#"{"results":["#.to_owned()
            + &vec![r#"{"status":"error","message":"no such list"}"#; 100].join(",")
            + "]}";
        receiver.add_fault(status(200, &[("content-type", "application/json")], &bad));
    }
    workspace.apply(&to_hook("upsert", &receiver.url(), "concurrency = 1"));
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::Failed, "{run:#?}");
    assert_eq!(run.counters.create.rejected, 500);
    assert_eq!(run.counters.create.unsent, 200);
    let error = run.error.as_ref().unwrap();
    assert!(
        error
            .text
            .contains("500 rows were all refused with rejected"),
        "{error:?}"
    );
    assert!(workspace.rows(&run)[0].reason.contains("no such list"));
    // What was not sent stays due, and what was refused too.
    let again = workspace.run("people");
    assert_eq!(again.counters.create.planned, 700);
}

#[test]
fn guards_of_the_sync_stand_above_the_built_in_ones() {
    let workspace = people(5);
    workspace.apply(&to_copy(
        "mirror",
        "guards = { delete_rows = 0, delete_percent = 0 }",
    ));
    workspace.run("people");
    workspace.source("delete from people where id = 1");
    assert_eq!(workspace.run("people").counters.delete.held, 1);
}
