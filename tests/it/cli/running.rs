//! `plan`, `run`, `approve` and what else moves a run: shapes that scripts read, and exit codes.

use serde_json::{Value as Json, json};

use crate::support::desk::{Desk, MIRROR, UPSERT};

/// The keys of a JSON object in their order.
fn keys(value: &Json) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

const RUN: [&str; 13] = [
    "id",
    "sync",
    "revision",
    "trigger",
    "mode",
    "status",
    "phase",
    "started_at",
    "ended_at",
    "error",
    "plan_hash",
    "counters",
    "phases",
];
const COUNTERS: [&str; 10] = [
    "read",
    "unchanged",
    "invalid",
    "skipped",
    "create",
    "update",
    "delete",
    "retries",
    "requests",
    "bytes",
];
const TALLY: [&str; 8] = [
    "planned", "done", "rejected", "unknown", "pending", "held", "unsent", "existing",
];

#[test]
fn a_run_is_one_json_object_of_the_documented_shape() {
    let desk = Desk::with(5, UPSERT);
    let run = desk.json(0, &["run", "contacts", "--wait", "--json"]);
    assert_eq!(keys(&run), RUN);
    assert_eq!(keys(&run["counters"]), COUNTERS);
    for kind in ["create", "update", "delete"] {
        assert_eq!(keys(&run["counters"][kind]), TALLY);
    }
    assert_eq!(run["status"], "completed");
    assert_eq!(run["trigger"], "manual");
    assert_eq!(run["mode"], "upsert");
    assert_eq!(run["error"], Json::Null);
    assert_eq!(run["counters"]["read"], 5);
    assert_eq!(run["counters"]["create"]["done"], 5);
    assert!(
        run["phases"]
            .as_array()
            .unwrap()
            .iter()
            .all(|phase| keys(phase) == ["name", "ms"])
    );
    let id = run["id"].as_str().unwrap();
    assert_eq!(desk.json(0, &["show", "run", id, "--json"]), run);
    let sync = desk.json(0, &["show", "sync", "contacts", "--json"]);
    assert_eq!(run["sync"], sync["id"]);
}

#[test]
fn a_plan_shows_what_a_run_would_do_and_sends_nothing() {
    let desk = Desk::with(5, MIRROR);
    let plan = desk.json(0, &["plan", "contacts", "--json"]);
    assert_eq!(keys(&plan), ["plan_hash", "counters", "operations"]);
    assert_eq!(keys(&plan["counters"]), COUNTERS);
    let operations = plan["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 5);
    let third = operations
        .iter()
        .find(|op| op["key"] == json!({"id": 3}))
        .unwrap();
    assert_eq!(keys(third), ["op", "key", "old", "new"]);
    assert_eq!(third["op"], "create");
    assert_eq!(third["old"], Json::Null);
    assert_eq!(third["new"]["Email"], "u3@example.com");
    assert!(!desk.path("copy.db").exists());
    desk.ok(&["run", "contacts"]);
    desk.source("UPDATE customers SET ltv = 7 WHERE id = 3; DELETE FROM customers WHERE id = 4");
    let plan = desk.json(0, &["plan", "contacts", "--json"]);
    let operations = plan["operations"].as_array().unwrap();
    let ops: Vec<_> = operations
        .iter()
        .map(|op| (op["op"].as_str(), &op["key"]["id"]))
        .collect();
    assert!(ops.contains(&(Some("update"), &json!(3))), "{ops:?}");
    assert!(ops.contains(&(Some("delete"), &json!(4))), "{ops:?}");
    let update = operations.iter().find(|op| op["op"] == "update").unwrap();
    assert_eq!(update["old"]["Ltv"], 4.5);
    assert_eq!(update["new"]["Ltv"], 7.0);
}

#[test]
fn a_long_plan_is_shown_up_to_the_limit_or_whole() {
    let desk = Desk::with(2_500, UPSERT);
    let count = |arguments: &[&str]| {
        let plan = desk.json(0, &[&["plan", "contacts", "--json"], arguments].concat());
        plan["operations"].as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 20);
    assert_eq!(count(&["--limit", "0"]), 0);
    assert_eq!(count(&["--limit", "1000"]), 1_000);
    assert_eq!(count(&["--limit", "1001"]), 1_001);
    assert_eq!(count(&["--all"]), 2_500);
    let text = desk.ok(&["plan", "contacts", "--limit", "1"]);
    assert!(
        text.contains("and 2499 more") || text.contains("and 2,499 more"),
        "{text}"
    );
}

#[test]
fn rows_with_errors_end_a_run_with_exit_code_3() {
    let desk = Desk::with(5, UPSERT);
    desk.source("UPDATE customers SET email = NULL WHERE id = 2");
    let run = desk.json(3, &["run", "contacts", "--json"]);
    assert_eq!(run["status"], "completed_with_errors");
    assert_eq!(run["counters"]["invalid"], 1);
    assert_eq!(run["counters"]["create"]["done"], 4);
    let rows = desk.run(&["rows", "contacts", "--json"]);
    let lines: Vec<Json> = rows
        .stdout
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        keys(&lines[0]),
        [
            "key", "verdict", "op", "field", "code", "reason", "attempts", "payload"
        ]
    );
    assert_eq!(lines[0]["key"], json!({"id": 2}));
    assert_eq!(lines[0]["verdict"], "invalid");
    assert_eq!(lines[0]["field"], "Email");
    assert_eq!(
        desk.run(&["rows", "contacts", "--json", "--verdict", "rejected"])
            .stdout,
        ""
    );
    assert_eq!(
        desk.run(&["rows", "contacts", "--verdict", "wrong"]).code,
        2
    );
    let retry = desk.json(3, &["retry", run["id"].as_str().unwrap(), "--json"]);
    assert_eq!(retry["trigger"], "retry");
    assert_eq!(retry["counters"]["invalid"], 1);
    desk.source("UPDATE customers SET email = 'two@example.com' WHERE id = 2");
    let retry = desk.json(0, &["retry", run["id"].as_str().unwrap(), "--json"]);
    assert_eq!(retry["counters"]["create"]["done"], 1);
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 5);
}

#[test]
fn a_guard_stops_a_run_with_exit_code_5_before_anything_is_sent() {
    let desk = Desk::with(10, UPSERT);
    desk.source("UPDATE customers SET email = NULL WHERE id > 3");
    let run = desk.json(5, &["run", "contacts", "--json"]);
    assert_eq!(run["status"], "failed");
    assert_eq!(run["error"]["kind"], "guard");
    assert!(!run["error"]["text"].as_str().unwrap().is_empty());
    assert_eq!(run["counters"]["create"]["done"], 0);
    assert_eq!(desk.run(&["plan", "contacts"]).code, 5);
}

#[test]
fn a_run_that_cannot_read_its_source_fails_with_exit_code_1() {
    let desk = Desk::with(3, UPSERT);
    std::fs::remove_file(desk.path("crm.db")).unwrap();
    let run = desk.json(1, &["run", "contacts", "--json"]);
    assert_eq!(run["status"], "failed");
    assert_eq!(keys(&run["error"]), ["kind", "text", "hint"]);
    assert_eq!(run["error"]["kind"], "source");
}

#[test]
fn a_try_sends_only_the_rows_that_it_names() {
    let desk = Desk::with(10, UPSERT);
    let run = desk.json(0, &["run", "contacts", "--limit", "2", "--json"]);
    assert_eq!(run["counters"]["create"]["done"], 2);
    let run = desk.json(
        0,
        &[
            "run", "contacts", "--key", "3", "--key", "4", "--full", "--json",
        ],
    );
    let done = |kind: &str| run["counters"][kind]["done"].as_u64().unwrap();
    assert_eq!(done("create") + done("update"), 2);
    let ran = desk.run(&["run", "contacts", "--key", "three"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("not a key of people"), "{ran:?}");
}

#[test]
fn a_key_of_several_columns_may_hold_commas() {
    let desk = Desk::new(0);
    desk.source(
        "CREATE TABLE places (country TEXT, city TEXT, code TEXT, PRIMARY KEY (country, city));
         INSERT INTO places VALUES ('US', 'Portland, OR', 'pdx'), ('DE', 'Ulm', 'ulm')",
    );
    let text = desk
        .resources(UPSERT)
        .replace(
            "select id, email, first_name, ltv from customers",
            "select country, city, code from places",
        )
        .replace(
            "primary_key = [\"id\"]",
            "primary_key = [\"country\", \"city\"]",
        )
        .replace("name = \"email\", role", "name = \"code\", role");
    let at = text.find("field_mappings").unwrap();
    let mapping = "field_mappings = [{ source_column = \"code\", destination_field = \"Code\", is_identifier = true }]\n";
    desk.apply(&format!("{}{mapping}", &text[..at]));
    let run = desk.json(0, &["run", "contacts", "--key", "DE, Ulm", "--json"]);
    assert_eq!(run["counters"]["create"]["done"], 1);
    let run = desk.json(
        0,
        &[
            "run",
            "contacts",
            "--key",
            "[\"US\", \"Portland, OR\"]",
            "--json",
        ],
    );
    assert_eq!(run["counters"]["create"]["done"], 1);
    let history = desk.json(0, &["history", "[\"US\", \"Portland, OR\"]", "--json"]);
    assert_eq!(
        history[0]["key"],
        json!({"country": "US", "city": "Portland, OR"})
    );
    assert_eq!(
        desk.run(&["run", "contacts", "--key", "US,Portland, OR"])
            .code,
        2
    );
}

#[test]
fn forgetting_needs_the_name_and_sends_nothing() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    let ran = desk.run(&["forget", "contacts"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--confirm 'contacts'"), "{ran:?}");
    assert_eq!(
        desk.run(&["forget", "contacts", "--confirm", "contact"])
            .code,
        2
    );
    assert_eq!(desk.json(0, &["status", "--json"])["syncs"][0]["known"], 3);
    desk.ok(&["forget", "contacts", "--confirm", "contacts"]);
    assert_eq!(desk.json(0, &["status", "--json"])["syncs"][0]["known"], 0);
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 3);
}

#[test]
fn a_paused_sync_says_so_and_still_runs_by_hand() {
    let desk = Desk::with(
        3,
        "mode = \"upsert\"\nschedule = { type = \"interval\", interval_minutes = 60 }",
    );
    desk.ok(&["pause", "contacts"]);
    let status = desk.json(0, &["status", "--json"]);
    assert_eq!(status["syncs"][0]["paused"], true);
    assert_eq!(status["syncs"][0]["next_run_at"], Json::Null);
    desk.ok(&["run", "contacts"]);
    assert!(desk.ok(&["resume", "contacts"]).contains("next run"));
    assert!(desk.json(0, &["status", "--json"])["syncs"][0]["next_run_at"].is_string());
}

#[test]
fn what_is_not_under_way_cannot_be_cancelled() {
    let desk = Desk::with(3, UPSERT);
    let ran = desk.run(&["cancel", "contacts"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("no run of this sync"), "{ran:?}");
    let ran = desk.run(&["run", "contacts", "--no-wait"]);
    assert_eq!(ran.code, 2, "no core would go on with it: {ran:?}");
}

#[test]
fn what_is_not_there_is_told_with_what_was_meant() {
    let desk = Desk::with(3, UPSERT);
    for command in [
        "run", "plan", "pause", "resume", "cancel", "rows", "logs", "forget",
    ] {
        let ran = desk.run(&[command, "contcts"]);
        assert_eq!(ran.code, 1, "{command}: {ran:?}");
        assert!(
            ran.stderr.contains("no sync 'contcts'"),
            "{command}: {ran:?}"
        );
        assert!(
            ran.stderr.contains("did you mean 'contacts'?"),
            "{command}: {ran:?}"
        );
        assert_eq!(ran.stdout, "", "{command}");
    }
    for (arguments, text) in [
        (&["show", "model", "peple"][..], "people"),
        (&["show", "source", "cmr"], "crm"),
        (&["preview", "peple"], "people"),
        (&["test", "cmr"], "no source or destination"),
        (&["show", "run", "run_aaaaaaaaaaaa"], "there is no run"),
        (&["logs", "run_aaaaaaaaaaaa"], "there is no run"),
        (&["retry", "run_aaaaaaaaaaaa"], "there is no run"),
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.code, 1, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(text), "{arguments:?}: {ran:?}");
    }
}
