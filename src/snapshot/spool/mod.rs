//! The spool: records of any number, given back sorted by their leading bytes in bounded memory.
//!
//! What is small never touches the disk. More is thrown into buckets by its leading bits, by a second
//! thread, and bucket after bucket is loaded and sorted as the records are read. Records with equal
//! leading bytes keep the order in which they came.

mod block;
mod buckets;
mod outsized;
mod read;
mod writer;

use std::path::{Path, PathBuf};

use super::error::SnapshotError;
use block::{Block, put};
use read::{Records, SortedInner};
use writer::Writer;

pub use read::{Sorted, SortedReader};

/// Bytes of memory that a spool fills unless told otherwise.
pub const RUN_BYTES: usize = 8 << 20;
/// One part of so many is filled before anything goes to disk: it then stands beside the buckets.
const FIRST_SHARE: usize = 4;
/// So many times the bytes in memory may a bucket have that is sorted at once.
const LOAD_FACTOR: usize = 3;

/// Collects records; [`Self::finish`] gives them back sorted.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    key: usize,
    run_bytes: usize,
    first: Block,
    writer: Option<Writer>,
    records: u64,
}

impl Spool {
    /// Starts a spool whose records sort by their first `key` bytes; its file goes into `folder`.
    pub fn new(folder: &Path, key: usize, run_bytes: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            key,
            run_bytes: run_bytes.clamp(1, 1 << 30),
            first: Block::default(),
            writer: None,
            records: 0,
        }
    }

    /// Adds the record that `parts` make up.
    ///
    /// # Errors
    /// [`SnapshotError`] where the file cannot be written.
    #[inline]
    pub fn push(&mut self, parts: &[&[u8]]) -> Result<(), SnapshotError> {
        let whole: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(whole)
            .map_err(|_| SnapshotError::damaged(&self.folder, "a row is too large"))?;
        self.records += 1;
        if self.writer.is_none() {
            let held = self.first.bytes.len();
            if held == 0 || held + whole + 4 <= self.run_bytes / FIRST_SHARE {
                put(length, parts, &mut self.first.bytes);
                return Ok(());
            }
            let mut writer = Writer::start(&self.folder, self.run_bytes)
                .map_err(|error| SnapshotError::io("create a spool in", &self.folder, error))?;
            writer.take_over(std::mem::take(&mut self.first.bytes));
            self.writer = Some(writer);
        }
        let goes_on = self
            .writer
            .as_mut()
            .is_none_or(|writer| writer.push(length, parts));
        match self.writer.take_if(|_| !goes_on).map(Writer::finish) {
            Some(Err(error)) => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, error: std::io::Error) -> SnapshotError {
        SnapshotError::io("write a spool in", &self.folder, error)
    }

    /// Ends the collecting.
    ///
    /// # Errors
    /// [`SnapshotError`] where the file could not be written.
    pub fn finish(mut self) -> Result<Sorted, SnapshotError> {
        let records = match self.writer.take() {
            Some(writer) => writer.finish().map(Records::Disk),
            None => {
                self.first.is_whole = true;
                let mut block = std::mem::take(&mut self.first);
                block.sort(self.key).map(|()| Records::Memory(block))
            }
        };
        let records = records.map_err(|error| self.failed(error))?;
        Ok(Sorted::of(SortedInner {
            folder: self.folder,
            key: self.key,
            records,
            count: self.records,
            load_bytes: self.run_bytes.saturating_mul(LOAD_FACTOR),
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_come_back_sorted_and_equal_ones_in_order(
            records in proptest::collection::vec((0_u8..6, any::<Vec<u8>>()), 0..200),
            run_bytes in 1_usize..400,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut spool = Spool::new(folder.path(), 9, run_bytes);
            for (key, payload) in &records {
                spool.push(&[&[7; 8], &[*key], payload]).unwrap();
            }
            let mut expected = records.clone();
            expected.sort_by_key(|(key, _)| *key);
            let sorted = spool.finish().unwrap();
            for _ in 0..2 {
                let mut reader = sorted.read();
                let mut seen = Vec::new();
                while reader.advance().unwrap() {
                    seen.push((reader.record()[8], reader.record()[9..].to_vec()));
                }
                prop_assert_eq!(&seen, &expected);
            }
        }

        #[test]
        fn records_of_many_buckets_come_back_sorted_and_only_lone_idle_ones_may_be_left_out(
            records in proptest::collection::vec((0_u16..400, any::<bool>(), any::<u8>()), 0..300),
            run_bytes in prop_oneof![1_usize..400, Just(1_usize << 20)],
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut spool = Spool::new(folder.path(), 16, run_bytes);
            let encoded = |(number, idle, more): &(u16, bool, u8)| {
                let head = (*number).wrapping_mul(1_021).to_be_bytes();
                [head.as_slice(), &[7; 14], &[u8::from(*idle), *more]].concat()
            };
            for record in &records {
                let record = encoded(record);
                spool.push(&[&record[..5], &record[5..]]).unwrap();
            }
            let mut expected: Vec<Vec<u8>> = records.iter().map(encoded).collect();
            expected.sort_by_key(|record| record[..16].to_vec());
            let sorted = spool.finish().unwrap();
            let all = |mut reader: SortedReader| {
                let mut seen = Vec::new();
                while reader.advance().unwrap() {
                    seen.push(reader.record().to_vec());
                }
                seen
            };
            prop_assert_eq!(&all(sorted.read()), &expected);
            let some = all(sorted.read_without_lone(|record| record[16] == 1));
            let must = expected.iter().filter(|record| {
                let same = expected.iter().filter(|other| other[..16] == record[..16]);
                record[16] == 0 || same.count() > 1
            });
            let given = |record: &&Vec<u8>| some.contains(record);
            prop_assert!(must.into_iter().all(|record| given(&record)));
            let from_all: Vec<&Vec<u8>> = expected.iter().filter(given).collect();
            prop_assert_eq!(some.iter().collect::<Vec<_>>(), from_all);
        }
    }
}
