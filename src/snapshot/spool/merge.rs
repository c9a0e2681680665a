//! Reading a spool: its sorted runs are merged.

use std::cmp::Ordering;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::codec::wide;
use super::super::error::SnapshotError;
use super::{Run, Span, place, prefix, sort_key};

/// Memory that all readers of one merge share.
const READ_BYTES: usize = 16 << 20;
const MAX_READ: usize = 128 << 10;
const MIN_READ: usize = 16 << 10;

/// A complete spool.
#[derive(Debug)]
pub(super) struct SortedInner {
    pub folder: PathBuf,
    pub key: usize,
    pub file: Option<File>,
    pub spans: Vec<Span>,
    pub last: Run,
    pub records: u64,
}

/// A spool that is complete; it can be read any number of times.
#[derive(Debug, Clone)]
pub struct Sorted(Arc<SortedInner>);

impl Sorted {
    pub(super) fn of(inner: SortedInner) -> Self {
        Self(Arc::new(inner))
    }

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
