//! Keys whose write was not accepted in this run: the record under their former identifier stays.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::plan::{Cause, Operation, OperationKind};
use crate::domain::problem::Problem;
use crate::domain::row::Fingerprint;
use crate::domain::verdict::Verdict;

use super::cut::unreadable;
use super::send::{Closing, Fate};

/// Keys that are remembered one by one, 16 bytes each; beyond them no former record is deleted in
/// this run.
const MOST: usize = 100_000;

/// Keys whose write was not accepted; clones share them.
#[derive(Clone)]
pub(crate) struct Unwritten {
    seed: u64,
    keys: Arc<Mutex<HashSet<Fingerprint>>>,
}

impl Unwritten {
    /// Starts with those of an earlier part of the run, under the snapshot's seed.
    pub fn new(seed: u64, keys: impl Iterator<Item = Fingerprint>) -> Self {
        Self {
            seed,
            keys: Arc::new(Mutex::new(keys.collect())),
        }
    }

    /// The keys by now; one more than are remembered where there are too many.
    pub fn keys(&self) -> Vec<[u8; 16]> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().map(|key| key.0).collect()
    }

    /// Remembers the writes of a batch that were not accepted.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where an operation cannot be read.
    pub fn note(&self, closing: &Closing) -> Result<(), Problem> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, fate) in &closing.fates {
            let accepted = matches!(fate, Fate::Again | Fate::Verdict(Verdict::Accepted { .. }));
            if accepted || keys.len() > MOST {
                continue;
            }
            let operation = closing.operations.raw(*at).map_err(unreadable)?;
            if operation.kind != OperationKind::Delete {
                keys.insert(operation.key_hash);
            }
        }
        Ok(())
    }

    /// Remembers a write that does not go in this run.
    pub fn note_unsent(&self, write: &Operation) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() <= MOST {
            keys.insert(write.key_hash);
        }
    }

    /// Whether a delete may go: one of a former identifier only where the key's own record stands
    /// under the new one.
    pub fn lets_go(&self, delete: &Operation) -> bool {
        if delete.cause != Cause::FormerIdentifier {
            return true;
        }
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Fingerprint::of(self.seed, delete.key.bytes());
        keys.len() <= MOST && !keys.contains(&own)
    }
}
