//! Commands that only look: lists, logs, histories, objects, schedules, transforms.

use serde_json::{Value as Json, json};

use crate::support::desk::{Desk, UPSERT};
use crate::support::program::Program;

#[test]
fn every_list_and_thing_is_shown_for_people_and_for_scripts() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    for (kind, name) in [
        ("syncs", "contacts"),
        ("models", "people"),
        ("sources", "crm"),
        ("destinations", "copy"),
        ("runs", "contacts"),
    ] {
        assert!(desk.ok(&["list", kind]).contains(name), "{kind}");
        let list = desk.json(0, &["list", kind, "--json"]);
        assert_eq!(list.as_array().unwrap().len(), 1, "{kind}");
    }
    for (kind, name) in [
        ("sync", "contacts"),
        ("model", "people"),
        ("source", "crm"),
        ("destination", "copy"),
        ("run", "contacts"),
    ] {
        assert!(!desk.ok(&["show", kind, name]).is_empty());
        let shown = desk.json(0, &["show", kind, name, "--json"]);
        let by_id = desk.json(0, &["show", kind, shown["id"].as_str().unwrap(), "--json"]);
        assert_eq!(by_id, shown);
    }
    let runs = desk.json(
        0,
        &[
            "list", "runs", "--sync", "contacts", "--limit", "1", "--json",
        ],
    );
    assert_eq!(runs[0]["status"], "completed");
    assert!(desk.ok(&["status"]).contains("contacts"));
}

#[test]
fn the_log_of_an_ended_run_is_followed_to_its_end() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    let followed = desk.ok(&["logs", "contacts", "--follow"]);
    assert_eq!(followed, desk.ok(&["logs", "contacts"]));
    assert!(
        followed.lines().last().unwrap().contains("ended"),
        "{followed}"
    );
    let lines = desk.ok(&["logs", "contacts", "--json"]);
    let lines: Vec<Json> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["word"], "started");
    assert_eq!(lines.len(), followed.lines().count());
}

#[test]
fn the_history_of_a_key_is_found_by_key_and_by_identifier() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    desk.source("UPDATE customers SET ltv = 99 WHERE id = 2");
    desk.ok(&["run", "contacts"]);
    let history = desk.json(0, &["history", "2", "--json"]);
    let ops: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["op"])
        .collect();
    assert_eq!(ops, ["update", "create"], "newest first");
    assert_eq!(history[0]["new"]["Ltv"], 99.0);
    assert_eq!(history[0]["old"]["Ltv"], 3.0);
    assert_eq!(
        desk.json(0, &["history", "u2@example.com", "--json"]),
        history
    );
    assert_eq!(desk.json(0, &["history", "77", "--json"]), json!([]));
}

#[test]
fn personal_values_are_masked_until_someone_unmasks_on_record() {
    let desk = Desk::with(5, UPSERT);
    desk.ok(&["run", "contacts"]);
    let masked = desk.json(0, &["history", "2", "--json"]);
    assert_eq!(masked[0]["new"]["Email"], "u•••@e•••");
    assert_eq!(masked[0]["new"]["FirstName"], "F•••");
    assert_eq!(masked[0]["new"]["Ltv"], 3.0);
    let audits = |desk: &Desk| {
        let state = desk.path("workspace").join("state.db");
        let database = rusqlite::Connection::open(state).unwrap();
        let sql = "SELECT count(*) FROM audit WHERE json_extract(body, '$.action') = 'unmask'";
        database
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(audits(&desk), 0);
    let plain = desk.json(0, &["history", "2", "--json", "--unmask"]);
    assert_eq!(plain[0]["new"]["Email"], "u2@example.com");
    assert_eq!(audits(&desk), 1);
    desk.ok(&["rows", "contacts", "--unmask"]);
    assert_eq!(audits(&desk), 2);
    assert!(
        desk.ok(&["plan", "contacts", "--all"])
            .contains("nothing has been sent")
    );
}

#[test]
fn a_model_is_previewed_and_connections_are_tested() {
    let desk = Desk::with(15, UPSERT);
    let preview = desk.json(0, &["preview", "people", "--limit", "2", "--json"]);
    assert_eq!(preview["rows"].as_array().unwrap().len(), 2);
    assert_eq!(preview["more"], true);
    assert_eq!(preview["columns"][1]["name"], "email");
    assert!(desk.ok(&["preview", "people"]).contains("u1@example.com"));
    assert_eq!(desk.run(&["preview", "people", "--limit", "0"]).code, 2);
    for name in ["crm", "copy"] {
        let steps = desk.json(0, &["test", name, "--json"]);
        assert!(!steps.as_array().unwrap().is_empty());
    }
    std::fs::remove_file(desk.path("crm.db")).unwrap();
    let steps = desk.json(1, &["test", "crm", "--json"]);
    assert!(
        steps
            .as_array()
            .unwrap()
            .iter()
            .any(|step| step["outcome"] == "failed")
    );
}

#[test]
fn objects_are_made_listed_and_described() {
    let desk = Desk::with(1, UPSERT);
    desk.ok(&[
        "object",
        "create",
        "copy",
        "Lead",
        "--field",
        "Mail:text",
        "--field",
        "Score:integer",
        "--identifier",
        "Mail",
    ]);
    let objects = desk.json(0, &["object", "list", "copy", "--json"]);
    assert!(
        objects
            .as_array()
            .unwrap()
            .iter()
            .any(|object| object["name"] == "Lead")
    );
    assert!(desk.ok(&["object", "list", "copy"]).contains("Lead"));
    let schema = desk.json(0, &["object", "fields", "copy", "Lead", "--json"]);
    assert_eq!(schema["exists"], true);
    assert_eq!(schema["fields"].as_array().unwrap().len(), 2);
    let wrong = |field: &str, identifier: &str| {
        desk.run(&[
            "object",
            "create",
            "copy",
            "X",
            "--field",
            field,
            "--identifier",
            identifier,
        ])
    };
    let ran = wrong("Mail:txt", "Mail");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("text"), "{ran:?}");
    assert_eq!(wrong("Mail:text", "Male").code, 2);
}

#[test]
fn the_next_times_of_a_schedule_are_told() {
    let program = Program::new();
    let next = |expression: &str, zone: &str| {
        let from = ["--from", "2026-03-27T12:00:00Z", "--count", "3", "--json"];
        program.json(
            0,
            &[&["schedule", "next", expression, "--tz", zone][..], &from].concat(),
        )
    };
    let expected = json!([
        "2026-03-30T09:00:00+02:00",
        "2026-03-31T09:00:00+02:00",
        "2026-04-01T09:00:00+02:00"
    ]);
    assert_eq!(next("0 9 * * 1-5", "Europe/Berlin"), expected);
    assert_eq!(next("weekdays 9:00", "Europe/Berlin"), expected);
    assert_eq!(next("@hourly", "UTC")[0], "2026-03-27T13:00:00+00:00");
    for (arguments, said) in [
        (
            &["0 9 * * 1-5", "--tz", "Europe/Berlni"][..],
            "Europe/Berlin",
        ),
        (&["61 9 * * *"], "minute"),
        (&["0 0 30 2 *"], "never"),
        (&["sometimes"], "sometimes"),
        (&["@daily", "--from", "yesterday"], "--from"),
        (&["@daily", "--count", "1000000000"], "--count"),
    ] {
        let ran = program.run(&[&["schedule", "next"][..], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(said), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn transforms_are_listed_and_explained() {
    let program = Program::new();
    let all = program.json(0, &["transforms", "--json"]);
    assert!(all.as_array().unwrap().len() > 30);
    let one = program.json(0, &["transforms", "substring", "--json"]);
    assert!(all.as_array().unwrap().contains(&one));
    assert!(program.ok(&["transforms", "substring"]).contains("example"));
    assert!(program.ok(&["transforms"]).contains("normalize_email"));
    assert_eq!(program.run(&["transforms", "substrin"]).code, 1);
}

#[test]
fn rows_of_a_cause_are_ignored_and_heeded_again() {
    let desk = Desk::with(3, UPSERT);
    desk.source("INSERT INTO customers VALUES (9, NULL, 'No mail', 1)");
    let run = desk.run(&["run", "contacts", "--json"]);
    assert_eq!(run.code, 3, "{run:?}");
    let rows = desk.run(&["rows", "contacts", "--json"]);
    let row: serde_json::Value = serde_json::from_str(rows.stdout.trim()).unwrap();
    let code = row["code"].as_str().unwrap();
    let state = || desk.json(0, &["status", "--json"])["syncs"][0].clone();
    assert_eq!(state()["state"]["state"], "errors", "{:?}", state());
    let said = desk.ok(&["rows", "contacts", "--ignore", code]);
    assert!(said.contains("are tried as before"), "{said}");
    assert_eq!(state()["state"]["state"], "ok", "{:?}", state());
    assert_eq!(desk.run(&["run", "contacts"]).code, 3, "it is tried again");
    assert_eq!(state()["state"]["state"], "ok");
    desk.ok(&["rows", "contacts", "--heed", code]);
    assert_eq!(state()["state"]["state"], "errors");
    let none = desk.run(&["rows", "contacts", "--ignore", "no_such_cause"]);
    assert_eq!(none.code, 1, "{none:?}");
    assert!(none.stderr.contains("no row of run"), "{none:?}");
}

#[test]
fn status_tells_trouble_by_cause_and_sets_it_aside() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    assert_eq!(desk.json(0, &["status", "--json"])["problems"], json!([]));
    desk.source("ALTER TABLE customers RENAME TO clients");
    desk.program.run(&["run", "contacts"]);
    let told = desk.ok(&["status"]);
    assert!(told.contains("1 problem in 1 cause"), "{told}");
    assert!(told.contains("no such table"), "{told}");
    let problems = desk.json(0, &["status", "--json"])["problems"].clone();
    assert_eq!(problems[0]["syncs"][0]["name"], "contacts");
    let cause = problems[0]["cause"].as_str().unwrap();
    desk.ok(&["status", "acknowledge", cause]);
    let told = desk.ok(&["status"]);
    assert!(!told.contains("1 problem"), "{told}");
    assert!(told.contains("acknowledged by local"), "{told}");
    desk.ok(&["status", "snooze", cause, "--hours", "2"]);
    assert!(desk.ok(&["status"]).contains("snoozed by local until 20"));
    desk.ok(&["status", "take-up", cause]);
    assert!(desk.ok(&["status"]).contains("1 problem in 1 cause"));
    let gone = desk
        .program
        .run(&["status", "acknowledge", "nothing/like/it"]);
    assert_eq!(gone.code, 1);
    assert!(
        gone.stderr.contains("there is no trouble"),
        "{}",
        gone.stderr
    );
}

#[test]
fn what_is_to_be_opened_must_be_there() {
    let desk = Desk::with(3, UPSERT);
    for (target, says) in [
        ("run_aaaaaaaaaaaa", "there is no run"),
        ("contcats", "did you mean 'contacts'?"),
    ] {
        let ran = desk.program.run(&["open", target]);
        assert_eq!(ran.code, 1, "{target}");
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
}
