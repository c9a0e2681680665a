//! `approve` and `reject`: what a person must look at first.

use serde_json::Value as Json;

use crate::support::desk::{Desk, MIRROR};

#[test]
fn held_deletes_end_a_run_with_exit_code_4_until_they_are_approved() {
    let desk = Desk::with(30, MIRROR);
    desk.ok(&["run", "contacts"]);
    desk.source("DELETE FROM customers WHERE id > 10; UPDATE customers SET ltv = 0 WHERE id = 1");
    let run = desk.json(4, &["run", "contacts", "--json"]);
    assert_eq!(run["status"], "completed");
    assert_eq!(run["counters"]["delete"]["held"], 20);
    assert_eq!(run["counters"]["update"]["done"], 1, "updates go");
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 30);
    let status = desk.json(0, &["status", "--json"]);
    assert_eq!(status["syncs"][0]["held"]["count"], 20);
    let ran = desk.run(&["approve", "contacts"]);
    assert_eq!(ran.code, 4, "nobody typed the number: {ran:?}");
    assert_eq!(ran.stdout.matches("- delete").count(), 20, "{ran:?}");
    assert_eq!(desk.run(&["approve", "contacts", "--plan", "0000"]).code, 1);
    let hash = run["plan_hash"].as_str().unwrap();
    let approved = desk.json(0, &["approve", "contacts", "--plan", hash, "--json"]);
    assert_eq!(approved["counters"]["delete"]["done"], 20);
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 10);
    assert_eq!(
        desk.run(&["approve", "contacts", "--plan", hash]).code,
        1,
        "nothing waits any more"
    );
}

#[test]
fn rejected_deletes_are_dropped() {
    let desk = Desk::with(30, MIRROR);
    desk.ok(&["run", "contacts"]);
    desk.source("DELETE FROM customers WHERE id > 10");
    assert_eq!(desk.run(&["run", "contacts"]).code, 4);
    desk.ok(&["reject", "contacts"]);
    assert_eq!(
        desk.json(0, &["status", "--json"])["syncs"][0]["held"],
        Json::Null
    );
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 30);
    assert_eq!(desk.run(&["reject", "contacts"]).code, 1);
}

#[test]
fn a_plan_that_needs_approval_goes_only_by_its_hash() {
    let desk = Desk::with(5, "mode = \"upsert\"\napproval = \"always\"");
    let ran = desk.run(&["run", "contacts", "--json"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("--plan"), "{ran:?}");
    let run: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(run["status"], "cancelled");
    assert_eq!(run["phase"], "awaiting_approval");
    assert_eq!(run["counters"]["create"]["unsent"], 5);
    assert!(!desk.path("copy.db").exists());
    let hash = run["plan_hash"].as_str().unwrap();
    assert_eq!(
        desk.json(0, &["plan", "contacts", "--json"])["plan_hash"],
        hash
    );
    desk.add(6, 6);
    let moved = desk.json(1, &["run", "contacts", "--plan", hash, "--json"]);
    assert_eq!(
        moved["error"]["kind"], "conflict",
        "another plan is not the approved one"
    );
    let plan = desk.json(0, &["plan", "contacts", "--json"]);
    let hash = plan["plan_hash"].as_str().unwrap();
    let run = desk.json(0, &["run", "contacts", "--plan", hash, "--json"]);
    assert_eq!(run["counters"]["create"]["done"], 6);
    let run = desk.json(0, &["run", "contacts", "--json"]);
    assert_eq!(
        run["counters"]["unchanged"], 6,
        "nothing to send needs nobody"
    );
}
