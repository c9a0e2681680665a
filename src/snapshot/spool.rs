//! The spool: records of any number, given back sorted by their leading bytes in bounded memory.
//!
//! Records are collected in runs; a full run is sorted and written by a second thread while the
//! next one fills, and sorted runs are merged as they are read. What fits into one run never
//! touches the disk. The file has no name (it is gone with the process) and mode 0600. Records
//! with equal leading bytes keep the order in which they came.

use std::cmp::Ordering;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::codec::wide;
use super::error::SnapshotError;

/// Bytes that a run holds unless told otherwise.
pub const RUN_BYTES: usize = 8 << 20;
const WRITE_BYTES: usize = 256 << 10;
/// Memory that all readers of one merge share.
const READ_BYTES: usize = 16 << 20;
const MAX_READ: usize = 128 << 10;
const MIN_READ: usize = 16 << 10;

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
        Ok(Sorted(Arc::new(SortedInner {
            folder: self.folder,
            key: self.key,
            file,
            spans,
            last: self.run,
            records: self.records,
        })))
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

#[derive(Debug)]
struct SortedInner {
    folder: PathBuf,
    key: usize,
    file: Option<File>,
    spans: Vec<Span>,
    last: Run,
    records: u64,
}

/// A spool that is complete; it can be read any number of times.
#[derive(Debug, Clone)]
pub struct Sorted(Arc<SortedInner>);

impl Sorted {
    /// Number of records.
    pub fn records(&self) -> u64 {
        self.0.records
    }

    /// Whether records went to disk.
    pub fn is_on_disk(&self) -> bool {
        !self.0.spans.is_empty()
    }

    /// Reads all records in order.
    pub fn read(&self) -> SortedReader {
        let share = READ_BYTES / self.0.spans.len().max(1);
        let spans = self.0.spans.iter().map(|span| Source {
            span: Some(*span),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            chunk: share.clamp(MIN_READ, MAX_READ),
        });
        let memory = Source {
            span: None,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            chunk: 0,
        };
        SortedReader {
            inner: Arc::clone(&self.0),
            sources: spans.chain([memory]).collect(),
            heap: Vec::new(),
            started: false,
        }
    }
}

/// One run under way: on disk by `span`, else the last run in memory.
#[derive(Debug)]
struct Source {
    span: Option<Span>,
    buffer: Vec<u8>,
    /// The current record: a range of the buffer, or a position in the index.
    start: usize,
    end: usize,
    chunk: usize,
}

impl Source {
    fn current<'a>(&'a self, inner: &'a SortedInner) -> &'a [u8] {
        if self.span.is_some() {
            self.buffer.get(self.start..self.end).unwrap_or_default()
        } else {
            inner.last.nth(self.start).unwrap_or_default()
        }
    }

    /// Moves on; false at the end.
    fn advance(&mut self, inner: &SortedInner) -> std::io::Result<bool> {
        if self.span.is_none() {
            self.start = self.end;
            self.end += 1;
            return Ok(self.start < inner.last.index.len());
        }
        if !self.fill(inner, 4)? {
            return Ok(false);
        }
        let head = self.buffer.get(self.end..).and_then(<[u8]>::first_chunk);
        let length = head.map_or(0, |head| place(u32::from_le_bytes(*head)));
        if !self.fill(inner, 4 + length)? {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.start = self.end + 4;
        self.end = self.start + length;
        Ok(true)
    }

    /// Makes `count` bytes available after `end`; false at the end of the run.
    fn fill(&mut self, inner: &SortedInner, count: usize) -> std::io::Result<bool> {
        let (Some(span), Some(file)) = (&mut self.span, &inner.file) else {
            return Ok(false);
        };
        if self.buffer.len() - self.end >= count {
            return Ok(true);
        }
        self.buffer.drain(..self.end);
        self.end = 0;
        let missing = count - self.buffer.len();
        let left = usize::try_from(span.end - span.start).unwrap_or(usize::MAX);
        let wanted = missing.max(self.chunk).min(left);
        if wanted < missing {
            return Ok(false);
        }
        let old = self.buffer.len();
        self.buffer.resize(old + wanted, 0);
        let room = self.buffer.get_mut(old..).unwrap_or_default();
        file.read_exact_at(room, span.start)?;
        span.start += wide(wanted);
        Ok(true)
    }
}

/// Merges the runs of a spool.
#[derive(Debug)]
pub struct SortedReader {
    inner: Arc<SortedInner>,
    sources: Vec<Source>,
    /// A binary heap of sources by their current record; the first is the next to give.
    heap: Vec<(u64, usize)>,
    started: bool,
}

impl SortedReader {
    /// Moves to the next record; false at the end.
    ///
    /// # Errors
    /// [`SnapshotError`] where the file cannot be read.
    pub fn advance(&mut self) -> Result<bool, SnapshotError> {
        let moved = if self.started {
            self.step()
        } else {
            self.started = true;
            self.start()
        };
        moved.map_err(|error| SnapshotError::io("read a spool in", &self.inner.folder, error))?;
        Ok(!self.heap.is_empty())
    }

    /// The current record.
    pub fn record(&self) -> &[u8] {
        self.heap
            .first()
            .and_then(|(_, source)| self.sources.get(*source))
            .map_or(&[], |source| source.current(&self.inner))
    }

    fn start(&mut self) -> std::io::Result<()> {
        for (number, source) in self.sources.iter_mut().enumerate() {
            if source.advance(&self.inner)? {
                self.heap
                    .push((prefix(source.current(&self.inner)), number));
            }
        }
        for position in (0..self.heap.len()).rev() {
            self.sift(position);
        }
        Ok(())
    }

    fn step(&mut self) -> std::io::Result<()> {
        let Some((head, number)) = self.heap.first_mut() else {
            return Ok(());
        };
        let Some(source) = self.sources.get_mut(*number) else {
            return Ok(());
        };
        if source.advance(&self.inner)? {
            *head = prefix(source.current(&self.inner));
        } else {
            source.buffer = Vec::new();
            self.heap.swap_remove(0);
        }
        self.sift(0);
        Ok(())
    }

    fn sift(&mut self, mut position: usize) {
        loop {
            let mut least = position;
            for child in [2 * position + 1, 2 * position + 2] {
                if self.compare(child, least) == Ordering::Less {
                    least = child;
                }
            }
            if least == position {
                return;
            }
            self.heap.swap(position, least);
            position = least;
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let (Some(a), Some(b)) = (self.heap.get(a), self.heap.get(b)) else {
            return Ordering::Greater;
        };
        a.0.cmp(&b.0).then_with(|| {
            let of = |number: usize| {
                let source = self.sources.get(number);
                let record = source.map_or(&[][..], |source| source.current(&self.inner));
                sort_key(record, self.inner.key)
            };
            of(a.1).cmp(of(b.1)).then(a.1.cmp(&b.1))
        })
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
    }
}
