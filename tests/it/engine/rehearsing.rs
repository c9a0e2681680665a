//! Rehearsals: what a sync would do is counted without a trace, and comes true in the next run.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::edit::{Edit, SyncDraft};
use signalsmith::domain::explore::Explore;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::rehearsal::Rehearsal;

use super::{file, people};
use crate::support::workspace::Workspace;

const COPY: &str = "type = \"sqlite\"\npath = \"copy.db\"";

fn workspace(mode: &str) -> Workspace {
    let workspace = people(20);
    workspace.apply(&file(mode, COPY, "people", ""));
    workspace
}

fn draft(workspace: &Workspace) -> SyncDraft {
    SyncDraft::of(&workspace.sync("people").sync)
}

fn rehearse(workspace: &Workspace, sync: SyncDraft) -> Rehearsal {
    let question = Explore::Rehearse {
        sync: Box::new(sync),
        identifiers: Vec::new(),
    };
    match workspace.ask(Command::Explore(question)).unwrap() {
        Reply::Rehearsal(rehearsal) => *rehearsal,
        other => panic!("{other:?}"),
    }
}

fn save(workspace: &Workspace, sync: SyncDraft, confirm: &[&str]) -> Result<Reply, Problem> {
    workspace.ask(Command::Edit(Edit::Sync {
        sync: Box::new(sync),
        identifiers: Vec::new(),
        dry_run: false,
        confirm: confirm.iter().map(|name| (*name).to_owned()).collect(),
    }))
}

/// Everything in the workspace's folder but what the database keeps for itself.
fn files(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![workspace.folder()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.display().to_string()),
            }
        }
    }
    found.retain(|path| !path.contains("state.db"));
    found.sort();
    found
}

#[test]
fn a_rehearsal_leaves_nothing_behind_and_sends_nothing() {
    let workspace = workspace("upsert");
    let before = files(&workspace);
    let rehearsal = rehearse(&workspace, draft(&workspace));
    assert_eq!(rehearsal.rows, 20);
    assert_eq!(rehearsal.counters.unwrap().create.planned, 20);
    assert_eq!(files(&workspace), before);
    assert!(workspace.runs("people").is_empty());
    assert!(!workspace.path("copy.db").exists());
    // The first run begins the snapshot that the rehearsal had no part in.
    assert_eq!(workspace.run("people").counters.create.done, 20);
}

#[test]
fn what_was_counted_for_a_draft_comes_true_when_it_is_saved() {
    for mode in [Mode::Upsert, Mode::Mirror] {
        let workspace = workspace("upsert");
        workspace.run("people");
        workspace.source(
            "delete from people where id in (3, 4); update people set name = null where id = 5",
        );
        let mut sync = draft(&workspace);
        sync.settings.mode = mode;
        sync.settings.field_mappings[2].transforms = serde_json::from_str("[\"upper\"]").unwrap();
        let counted = rehearse(&workspace, sync.clone()).counters.unwrap();
        save(&workspace, sync, &[]).unwrap();
        let run = workspace.run("people").counters;
        assert_eq!(counted.update.planned, run.update.planned);
        assert_eq!(counted.delete.planned, run.delete.planned);
        assert_eq!(counted.unchanged, run.unchanged);
        assert_eq!(run.delete.planned, if mode == Mode::Mirror { 2 } else { 0 });
    }
}

#[test]
fn another_object_starts_from_nothing_and_is_saved_only_by_name() {
    let workspace = workspace("upsert");
    workspace.run("people");
    let mut sync = draft(&workspace);
    sync.settings.destination_object = "others".into();
    let rehearsal = rehearse(&workspace, sync.clone());
    assert!(rehearsal.starts_empty);
    assert_eq!(rehearsal.counters.unwrap().create.planned, 20);
    assert_eq!(
        workspace.sync("people").known,
        20,
        "nothing is forgotten yet"
    );
    let refused = save(&workspace, sync.clone(), &[]).unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Usage);
    save(&workspace, sync, &["people"]).unwrap();
    assert_eq!(workspace.sync("people").known, 0);
}

#[test]
fn a_draft_that_could_not_be_saved_is_still_checked_line_by_line() {
    let workspace = workspace("upsert");
    workspace.source("update people set name = null where id <= 7");
    let mut sync = draft(&workspace);
    sync.settings.field_mappings.remove(0);
    let rehearsal = rehearse(&workspace, sync.clone());
    assert_eq!(rehearsal.counters, None);
    let missing: Vec<(String, u64)> = rehearsal
        .fields
        .into_iter()
        .map(|check| (check.field, check.missing))
        .collect();
    assert_eq!(missing, [("number".to_owned(), 0), ("name".to_owned(), 7)]);
    let refused = save(&workspace, sync, &[]).unwrap_err();
    assert!(refused.text.contains("No identifier mapped"), "{refused}");
}

#[test]
fn a_sync_that_somebody_else_changed_is_not_overwritten() {
    let workspace = workspace("upsert");
    let mut first = draft(&workspace);
    let mut second = first.clone();
    first.settings.tags = vec!["one".into()];
    second.settings.tags = vec!["two".into()];
    save(&workspace, first, &[]).unwrap();
    let refused = save(&workspace, second, &[]).unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    assert_eq!(workspace.sync("people").sync.settings.tags, ["one"]);
}

#[test]
fn an_identifier_that_the_model_lacks_is_refused() {
    let workspace = workspace("upsert");
    let refused = workspace.ask(Command::Edit(Edit::Sync {
        sync: Box::new(draft(&workspace)),
        identifiers: vec!["nobody".into()],
        dry_run: false,
        confirm: Vec::new(),
    }));
    assert!(refused.unwrap_err().text.contains("has no column 'nobody'"));
}

#[test]
fn a_deleted_sync_takes_its_snapshot_along_and_leaves_the_records() {
    let workspace = workspace("upsert");
    workspace.run("people");
    let delete = |confirm: &str| {
        workspace.ask(Command::Edit(Edit::DeleteSync {
            sync: "people".into(),
            confirm: confirm.into(),
        }))
    };
    assert_eq!(delete("People").unwrap_err().kind, ProblemKind::Usage);
    delete("people").unwrap();
    assert!(workspace.view().syncs.is_empty());
    assert_eq!(workspace.target("select count(*) from people"), ["20"]);
    let snapshots = workspace.folder().join("snapshots");
    assert_eq!(std::fs::read_dir(snapshots).unwrap().count(), 0);
}

#[test]
fn what_is_asked_and_answered_goes_through_a_socket_unchanged() {
    let workspace = workspace("upsert");
    let mut sync = draft(&workspace);
    sync.settings.guards.delete_percent = Some(12.5);
    let question = Command::Explore(Explore::Rehearse {
        sync: Box::new(sync),
        identifiers: vec!["email".into()],
    });
    let text = serde_json::to_string(&question).unwrap();
    assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), question);
    let answer = workspace.ask(question).unwrap();
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), answer);
    let object = workspace.ask(Command::Explore(Explore::Object {
        destination: "there".into(),
        object: "people".into(),
    }));
    let object = object.unwrap();
    let text = serde_json::to_string(&object).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), object);
}
