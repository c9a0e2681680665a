//! Everything that is known, in key-hash order: partition files under the journal, with the writes
//! of unknown outcome beside them.

use std::sync::Arc;

use crate::domain::id::SyncId;
use crate::domain::row::Fingerprint;

use super::Snapshot;
use super::acklog::{AckLog, Dirty, JournalRow};
use super::entry_view::EntryView;
use super::error::SnapshotError;
use super::layout::{Layout, Partition};
use super::partition::PartitionReader;

/// Journal rows that are taken into memory at once, about.
const PAGE_ROWS: u64 = 16 << 10;

/// What the walk stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Nothing,
    Base,
    Journal(usize),
    Unknown,
}

/// Walks over all that is known.
pub struct Overlay {
    sync: SyncId,
    log: Arc<dyn AckLog>,
    root: std::path::PathBuf,
    seed: u64,
    partitions: std::vec::IntoIter<Partition>,
    /// Rows of the journal above this are not looked at.
    up_to_seq: u64,
    base: Option<PartitionReader>,
    base_hash: Option<u128>,
    partition: Option<Partition>,
    /// First key hash of the next page of the journal, and how many each spans.
    page_from: Option<u128>,
    page_to: u128,
    page_width: u128,
    journal: Vec<JournalRow>,
    journal_at: usize,
    dirty: Vec<Dirty>,
    dirty_at: usize,
    dirty_now: std::ops::Range<usize>,
    hash: Fingerprint,
    at: At,
    /// The base is moved on when the current key is done with.
    base_used: bool,
}

impl Overlay {
    /// Walks over `partitions` of `layout`, with the journal up to `up_to_seq`.
    pub(crate) fn over(
        snapshot: &Snapshot,
        layout: &Layout,
        partitions: Vec<Partition>,
        up_to_seq: u64,
    ) -> Self {
        Self {
            sync: snapshot.sync.clone(),
            log: Arc::clone(&snapshot.log),
            root: snapshot.folder.clone(),
            seed: layout.seed,
            partitions: partitions.into_iter(),
            up_to_seq,
            base: None,
            base_hash: None,
            partition: None,
            page_from: None,
            page_to: 0,
            page_width: 0,
            journal: Vec::new(),
            journal_at: 0,
            dirty: Vec::new(),
            dirty_at: 0,
            dirty_now: 0..0,
            hash: Fingerprint([0; 16]),
            at: At::Nothing,
            base_used: false,
        }
    }

    /// Moves to the next key; false at the sound end.
    ///
    /// # Errors
    /// [`SnapshotError`] where a partition is missing or damaged, or the store cannot be read.
    pub fn advance(&mut self) -> Result<bool, SnapshotError> {
        loop {
            if std::mem::take(&mut self.base_used) {
                self.next_base()?;
            }
            let Some(hash) = self.least() else {
                if self.next_page()? || self.next_partition()? {
                    continue;
                }
                self.at = At::Nothing;
                self.dirty_now = 0..0;
                return Ok(false);
            };
            self.take(hash);
            if self.at != At::Nothing {
                return Ok(true);
            }
        }
    }

    /// The lowest hash within the page.
    #[inline]
    fn least(&self) -> Option<u128> {
        self.partition.as_ref()?;
        if self.journal_at == self.journal.len() && self.dirty_at == self.dirty.len() {
            // By far the most keys stand in the base alone.
            return self.base_hash.filter(|hash| *hash <= self.page_to);
        }
        let journal = self.journal.get(self.journal_at).map(|row| row.key_hash);
        let dirty = self.dirty.get(self.dirty_at).map(|row| row.key_hash);
        let over = [journal, dirty]
            .into_iter()
            .flatten()
            .map(u128::from_be_bytes);
        let base = self.base_hash.filter(|hash| *hash <= self.page_to);
        over.chain(base).min()
    }

    #[inline]
    fn take(&mut self, hash: u128) {
        let bytes = hash.to_be_bytes();
        self.hash = Fingerprint(bytes);
        self.at = At::Nothing;
        if self.base_hash == Some(hash) {
            self.base_used = true;
            self.at = At::Base;
        }
        while let Some(row) = self.journal.get(self.journal_at) {
            if row.key_hash != bytes {
                break;
            }
            self.at = match row.entry {
                Some(_) => At::Journal(self.journal_at),
                None => At::Nothing,
            };
            self.journal_at += 1;
        }
        let from = self.dirty_at;
        while self
            .dirty
            .get(self.dirty_at)
            .is_some_and(|row| row.key_hash == bytes)
        {
            self.dirty_at += 1;
        }
        self.dirty_now = from..self.dirty_at;
        if self.at == At::Nothing && !self.dirty_now.is_empty() {
            self.at = At::Unknown;
        }
    }

    fn next_base(&mut self) -> Result<(), SnapshotError> {
        self.base_hash = None;
        if let Some(base) = &mut self.base
            && base.advance()?
        {
            self.base_hash = Some(base.number());
        }
        Ok(())
    }

    /// Loads the next page of the journal within the partition.
    fn next_page(&mut self) -> Result<bool, SnapshotError> {
        let (Some(from), Some(partition)) = (self.page_from, &self.partition) else {
            return Ok(false);
        };
        let to = from.saturating_add(self.page_width).min(partition.to);
        self.page_from = to.checked_add(1).filter(|next| *next <= partition.to);
        self.page_to = to;
        let (from, to) = (from.to_be_bytes(), to.to_be_bytes());
        self.journal = self.log.journal(&self.sync, from, to)?;
        self.journal.retain(|row| row.seq <= self.up_to_seq);
        self.journal_at = 0;
        self.dirty = self.log.dirty(&self.sync, from, to)?;
        self.dirty_at = 0;
        Ok(true)
    }

    fn next_partition(&mut self) -> Result<bool, SnapshotError> {
        self.base = None;
        self.base_hash = None;
        let Some(partition) = self.partitions.next() else {
            self.partition = None;
            return Ok(false);
        };
        let (from, to) = partition.range();
        let rows = self.log.journal_count(&self.sync, from, to)?;
        let pages = u128::from(rows / PAGE_ROWS) + 1;
        self.page_width = (partition.to - partition.from) / pages;
        self.page_from = Some(partition.from);
        let path = partition_path(&self.root, &partition);
        self.base = Some(PartitionReader::open(&path, &partition, self.seed)?);
        self.partition = Some(partition);
        self.next_base()?;
        self.next_page()
    }

    /// The hash of the current key.
    #[inline]
    pub fn hash(&self) -> Fingerprint {
        self.hash
    }

    /// The current key's entry; nothing where only a write of unknown outcome names it.
    ///
    /// # Errors
    /// [`SnapshotError`] where its bytes are damaged.
    #[inline]
    pub fn entry(&self) -> Result<Option<EntryView<'_>>, SnapshotError> {
        match self.entry_bytes() {
            Some(bytes) => Ok(Some(EntryView::parse(bytes)?)),
            None => Ok(None),
        }
    }

    /// The bytes of the current key's entry.
    #[inline]
    pub(crate) fn entry_bytes(&self) -> Option<&[u8]> {
        match self.at {
            At::Nothing | At::Unknown => None,
            At::Base => self.base.as_ref().map(PartitionReader::bytes),
            At::Journal(row) => self.journal.get(row)?.entry.as_deref(),
        }
    }

    /// The current key's writes of unknown outcome.
    #[inline]
    pub fn dirty(&self) -> &[Dirty] {
        self.dirty.get(self.dirty_now.clone()).unwrap_or_default()
    }
}

/// Where the file of a partition stands.
pub(crate) fn partition_path(
    folder: &std::path::Path,
    partition: &Partition,
) -> std::path::PathBuf {
    folder.join(format!("{}.{}", partition.id, partition.generation))
}
