//! Per sync: what the destination has acknowledged, in partitioned files under a journal.
//!
//! Here are also the spool, which sorts a run's rows in bounded memory, and the plan files.

mod acklog;
mod codec;
mod entry;
mod entry_view;
mod error;
mod files;
mod fold;
mod layout;
mod overlay;
mod partition;
pub mod plan_file;
mod spool;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::domain::id::SyncId;
use crate::domain::row::Fingerprint;

pub use acklog::{AckLog, Dirty, FoldCommit, JournalRow};
pub use entry::{Entry, NO_HASH, encode_identifier, foreign_hash, former_hash, restored_hash};
pub use entry_view::EntryView;
pub use error::SnapshotError;
pub use fold::{FoldOptions, Folded};
pub use overlay::Overlay;
pub use spool::{RUN_BYTES, Sorted, SortedReader, Spool};

use layout::{Layout, Partition};
use overlay::partition_path;

/// Bytes of entries that a new partition aims at; it stays below twice of it.
const PARTITION_BYTES: u64 = 4 << 20;

/// What is known of one sync's records at the destination.
pub struct Snapshot {
    sync: SyncId,
    folder: PathBuf,
    log: Arc<dyn AckLog>,
    seed: u64,
    /// One fold at a time.
    folding: Mutex<()>,
}

impl Snapshot {
    /// Opens the snapshot of `sync`; its files stand in a folder of `root/<sync>` that no other
    /// snapshot of the sync has. A snapshot that is not there
    /// yet starts empty under `fresh_seed`, which the caller draws at random.
    ///
    /// # Errors
    /// [`SnapshotError`] where the store cannot be read or its layout does not fit its partitions.
    pub fn open(
        root: &Path,
        sync: &SyncId,
        log: Arc<dyn AckLog>,
        fresh_seed: u64,
    ) -> Result<Self, SnapshotError> {
        let layout = match log.layout(sync)? {
            Some(bytes) => Layout::decode(&bytes)?,
            None => begin(sync, log.as_ref(), fresh_seed)?,
        };
        let mut named: Vec<(u32, u64)> = layout
            .partitions
            .iter()
            .map(|partition| (partition.id, partition.generation))
            .collect();
        let mut stored = log.partitions(sync)?;
        named.sort_unstable();
        stored.sort_unstable();
        if named != stored {
            return Err(SnapshotError::Journal(
                "the layout does not fit the stored generations".to_owned(),
            ));
        }
        Ok(Self {
            sync: sync.clone(),
            folder: folder_of(root, sync, layout.seed),
            log,
            seed: layout.seed,
            folding: Mutex::new(()),
        })
    }

    /// The random seed of every hash of this snapshot.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The sync.
    pub fn sync(&self) -> &SyncId {
        &self.sync
    }

    fn layout(&self) -> Result<Layout, SnapshotError> {
        let bytes = self.log.layout(&self.sync)?.ok_or_else(|| {
            SnapshotError::Journal("the sync's state was forgotten meanwhile".to_owned())
        })?;
        let layout = Layout::decode(&bytes)?;
        if layout.seed == self.seed {
            Ok(layout)
        } else {
            Err(SnapshotError::Journal(
                "the sync's state was begun anew meanwhile".to_owned(),
            ))
        }
    }

    /// Walks over all that is known, in key-hash order.
    ///
    /// # Errors
    /// [`SnapshotError`] where the layout cannot be read.
    pub fn walk(&self) -> Result<Overlay, SnapshotError> {
        let layout = self.layout()?;
        let partitions = layout.partitions.clone();
        Ok(Overlay::over(self, &layout, partitions, u64::MAX))
    }

    /// What is known of one key, by the key's hash. Reads the key's partition.
    ///
    /// # Errors
    /// [`SnapshotError`] where the partition is missing or damaged.
    pub fn entry(&self, key_hash: Fingerprint) -> Result<Option<Entry>, SnapshotError> {
        let number = u128::from_be_bytes(key_hash.0);
        let rows = self.log.journal(&self.sync, key_hash.0, key_hash.0)?;
        if let Some(row) = rows.last() {
            let entry = row.entry.as_deref().map(Entry::from_bytes).transpose()?;
            return Ok(entry);
        }
        let layout = self.layout()?;
        let at = layout.partitions.partition_point(|it| it.to < number);
        let Some(partition) = layout.partitions.get(at) else {
            return Ok(None);
        };
        let path = partition_path(&self.folder, partition);
        let mut reader = partition::PartitionReader::open(&path, partition, layout.seed)?;
        let mut found = None;
        // To the end, so that a damaged file never gives an answer.
        while reader.advance()? {
            if reader.view()?.key_hash == key_hash {
                found = Some(Entry::from_bytes(reader.bytes())?);
            }
        }
        Ok(found)
    }

    /// Records that are neither left nor former. Reads only partitions that have a journal.
    ///
    /// # Errors
    /// [`SnapshotError`] where such a partition is missing or damaged.
    pub fn known(&self) -> Result<u64, SnapshotError> {
        let layout = self.layout()?;
        let mut known = 0;
        for partition in &layout.partitions {
            let (from, to) = partition.range();
            if self.log.journal_count(&self.sync, from, to)? == 0 {
                known += partition.known;
                continue;
            }
            let mut walk = Overlay::over(self, &layout, vec![partition.clone()], u64::MAX);
            while walk.advance()? {
                known += u64::from(walk.entry()?.is_some_and(|entry| entry.is_known()));
            }
        }
        Ok(known)
    }

    /// Reads every partition to its end and so checks it.
    ///
    /// # Errors
    /// [`SnapshotError`] at the first that is missing or damaged.
    pub fn verify(&self) -> Result<(), SnapshotError> {
        let mut walk = self.walk()?;
        while walk.advance()? {
            walk.entry()?;
        }
        Ok(())
    }

    /// Cuts an empty snapshot into as many partitions as `rows` entries of about `bytes` each will
    /// need, so that a first run folds each of them once.
    ///
    /// # Errors
    /// [`SnapshotError`] where the store cannot be written.
    pub fn reserve(&self, rows: u64, bytes: u64) -> Result<(), SnapshotError> {
        let _one = self.folding.lock();
        let mut layout = self.layout()?;
        let [whole] = layout.partitions.as_slice() else {
            return Ok(());
        };
        let bits = whole.bits_for(rows.saturating_mul(bytes), PARTITION_BYTES);
        if whole.generation != 0 || bits == 0 {
            return Ok(());
        }
        let whole = whole.clone();
        layout.partitions = whole.split(bits, &mut layout.next_id);
        let commit = FoldCommit {
            generations: layout.partitions.iter().map(|it| (it.id, 0)).collect(),
            drop_partitions: vec![whole.id],
            layout: layout.encode(),
            from: [0; 16],
            to: [0; 16],
            up_to_seq: 0,
        };
        self.log.fold(&self.sync, commit)
    }

    /// The partition files that the snapshot consists of, for a backup.
    ///
    /// # Errors
    /// [`SnapshotError`] where the layout cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, SnapshotError> {
        let layout = self.layout()?;
        let with_file = layout.partitions.iter().filter(|it| it.generation > 0);
        Ok(with_file
            .map(|partition| partition_path(&self.folder, partition))
            .collect())
    }

    /// Removes files that no generation names and `is_pinned` (a run, a backup) does not keep.
    ///
    /// # Errors
    /// [`SnapshotError`] where the layout or the folder cannot be read.
    pub fn sweep(&self, is_pinned: &dyn Fn(&Path) -> bool) -> Result<(), SnapshotError> {
        let _one = self.folding.lock();
        let named = self.files()?;
        let files = match fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(SnapshotError::io("list", &self.folder, error)),
        };
        for file in files {
            let path = file
                .map_err(|error| SnapshotError::io("list", &self.folder, error))?
                .path();
            if !named.contains(&path) && !is_pinned(&path) {
                fs::remove_file(&path)
                    .map_err(|error| SnapshotError::io("remove", &path, error))?;
            }
        }
        Ok(())
    }

    /// Empties the snapshot; the next [`Self::open`] begins a new one. Its files go at once.
    ///
    /// # Errors
    /// [`SnapshotError`] where the store cannot be written or files cannot be removed.
    pub fn forget(self) -> Result<(), SnapshotError> {
        self.log.forget(&self.sync)?;
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SnapshotError::io("remove", &self.folder, error))
            }
            _ => Ok(()),
        }
    }
}

/// Writes the layout of an empty snapshot. A journal without a layout is not an empty snapshot.
fn begin(sync: &SyncId, log: &dyn AckLog, seed: u64) -> Result<Layout, SnapshotError> {
    if log.journal_count(sync, [0; 16], [0xff; 16])? > 0 {
        return Err(SnapshotError::Journal(
            "there are acknowledgements but no layout".to_owned(),
        ));
    }
    let layout = Layout::empty(seed);
    log.fold(
        sync,
        FoldCommit {
            layout: layout.encode(),
            generations: layout.partitions.iter().map(|it| (it.id, 0)).collect(),
            drop_partitions: Vec::new(),
            from: [0; 16],
            to: [0; 16],
            up_to_seq: 0,
        },
    )?;
    Ok(layout)
}

/// Where the files of a snapshot stand: one that is kept and the one in its place lie side by side.
fn folder_of(root: &Path, sync: &SyncId, seed: u64) -> PathBuf {
    root.join(sync.as_str()).join(format!("{seed:016x}"))
}

/// Removes the files of a sync's snapshots that none of these layouts names.
///
/// # Errors
/// [`SnapshotError`] where a layout does not read, or files cannot be listed or removed.
pub fn sweep_all(root: &Path, sync: &SyncId, layouts: &[Vec<u8>]) -> Result<(), SnapshotError> {
    let mut named = Vec::with_capacity(layouts.len());
    for layout in layouts {
        named.push(folder_of(root, sync, Layout::decode(layout)?.seed));
    }
    let folder = root.join(sync.as_str());
    let found = match fs::read_dir(&folder) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(SnapshotError::io("list", &folder, error)),
    };
    for entry in found {
        let path = entry
            .map_err(|error| SnapshotError::io("list", &folder, error))?
            .path();
        if path.is_dir() && !named.contains(&path) {
            fs::remove_dir_all(&path).map_err(|error| SnapshotError::io("remove", &path, error))?;
        }
    }
    Ok(())
}

/// Whether `partition` lies wholly below `hash`.
fn is_below(partition: &Partition, hash: Option<Fingerprint>) -> bool {
    hash.is_none_or(|hash| partition.to < u128::from_be_bytes(hash.0))
}
