//! `init`, `check`, `apply`, `export`: from nothing to a workspace and back to a file.

use serde_json::json;

use crate::support::desk::{Desk, MIRROR, UPSERT};
use crate::support::program::Program;

#[test]
fn a_workspace_is_made_once() {
    let program = Program::new();
    let missing = program.run(&["status"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("signalsmith init"), "{missing:?}");
    assert!(program.ok(&["init", "--name", "acme"]).contains("acme"));
    let again = program.run(&["init"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("already"), "{again:?}");
}

#[test]
fn a_slip_in_init_leaves_nothing_behind() {
    let program = Program::new();
    let ran = program.run(&["init", "--timezone", "Europe/Berlni"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("Europe/Berlin"), "{ran:?}");
    assert_eq!(program.run(&["init", "--name", "a\nb"]).code, 2);
    assert!(!program.path("workspace").join("state.db").exists());
    program.ok(&["init", "--timezone", "Europe/Berlin"]);
}

#[test]
fn nothing_is_applied_unless_someone_says_yes() {
    let desk = Desk::new(3);
    desk.write("acme.toml", &desk.resources(UPSERT));
    let ran = desk.run(&["apply", "acme.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("+ create sync contacts"), "{ran:?}");
    assert!(ran.stderr.contains("--yes"), "{ran:?}");
    let ran = desk.run(&["apply", "acme.toml", "--json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert_eq!(desk.json(0, &["list", "--json"]), json!([]));
}

#[test]
fn a_dry_run_and_a_check_change_nothing() {
    let desk = Desk::new(3);
    desk.write("acme.toml", &desk.resources(UPSERT));
    let changes = desk.json(0, &["apply", "acme.toml", "--dry-run", "--json"]);
    let checked = desk.json(0, &["check", "acme.toml", "--json"]);
    for changes in [changes, checked] {
        let actions: Vec<_> = changes
            .as_array()
            .unwrap()
            .iter()
            .map(|c| &c["action"])
            .collect();
        assert_eq!(actions, ["create"; 4]);
    }
    assert!(desk.ok(&["check", "acme.toml"]).contains("4 to create"));
    assert_eq!(desk.json(0, &["list", "sources", "--json"]), json!([]));
}

#[test]
fn applying_the_same_file_again_changes_nothing() {
    let desk = Desk::with(3, UPSERT);
    let first = desk.ok(&["export"]);
    let again = desk.ok(&["apply", "acme.toml"]);
    assert!(
        !again.contains("create") && !again.contains("update"),
        "{again}"
    );
    assert_eq!(desk.ok(&["export"]), first);
    desk.write("exported.toml", &first);
    desk.ok(&["apply", "exported.toml"]);
    assert_eq!(desk.ok(&["export"]), first);
}

#[test]
fn a_change_is_shown_field_by_field() {
    let desk = Desk::with(3, UPSERT);
    desk.write(
        "acme.toml",
        &desk.resources("mode = \"upsert\"\ngrace_hours = 3"),
    );
    let shown = desk.ok(&["apply", "acme.toml", "--dry-run"]);
    assert!(shown.contains("~ update sync contacts"), "{shown}");
    assert!(shown.contains("grace_hours: 24 → 3"), "{shown}");
}

#[test]
fn a_new_sync_starts_paused_unless_the_file_says_otherwise() {
    let desk = Desk::new(3);
    let text = desk.resources(UPSERT).replace("paused = false\n", "");
    desk.write("acme.toml", &text);
    assert!(
        desk.ok(&["apply", "acme.toml", "--yes"])
            .contains("starts paused")
    );
    let shown = desk.json(0, &["show", "sync", "contacts", "--json"]);
    assert_eq!(shown["paused"], true);
    desk.ok(&["resume", "contacts"]);
    desk.ok(&["apply", "acme.toml", "--yes"]);
    let shown = desk.json(0, &["show", "sync", "contacts", "--json"]);
    assert_eq!(
        shown["paused"], false,
        "a file that says nothing leaves it as it is"
    );
}

#[test]
fn a_resource_is_renamed_by_its_id() {
    let desk = Desk::with(3, UPSERT);
    let id = desk.json(0, &["show", "sync", "contacts", "--json"])["id"].clone();
    let export = desk.ok(&["export"]);
    desk.apply(&export.replace("name = \"contacts\"", "name = \"Kunden «neu»\""));
    let shown = desk.json(0, &["show", "sync", "Kunden «neu»", "--json"]);
    assert_eq!(shown["id"], id);
    assert_eq!(desk.run(&["show", "sync", "contacts"]).code, 1);
}

#[test]
fn two_syncs_swap_their_names_and_their_order() {
    let desk = Desk::new(3);
    let one = desk.resources(UPSERT);
    let at = one.find("[[sync]]").unwrap();
    let second = one[at..]
        .replace("\"contacts\"", "\"later\"")
        .replace("\"Contact\"", "\"Other\"")
        .replace(
            UPSERT,
            "mode = \"upsert\"\nschedule = { type = \"after\", syncs = [\"contacts\"] }",
        );
    desk.apply(&format!("{one}{second}"));
    let first = desk.json(0, &["show", "sync", "contacts", "--json"])["id"].clone();
    let export = desk.ok(&["export"]);
    let swapped = export
        .replace("\"contacts\"", "\"@\"")
        .replace("\"later\"", "\"contacts\"")
        .replace("\"@\"", "\"later\"");
    desk.apply(&swapped);
    assert_eq!(
        desk.json(0, &["show", "sync", "later", "--json"])["id"],
        first
    );
    let after = desk.json(0, &["show", "sync", "contacts", "--json"]);
    assert_eq!(after["schedule"]["syncs"], json!([first]));
    let cycle = desk.ok(&["export"]).replace(
        "schedule = { type = \"manual\" }",
        "schedule = { type = \"after\", syncs = [\"contacts\"] }",
    );
    let ran = desk.refused(&cycle);
    assert!(ran.stderr.contains("wait for itself"), "{ran:?}");
}

#[test]
fn pruning_removes_what_the_file_lacks_and_asks_for_the_name_of_a_sync() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    desk.write("empty.toml", "[workspace]\nname = \"acme\"\n");
    let shown = desk.ok(&["apply", "empty.toml", "--prune", "--dry-run"]);
    assert!(
        shown.contains("- delete sync contacts") && shown.contains("snapshot"),
        "{shown}"
    );
    let ran = desk.run(&["apply", "empty.toml", "--prune", "--yes"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--confirm 'contacts'"), "{ran:?}");
    desk.ok(&[
        "apply",
        "empty.toml",
        "--prune",
        "--yes",
        "--confirm",
        "contacts",
    ]);
    assert_eq!(desk.json(0, &["list", "destinations", "--json"]), json!([]));
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 3);
}

#[test]
fn another_object_starts_an_empty_snapshot_and_asks_for_the_name() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    desk.write(
        "acme.toml",
        &desk.resources(UPSERT).replace("\"Contact\"", "\"Person\""),
    );
    assert_eq!(desk.run(&["apply", "acme.toml", "--yes"]).code, 2);
    desk.ok(&["apply", "acme.toml", "--yes", "--confirm", "contacts"]);
    let run = desk.json(0, &["run", "contacts", "--json"]);
    assert_eq!(run["counters"]["create"]["done"], 3);
}

#[test]
fn another_primary_key_is_told_as_what_it_costs_and_asks_for_the_name() {
    let desk = Desk::with(3, UPSERT);
    desk.ok(&["run", "contacts"]);
    let rekeyed = desk
        .resources(UPSERT)
        .replace("primary_key = [\"id\"]", "primary_key = [\"email\"]");
    desk.write("acme.toml", &rekeyed);
    let changes = desk.json(0, &["apply", "acme.toml", "--dry-run", "--json"]);
    let changes = changes.as_array().unwrap();
    let sync = changes.iter().find(|change| change["kind"] == "sync");
    assert_eq!(sync.unwrap()["drops_snapshot"], true);
    assert_eq!(desk.run(&["apply", "acme.toml", "--yes"]).code, 2);
    desk.ok(&["apply", "acme.toml", "--yes", "--confirm", "contacts"]);
    let status = desk.json(0, &["status", "--json"]);
    assert_eq!(status["syncs"][0]["known"], 0);
}

#[test]
fn one_sync_is_exported_with_what_it_needs() {
    let desk = Desk::with(3, MIRROR);
    desk.apply(&format!(
        "{}\n[[source]]\nname = \"unused\"\ntype = \"sqlite\"\npath = \"crm.db\"\n",
        desk.resources(MIRROR)
    ));
    assert!(desk.ok(&["export"]).contains("unused"));
    let one = desk.ok(&["export", "--sync", "contacts"]);
    assert!(
        one.contains("[[sync]]") && one.contains("[[source]]"),
        "{one}"
    );
    assert!(
        !one.contains("unused") && !one.contains("[workspace]"),
        "{one}"
    );
    assert_eq!(desk.run(&["export", "--sync", "contact"]).code, 1);
}

#[test]
fn a_column_that_the_file_no_longer_marks_is_an_attribute_again() {
    let desk = Desk::with(3, UPSERT);
    let marked = desk.resources(UPSERT).replace(
        "columns = [{ name = \"email\", role = \"identifier\" }]",
        "columns = [{ name = \"email\", role = \"identifier\" }, { name = \"first_name\", role = \"identifier\" }]",
    );
    desk.apply(&marked);
    assert!(desk.ok(&["export"]).contains("first_name\", role"));
    desk.apply(&desk.resources(UPSERT));
    assert!(!desk.ok(&["export"]).contains("first_name\", role"));
}
