//! Opening and closing: locks, modes, versions.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::store::{Store, StoreError, WorkspaceLock};

use super::{at, fresh};

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn all_files_are_the_owners_alone() {
    let (dir, store) = fresh().await;
    let secret = "canary".into();
    store.put_secret("dst_x", "token", &secret).await.unwrap();
    let _lock = WorkspaceLock::acquire(dir.path(), Path::new("core.sock")).unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "lock",
            "secret.key",
            "state.db",
            "state.db-shm",
            "state.db-wal"
        ]
    );
}

#[tokio::test]
async fn a_missing_folder_is_made_for_the_owner_alone() {
    let dir = super::folder();
    let folder = dir.path().join("acme");
    let store = Store::open(&folder, 1, at(0)).unwrap();
    assert_eq!(mode(&folder), 0o700);
    let catalog = store.load_catalog().await.unwrap();
    assert_eq!(catalog.workspace.name, "acme");
}

#[tokio::test]
async fn looser_modes_are_refused_with_the_command_that_mends_them() {
    let (dir, store) = fresh().await;
    store.close().await;
    let database = dir.path().join("state.db");
    chmod(&database, 0o640);
    let refused = Store::open(dir.path(), 2, at(0)).unwrap_err();
    assert_eq!(
        refused,
        StoreError::LooseModes {
            path: database.clone(),
            mode: 0o640,
            wanted: 0o600
        }
    );
    let problem = Problem::from(refused);
    assert_eq!(
        problem.hint,
        format!("run chmod 600 {}", database.display())
    );
    chmod(&database, 0o600);
    chmod(dir.path(), 0o755);
    assert!(matches!(
        Store::open(dir.path(), 2, at(0)),
        Err(StoreError::LooseModes { wanted: 0o700, .. })
    ));
    chmod(dir.path(), 0o700);
    assert!(Store::open(dir.path(), 2, at(0)).is_ok());
}

#[test]
fn a_second_core_is_refused_and_told_of_the_first() {
    let dir = super::folder();
    let socket = Path::new("/run/acme/core.sock");
    assert_eq!(WorkspaceLock::read(dir.path()), None);
    let lock = WorkspaceLock::acquire(dir.path(), socket).unwrap();
    let Err(StoreError::Locked { by: Some(by) }) = WorkspaceLock::acquire(dir.path(), socket)
    else {
        panic!("the second core has the workspace too");
    };
    assert_eq!((by.pid, by.socket.as_path()), (std::process::id(), socket));
    assert_eq!(WorkspaceLock::read(dir.path()), Some(by));
    drop(lock);
    assert_eq!(WorkspaceLock::read(dir.path()), None);
    assert!(WorkspaceLock::acquire(dir.path(), socket).is_ok());
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is() {
    let (dir, store) = fresh().await;
    store.close().await;
    let conn = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    conn.pragma_update(None, "user_version", 999).unwrap();
    drop(conn);
    let refused = Store::open(dir.path(), 2, at(0)).unwrap_err();
    assert!(matches!(
        refused,
        StoreError::NewerSchema { found: 999, .. }
    ));
    assert_eq!(Problem::from(refused).kind, ProblemKind::State);
}

#[test]
fn a_file_that_is_no_state_database_is_refused() {
    for content in [b"not a database, but long enough to look at".repeat(99), {
        let dir = super::folder();
        let path = dir.path().join("other.db");
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute_batch("CREATE TABLE t (x)").unwrap();
        drop(conn);
        std::fs::read(&path).unwrap()
    }] {
        let dir = super::folder();
        let path = dir.path().join("state.db");
        std::fs::write(&path, &content).unwrap();
        chmod(&path, 0o600);
        let refused = Store::open(dir.path(), 1, at(0)).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn a_closed_store_refuses_and_keeps_everything_in_one_file() {
    let (dir, store) = fresh().await;
    store.close().await;
    assert!(matches!(
        store.load_catalog().await,
        Err(StoreError::Closed { .. })
    ));
    assert!(matches!(
        store.append_events(Vec::new()).await,
        Err(StoreError::Closed { .. })
    ));
    let log = dir.path().join("state.db-wal");
    assert!(!log.exists() || std::fs::metadata(&log).unwrap().len() == 0);
    let again = Store::open(dir.path(), 2, at(0)).unwrap();
    assert_eq!(again.load_catalog().await.unwrap().syncs.len(), 1);
}

#[tokio::test]
async fn a_core_that_was_taken_over_can_write_nothing() {
    let (dir, old) = fresh().await;
    let new = Store::open(dir.path(), 2, at(0)).unwrap();
    let sync = super::sync(1).id;
    assert!(matches!(
        old.set_attention(&sync, Some("late".into())).await,
        Err(StoreError::Fenced { .. })
    ));
    old.close().await;
    new.set_attention(&sync, Some("mine".into())).await.unwrap();
    let catalog = new.load_catalog().await.unwrap();
    assert_eq!(catalog.attention.get(&sync).unwrap(), "mine");
}
