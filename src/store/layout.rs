//! What the snapshot keeps in the database: its layout, the generation of each partition, and the
//! journal of acknowledgements that lies over its files. The functions block.

use rusqlite::{OptionalExtension, Transaction, params};

use super::Store;
use super::catalog::require_sync;
use super::codec::{count, fingerprint, int};
use super::error::StoreError;
use super::{kept, run_state};
use crate::domain::id::SyncId;

/// One key's latest acknowledgement since the last fold: its number, the key's hash, and the
/// snapshot's record, or nothing where the key is gone.
pub type JournalRow = (u64, [u8; 16], Option<Vec<u8>>);

/// A write that may or may not have been applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirtyRow {
    /// The key's hash.
    pub key_hash: [u8; 16],
    /// The key's canonical bytes.
    pub key: Vec<u8>,
    /// The encoded identifier that was written to.
    pub identifier: Vec<u8>,
    /// Whether the write was a delete.
    pub deleting: bool,
}

/// What a fold of journal into partition files changes; one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldCommit {
    /// The layout from now on.
    pub layout: Vec<u8>,
    /// Partitions with their generation from now on.
    pub generations: Vec<(u32, u64)>,
    /// Partitions that are no more.
    pub drop_partitions: Vec<u32>,
    /// The first key hash that was folded.
    pub from: [u8; 16],
    /// The last key hash that was folded.
    pub to: [u8; 16],
    /// The highest number that was read: what came later stays in the journal.
    pub up_to_seq: u64,
}

impl Store {
    /// Gives the layout as the snapshot wrote it.
    ///
    /// # Errors
    /// The database's.
    pub fn layout_blocking(&self, sync: &SyncId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_blocking("read the snapshot's layout", |tx| {
            Ok(tx
                .prepare_cached("SELECT body FROM layouts WHERE sync = ?1")?
                .query_row([sync.as_str()], |row| row.get(0))
                .optional()?)
        })
    }

    /// Gives the partitions with their generations, by number.
    ///
    /// # Errors
    /// The database's.
    pub fn partitions_blocking(&self, sync: &SyncId) -> Result<Vec<(u32, u64)>, StoreError> {
        self.read_blocking("read the snapshot's partitions", |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT number, generation FROM partitions WHERE sync = ?1 ORDER BY number",
            )?;
            let found = statement
                .query_map([sync.as_str()], |row| Ok((row.get(0)?, count(row.get(1)?))))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Gives the journal of a range of key hashes, both ends included, by key hash.
    ///
    /// # Errors
    /// The database's.
    pub fn journal_blocking(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to_inclusive: [u8; 16],
    ) -> Result<Vec<JournalRow>, StoreError> {
        self.read_blocking("read the journal", |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT seq, key_hash, entry FROM journal
                 WHERE sync = ?1 AND key_hash BETWEEN ?2 AND ?3 ORDER BY key_hash",
            )?;
            let mut rows = statement.query(params![
                sync.as_str(),
                from.as_slice(),
                to_inclusive.as_slice()
            ])?;
            let mut journal = Vec::new();
            while let Some(row) = rows.next()? {
                let key_hash = fingerprint(row.get_ref(1)?.as_blob().unwrap_or_default())?;
                journal.push((count(row.get(0)?), key_hash.0, row.get(2)?));
            }
            Ok(journal)
        })
    }

    /// Counts the journal of a range of key hashes, both ends included.
    ///
    /// # Errors
    /// The database's.
    pub fn journal_count_blocking(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to_inclusive: [u8; 16],
    ) -> Result<u64, StoreError> {
        self.read_blocking("read the journal", |tx| {
            let found: i64 = tx
                .prepare_cached(
                    "SELECT count(*) FROM journal
                     WHERE sync = ?1 AND key_hash BETWEEN ?2 AND ?3",
                )?
                .query_row(
                    params![sync.as_str(), from.as_slice(), to_inclusive.as_slice()],
                    |row| row.get(0),
                )?;
            Ok(count(found))
        })
    }

    /// Makes folded partitions the valid ones and removes from the journal what is in them.
    ///
    /// # Errors
    /// A missing sync; the database's.
    pub fn fold_blocking(&self, sync: &SyncId, fold: FoldCommit) -> Result<(), StoreError> {
        let sync = sync.clone();
        self.write_blocking("fold the journal", move |tx| commit_fold(tx, &sync, &fold))
    }

    /// Gives the highest number that any acknowledgement has been given; what comes later is above
    /// it. Takes no look at the journal, which a fold asks this for once per partition.
    ///
    /// # Errors
    /// The database's.
    pub fn last_seq_blocking(&self) -> Result<u64, StoreError> {
        self.read_blocking("read the journal", |tx| {
            Ok(count(
                tx.prepare_cached("SELECT journal_seq FROM core WHERE id = 1")?
                    .query_row([], |row| row.get(0))?,
            ))
        })
    }

    /// Gives the keys of a range of key hashes whose last write may or may not have been applied.
    ///
    /// # Errors
    /// The database's.
    pub fn dirty_blocking(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to_inclusive: [u8; 16],
    ) -> Result<Vec<DirtyRow>, StoreError> {
        self.read_blocking("read unknown rows", |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT key_hash, key, identifier, deleting FROM unknown
                 WHERE sync = ?1 AND key_hash BETWEEN ?2 AND ?3 ORDER BY key_hash",
            )?;
            let mut rows = statement.query(params![
                sync.as_str(),
                from.as_slice(),
                to_inclusive.as_slice()
            ])?;
            let mut dirty = Vec::new();
            while let Some(row) = rows.next()? {
                let key_hash = fingerprint(row.get_ref(0)?.as_blob().unwrap_or_default())?;
                dirty.push(DirtyRow {
                    key_hash: key_hash.0,
                    key: row.get(1)?,
                    identifier: row.get(2)?,
                    deleting: row.get(3)?,
                });
            }
            Ok(dirty)
        })
    }

    /// Forgets what a sync's destination has acknowledged: layout, partitions, journal, unknown
    /// and pending rows, held deletes, attempts, open intents.
    ///
    /// # Errors
    /// [`Running`](super::ConflictKind::Running) while a run of it is running; the database's.
    pub fn forget_blocking(&self, sync: &SyncId) -> Result<(), StoreError> {
        let sync = sync.clone();
        self.write_blocking("forget a snapshot", move |tx| {
            require_sync(tx, &sync)?;
            forget(tx, &sync)
        })
    }
}

fn commit_fold(tx: &Transaction<'_>, sync: &SyncId, fold: &FoldCommit) -> Result<(), StoreError> {
    require_sync(tx, sync)?;
    let sync = sync.as_str();
    tx.prepare_cached("INSERT OR REPLACE INTO layouts (sync, body) VALUES (?1, ?2)")?
        .execute(params![sync, fold.layout])?;
    let mut drop = tx.prepare_cached("DELETE FROM partitions WHERE sync = ?1 AND number = ?2")?;
    for number in &fold.drop_partitions {
        drop.execute(params![sync, number])?;
    }
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO partitions (sync, number, generation) VALUES (?1, ?2, ?3)",
    )?;
    for (number, generation) in &fold.generations {
        put.execute(params![sync, number, int(*generation)])?;
    }
    tx.prepare_cached(
        "DELETE FROM journal WHERE sync = ?1 AND key_hash BETWEEN ?2 AND ?3 AND seq <= ?4",
    )?
    .execute(params![
        sync,
        fold.from.as_slice(),
        fold.to.as_slice(),
        int(fold.up_to_seq)
    ])?;
    Ok(())
}

/// Empties a sync's snapshot inside a transaction.
pub(super) fn forget(tx: &Transaction<'_>, sync: &SyncId) -> Result<(), StoreError> {
    run_state::refuse_running(tx, sync)?;
    for sql in [
        "DELETE FROM layouts WHERE sync = ?1",
        "DELETE FROM partitions WHERE sync = ?1",
        "DELETE FROM journal WHERE sync = ?1",
        "DELETE FROM unknown WHERE sync = ?1",
        "DELETE FROM pending WHERE sync = ?1",
        "DELETE FROM held WHERE sync = ?1",
        "DELETE FROM attempts WHERE sync = ?1",
        "DELETE FROM ignored WHERE sync = ?1",
        "UPDATE intents SET closed = 1 WHERE sync = ?1 AND closed = 0",
    ] {
        tx.execute(sql, [sync.as_str()])?;
    }
    Ok(())
}

/// Removes all that is kept of a sync beside its settings and what refers to them.
pub(super) fn erase(tx: &Transaction<'_>, sync: &SyncId) -> Result<(), StoreError> {
    forget(tx, sync)?;
    kept::erase(tx, sync)?;
    for sql in [
        "DELETE FROM run_rows WHERE run IN (SELECT id FROM runs WHERE sync = ?1)",
        "DELETE FROM written WHERE run IN (SELECT id FROM runs WHERE sync = ?1)",
        "DELETE FROM causes WHERE sync = ?1",
        "DELETE FROM intents WHERE sync = ?1",
    ] {
        tx.execute(sql, [sync.as_str()])?;
    }
    Ok(())
}
