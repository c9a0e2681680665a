//! The journal of acknowledgements as a snapshot sees it; the store keeps it, the engine wires it.

use crate::domain::id::SyncId;

use super::error::SnapshotError;

/// One row of the journal: what became of a key since its partition was last folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Rises with every row of the sync; the highest of a key counts.
    pub seq: u64,
    /// The key's hash.
    pub key_hash: [u8; 16],
    /// The encoded entry; nothing where the record is gone.
    pub entry: Option<Vec<u8>>,
}

/// A write without an outcome: the record may or may not be as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirty {
    /// The key hash of the operation.
    pub key_hash: [u8; 16],
    /// The key's canonical bytes.
    pub key: Vec<u8>,
    /// The encoded identifier that the operation wrote to, where it was kept. Where a key has
    /// several such writes, each stands in its own row.
    pub identifier: Option<Vec<u8>>,
    /// Whether the operation was a delete.
    pub deleting: bool,
}

/// What one fold changes, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldCommit {
    /// The new layout.
    pub layout: Vec<u8>,
    /// Partitions with the generation that they have from now on.
    pub generations: Vec<(u32, u64)>,
    /// Partitions that are no more.
    pub drop_partitions: Vec<u32>,
    /// First key hash of the range whose journal rows go.
    pub from: [u8; 16],
    /// Last key hash of the range, inclusive.
    pub to: [u8; 16],
    /// Highest sequence that goes; 0 removes nothing.
    pub up_to_seq: u64,
}

/// The journal of acknowledgements of all syncs. Every call blocks; ranges are inclusive.
pub trait AckLog: Send + Sync {
    /// The sync's layout as the last fold left it.
    ///
    /// # Errors
    /// [`SnapshotError::Log`] where the store cannot be read; the same for every other call.
    fn layout(&self, sync: &SyncId) -> Result<Option<Vec<u8>>, SnapshotError>;

    /// The sync's partitions with their generations.
    ///
    /// # Errors
    /// As [`Self::layout`].
    fn partitions(&self, sync: &SyncId) -> Result<Vec<(u32, u64)>, SnapshotError>;

    /// The journal rows of a range, by key hash, then sequence.
    ///
    /// # Errors
    /// As [`Self::layout`].
    fn journal(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<Vec<JournalRow>, SnapshotError>;

    /// The number of journal rows in a range.
    ///
    /// # Errors
    /// As [`Self::layout`].
    fn journal_count(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<u64, SnapshotError>;

    /// A sequence that none of the sync's journal is above and all that comes later is.
    ///
    /// # Errors
    /// As [`Self::layout`].
    fn last_seq(&self, sync: &SyncId) -> Result<u64, SnapshotError>;

    /// The writes of unknown outcome in a range, by key hash.
    ///
    /// # Errors
    /// As [`Self::layout`].
    fn dirty(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<Vec<Dirty>, SnapshotError>;

    /// Takes over what a fold wrote, in one durable transaction.
    ///
    /// # Errors
    /// As [`Self::layout`].
    fn fold(&self, sync: &SyncId, commit: FoldCommit) -> Result<(), SnapshotError>;

    /// Removes layout, partitions, journal and unknown writes of the sync.
    ///
    /// # Errors
    /// As [`Self::layout`].
    fn forget(&self, sync: &SyncId) -> Result<(), SnapshotError>;
}
