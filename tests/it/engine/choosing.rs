//! Runs over chosen rows: what they do not look at is neither sent nor forgotten nor deleted.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::run::Trigger;

use super::*;

#[test]
fn a_limit_sends_so_many_and_forgets_and_deletes_nothing() {
    let workspace = people(6);
    workspace.apply(&to_copy("mirror", ""));
    let limit = || options(|it| it.limit = Some(2));
    let first = workspace.run_with("people", limit());
    assert_eq!(completed(&first), (2, 0, 0));
    assert_eq!(first.counters.skipped, 4);
    assert_eq!(completed(&workspace.run("people")), (4, 0, 0));
    workspace.source("delete from people where id = 1; update people set name = 'New'");
    let third = workspace.run_with("people", limit());
    assert_eq!(completed(&third), (0, 2, 0));
    assert_eq!(third.counters.delete.planned, 0);
    assert_eq!(workspace.sync("people").known, 6);
    assert_eq!(completed(&workspace.run("people")), (0, 3, 1));
}

#[test]
fn chosen_keys_are_sent_and_nothing_else() {
    let workspace = people(6);
    workspace.apply(&to_copy("mirror", ""));
    let keys = |keys: &[&str]| options(|it| it.keys = keys.iter().map(|k| (*k).into()).collect());
    assert_eq!(
        completed(&workspace.run_with("people", keys(&["2", "5"]))),
        (2, 0, 0)
    );
    let numbers = workspace.target("select number from people order by number");
    assert_eq!(numbers, ["2", "5"]);
    workspace.source("delete from people where id = 2");
    assert_eq!(
        completed(&workspace.run_with("people", keys(&["2", "3"]))),
        (1, 0, 0)
    );
    assert_eq!(copied(&workspace).len(), 3);
    let wrong = workspace.run_with("people", keys(&["two"]));
    assert_eq!((wrong.status, wrong.exit_code()), (RunStatus::Failed, 2));
}

#[test]
fn a_plan_alone_sends_nothing_and_says_what_it_would_do() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    let plan = workspace.run_with("people", options(|it| it.plan_only = true));
    assert_eq!(completed(&plan), (0, 0, 0));
    assert_eq!(plan.counters.create.unsent, 3);
    assert_eq!(workspace.plan(&plan).operations.len(), 3);
    assert!(!workspace.path("copy.db").exists());
    assert_eq!(
        workspace.sync("people").last,
        None,
        "a plan is no run that ended"
    );
    // The same inputs give the same plan, and an approved one is done as it was seen.
    let again = workspace.run_with("people", options(|it| it.plan_only = true));
    assert_eq!(plan.plan_hash, again.plan_hash);
}

/// Three people of whom one is refused and one is invalid.
fn with_failures() -> (Workspace, Run) {
    let workspace = people(5);
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch(
        "create table people (email text primary key, number integer, name text,
         check (name <> 'Name 2'));",
    )
    .unwrap();
    workspace.apply(&to_copy("mirror", ""));
    workspace.source("update people set email = null where id = 3");
    let run = workspace.run("people");
    assert_eq!(done(&run), (3, 0, 0));
    (workspace, run)
}

fn retry(workspace: &Workspace, run: &Run, cause: Option<&str>, keys: &[&str]) -> Run {
    let reply = workspace.ask(Command::Retry {
        run: run.id.clone(),
        cause: cause.map(str::to_owned),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    });
    let Reply::Run(new) = reply.unwrap() else {
        panic!("no run")
    };
    assert_eq!(
        new.trigger,
        Trigger::Retry {
            run: run.id.clone()
        }
    );
    workspace.wait(&new.id)
}

#[test]
fn a_retry_sends_the_failed_rows_of_a_run_as_they_are_now() {
    let (workspace, run) = with_failures();
    workspace.source(
        "update people set name = 'Mended' where id = 2;
         update people set email = 'p3@x.example' where id = 3;
         update people set name = 'Other' where id = 5;
         delete from people where id = 4;",
    );
    let retried = retry(&workspace, &run, None, &[]);
    assert_eq!(completed(&retried), (2, 0, 0));
    let rows = copied(&workspace);
    assert!(
        rows.contains(&"2|p2@x.example|Mended".to_owned()),
        "{rows:?}"
    );
    assert!(
        rows.contains(&"5|p5@x.example|Name 5".to_owned()),
        "only chosen rows: {rows:?}"
    );
    assert_eq!(rows.len(), 5, "nothing is deleted");
    assert_eq!(workspace.sync("people").known, 5, "nothing is forgotten");
}

#[test]
fn a_retry_takes_one_cause_or_one_key() {
    let (workspace, run) = with_failures();
    workspace.source(
        "update people set name = 'Mended' where id = 2;
         update people set email = 'p3@x.example' where id = 3;",
    );
    let by_cause = retry(&workspace, &run, Some("required"), &[]);
    assert_eq!(completed(&by_cause), (1, 0, 0));
    let by_key = retry(&workspace, &run, None, &["2"]);
    assert_eq!(completed(&by_key), (1, 0, 0));
    let nothing = retry(&workspace, &run, Some("no_such_cause"), &[]);
    assert_eq!(completed(&nothing), (0, 0, 0));
}

#[test]
fn a_retry_of_many_rows_sends_one_ahead_and_stops_where_that_is_refused_again() {
    let workspace = people(150);
    let gate = Gate::start(workspace.runtime.handle());
    gate.open(10_000);
    gate.answer(|_, _| 422);
    // Sent one by one, so that each is refused by itself.
    workspace.apply(&to_hook("upsert", gate.url(), "body_form = \"single\""));
    let run = workspace.run("people");
    assert_eq!(run.counters.create.rejected, 150);
    let before = gate.came().len();
    let again = retry(&workspace, &run, None, &[]);
    assert_eq!(
        (again.status, again.exit_code()),
        (RunStatus::Failed, 5),
        "{again:#?}"
    );
    assert_eq!(
        (again.counters.create.rejected, again.counters.create.unsent),
        (1, 149)
    );
    assert_eq!(gate.came().len(), before + 1);
    gate.answer(|_, _| 200);
    assert_eq!(completed(&retry(&workspace, &run, None, &[])), (150, 0, 0));
}

#[test]
fn a_retry_names_keys_that_have_left_the_model() {
    let (workspace, run) = with_failures();
    workspace.source("delete from people where id = 2");
    let retried = retry(&workspace, &run, Some("constraint"), &["2"]);
    assert_eq!(done(&retried), (0, 0, 0));
    let log = workspace.log(&retried);
    assert!(log.contains("2: has left the model"), "{log}");
}

#[test]
fn a_retry_of_a_run_that_is_not_there_is_refused() {
    let workspace = people(1);
    workspace.apply(&to_copy("upsert", ""));
    let run = signalsmith::domain::id::RunId::from_bits(1);
    let command = Command::Retry {
        run,
        cause: None,
        keys: Vec::new(),
    };
    assert_eq!(
        workspace.ask(command).unwrap_err().kind,
        ProblemKind::NotFound
    );
}

#[test]
fn from_now_takes_what_is_new_as_sent_and_leaves_what_is_known_due() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace
        .source("update people set name = 'New' where id = 1; delete from people where id = 3");
    add(&workspace, 4, 6);
    let from_now = workspace.run_with("people", options(|it| it.from_now = true));
    assert_eq!(completed(&from_now), (0, 0, 0));
    assert_eq!(
        (from_now.counters.skipped, from_now.counters.requests),
        (4, 0)
    );
    assert_eq!(copied(&workspace).len(), 3);
    workspace.source("update people set name = 'New' where id = 6");
    // What was known and changed goes, what left is deleted, and of the new only what changed later.
    let next = workspace.run("people");
    assert_eq!(completed(&next), (0, 2, 1));
    let numbers = workspace.target("select number from people order by number");
    assert_eq!(numbers, ["1", "2", "6"]);
    let both = options(|it| {
        it.from_now = true;
        it.full = true;
    });
    let refused = workspace.run_with("people", both);
    assert_eq!(
        (refused.status, refused.exit_code()),
        (RunStatus::Failed, 2)
    );
}

#[test]
fn what_the_sync_wrote_is_deleted_all_the_same_once_another_key_was_taken_as_sent_there() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    // Another key carries the record's identifier, and is taken as sent.
    workspace.source("update people set id = 9 where id = 3;");
    let from_now = workspace.run_with("people", options(|it| it.from_now = true));
    assert_eq!(completed(&from_now), (0, 0, 0));
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
    // It moves on: this sync wrote what it leaves behind.
    workspace.source("update people set email = 'p9@x.example' where id = 9;");
    let moved = workspace.run("people");
    assert_eq!(completed(&moved), (1, 0, 1));
    assert_eq!(
        copied(&workspace),
        [
            "1|p1@x.example|Name 1",
            "2|p2@x.example|Name 2",
            "9|p9@x.example|Name 3",
        ]
    );
}
