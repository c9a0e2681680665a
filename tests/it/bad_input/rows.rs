//! Rows that do not fit, and models that changed since they were saved.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value as Json, json};

use crate::support::desk::{Desk, MIRROR, UPSERT};

/// The rows of the sync's last run.
fn rows(desk: &Desk) -> Vec<Json> {
    let text = desk.ok(&["rows", "contacts", "--json"]);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_value_that_does_not_fit_is_an_invalid_row_that_says_why() {
    let desk = Desk::with(5, UPSERT);
    desk.source("UPDATE customers SET ltv = 'a lot' WHERE id = 2");
    let run = desk.json(3, &["run", "contacts", "--json"]);
    assert_eq!(run["counters"]["create"]["done"], 4);
    let rows = rows(&desk);
    assert_eq!(rows[0]["key"], json!({"id": 2}));
    assert_eq!(rows[0]["field"], "Ltv");
    assert!(
        rows[0]["reason"].as_str().unwrap().contains("a lot"),
        "{rows:?}"
    );
}

#[test]
fn null_and_doubled_keys_are_invalid_rows() {
    let desk = Desk::new(0);
    desk.source(
        "CREATE TABLE loose (id INTEGER, email TEXT, first_name TEXT, ltv REAL);
         INSERT INTO loose VALUES (1, 'a@x.org', 'A', 1), (2, 'b@x.org', 'B', 1), (3, 'c@x.org', 'C', 1),
           (4, 'd@x.org', 'D', 1), (5, 'e@x.org', 'E', 1), (NULL, 'f@x.org', 'F', 1), (2, 'g@x.org', 'G', 1)",
    );
    desk.apply(
        &desk
            .resources(UPSERT)
            .replace("from customers", "from loose"),
    );
    let run = desk.json(3, &["run", "contacts", "--json"]);
    assert_eq!(
        run["counters"]["invalid"], 3,
        "the null one and both of the doubled one"
    );
    assert_eq!(run["counters"]["create"]["done"], 4);
    assert!(rows(&desk).iter().any(|row| row["key"] == json!({"id": 2})));
}

#[test]
fn two_keys_with_one_identifier_are_invalid_and_delete_nothing() {
    let desk = Desk::with(6, MIRROR);
    desk.ok(&["run", "contacts"]);
    desk.source("UPDATE customers SET email = 'u1@example.com' WHERE id = 2");
    let run = desk.json(3, &["run", "contacts", "--json"]);
    assert_eq!(run["counters"]["invalid"], 2);
    assert_eq!(run["counters"]["delete"]["planned"], 0);
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 6);
}

#[test]
fn swapped_identifiers_are_two_updates_and_no_delete() {
    let desk = Desk::with(6, MIRROR);
    desk.ok(&["run", "contacts"]);
    desk.source(
        "UPDATE customers SET email = 'x' WHERE id = 1;
         UPDATE customers SET email = 'u1@example.com' WHERE id = 2;
         UPDATE customers SET email = 'u2@example.com' WHERE id = 1",
    );
    let run = desk.json(0, &["run", "contacts", "--json"]);
    assert_eq!(run["counters"]["update"]["done"], 2, "{run}");
    assert_eq!(run["counters"]["delete"]["planned"], 0);
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 6);
    assert_eq!(
        desk.count(
            "SELECT count(*) FROM Contact WHERE Email = 'u1@example.com' AND FirstName = 'First 2'"
        ),
        1
    );
}

#[test]
fn a_column_that_went_or_changed_its_type_stops_the_run_before_anything_is_sent() {
    for (change, said) in [
        ("ALTER TABLE customers RENAME COLUMN ltv TO value", "ltv"),
        (
            "ALTER TABLE customers DROP COLUMN ltv; ALTER TABLE customers ADD COLUMN ltv TEXT",
            "ltv",
        ),
    ] {
        let desk = Desk::with(3, UPSERT);
        desk.ok(&["run", "contacts"]);
        desk.source(change);
        desk.add(4, 4);
        let ran = desk.run(&["run", "contacts"]);
        assert!([1, 5].contains(&ran.code), "{ran:?}");
        assert!(ran.stderr.contains(said), "{ran:?}");
        assert!(ran.stderr.contains("hint:"), "{ran:?}");
        assert_eq!(desk.count("SELECT count(*) FROM Contact"), 3);
        assert!(
            desk.ok(&["status"]).contains(said),
            "the next look says it too"
        );
    }
}

#[test]
fn mending_a_sync_by_apply_turns_it_on_again() {
    let settings = "mode = \"upsert\"\nschedule = { type = \"interval\", interval_minutes = 60 }";
    let desk = Desk::with(3, settings);
    desk.ok(&["run", "contacts"]);
    let changed = desk
        .resources(settings)
        .replace("email, first_name, ltv", "email, first_name");
    let at = changed.find("[[sync]]").unwrap();
    desk.write("model.toml", &changed[..at]);
    let shown = desk.ok(&["apply", "model.toml", "--yes"]);
    assert!(shown.contains("needs attention"), "{shown}");
    let status = desk.json(0, &["status", "--json"]);
    assert_eq!(
        status["syncs"][0]["state"]["state"], "needs_attention",
        "{status}"
    );
    assert_eq!(status["syncs"][0]["next_run_at"], Json::Null);
    desk.apply(&desk.resources(settings));
    let status = desk.json(0, &["status", "--json"]);
    assert_ne!(status["syncs"][0]["state"]["state"], "needs_attention");
    assert!(status["syncs"][0]["next_run_at"].is_string());
}

#[test]
fn a_webhook_that_answers_html_is_a_broken_destination_and_nothing_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut seen = [0; 65_536];
            let _ = stream.read(&mut seen);
            let body = "<html><title>Sign in</title></html>";
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let desk = Desk::new(3);
    let text = desk
        .resources(UPSERT)
        .replace("type = \"sqlite\"\npath = \"copy.db\"", &format!(
            "type = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\nallow_networks = [\"127.0.0.0/8\"]\nresults = \"required\""
        ));
    desk.apply(&text);
    let ran = desk.run(&["run", "contacts", "--json"]);
    assert!([1, 3].contains(&ran.code), "{ran:?}");
    let run: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(run["counters"]["create"]["done"], 0, "{run}");
    let said = format!("{run}{}", desk.ok(&["rows", "contacts", "--json"])).to_lowercase();
    assert!(said.contains("html"), "{said}");
    let plan = desk.json(0, &["plan", "contacts", "--json"]);
    assert_eq!(
        plan["operations"].as_array().unwrap().len(),
        3,
        "all of them stay due"
    );
}
