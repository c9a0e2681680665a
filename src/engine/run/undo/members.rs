//! Sets of key hashes of any number, asked for in ascending order.

use std::path::Path;

use crate::domain::row::Fingerprint;
use crate::snapshot::{RUN_BYTES, SnapshotError, SortedReader, Spool};

/// Collects hashes.
pub(super) struct Collect(Spool);

impl Collect {
    pub(super) fn new(folder: &Path) -> Self {
        Self(Spool::new(folder, 16, RUN_BYTES))
    }

    pub(super) fn add(&mut self, hash: Fingerprint) -> Result<(), SnapshotError> {
        self.0.push(&[&hash.0])
    }

    pub(super) fn finish(self) -> Result<Members, SnapshotError> {
        let mut reader = self.0.finish()?.read();
        let more = reader.advance()?;
        Ok(Members { reader, more })
    }
}

/// The hashes, walked over once.
pub(super) struct Members {
    reader: SortedReader,
    more: bool,
}

impl Members {
    /// Whether a hash is one of them; each is asked for after those below it.
    pub(super) fn has(&mut self, hash: Fingerprint) -> Result<bool, SnapshotError> {
        while self.more && self.reader.record() < hash.0.as_slice() {
            self.more = self.reader.advance()?;
        }
        Ok(self.more && self.reader.record() == hash.0.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_in_ascending_order_however_often_they_were_added() {
        let folder = tempfile::tempdir().unwrap();
        let mut collect = Collect::new(folder.path());
        for byte in [7, 3, 7, 9] {
            collect.add(Fingerprint([byte; 16])).unwrap();
        }
        let mut members = collect.finish().unwrap();
        let found: Vec<u8> = (0..12)
            .filter(|byte| members.has(Fingerprint([*byte; 16])).unwrap())
            .collect();
        assert_eq!(found, [3, 7, 9]);
    }
}
