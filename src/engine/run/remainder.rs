//! What of a run's plan is still to be sent: kept beside the plan when a core hands the run over, so
//! that its successor goes on with the same run.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::row::Fingerprint;

/// Operations that are remembered one by one; a run that left more behind is made anew.
const MOST: usize = 100_000;
/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// The ending of the files.
pub(crate) const EXTENSION: &str = "rest";

/// What of a run's plan is still to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remainder {
    /// Whether the plan's marks are journaled.
    pub marked: bool,
    /// The number of the next batch.
    pub next_batch: u64,
    /// Creates and updates.
    pub writes: Rest,
    /// Deletes.
    pub deletes: Rest,
    /// Keys whose write was not accepted, as hashes.
    pub unwritten: Vec<[u8; 16]>,
}

/// What one pass over the plan has left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rest {
    /// From this operation on nothing has been tried.
    next: u64,
    /// Operations before it that were tried, or cut, and are still to be sent.
    left: BTreeSet<u64>,
    /// Whether more were left than are remembered.
    lost: bool,
}

impl Rest {
    /// The first operation that may have to be sent.
    pub fn first(&self) -> u64 {
        self.left
            .first()
            .map_or(self.next, |left| self.next.min(*left))
    }

    /// Whether an operation is still to be sent.
    pub fn has(&self, number: u64) -> bool {
        number >= self.next || self.left.contains(&number)
    }

    /// Notes that operations, in the plan's order, are being sent.
    pub fn launch(&mut self, numbers: impl Iterator<Item = u64>) {
        for number in numbers {
            if !self.left.is_empty() {
                self.left.remove(&number);
            }
            self.next = self.next.max(number.saturating_add(1));
        }
    }

    /// Notes that an operation was not sent after all.
    pub fn leave(&mut self, number: u64) {
        if self.left.len() < MOST {
            self.left.insert(number);
        } else {
            self.lost = true;
        }
    }
}

impl Remainder {
    /// Whether all that is left is remembered.
    pub fn is_whole(&self) -> bool {
        !self.writes.lost && !self.deletes.lost && self.unwritten.len() <= MOST
    }

    /// The keys whose write was not accepted.
    pub fn unwritten_keys(&self) -> impl Iterator<Item = Fingerprint> {
        self.unwritten.iter().copied().map(Fingerprint)
    }
}

/// What a core leaves to its successor for one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Legacy {
    /// When the run was interrupted: with any other time in the store it is not that run any more.
    pub ended_at: DateTime<Utc>,
    /// What is left of its plan; nothing where it has none yet and begins anew.
    pub remainder: Option<Remainder>,
}

impl Legacy {
    /// Writes it down, durably.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let json = serde_json::to_vec(self).map_err(io::Error::other)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(&json)?;
        file.sync_all()
    }

    /// Takes it: reads it and removes it. What cannot be read is no legacy, and goes too.
    ///
    /// # Errors
    /// The file system's, where it cannot be removed: then it must not be used.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        let small = fs::metadata(path).is_ok_and(|facts| facts.len() <= MAX_BYTES);
        let read = small.then(|| fs::read(path).ok()).flatten();
        fs::remove_file(path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(read.and_then(|json| serde_json::from_slice(&json).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_launched_is_gone_and_what_came_back_is_left() {
        let mut rest = Rest::default();
        assert_eq!((rest.first(), rest.has(0), rest.has(9)), (0, true, true));
        rest.launch([0, 2, 5].into_iter());
        rest.launch([6, 7].into_iter());
        rest.leave(2);
        rest.leave(7);
        let due: Vec<u64> = (0..10).filter(|number| rest.has(*number)).collect();
        // Operations of the other pass lie between; this one never asks for them.
        assert_eq!(due, [2, 7, 8, 9]);
        assert_eq!(rest.first(), 2);
        rest.launch([2, 7, 8].into_iter());
        let due: Vec<u64> = (0..11).filter(|number| rest.has(*number)).collect();
        assert_eq!(due, [9, 10]);
    }

    #[test]
    fn more_than_is_remembered_is_no_remainder() {
        let mut remainder = Remainder::default();
        for number in 0..=u64::try_from(MOST).unwrap() {
            assert!(remainder.is_whole());
            remainder.writes.leave(number);
        }
        assert!(!remainder.is_whole());
    }

    #[test]
    fn a_legacy_is_taken_once_and_a_torn_one_never() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.rest");
        let legacy = Legacy {
            ended_at: DateTime::UNIX_EPOCH,
            remainder: Some(Remainder {
                unwritten: vec![[7; 16]],
                ..Remainder::default()
            }),
        };
        legacy.write(&path).unwrap();
        assert_eq!(Legacy::take(&path).unwrap(), Some(legacy.clone()));
        assert!(Legacy::take(&path).is_err(), "it is gone");
        legacy.write(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(Legacy::take(&path).unwrap(), None);
        assert!(!path.exists());
    }
}
