//! The workspace's own state in SQLite, behind one writer thread and read-only readers.
//!
//! SQL stands only here. Each call that writes is one transaction, committed with fsync before the
//! call returns. A [`Store`] that is opened later fences all earlier ones: a core that lost its
//! workspace can write nothing more.

mod acks;
mod asides;
mod audit;
mod catalog;
mod causes;
mod change;
mod codec;
mod diff;
mod dirty;
mod error;
mod files;
mod group;
mod ignored;
mod journal;
mod kept;
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
#[cfg(test)]
mod tests;
mod writer;
mod written;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

pub use acks::{Acknowledgement, Intent, JournalChange, PendingRow, UnknownRow};
pub use audit::{AuditDraft, AuditEntry, AuditState};
pub use catalog::{Catalog, ScheduleState, Workspace};
pub use causes::RowCause;
pub use change::CatalogChange;
pub use dirty::{Held, PendingEntry};
pub use error::{ConflictKind, StoreError};
pub use ignored::Failing;
pub use kept::KeptState;
pub use layout::{DirtyRow, FoldCommit, JournalRow};
pub use lock::{LockInfo, WorkspaceLock};
pub use rows::{RowLog, STUCK, StoredRow};
pub use runs::Pinned;
pub use secrets::NewSecret;
pub use written::Written;

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
