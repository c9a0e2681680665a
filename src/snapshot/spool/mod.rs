//! The spool: records of any number, given back sorted by their leading bytes in bounded memory.
//!
//! Records are collected in runs; a full run is sorted and written by a second thread while the
//! next one fills, and sorted runs are merged as they are read. What fits into one run never
//! touches the disk. The file has no name (it is gone with the process) and mode 0600. Records
//! with equal leading bytes keep the order in which they came.

mod merge;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::codec::wide;
use super::error::SnapshotError;
use merge::SortedInner;

pub use merge::{Sorted, SortedReader};

/// Bytes that a run holds unless told otherwise.
pub const RUN_BYTES: usize = 8 << 20;
const WRITE_BYTES: usize = 256 << 10;

/// Records of one run: framed by their length, with an index to sort.
#[derive(Debug, Default)]
struct Run {
    bytes: Vec<u8>,
    /// The leading 8 bytes as a number, and where the record stands.
    index: Vec<(u64, u32)>,
}

/// The record at `offset` of `bytes`, without its frame.
fn record(bytes: &[u8], offset: usize) -> &[u8] {
    bytes
        .get(offset..)
        .and_then(|rest| rest.split_first_chunk::<4>())
        .and_then(|(length, rest)| {
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            rest.get(..length)
        })
        .unwrap_or_default()
}

fn prefix(record: &[u8]) -> u64 {
    record
        .first_chunk::<8>()
        .map_or(0, |head| u64::from_be_bytes(*head))
}

fn sort_key(record: &[u8], length: usize) -> &[u8] {
    record.get(..length).unwrap_or(record)
}

fn place(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Run {
    fn sort(&mut self, key: usize) {
        let bytes = &self.bytes;
        self.index.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0)
                .then_with(|| {
                    let left = sort_key(record(bytes, place(a.1)), key);
                    left.cmp(sort_key(record(bytes, place(b.1)), key))
                })
                .then(a.1.cmp(&b.1))
        });
    }

    fn nth(&self, position: usize) -> Option<&[u8]> {
        let (_, offset) = self.index.get(position)?;
        Some(record(&self.bytes, place(*offset)))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.index.clear();
    }
}

/// Where a sorted run stands in the file.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u64,
    end: u64,
}

/// The thread that sorts and writes full runs.
#[derive(Debug)]
struct Worker {
    full: SyncSender<Run>,
    empty: Receiver<Run>,
    thread: JoinHandle<Result<(File, Vec<Span>), SnapshotError>>,
}

/// Collects records; [`Self::finish`] gives them back sorted.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    key: usize,
    run_bytes: usize,
    run: Run,
    worker: Option<Worker>,
    records: u64,
}

impl Spool {
    /// Starts a spool whose records sort by their first `key` bytes; its file goes into `folder`.
    pub fn new(folder: &Path, key: usize, run_bytes: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            key,
            run_bytes: run_bytes.clamp(1, 1 << 30),
            run: Run::default(),
            worker: None,
            records: 0,
        }
    }

    /// Adds the record that `parts` make up.
    ///
    /// # Errors
    /// [`SnapshotError`] where the file cannot be written.
    pub fn push(&mut self, parts: &[&[u8]]) -> Result<(), SnapshotError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if !self.run.bytes.is_empty() && self.run.bytes.len() + length + 4 > self.run_bytes {
            self.spill()?;
        }
        let offset = u32::try_from(self.run.bytes.len());
        let (Ok(offset), Ok(framed)) = (offset, u32::try_from(length)) else {
            return Err(SnapshotError::damaged(&self.folder, "a row is too large"));
        };
        self.run.bytes.extend_from_slice(&framed.to_le_bytes());
        for part in parts {
            self.run.bytes.extend_from_slice(part);
        }
        let head = prefix(record(&self.run.bytes, place(offset)));
        self.run.index.push((head, offset));
        self.records += 1;
        Ok(())
    }

    fn spill(&mut self) -> Result<(), SnapshotError> {
        if self.worker.is_none() {
            self.worker = Some(Worker::start(&self.folder, self.key)?);
        }
        let Some(worker) = &self.worker else {
            return Ok(());
        };
        let next = worker.empty.recv().unwrap_or_default();
        let full = std::mem::replace(&mut self.run, next);
        if worker.full.send(full).is_err() {
            // The thread has ended early: its result says why.
            return self.close().map(|_| ());
        }
        Ok(())
    }

    fn close(&mut self) -> Result<Option<(File, Vec<Span>)>, SnapshotError> {
        let Some(worker) = self.worker.take() else {
            return Ok(None);
        };
        drop(worker.full);
        worker
            .thread
            .join()
            .map_err(|_| SnapshotError::damaged(&self.folder, "the sorting thread ended"))?
            .map(Some)
    }

    /// Ends the collecting.
    ///
    /// # Errors
    /// [`SnapshotError`] where the file could not be written.
    pub fn finish(mut self) -> Result<Sorted, SnapshotError> {
        let written = self.close()?;
        self.run.sort(self.key);
        let (file, spans) = match written {
            Some((file, spans)) => (Some(file), spans),
            None => (None, Vec::new()),
        };
        Ok(Sorted::of(SortedInner {
            folder: self.folder,
            key: self.key,
            file,
            spans,
            last: self.run,
            records: self.records,
        }))
    }
}

impl Worker {
    fn start(folder: &Path, key: usize) -> Result<Self, SnapshotError> {
        let failed = |error| SnapshotError::io("create a spool in", folder, error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let file = tempfile::tempfile_in(folder).map_err(failed)?;
        let (full, to_sort) = sync_channel::<Run>(0);
        let (cleared, empty) = sync_channel::<Run>(1);
        // Two runs in all: one fills while the other is sorted and written.
        let _ = cleared.send(Run::default());
        let folder = folder.to_owned();
        let thread = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || {
                let written = write_runs(file, key, &to_sort, &cleared);
                written.map_err(|error| SnapshotError::io("write a spool in", &folder, error))
            })
            .map_err(|error| SnapshotError::Io {
                doing: "start a thread for",
                path: PathBuf::from("the spool"),
                source: error,
            })?;
        Ok(Self {
            full,
            empty,
            thread,
        })
    }
}

fn write_runs(
    mut file: File,
    key: usize,
    to_sort: &Receiver<Run>,
    cleared: &SyncSender<Run>,
) -> std::io::Result<(File, Vec<Span>)> {
    let mut spans = Vec::new();
    let mut written = 0;
    let mut out = Vec::with_capacity(WRITE_BYTES * 2);
    while let Ok(mut run) = to_sort.recv() {
        run.sort(key);
        let start = written;
        for (_, offset) in &run.index {
            let record = record(&run.bytes, place(*offset));
            let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(record);
            if out.len() >= WRITE_BYTES {
                file.write_all(&out)?;
                written += wide(out.len());
                out.clear();
            }
        }
        file.write_all(&out)?;
        written += wide(out.len());
        out.clear();
        spans.push(Span {
            start,
            end: written,
        });
        run.clear();
        // Nobody waits for it after the last run.
        let _ = cleared.send(run);
    }
    Ok((file, spans))
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
    }
}
