//! A journal of acknowledgements in memory, whose folded state a later process finds in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use signalsmith::domain::id::SyncId;
use signalsmith::domain::row::Fingerprint;
use signalsmith::snapshot::{AckLog, Dirty, Entry, FoldCommit, JournalRow, SnapshotError};

type Hash = [u8; 16];

#[derive(Default)]
struct State {
    layout: Option<Vec<u8>>,
    partitions: BTreeMap<u32, u64>,
    journal: BTreeMap<(Hash, u64), Vec<u8>>,
    last_seq: u64,
}

/// One sync's acknowledgements.
pub struct FileAcks {
    path: PathBuf,
    state: Mutex<State>,
}

impl FileAcks {
    /// Opens what was saved in `folder`, or begins empty.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("acks.json");
        let mut state = State::default();
        if let Ok(text) = std::fs::read_to_string(&path) {
            (state.layout, state.partitions) = serde_json::from_str(&text).unwrap();
        }
        Self {
            path,
            state: Mutex::new(state),
        }
    }

    /// Keeps the folded state; nothing may be left in the journal.
    pub fn save(&self) {
        let state = self.lock();
        assert!(state.journal.is_empty());
        let saved = serde_json::to_string(&(&state.layout, &state.partitions)).unwrap();
        std::fs::write(&self.path, saved).unwrap();
    }

    /// Journals the entry of an accepted row.
    pub fn put(&self, key_hash: Fingerprint, entry: &Entry) {
        let mut state = self.lock();
        state.last_seq += 1;
        let place = (key_hash.0, state.last_seq);
        state.journal.insert(place, entry.to_bytes());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl AckLog for FileAcks {
    fn layout(&self, _: &SyncId) -> Result<Option<Vec<u8>>, SnapshotError> {
        Ok(self.lock().layout.clone())
    }

    fn partitions(&self, _: &SyncId) -> Result<Vec<(u32, u64)>, SnapshotError> {
        let state = self.lock();
        Ok(state.partitions.iter().map(|(id, it)| (*id, *it)).collect())
    }

    fn journal(&self, _: &SyncId, from: Hash, to: Hash) -> Result<Vec<JournalRow>, SnapshotError> {
        let state = self.lock();
        let rows = state.journal.range((from, 0)..=(to, u64::MAX));
        let rows = rows.map(|((key_hash, seq), entry)| JournalRow {
            seq: *seq,
            key_hash: *key_hash,
            entry: Some(entry.clone()),
        });
        Ok(rows.collect())
    }

    fn journal_count(&self, _: &SyncId, from: Hash, to: Hash) -> Result<u64, SnapshotError> {
        let state = self.lock();
        Ok(state.journal.range((from, 0)..=(to, u64::MAX)).count() as u64)
    }

    fn last_seq(&self, _: &SyncId) -> Result<u64, SnapshotError> {
        Ok(self.lock().last_seq)
    }

    fn dirty(&self, _: &SyncId, _: Hash, _: Hash) -> Result<Vec<Dirty>, SnapshotError> {
        Ok(Vec::new())
    }

    fn fold(&self, _: &SyncId, commit: FoldCommit) -> Result<(), SnapshotError> {
        let mut state = self.lock();
        state.layout = Some(commit.layout);
        for id in commit.drop_partitions {
            state.partitions.remove(&id);
        }
        state.partitions.extend(commit.generations);
        let range = (commit.from, 0)..=(commit.to, u64::MAX);
        let folded: Vec<(Hash, u64)> = state.journal.range(range).map(|(it, _)| *it).collect();
        for place in folded
            .into_iter()
            .filter(|(_, seq)| *seq <= commit.up_to_seq)
        {
            state.journal.remove(&place);
        }
        Ok(())
    }

    fn forget(&self, _: &SyncId) -> Result<(), SnapshotError> {
        *self.lock() = State::default();
        Ok(())
    }
}
