//! Undoing a run: what it wrote is taken back, and nothing else.

mod doubts;
mod histories;
mod standing;

use signalsmith::domain::browse::{Browse, Browsed, PlanPart, PlanRow};
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::{Phase, Trigger};
use signalsmith::link::view::SyncState;

use super::*;

fn try_undo(workspace: &Workspace, run: &Run, plan: Option<String>) -> Result<Run, Problem> {
    let command = Command::Undo {
        run: run.id.clone(),
        approved_plan: plan,
    };
    match workspace.ask(command)? {
        Reply::Run(run) => Ok(*run),
        other => panic!("{other:?}"),
    }
}

/// Plans the undo of a run, which waits for approval.
fn planned(workspace: &Workspace, run: &Run) -> Run {
    let undo = try_undo(workspace, run, None).unwrap();
    let undo = workspace.wait(&undo.id);
    assert_eq!(undo.phase, Some(Phase::AwaitingApproval), "{undo:#?}");
    assert_eq!((undo.status, undo.exit_code()), (RunStatus::Running, 4));
    assert_eq!(
        undo.trigger,
        Trigger::Undo {
            run: run.id.clone()
        }
    );
    undo
}

fn approved(workspace: &Workspace, undo: &Run) -> Run {
    let hash = undo.plan_hash.as_ref().unwrap();
    workspace.approve(undo.id.as_str(), hash).unwrap();
    workspace.wait(&undo.id)
}

/// Undoes a run to its end.
fn undone(workspace: &Workspace, run: &Run) -> Run {
    approved(workspace, &planned(workspace, run))
}

/// What an undo leaves as it is: `key code`.
fn stays(workspace: &Workspace, undo: &Run) -> Vec<String> {
    let question = Browse::Entries {
        run: undo.id.clone(),
        part: PlanPart::Invalid,
        offset: 0,
        limit: 1_000,
    };
    let Ok(Reply::Browsed(browsed)) = workspace.ask(Command::Browse(question)) else {
        panic!("no answer")
    };
    let Browsed::Entries(rows) = *browsed else {
        panic!("no entries")
    };
    let text = |row: &PlanRow| {
        let code = row.why.as_deref().unwrap().split(':').next().unwrap();
        format!("{} {code}", row.key["id"])
    };
    let mut all: Vec<String> = rows.iter().map(text).collect();
    all.sort();
    all
}

fn is_paused(workspace: &Workspace) -> bool {
    workspace.sync("people").sync.settings.paused
}

#[test]
fn an_undo_restores_what_was_updated_deletes_what_was_created_and_pauses_the_sync() {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", "paused = false"));
    workspace.run("people");
    let before = copied(&workspace);
    workspace.source("update people set name = null where id = 2");
    add(&workspace, 4, 5);
    let bad = workspace.run("people");
    assert_eq!(completed(&bad), (2, 1, 0));
    let undo = planned(&workspace, &bad);
    assert_eq!(workspace.sync("people").state, SyncState::AwaitingApproval);
    assert!(!is_paused(&workspace), "nothing was written yet");
    assert_eq!(copied(&workspace).len(), 5);
    let plan = workspace.plan(&undo);
    let names: Vec<_> = plan
        .operations
        .iter()
        .filter_map(|it| it.new.as_ref())
        .map(|new| new["name"].clone())
        .collect();
    assert_eq!(names, ["Name 2"]);
    let undo = approved(&workspace, &undo);
    assert_eq!(completed(&undo), (0, 1, 2));
    assert_eq!(undo.counters.skipped, 0);
    assert_eq!(copied(&workspace), before);
    let sync = workspace.until("people", |sync| sync.sync.settings.paused);
    assert_eq!(sync.known, 3);
    assert!(workspace.log(&undo).contains("the sync is paused"));
    // The model still differs: what was restored is due again, as the next run would say.
    let next = workspace.run_with("people", options(|o| o.plan_only = true));
    assert_eq!(next.counters.update.planned, 1);
    assert_eq!(next.counters.create.planned, 2);
    assert_eq!(next.counters.unchanged, 2);
    assert_eq!(completed(&workspace.run("people")), (2, 1, 0));
    assert_eq!(copied(&workspace)[1], "2|p2@x.example|null");
}

#[test]
fn what_was_deleted_is_made_again_with_all_that_it_held() {
    let workspace = people(3);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    let before = copied(&workspace);
    workspace.source("delete from people where id = 3; update people set name = 'x' where id = 1");
    let bad = workspace.run("people");
    assert_eq!(completed(&bad), (0, 1, 1));
    let undo = undone(&workspace, &bad);
    assert_eq!(completed(&undo), (1, 1, 0));
    assert_eq!(copied(&workspace), before);
    // The model still lacks it, so the mirror would delete it again.
    let next = workspace.run_with("people", options(|o| o.plan_only = true));
    assert_eq!(next.counters.delete.planned, 1);
}

#[test]
fn what_was_written_again_since_is_not_touched_and_named() {
    let workspace = people(4);
    workspace.apply(&to_copy("upsert", ""));
    workspace.run("people");
    workspace.source("update people set name = 'bad'");
    add(&workspace, 5, 6);
    let bad = workspace.run("people");
    workspace.source("update people set name = 'good' where id in (1, 5)");
    workspace.source("delete from people where id = 2");
    workspace.run("people");
    let undo = planned(&workspace, &bad);
    assert_eq!(
        stays(&workspace, &undo),
        ["1 changed_since", "2 left_since", "5 changed_since"]
    );
    assert_eq!(completed(&approved(&workspace, &undo)), (0, 2, 1));
    assert_eq!(
        copied(&workspace),
        [
            "1|p1@x.example|good",
            "2|p2@x.example|bad",
            "3|p3@x.example|Name 3",
            "4|p4@x.example|Name 4",
            "5|p5@x.example|good",
        ]
    );
}

#[test]
fn a_record_that_was_there_before_is_never_deleted() {
    let workspace = people(2);
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch(
        "create table people (email text primary key, number integer, name text);
         insert into people values ('p1@x.example', 7, 'Theirs');",
    )
    .unwrap();
    workspace.apply(&to_copy("upsert", ""));
    let first = workspace.run("people");
    assert_eq!(first.counters.create.existing, 1);
    let undo = planned(&workspace, &first);
    assert_eq!(stays(&workspace, &undo), ["1 not_created"]);
    assert_eq!(completed(&approved(&workspace, &undo)), (0, 0, 1));
    assert_eq!(copied(&workspace), ["1|p1@x.example|Name 1"]);
}

#[test]
fn a_destination_that_does_not_say_what_it_created_keeps_it() {
    let workspace = people(2);
    workspace.apply(&file("upsert", OUT, "people.jsonl", "paused = false"));
    let first = workspace.run("people");
    let undo = try_undo(&workspace, &first, None).unwrap();
    let undo = workspace.wait(&undo.id);
    // Nothing can be taken back: there is nothing to approve, and nothing is paused.
    assert_eq!(completed(&undo), (0, 0, 0));
    assert_eq!(stays(&workspace, &undo), ["1 not_created", "2 not_created"]);
    assert!(!is_paused(&workspace));
    workspace.source("update people set name = 'bad'");
    let second = workspace.run("people");
    let undo = undone(&workspace, &second);
    assert_eq!(completed(&undo), (0, 2, 0));
    let text = std::fs::read_to_string(workspace.path("out/people.jsonl")).unwrap();
    assert!(text.contains("Name 1") && !text.contains("bad"), "{text}");
}

#[test]
fn only_the_plan_that_was_looked_at_goes() {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", "paused = false"));
    workspace.run("people");
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    let undo = planned(&workspace, &bad);
    let hash = undo.plan_hash.clone().unwrap();
    let refused = workspace.approve(undo.id.as_str(), "another").unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    let command = Command::Reject {
        target: undo.id.to_string(),
    };
    workspace.ask(command).unwrap();
    assert_eq!(workspace.wait(&undo.id).status, RunStatus::Cancelled);
    assert!(!is_paused(&workspace));
    assert_eq!(copied(&workspace)[0], "1|p1@x.example|bad");
    // The same state gives the same plan, which goes without waiting where its hash is given.
    let other = try_undo(&workspace, &bad, Some("another".into())).unwrap();
    let other = workspace.wait(&other.id);
    assert_eq!(other.error.unwrap().kind, ProblemKind::Conflict);
    let same = try_undo(&workspace, &bad, Some(hash)).unwrap();
    assert_eq!(completed(&workspace.wait(&same.id)), (0, 2, 0));
    assert_eq!(copied(&workspace)[0], "1|p1@x.example|Name 1");
}

#[test]
fn what_cannot_be_undone_is_refused_with_what_to_do() {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", ""));
    let first = workspace.run("people");
    let refused = |run: &Run| {
        let problem = try_undo(&workspace, run, None).unwrap_err();
        assert!(!problem.hint.is_empty(), "{problem:?}");
        problem.text
    };
    let idle = workspace.run("people");
    assert!(refused(&idle).ends_with("it wrote nothing"));
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    let undo = planned(&workspace, &bad);
    assert!(refused(&undo).ends_with("it goes on"));
    let undo = approved(&workspace, &undo);
    assert!(refused(&undo).ends_with("it is an undo itself"));
    let retry = workspace.ask(Command::Retry {
        run: undo.id.clone(),
        cause: None,
        keys: Vec::new(),
    });
    assert!(retry.unwrap_err().text.contains("it is an undo"));
    let moved = to_copy("upsert", "").replace(
        "{ source_column = \"name\", destination_field = \"name\" }",
        "{ source_column = \"name\", destination_field = \"name\", write = \"on_create\" }",
    );
    workspace.apply(&moved);
    assert!(
        refused(&first).contains("mapping have changed"),
        "{first:?}"
    );
    workspace
        .try_apply(&file("upsert", COPY, "others", ""), &["people"])
        .unwrap();
    assert!(refused(&first).contains("writes elsewhere now"));
    workspace
        .try_apply(&to_copy("upsert", ""), &["people"])
        .unwrap();
    std::fs::remove_file(workspace.folder().join(format!("runs/{}.plan", first.id))).unwrap();
    assert!(refused(&first).contains("no longer kept"));
}

#[test]
fn a_state_that_was_forgotten_since_is_not_undone_into() {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", ""));
    let first = workspace.run("people");
    let command = Command::Forget {
        sync: "people".into(),
        confirm: "people".into(),
    };
    workspace.ask(command).unwrap();
    let undo = try_undo(&workspace, &first, None).unwrap();
    let undo = workspace.wait(&undo.id);
    assert_eq!(undo.status, RunStatus::Failed);
    assert!(undo.error.unwrap().text.contains("forgotten since"));
    assert_eq!(copied(&workspace).len(), 2);
}

#[test]
fn a_run_that_waits_behind_an_undo_is_dropped_when_the_undo_writes() {
    let workspace = people(2);
    workspace.apply(&to_copy("upsert", ""));
    workspace.run("people");
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    let undo = planned(&workspace, &bad);
    let behind = workspace.begin("people", RunOptions::default());
    assert_eq!(behind.status, RunStatus::Queued);
    approved(&workspace, &undo);
    let behind = workspace.wait(&behind.id);
    assert_eq!(behind.status, RunStatus::Cancelled);
    assert!(behind.error.unwrap().text.contains("the undo"));
    let sync = workspace.until("people", |sync| sync.active.is_none());
    assert_eq!(sync.last.as_ref().unwrap().id, undo.id);
    assert_eq!(sync.state, SyncState::Paused);
    assert_eq!(copied(&workspace)[0], "1|p1@x.example|Name 1");
}

#[test]
fn values_that_were_kept_under_another_mapping_are_not_written_into_its_fields() {
    let workspace = people(2);
    let narrow = to_copy("upsert", "").replace(
        "  { source_column = \"name\", destination_field = \"name\" },\n",
        "",
    );
    let name = "  { source_column = \"name\", destination_field = \"name\" },\n";
    let number = "  { source_column = \"id\", destination_field = \"number\" },\n";
    let swapped =
        to_copy("upsert", "").replace(&format!("{number}{name}"), &format!("{name}{number}"));
    workspace.apply(&narrow);
    workspace.run("people");
    let db = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    db.execute_batch("alter table people add column name text")
        .unwrap();
    workspace.apply(&to_copy("upsert", ""));
    let wider = workspace.run("people");
    assert_eq!(completed(&wider), (0, 2, 0));
    let undo = try_undo(&workspace, &wider, None).unwrap();
    let undo = workspace.wait(&undo.id);
    assert_eq!(
        stays(&workspace, &undo),
        ["1 earlier_mapping", "2 earlier_mapping"]
    );
    // The next run writes over what this mapping wrote, and can be undone.
    workspace.source("update people set name = 'bad' where id = 1");
    let bad = workspace.run("people");
    assert_eq!(completed(&undone(&workspace, &bad)), (0, 1, 0));
    assert_eq!(copied(&workspace)[0], "1|p1@x.example|Name 1");
    // As many fields, in another order.
    workspace.apply(&swapped);
    let crossed = workspace.run("people");
    assert_eq!(completed(&crossed), (0, 2, 0));
    let undo = try_undo(&workspace, &crossed, None).unwrap();
    let undo = workspace.wait(&undo.id);
    assert_eq!(
        stays(&workspace, &undo),
        ["1 earlier_mapping", "2 earlier_mapping"]
    );
}

#[test]
fn an_identifier_that_moved_or_is_another_keys_now_is_left_alone() {
    let workspace = people(20);
    workspace.apply(&to_copy("mirror", ""));
    workspace.run("people");
    workspace.source("update people set email = 'new2@x.example' where id = 2");
    workspace.source("delete from people where id = 3");
    let bad = workspace.run("people");
    assert_eq!(completed(&bad), (1, 0, 2));
    workspace.source("insert into people values (33, 'p3@x.example', 'Other')");
    workspace.run("people");
    let now = copied(&workspace);
    let undo = try_undo(&workspace, &bad, None).unwrap();
    let undo = workspace.wait(&undo.id);
    assert_eq!(
        stays(&workspace, &undo),
        [
            "2 identifier_changed",
            "2 identifier_changed",
            "3 taken_since"
        ]
    );
    assert_eq!(completed(&undo), (0, 0, 0));
    assert_eq!(copied(&workspace), now);
}
