//! Tests of the store as a whole: its writer, its readers, and what keeps two cores apart.

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}

fn make_room(tx: &Transaction<'_>, pages: i64) -> Result<(), StoreError> {
    tx.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    Ok(())
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_is_over_when_there_is_space() {
    let dir = folder();
    let store = Store::open(dir.path(), 1, now()).unwrap();
    store
        .write("fill the disk", |tx| make_room(tx, 1))
        .await
        .unwrap();
    let event = crate::domain::event::Event {
        number: 0,
        at: now(),
        sync: None,
        run: None,
        kind: crate::domain::event::EventKind::ConfigChanged {
            what: "x".repeat(100_000),
        },
    };
    let full = store.append_events(vec![event.clone()]).await.unwrap_err();
    assert_eq!(
        full,
        StoreError::Full {
            doing: "write events"
        }
    );
    assert!(full.halts());
    assert_eq!(store.last_event().await.unwrap(), 0);
    store
        .write("free the disk", |tx| make_room(tx, 1 << 20))
        .await
        .unwrap();
    assert_eq!(store.append_events(vec![event]).await.unwrap()[0].number, 1);
}

#[tokio::test]
async fn a_panic_between_statements_fails_one_caller_and_undoes_its_statements() {
    let dir = folder();
    let store = Store::open(dir.path(), 1, now()).unwrap();
    let failed: Result<(), _> = store
        .write("break", |tx| {
            tx.execute("UPDATE workspace SET revision = 77", [])?;
            panic!("in the middle");
        })
        .await;
    assert_eq!(failed, Err(StoreError::Closed { doing: "break" }));
    let revision: i64 = store
        .read("look", |tx| {
            Ok(tx.query_row("SELECT revision FROM workspace", [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert_eq!(revision, 1);
    assert!(store.append_events(Vec::new()).await.is_ok());
}

#[tokio::test]
async fn more_callers_than_the_queue_holds_are_all_served() {
    let dir = folder();
    let store = Store::open(dir.path(), 1, now()).unwrap();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let first = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write("wait", move |_| {
                    let _ = held.recv();
                    Ok(())
                })
                .await
        }
    });
    let others: Vec<_> = (0..400)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write("count", |tx| {
                        tx.execute("UPDATE workspace SET revision = revision + 1", [])?;
                        Ok(())
                    })
                    .await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    hold.send(()).unwrap();
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    let revision: i64 = store
        .read("look", |tx| {
            Ok(tx.query_row("SELECT revision FROM workspace", [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert_eq!(revision, 401);
}

#[tokio::test]
async fn the_audit_trail_cannot_be_altered_and_tells_where_it_was() {
    let dir = folder();
    let store = Store::open(dir.path(), 1, now()).unwrap();
    for number in 0..5 {
        let draft = AuditDraft {
            action: "unmask".into(),
            kind: "run".into(),
            resource: format!("r{number}"),
            name: String::new(),
            revision: 0,
            fields: Vec::new(),
        };
        store.append_audit("ann", now(), draft).await.unwrap();
    }
    assert_eq!(
        store.verify_audit().await.unwrap(),
        AuditState::Whole { entries: 6 }
    );
    for sql in [
        "UPDATE audit SET body = '{}' WHERE number = 3",
        "DELETE FROM audit WHERE number = 6",
    ] {
        let refused = store
            .write("alter", move |tx| Ok(tx.execute(sql, [])?))
            .await;
        assert!(refused.is_err(), "{sql}");
    }
    let alter = |sql: &'static str| {
        let store = store.clone();
        async move {
            store
                .write("alter", move |tx| Ok(tx.execute_batch(sql)?))
                .await
                .unwrap();
            store.verify_audit().await.unwrap()
        }
    };
    assert_eq!(
        alter("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE number = 6").await,
        AuditState::Broken { number: 6 }
    );
    assert_eq!(
        alter(
            "DROP TRIGGER audit_no_update;
             UPDATE audit SET body = replace(body, 'ann', 'bob') WHERE number = 3"
        )
        .await,
        AuditState::Broken { number: 3 }
    );
}

#[tokio::test]
async fn an_unclean_stop_is_noticed() {
    let dir = folder();
    let store = Store::open(dir.path(), 1, now()).unwrap();
    store.append_events(Vec::new()).await.unwrap();
    store.close().await;
    let path = dir.path().join(DATABASE);
    assert!(!schema::open(&path, 2).unwrap().unclean);
    assert!(schema::open(&path, 3).unwrap().unclean);
}

#[tokio::test]
async fn damage_after_an_unclean_stop_refuses_writes() {
    let dir = folder();
    let opened = {
        drop(Store::open(dir.path(), 1, now()).unwrap());
        schema::open(&dir.path().join(DATABASE), 2).unwrap()
    };
    // An index entry without its row is what quick_check finds by counting.
    opened
        .conn
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema
             WHERE name = 'audit') WHERE name = 'events';",
        )
        .unwrap();
    drop(opened);
    let store = Store::open(dir.path(), 3, now()).unwrap();
    let refused = store.append_events(Vec::new()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    assert!(store.load_catalog().await.is_ok());
}
