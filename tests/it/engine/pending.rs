//! Outcomes that come later: they are asked for until they come, over runs and restarts, and nothing
//! is sent to their keys before.

use std::sync::Arc;
use std::time::Duration;

use signalsmith::domain::run::Tally;

use super::*;
use crate::support::scripted::{Fate, Scripted, Then};

/// Seconds until a pending row is first asked for.
const FIRST: Duration = Duration::from_secs(15);
const THERE: &str = "type = \"scripted\"";

/// A sync of the people 1 to `count` to the scripted destination.
fn synced(mode: &str, count: u32) -> (Workspace, Scripted) {
    let there = Scripted::new();
    let workspace = Workspace::with(Arc::new(there.clone()));
    workspace.source(TABLE);
    add(&workspace, 1, count);
    workspace.apply(&file(mode, THERE, "Contact", ""));
    (workspace, there)
}

fn fate(there: &Scripted, email: &str, fate: Fate) {
    let identifier = format!("text {email}");
    there.there().fates.insert(identifier, fate);
}

fn later(asks: u8, then: Then) -> Fate {
    Fate::Pending { asks, then }
}

fn held(there: &Scripted) -> Vec<String> {
    let there = there.there();
    assert_eq!(there.broken, [] as [String; 0]);
    let records = there.objects.get("Contact");
    records.map_or_else(Vec::new, |records| records.held.keys().cloned().collect())
}

/// Lets time pass while a poll is awaited; afterwards there may be none any more.
fn pass(workspace: &Workspace, time: Duration) {
    let mut left = time;
    while !left.is_zero() {
        let step = left.min(FIRST);
        workspace.wait_for(async {
            workspace.clock.sleepers(1).await;
            workspace.clock.advance(step).await;
        });
        left -= step;
    }
}

/// Lets so much time pass, and then waits until the last run has this many rows pending.
fn passes(workspace: &Workspace, time: Duration, pending: u64) -> Run {
    pass(workspace, time);
    let seen = workspace.until("people", |sync| {
        let last = sync.last.as_ref();
        last.is_some_and(|run| run.counters.total(|tally| tally.pending) == pending)
    });
    seen.last.clone().unwrap()
}

fn tally(run: &Run) -> Tally {
    assert!(run.counters.add_up(), "{run:#?}");
    run.counters.create
}

#[test]
fn a_pending_row_is_settled_when_its_outcome_comes_without_a_further_run() {
    let (workspace, there) = synced("upsert", 2);
    fate(&there, "p1@x.example", later(0, Then::Accept));
    let run = workspace.run("people");
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!((tally(&run).done, tally(&run).pending), (1, 1));
    assert_eq!(workspace.sync("people").known, 1);
    let settled = passes(&workspace, FIRST, 0);
    assert_eq!(settled.id, run.id);
    assert_eq!(tally(&settled).done, 2);
    workspace.until("people", |sync| sync.known == 2);
    assert_eq!(held(&there).len(), 2);
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn the_waits_between_two_looks_grow() {
    let (workspace, there) = synced("upsert", 1);
    fate(&there, "p1@x.example", later(3, Then::Accept));
    workspace.run("people");
    // Looked at after 15 s, 30 s, 60 s and 120 s more.
    passes(&workspace, Duration::from_secs(15 + 30 + 60 + 119), 1);
    assert_eq!(held(&there), [] as [&str; 0]);
    passes(&workspace, Duration::from_secs(1), 0);
    assert_eq!(held(&there).len(), 1);
}

#[test]
fn a_row_that_is_refused_later_counts_as_rejected_and_goes_again() {
    let (workspace, there) = synced("upsert", 1);
    fate(&there, "p1@x.example", later(0, Then::Reject));
    let run = workspace.run("people");
    let settled = passes(&workspace, FIRST, 0);
    assert_eq!(settled.status, RunStatus::CompletedWithErrors);
    assert_eq!(tally(&settled).rejected, 1);
    assert_eq!(workspace.verdicts(&run), ["1 rejected refused later"]);
    there.there().fates.clear();
    assert_eq!(completed(&workspace.run("people")), (1, 0, 0));
}

#[test]
fn a_row_whose_outcome_stays_unknown_goes_again() {
    let (workspace, there) = synced("upsert", 1);
    let lost = Then::Unknown { applied: true };
    fate(&there, "p1@x.example", later(0, lost));
    workspace.run("people");
    let settled = passes(&workspace, FIRST, 0);
    assert_eq!(tally(&settled).unknown, 1);
    there.there().fates.clear();
    let again = workspace.run("people");
    assert_eq!(tally(&again).existing, 1);
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn nothing_is_sent_to_a_key_before_the_outcome_of_its_last_write_is_known() {
    let (workspace, there) = synced("upsert", 2);
    fate(&there, "p1@x.example", later(1, Then::Accept));
    workspace.run("people");
    workspace.source("update people set name = 'New'");
    // This run asks, and hears nothing yet.
    let waits = workspace.run("people");
    assert_eq!(completed(&waits), (0, 1, 0));
    assert_eq!(tally(&waits).unsent, 1);
    there.there().fates.clear();
    // The next one hears that it was taken, and what was taken is no longer what is wanted.
    assert_eq!(completed(&workspace.run("people")), (0, 1, 0));
    assert_eq!(held(&there).len(), 2);
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn a_key_that_waits_for_anothers_outcome_keeps_its_former_record() {
    let (workspace, there) = synced("mirror", 2);
    workspace.run("people");
    add(&workspace, 3, 3);
    fate(&there, "p3@x.example", later(2, Then::Accept));
    workspace.run("people");
    // Now another key carries the identifier whose outcome is open.
    workspace.source(
        "delete from people where id = 3;
         update people set email = 'p3@x.example' where id = 2;",
    );
    let run = workspace.run("people");
    assert_eq!(
        (run.counters.create.unsent, run.counters.delete.unsent),
        (1, 1)
    );
    assert_eq!(held(&there), ["text p1@x.example", "text p2@x.example"]);
    there.there().fates.clear();
    workspace.run("people");
    workspace.run("people");
    assert_eq!(held(&there), ["text p1@x.example", "text p3@x.example"]);
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn a_core_that_starts_asks_at_once_for_what_an_earlier_one_left_pending() {
    let (mut workspace, there) = synced("upsert", 1);
    fate(&there, "p1@x.example", later(0, Then::Accept));
    let run = workspace.run("people");
    workspace.stop();
    workspace.start().unwrap();
    let seen = workspace.until("people", |sync| sync.known == 1);
    assert_eq!(tally(seen.last.as_ref().unwrap()).done, 1);
    assert_eq!(tally(&workspace.wait(&run.id)).done, 1);
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
}

#[test]
fn an_outcome_that_has_not_come_within_a_week_is_unknown() {
    let (mut workspace, there) = synced("upsert", 1);
    fate(&there, "p1@x.example", later(u8::MAX, Then::Accept));
    let run = workspace.run("people");
    workspace.stop();
    let later = workspace.now() + chrono::TimeDelta::days(8);
    workspace.wait_for(workspace.clock.set(later));
    there.there().fates.clear();
    workspace.start().unwrap();
    workspace.until("people", |sync| {
        let last = sync.last.as_ref();
        last.is_some_and(|run| run.counters.create.unknown == 1)
    });
    assert_eq!(workspace.verdicts(&run), ["1 unknown unknown"]);
}

#[test]
fn what_was_forgotten_is_asked_for_no_more() {
    let (workspace, there) = synced("upsert", 1);
    fate(&there, "p1@x.example", later(0, Then::Accept));
    let run = workspace.run("people");
    let forget = signalsmith::domain::command::Command::Forget {
        sync: "people".into(),
        confirm: "people".into(),
    };
    workspace.ask(forget).unwrap();
    pass(&workspace, FIRST);
    assert_eq!(tally(&workspace.wait(&run.id)).pending, 1);
    assert_eq!(workspace.sync("people").known, 0);
}
