//! Undoing where an answer did not come, and where the core died.

use std::collections::BTreeMap;

use super::*;
use crate::support::scripted::{Fate, Scripted, Silence, Then};

const THERE: &str = "type = \"scripted\"";

pub(super) fn scripted(mode: &str, count: u32) -> (Workspace, Scripted) {
    let there = Scripted::new();
    let workspace = Workspace::with(std::sync::Arc::new(there.clone()));
    workspace.source(TABLE);
    add(&workspace, 1, count);
    let more = "paused = false\nschedule = { type = \"interval\", interval_minutes = 60 }";
    workspace.apply(&file(mode, THERE, "Contact", more));
    (workspace, there)
}

fn fate(there: &Scripted, email: &str, fate: Option<Fate>) {
    let identifier = format!("text {email}");
    match fate {
        Some(fate) => there.there().fates.insert(identifier, fate),
        None => there.there().fates.remove(&identifier),
    };
}

/// The records that the scripted destination holds: its name by email.
pub(super) fn names(there: &Scripted) -> BTreeMap<String, String> {
    let there = there.there();
    assert_eq!(there.broken, [] as [String; 0]);
    let records = there.objects.get("Contact");
    let named = records.into_iter().flat_map(|records| &records.held);
    named
        .map(|(email, record)| (email.clone(), record["name"].clone()))
        .collect()
}

#[test]
fn rows_of_unknown_outcome_are_named_and_refused_ones_were_never_written() {
    let (workspace, there) = scripted("upsert", 4);
    workspace.run("people");
    fate(
        &there,
        "p1@x.example",
        Some(Fate::Unknown { applied: true }),
    );
    fate(&there, "p2@x.example", Some(Fate::Reject));
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    fate(&there, "p1@x.example", None);
    fate(&there, "p2@x.example", None);
    let undo = planned(&workspace, &bad);
    assert_eq!(stays(&workspace, &undo), ["1 outcome_unknown"]);
    assert_eq!(completed(&approved(&workspace, &undo)), (0, 2, 0));
    let names = names(&there);
    let named: Vec<&str> = names.values().map(String::as_str).collect();
    assert_eq!(
        named,
        ["text bad", "text Name 2", "text Name 3", "text Name 4"]
    );
}

#[test]
fn an_undo_that_the_core_died_under_goes_on_when_the_run_is_undone_again() {
    let (mut workspace, there) = scripted("upsert", 6);
    workspace.run("people");
    let before = names(&there);
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    let undo = planned(&workspace, &bad);
    there.fall_silent(Some(Silence::Write {
        nth: 1,
        applied: true,
    }));
    let hash = undo.plan_hash.clone().unwrap();
    workspace.approve(undo.id.as_str(), &hash).unwrap();
    workspace.wait_for(there.silent());
    workspace.crash();
    there.fall_silent(None);
    workspace.start().unwrap();
    assert_eq!(workspace.wait(&undo.id).status, RunStatus::Interrupted);
    // It was paused with the first write: no run sends the model's rows over what was restored.
    assert!(is_paused(&workspace));
    workspace.until("people", |sync| sync.active.is_none());
    assert_eq!(workspace.runs("people")[0].id, undo.id);
    let again = undone(&workspace, &bad);
    assert_eq!(again.status, RunStatus::Completed);
    assert_eq!(names(&there), before);
}

#[test]
fn an_undo_that_waited_when_the_core_died_is_not_followed_by_a_run_of_the_sync() {
    let (mut workspace, there) = scripted("upsert", 2);
    workspace.run("people");
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    let undo = planned(&workspace, &bad);
    let seen = there.there().seen.len();
    workspace.crash();
    workspace.source("update people set name = 'worse'");
    workspace.start().unwrap();
    assert_eq!(workspace.wait(&undo.id).status, RunStatus::Interrupted);
    workspace.pass(std::time::Duration::from_secs(120));
    assert_eq!(workspace.runs("people")[0].id, undo.id);
    assert_eq!(there.there().seen.len(), seen);
}

#[test]
fn a_row_whose_outcome_is_still_to_come_is_named() {
    let (workspace, there) = scripted("upsert", 2);
    workspace.run("people");
    let later = Fate::Pending {
        asks: 9,
        then: Then::Accept,
    };
    fate(&there, "p1@x.example", Some(later));
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    let undo = planned(&workspace, &bad);
    assert_eq!(stays(&workspace, &undo), ["1 outcome_pending"]);
    assert_eq!(completed(&approved(&workspace, &undo)), (0, 1, 0));
    let names = names(&there);
    assert_eq!(names["text p2@x.example"], "text Name 2");
}

#[test]
fn an_undo_that_waits_is_handed_over_and_goes_when_it_is_approved_there() {
    let mut workspace = people(2);
    workspace.apply(&to_copy("upsert", "paused = false"));
    workspace.run("people");
    workspace.source("update people set name = 'bad'");
    let bad = workspace.run("people");
    let undo = planned(&workspace, &bad);
    workspace.hand_over_while(|_| {});
    let same = workspace.wait(&undo.id);
    assert_eq!(same.phase, Some(Phase::AwaitingApproval), "{same:#?}");
    assert!(!is_paused(&workspace));
    assert_eq!(completed(&approved(&workspace, &undo)), (0, 2, 0));
    assert_eq!(copied(&workspace)[0], "1|p1@x.example|Name 1");
    workspace.until("people", |sync| sync.sync.settings.paused);
}
