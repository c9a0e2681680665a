//! The workspace's own state in SQLite, behind one writer thread and read-only readers.
//!
//! SQL stands only here. Each call that writes is one transaction, committed with fsync before the
//! call returns. A [`Store`] that is opened later fences all earlier ones: a core that lost its
//! workspace can write nothing more.

mod acks;
mod asides;
mod audit;
mod catalog;
mod change;
mod codec;
mod diff;
mod dirty;
mod error;
mod files;
mod group;
mod journal;
mod layout;
mod lock;
mod put;
mod quarters;
mod reader;
mod references;
mod rows;
mod run_state;
mod runs;
mod schema;
mod secrets;
mod tables;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

pub use acks::{Acknowledgement, Intent, JournalChange, PendingRow, UnknownRow};
pub use audit::{AuditDraft, AuditEntry, AuditState};
pub use catalog::{Catalog, ScheduleState, Workspace};
pub use change::CatalogChange;
pub use dirty::{Held, PendingEntry};
pub use error::{ConflictKind, StoreError};
pub use layout::{DirtyRow, FoldCommit, JournalRow};
pub use lock::{LockInfo, WorkspaceLock};
pub use rows::{RowCause, RowLog, STUCK, StoredRow};
pub use runs::Pinned;
pub use secrets::NewSecret;

use reader::Readers;
use writer::Writer;

/// The database's name in the workspace's folder.
const DATABASE: &str = "state.db";

/// A handle on the workspace's state; clones share it.
///
/// Dropping the last one without [`Store::close`] is as a crash: nothing that was committed is
/// lost, and the next opening looks for damage.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    dir: PathBuf,
    epoch: i64,
    writer: Writer,
    readers: Readers,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("dir", &self.shared.dir)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the state of the workspace in `dir`, or makes it, and takes it over for the core
    /// `boot`, a number that no earlier core had. Blocks.
    ///
    /// The caller holds the [`WorkspaceLock`]. After an unclean stop, writes wait until the
    /// database was looked through for damage, and are refused where some is found. `now` dates
    /// the first audit entry of a new workspace.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`], [`StoreError::LooseModes`], [`StoreError::NetworkFilesystem`],
    /// [`StoreError::Damaged`]; the disk's and the database's.
    pub fn open(dir: &Path, boot: u64, now: DateTime<Utc>) -> Result<Self, StoreError> {
        files::prepare_folder(dir)?;
        let path = dir.join(DATABASE);
        let epoch = boot.cast_signed();
        let mut opened =
            schema::open(&path, epoch).map_err(|error| error.doing("open the state database"))?;
        found(&mut opened.conn, dir, now)?;
        Ok(Self {
            shared: Arc::new(Shared {
                dir: dir.to_owned(),
                epoch,
                writer: Writer::start(opened.conn, epoch, opened.unclean)?,
                readers: Readers::new(&path),
            }),
        })
    }

    /// Lets queued writes finish, empties the write-ahead log and marks a clean stop; afterwards
    /// every call fails with [`StoreError::Closed`].
    pub async fn close(&self) {
        let shared = Arc::clone(&self.shared);
        // A panic while closing is as a crash, which the next opening is made for.
        let _ = tokio::task::spawn_blocking(move || {
            shared.readers.close();
            shared.writer.stop();
        })
        .await;
    }

    fn epoch(&self) -> i64 {
        self.shared.epoch
    }

    fn dir(&self) -> &Path {
        &self.shared.dir
    }

    async fn write<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.shared.writer.write(doing, work).await
    }

    fn write_blocking<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.shared.writer.write_blocking(doing, work)
    }

    async fn read<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.shared.readers.read(doing, work).await
    }

    fn read_blocking<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.shared.readers.read_blocking(doing, work)
    }
}

/// Gives a new workspace its settings, called as its folder, and its first audit entry.
fn found(
    conn: &mut rusqlite::Connection,
    dir: &Path,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let name = dir.file_name().map_or_else(
        || "workspace".into(),
        |name| name.to_string_lossy().into_owned(),
    );
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if catalog::found_workspace(&tx, &name)? {
        audit::append(
            &tx,
            "core",
            now,
            &AuditDraft {
                action: "create".into(),
                kind: "workspace".into(),
                resource: String::new(),
                name,
                revision: 1,
                fields: Vec::new(),
            },
        )?;
    }
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
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
}
