//! Stored secrets: readable with the right key only, and nowhere in clear.

use secrecy::{ExposeSecret, SecretString};
use signalsmith::store::{CatalogChange, Store, StoreError};

use super::{at, fresh, source};

const CANARY: &str = "canary-7f3a-do-not-find-me";

async fn text(store: &Store, connection: &str, field: &str) -> Option<String> {
    let found = store.secret(connection, field).await.unwrap();
    found.map(|secret| secret.expose_secret().to_owned())
}

#[tokio::test]
async fn a_secret_comes_back_and_stands_nowhere_in_clear() {
    let (dir, store) = fresh().await;
    let secret = SecretString::from(CANARY);
    store.put_secret("dst_a", "token", &secret).await.unwrap();
    assert_eq!(text(&store, "dst_a", "token").await.unwrap(), CANARY);
    assert_eq!(text(&store, "dst_a", "other").await, None);
    let holds = |name: &str| {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        bytes
            .windows(CANARY.len())
            .any(|part| part == CANARY.as_bytes())
    };
    // Read through copies: to open the live file would drop SQLite's locks.
    for name in ["state.db", "state.db-wal"] {
        std::process::Command::new("cp")
            .arg(dir.path().join(name))
            .arg(dir.path().join(format!("{name}.copy")))
            .status()
            .unwrap();
        assert!(!holds(&format!("{name}.copy")), "{name}");
    }
    store.close().await;
    assert!(!holds("state.db"));
}

#[tokio::test]
async fn secrets_outlive_the_core_and_go_with_their_connection() {
    let (dir, store) = fresh().await;
    let id = source(1).id.to_string();
    for value in ["first", "second"] {
        store
            .put_secret(&id, "password", &value.into())
            .await
            .unwrap();
    }
    store
        .put_secret("dst_b", "token", &"other".into())
        .await
        .unwrap();
    drop(store);
    let store = Store::open(dir.path(), 2, at(0)).unwrap();
    assert_eq!(text(&store, &id, "password").await.unwrap(), "second");
    store.delete_secrets("dst_b").await.unwrap();
    assert_eq!(text(&store, "dst_b", "token").await, None);
    let all = vec![
        CatalogChange::DeleteSync(super::sync(1).id),
        CatalogChange::DeleteModel(super::model(1).id),
        CatalogChange::DeleteSource(source(1).id),
    ];
    store.change_catalog("ann", at(1), all).await.unwrap();
    assert_eq!(text(&store, &id, "password").await, None);
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_told_and_loses_nothing() {
    let (dir, store) = fresh().await;
    let key = dir.path().join("secret.key");
    store
        .put_secret("dst_a", "token", &CANARY.into())
        .await
        .unwrap();
    let right = std::fs::read(&key).unwrap();
    let why = async || match store.secret("dst_a", "token").await {
        Err(StoreError::Secret { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    std::fs::write(&key, [7; 32]).unwrap();
    assert!(why().await.contains("not the key"));
    std::fs::write(&key, [7; 31]).unwrap();
    assert!(why().await.contains("damaged"));
    std::fs::remove_file(&key).unwrap();
    assert!(why().await.contains("missing"));
    // A new key beside the lost one would hide the loss.
    let put = store.put_secret("dst_b", "token", &"new".into()).await;
    assert!(matches!(put, Err(StoreError::Secret { .. })));
    let lock = tempfile::NamedTempFile::new_in(dir.path()).unwrap();
    std::fs::write(lock.path(), &right).unwrap();
    lock.persist(&key).unwrap();
    assert_eq!(text(&store, "dst_a", "token").await.unwrap(), CANARY);
}

#[tokio::test]
async fn a_ciphertext_copied_to_another_place_does_not_open() {
    let (dir, store) = fresh().await;
    store
        .put_secret("dst_a", "token", &CANARY.into())
        .await
        .unwrap();
    store.close().await;
    let conn = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    conn.execute(
        "INSERT INTO secrets SELECT 'dst_b', field, version, key_id, wrapped, sealed FROM secrets",
        [],
    )
    .unwrap();
    drop(conn);
    let store = Store::open(dir.path(), 2, at(0)).unwrap();
    assert_eq!(text(&store, "dst_a", "token").await.unwrap(), CANARY);
    let moved = store.secret("dst_b", "token").await;
    assert!(matches!(moved, Err(StoreError::Secret { .. })));
}
