//! What stands around a workspace: its folder, its database, its settings.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::desk::{Desk, UPSERT};

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_others_can_reach_is_refused_until_it_is_closed() {
    let desk = Desk::with(3, UPSERT);
    let folder = desk.path("workspace");
    for (path, open, closed) in [
        (folder.clone(), 0o755, 0o700),
        (folder.join("state.db"), 0o644, 0o600),
    ] {
        chmod(&path, open);
        let ran = desk.run(&["status"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains("others can reach"), "{ran:?}");
        assert!(
            ran.stderr.contains(&format!("chmod {closed:o} ")),
            "{ran:?}"
        );
        chmod(&path, closed);
        desk.ok(&["status"]);
    }
}

#[test]
fn a_state_of_a_newer_version_is_left_alone() {
    let desk = Desk::with(3, UPSERT);
    let state = desk.path("workspace").join("state.db");
    let database = rusqlite::Connection::open(&state).unwrap();
    let version: i64 = database
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    database
        .execute_batch(&format!("PRAGMA user_version = {}", version + 1))
        .unwrap();
    let ran = desk.run(&["status"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("newer signalsmith"), "{ran:?}");
    database
        .execute_batch(&format!("PRAGMA user_version = {version}"))
        .unwrap();
    assert_eq!(
        desk.json(0, &["list", "--json"]).as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_state_that_is_no_database_is_told_and_left_as_it_is() {
    let desk = Desk::with(3, UPSERT);
    let state = desk.path("workspace").join("state.db");
    for beside in ["state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(desk.path("workspace").join(beside));
    }
    let wreck = "no database ".repeat(400);
    std::fs::write(&state, &wreck).unwrap();
    let ran = desk.run(&["status"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("damaged"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&state).unwrap(), wreck);
}

#[test]
fn a_missing_snapshot_fails_the_run_and_is_never_read_as_empty() {
    let desk = Desk::with(30, "mode = \"mirror\"");
    desk.ok(&["run", "contacts"]);
    let snapshots = desk.path("workspace").join("snapshots");
    let mut wrecked = 0;
    let mut folders = vec![snapshots];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                std::fs::write(&path, b"wreck").unwrap();
                wrecked += 1;
            }
        }
    }
    assert!(wrecked > 0);
    desk.source("DELETE FROM customers WHERE id = 1");
    let run = desk.json(1, &["run", "contacts", "--json"]);
    assert_eq!(run["error"]["kind"], "state", "{run}");
    assert_eq!(desk.count("SELECT count(*) FROM Contact"), 30);
}

#[test]
fn a_workspace_in_a_place_that_cannot_be_written_is_told() {
    let desk = Desk::new(1);
    desk.write("plain", "a file");
    let inside = desk.path("plain").join("workspace");
    let ran = desk.run(&["-C", inside.to_str().unwrap(), "init"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cannot make the folder"), "{ran:?}");
}

#[test]
fn wrong_settings_of_the_program_are_told_where_they_are_used() {
    let desk = Desk::new(1);
    desk.write("workspace/config.toml", "[interface]\nthem = \"dark\"\n");
    let ran = desk.run(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("config.toml, line 2"), "{ran:?}");
    assert!(ran.stderr.contains("did you mean 'theme'"), "{ran:?}");
    desk.ok(&["status"]);
}
