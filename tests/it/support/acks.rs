//! A journal of acknowledgements in memory, with a durable file's worth of state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use signalsmith::domain::id::SyncId;
use signalsmith::domain::row::Fingerprint;
use signalsmith::snapshot::{AckLog, Dirty, FoldCommit, JournalRow, SnapshotError};

#[derive(Debug, Default, Clone)]
struct State {
    layout: Option<Vec<u8>>,
    partitions: BTreeMap<u32, u64>,
    journal: BTreeMap<([u8; 16], u64), Option<Vec<u8>>>,
    dirty: BTreeMap<[u8; 16], Vec<Dirty>>,
    last_seq: u64,
}

/// One sync's acknowledgements.
#[derive(Debug, Default, Clone)]
pub struct MemoryAcks(Arc<Mutex<State>>);

impl MemoryAcks {
    pub fn put(&self, key_hash: Fingerprint, entry: Option<Vec<u8>>) {
        let mut state = self.0.lock().unwrap();
        state.last_seq += 1;
        let seq = state.last_seq;
        state.journal.insert((key_hash.0, seq), entry);
    }

    pub fn doubt(&self, write: Dirty) {
        let mut state = self.0.lock().unwrap();
        let writes = state.dirty.entry(write.key_hash).or_default();
        if !writes.contains(&write) {
            writes.push(write);
        }
    }

    pub fn settle(&self, key_hash: Fingerprint) {
        self.0.lock().unwrap().dirty.remove(&key_hash.0);
    }

    /// Settles the writes of unknown outcome to one identifier.
    pub fn trace(&self, key_hash: Fingerprint, identifier: &[u8]) {
        let mut state = self.0.lock().unwrap();
        if let Some(writes) = state.dirty.get_mut(&key_hash.0) {
            writes.retain(|it| it.identifier.as_deref().unwrap_or_default() != identifier);
        }
        state.dirty.retain(|_, writes| !writes.is_empty());
    }

    /// The identifiers of all writes of unknown outcome.
    pub fn doubts(&self) -> Vec<Vec<u8>> {
        let state = self.0.lock().unwrap();
        let writes = state.dirty.values().flatten();
        writes
            .filter_map(|write| write.identifier.clone())
            .collect()
    }

    pub fn journal_rows(&self) -> usize {
        self.0.lock().unwrap().journal.len()
    }

    pub fn set_layout(&self, layout: Vec<u8>) {
        self.0.lock().unwrap().layout = Some(layout);
    }
}

impl AckLog for MemoryAcks {
    fn layout(&self, _: &SyncId) -> Result<Option<Vec<u8>>, SnapshotError> {
        Ok(self.0.lock().unwrap().layout.clone())
    }

    fn partitions(&self, _: &SyncId) -> Result<Vec<(u32, u64)>, SnapshotError> {
        let state = self.0.lock().unwrap();
        Ok(state.partitions.iter().map(|(id, it)| (*id, *it)).collect())
    }

    fn journal(
        &self,
        _: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<Vec<JournalRow>, SnapshotError> {
        let state = self.0.lock().unwrap();
        let rows = state.journal.range((from, 0)..=(to, u64::MAX));
        Ok(rows
            .map(|((key_hash, seq), entry)| JournalRow {
                seq: *seq,
                key_hash: *key_hash,
                entry: entry.clone(),
            })
            .collect())
    }

    fn journal_count(
        &self,
        sync: &SyncId,
        from: [u8; 16],
        to: [u8; 16],
    ) -> Result<u64, SnapshotError> {
        Ok(self.journal(sync, from, to)?.len() as u64)
    }

    fn last_seq(&self, _: &SyncId) -> Result<u64, SnapshotError> {
        Ok(self.0.lock().unwrap().last_seq)
    }

    fn dirty(&self, _: &SyncId, from: [u8; 16], to: [u8; 16]) -> Result<Vec<Dirty>, SnapshotError> {
        let state = self.0.lock().unwrap();
        let rows = state.dirty.range(from..=to);
        Ok(rows.flat_map(|(_, writes)| writes.clone()).collect())
    }

    fn fold(&self, _: &SyncId, commit: FoldCommit) -> Result<(), SnapshotError> {
        let mut state = self.0.lock().unwrap();
        state.layout = Some(commit.layout);
        for id in commit.drop_partitions {
            state.partitions.remove(&id);
        }
        state.partitions.extend(commit.generations);
        state.journal.retain(|(hash, seq), _| {
            *hash < commit.from || *hash > commit.to || *seq > commit.up_to_seq
        });
        Ok(())
    }

    fn forget(&self, _: &SyncId) -> Result<(), SnapshotError> {
        *self.0.lock().unwrap() = State::default();
        Ok(())
    }
}
