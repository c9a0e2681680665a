//! Folds behind the delivery: what is on record goes into the snapshot's files while the rest is
//! still being sent, so that the journal never holds a whole first run.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::domain::row::Fingerprint;
use crate::snapshot::{FoldOptions, Snapshot, SnapshotError};

use super::cut::Cut;

/// Rows on record after which it is worth a look whether a partition can be folded.
const ROWS: usize = 4_096;

/// Folds one sync's snapshot behind one pass of a delivery.
pub(super) struct Behind {
    snapshot: Arc<Snapshot>,
    keep_values: bool,
    /// The first key hash of each cut that is not wholly on record, by its number.
    open: BTreeMap<u64, Fingerprint>,
    /// The last key hash that was cut.
    reached: Option<Fingerprint>,
    /// Rows that went on record since the last look.
    rows: usize,
    /// What lies below is folded already.
    from: Option<Fingerprint>,
    work: Option<JoinHandle<Result<(), SnapshotError>>>,
}

impl Behind {
    /// Starts at the first key hash.
    pub fn new(snapshot: &Arc<Snapshot>, keep_values: bool) -> Self {
        Self {
            snapshot: Arc::clone(snapshot),
            keep_values,
            open: BTreeMap::new(),
            reached: None,
            rows: 0,
            from: None,
            work: None,
        }
    }

    /// Notes a cut that goes out; cuts come in key-hash order.
    pub fn opened(&mut self, number: u64, cut: &Cut) {
        let hash = |at: usize| cut.operations.raw(at).ok().map(|raw| raw.key_hash);
        // What cannot be read fails where it is sent.
        let first = hash(0).unwrap_or(Fingerprint([0; 16]));
        self.open.insert(number, first);
        self.reached = hash(cut.operations.len().saturating_sub(1)).or(self.reached);
    }

    /// Notes that `rows` operations of a cut, the last of it, are on record.
    pub fn settled(&mut self, number: u64, rows: usize) {
        self.open.remove(&number);
        self.rows += rows;
    }

    /// Folds the partitions that the delivery is past, on a thread of its own; one fold at a time.
    pub fn fold(&mut self) {
        let is_idle = self.work.as_ref().is_none_or(JoinHandle::is_finished);
        if self.rows < ROWS || !is_idle {
            return;
        }
        let Some(below) = self.open.values().next().copied().or(self.reached) else {
            return;
        };
        self.rows = 0;
        let (snapshot, keep_values) = (Arc::clone(&self.snapshot), self.keep_values);
        let from = self.from.replace(below);
        self.work = Some(tokio::task::spawn_blocking(move || {
            let options = FoldOptions {
                from,
                below: Some(below),
                keep_values,
                refreshes: None,
            };
            snapshot
                .fold_if_due(&options)
                .map(|_| ())
                // The fold at the run's end meets it again, and fails the run.
                .inspect_err(|error| tracing::warn!(%error, "cannot fold behind the delivery"))
        }));
    }

    /// Waits for the fold that is under way.
    pub async fn stop(self) {
        if let Some(work) = self.work {
            // Its failure is told; a panic leaves the journal as it was.
            let _ = work.await;
        }
    }
}
