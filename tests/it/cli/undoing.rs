//! `undo`: what a run wrote is taken back by the hash of its plan.

use crate::support::desk::{Desk, UPSERT};

/// A desk whose last run wrote nonsense; gives its id.
fn spoilt() -> (Desk, String) {
    let desk = Desk::with(5, UPSERT);
    desk.ok(&["run", "contacts"]);
    desk.source("UPDATE customers SET first_name = 'bad' WHERE id <= 2");
    desk.add(6, 7);
    let run = desk.json(0, &["run", "contacts", "--json"]);
    (desk, run["id"].as_str().unwrap().to_owned())
}

const BAD: &str = "SELECT count(*) FROM Contact WHERE FirstName = 'bad'";

#[test]
fn an_undo_is_shown_and_goes_by_the_hash_of_its_plan() {
    let (desk, run) = spoilt();
    let shown = desk.run(&["undo", &run]);
    assert_eq!(shown.code, 4, "{shown:?}");
    assert!(
        shown.stdout.contains(&format!("undo of {run}")),
        "{shown:?}"
    );
    assert!(shown.stdout.contains("update 2"), "{shown:?}");
    assert!(shown.stdout.contains("delete 2"), "{shown:?}");
    assert_eq!(desk.count(BAD), 2, "nothing was taken back");
    let hint = shown.stderr.split("--plan ").nth(1).unwrap();
    let hash = hint.split_whitespace().next().unwrap();
    assert_eq!(desk.run(&["undo", &run, "--plan", "0000"]).code, 1);
    let undo = desk.json(0, &["undo", &run, "--plan", hash, "--json"]);
    assert_eq!(undo["trigger"], "undo");
    assert_eq!(undo["undo_of"], run.as_str());
    assert_eq!(undo["counters"]["update"]["done"], 2);
    assert_eq!(undo["counters"]["delete"]["done"], 2);
    assert_eq!(desk.count(BAD), 0);
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 5);
    let id = undo["id"].as_str().unwrap();
    let kept = desk.json(0, &["show", "run", id, "--json"]);
    assert_eq!(kept, undo);
    let sync = desk.json(0, &["show", "sync", "contacts", "--json"]);
    assert_eq!(sync["paused"], true);
    let again = desk.run(&["undo", id]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.stderr.contains("it is an undo itself"), "{again:?}");
}

#[test]
fn what_stays_is_named_with_its_reason() {
    let (desk, run) = spoilt();
    desk.source("UPDATE customers SET first_name = 'good'");
    desk.ok(&["run", "contacts"]);
    let undo = desk.run(&["undo", &run]);
    assert_eq!(undo.code, 0, "there is nothing to approve: {undo:?}");
    let since = "changed_since: it was written again since";
    assert_eq!(undo.stdout.matches(since).count(), 4, "{undo:?}");
    assert!(undo.stdout.contains("4 stay as they are"), "{undo:?}");
    let unknown = desk.run(&["undo", "run_aaaaaaaaaaaa"]);
    assert!(unknown.stderr.contains("there is no run"), "{unknown:?}");
}
