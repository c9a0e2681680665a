//! Wires the snapshot's journal of acknowledgements to the store, which it does not know.

use std::sync::{Mutex, PoisonError};

use crate::domain::id::SyncId;
use crate::snapshot::{AckLog, Dirty, FoldCommit, JournalRow, SnapshotError};
use crate::store::{self, Store, StoreError};

/// The store as the snapshot sees it.
pub(crate) struct StoreAckLog(pub Store);

fn log(error: StoreError) -> SnapshotError {
    SnapshotError::Log(error.to_string())
}

impl AckLog for StoreAckLog {
    fn layout(&self, sync: &SyncId) -> Result<Option<Vec<u8>>, SnapshotError> {
        self.0.layout_blocking(sync).map_err(log)
    }

    fn partitions(&self, sync: &SyncId) -> Result<Vec<(u32, u64)>, SnapshotError> {
        self.0.partitions_blocking(sync).map_err(log)
    }

    fn journal(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<Vec<JournalRow>, SnapshotError> {
        let rows = self.0.journal_blocking(sync, from, to).map_err(log)?;
        let rows = rows.into_iter().map(|(seq, key_hash, entry)| JournalRow {
            seq,
            key_hash,
            entry,
        });
        Ok(rows.collect())
    }

    fn journal_count(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<u64, SnapshotError> {
        self.0.journal_count_blocking(sync, from, to).map_err(log)
    }

    fn last_seq(&self, _: &SyncId) -> Result<u64, SnapshotError> {
        self.0.last_seq_blocking().map_err(log)
    }

    fn dirty(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<Vec<Dirty>, SnapshotError> {
        let rows = self.0.dirty_blocking(sync, from, to).map_err(log)?;
        let rows = rows.into_iter().map(|row| Dirty {
            key_hash: row.key_hash,
            key: row.key,
            identifier: Some(row.identifier),
            deleting: row.deleting,
        });
        Ok(rows.collect())
    }

    fn fold(&self, sync: &SyncId, commit: FoldCommit) -> Result<(), SnapshotError> {
        let fold = store::FoldCommit {
            layout: commit.layout,
            generations: commit.generations,
            drop_partitions: commit.drop_partitions,
            from: commit.from,
            to: commit.to,
            up_to_seq: commit.up_to_seq,
        };
        self.0.fold_blocking(sync, fold).map_err(log)
    }

    fn forget(&self, sync: &SyncId) -> Result<(), SnapshotError> {
        self.0.forget_blocking(sync).map_err(log)
    }
}

/// The journal of a snapshot that is kept nowhere: nothing was ever acknowledged.
#[derive(Default)]
pub(crate) struct NoAcks(Mutex<Option<FoldCommit>>);

impl NoAcks {
    fn begun(&self) -> Option<FoldCommit> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.clone()
    }
}

impl AckLog for NoAcks {
    fn layout(&self, _: &SyncId) -> Result<Option<Vec<u8>>, SnapshotError> {
        Ok(self.begun().map(|commit| commit.layout))
    }

    fn partitions(&self, _: &SyncId) -> Result<Vec<(u32, u64)>, SnapshotError> {
        Ok(self.begun().map_or(Vec::new(), |commit| commit.generations))
    }

    fn journal(
        &self,
        _: &SyncId,
        _: [u8; 16],
        _: [u8; 16],
    ) -> Result<Vec<JournalRow>, SnapshotError> {
        Ok(Vec::new())
    }

    fn journal_count(&self, _: &SyncId, _: [u8; 16], _: [u8; 16]) -> Result<u64, SnapshotError> {
        Ok(0)
    }

    fn last_seq(&self, _: &SyncId) -> Result<u64, SnapshotError> {
        Ok(0)
    }

    fn dirty(&self, _: &SyncId, _: [u8; 16], _: [u8; 16]) -> Result<Vec<Dirty>, SnapshotError> {
        Ok(Vec::new())
    }

    fn fold(&self, _: &SyncId, commit: FoldCommit) -> Result<(), SnapshotError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(commit);
        Ok(())
    }

    fn forget(&self, _: &SyncId) -> Result<(), SnapshotError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}
