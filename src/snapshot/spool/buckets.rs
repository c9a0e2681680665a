//! Records on disk, in buckets by their leading bits: each bucket can be loaded and sorted by itself.
//!
//! Every bucket fills a small buffer; full buffers are appended to one file as slots of one size.
//! The file has no name (it is gone with the process) and mode 0600.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::codec::wide;
use super::block::{prefix, too_large};

/// Leading bits that choose the bucket.
const BITS: u32 = 10;
const BUCKETS: usize = 1 << BITS;
/// The least bytes of a slot; below, memory is not what is short.
const MIN_SLOT: usize = 64;

/// Bytes of a bucket that are staged.
const STAGE: usize = 512;
/// Full buffers that are written together.
const QUEUE: usize = 32;

/// One bucket: its slots in the file, in order, and the bytes of the last of them.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    slots: Vec<u32>,
    /// Bytes in the buffer; in the last slot, once collecting has ended.
    filled: usize,
    /// Bytes in the stage.
    staged: usize,
    /// Which part of the memory is its buffer.
    buffer: usize,
}

/// Buckets that are being filled.
#[derive(Debug)]
pub(super) struct Buckets {
    file: File,
    /// The last records of each bucket: few enough bytes to stay in the processor's cache, while
    /// the buffers are written in pieces that it can look ahead in.
    stage: Vec<u8>,
    /// The buffers of all buckets and of the queue, one slot each. They are single pieces, which an
    /// allocator gives to others when they are free.
    memory: Vec<Vec<u8>>,
    slot: usize,
    buckets: Vec<Bucket>,
    /// Buffers that are full, in the order of their slots in the file.
    full: Vec<usize>,
    free: Vec<usize>,
    slots: u32,
}

/// Buckets that are complete.
#[derive(Debug)]
pub(super) struct Filled {
    pub file: File,
    pub buckets: Vec<Bucket>,
    slot: usize,
}

#[inline]
fn bucket_of(head: u64) -> usize {
    usize::try_from(head >> (u64::BITS - BITS)).unwrap_or_default()
}

impl Buckets {
    /// Starts a file in `folder`; the buffers take about `memory` bytes.
    pub fn create(folder: &Path, memory: usize) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let file = tempfile::tempfile_in(folder)?;
        let slot = (memory / BUCKETS).max(MIN_SLOT);
        let bucket = |buffer| Bucket {
            buffer,
            ..Bucket::default()
        };
        Ok(Self {
            file,
            stage: vec![0; STAGE * BUCKETS],
            memory: vec![vec![0; slot]; BUCKETS + QUEUE],
            slot,
            buckets: (0..BUCKETS).map(bucket).collect(),
            full: Vec::with_capacity(QUEUE),
            free: (BUCKETS..BUCKETS + QUEUE).collect(),
            slots: 0,
        })
    }

    /// Adds a record with its frame.
    pub fn push(&mut self, framed: &[u8]) -> io::Result<()> {
        let number = bucket_of(prefix(framed.get(4..).unwrap_or_default()));
        let staged = self.buckets.get(number).map_or(0, |it| it.staged);
        if STAGE - staged < framed.len() {
            self.unstage(number)?;
            if framed.len() > STAGE {
                return self.append(number, framed);
            }
        }
        if let Some(bucket) = self.buckets.get_mut(number) {
            let start = number * STAGE + bucket.staged;
            if let Some(room) = self.stage.get_mut(start..start + framed.len()) {
                room.copy_from_slice(framed);
            }
            bucket.staged += framed.len();
        }
        Ok(())
    }

    /// Moves what is staged of a bucket into its buffer.
    fn unstage(&mut self, number: usize) -> io::Result<()> {
        let Some(bucket) = self.buckets.get_mut(number) else {
            return Ok(());
        };
        let start = number * STAGE;
        let staged = start..start + std::mem::take(&mut bucket.staged);
        let stage = std::mem::take(&mut self.stage);
        let moved = self.append(number, stage.get(staged).unwrap_or_default());
        self.stage = stage;
        moved
    }

    /// Adds bytes to a bucket, over as many slots as they take.
    fn append(&mut self, number: usize, mut bytes: &[u8]) -> io::Result<()> {
        while let Some(bucket) = self.buckets.get_mut(number) {
            let count = bytes.len().min(self.slot - bucket.filled);
            let (now, later) = bytes.split_at(count);
            let place = bucket.filled..bucket.filled + count;
            let buffer = self.memory.get_mut(bucket.buffer);
            if let Some(room) = buffer.and_then(|buffer| buffer.get_mut(place)) {
                room.copy_from_slice(now);
            }
            bucket.filled += count;
            if later.is_empty() {
                break;
            }
            bucket.filled = 0;
            self.queue(number)?;
            bytes = later;
        }
        Ok(())
    }

    /// Queues the buffer of a bucket to be written, and gives it another.
    fn queue(&mut self, number: usize) -> io::Result<()> {
        if self.free.is_empty() {
            self.flush()?;
        }
        if let (Some(bucket), Some(free)) = (self.buckets.get_mut(number), self.free.pop()) {
            bucket.slots.push(self.slots);
            self.full.push(std::mem::replace(&mut bucket.buffer, free));
            self.slots = self.slots.checked_add(1).ok_or_else(too_large)?;
        }
        Ok(())
    }

    /// Writes what is queued at the end of the file.
    fn flush(&mut self) -> io::Result<()> {
        let buffers = self.full.iter().filter_map(|at| self.memory.get(*at));
        let mut slices: Vec<IoSlice<'_>> = buffers.map(|buffer| IoSlice::new(buffer)).collect();
        let mut rest = slices.as_mut_slice();
        while !rest.is_empty() {
            match self.file.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => IoSlice::advance_slices(&mut rest, count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.free.append(&mut self.full);
        Ok(())
    }

    /// Writes what is left in the buffers.
    pub fn finish(mut self) -> io::Result<Filled> {
        for number in 0..self.buckets.len() {
            self.unstage(number)?;
            if self.buckets.get(number).is_some_and(|it| it.filled > 0) {
                self.queue(number)?;
            }
        }
        self.flush()?;
        Ok(Filled {
            file: self.file,
            buckets: self.buckets,
            slot: self.slot,
        })
    }
}

impl Filled {
    /// Bytes of a bucket.
    pub fn bytes(&self, bucket: &Bucket) -> u64 {
        let full = bucket.slots.len().saturating_sub(1);
        wide(full) * wide(self.slot) + wide(bucket.filled)
    }

    /// Loads a bucket into `bytes`, in place of what is there.
    pub fn load(&self, bucket: &Bucket, bytes: &mut Vec<u8>) -> io::Result<()> {
        let length = usize::try_from(self.bytes(bucket)).map_err(|_| too_large())?;
        // What is there already is overwritten, and needs no clearing first.
        bytes.resize(length, 0);
        for (room, slot) in bytes.chunks_mut(self.slot).zip(&bucket.slots) {
            self.file.read_exact_at(room, self.place(*slot))?;
        }
        Ok(())
    }

    /// Gives the bytes of a bucket piece by piece to `take`.
    pub fn stream(
        &self,
        bucket: &Bucket,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut piece = vec![0; self.slot];
        for (at, slot) in bucket.slots.iter().enumerate() {
            let is_last = at + 1 == bucket.slots.len();
            let length = if is_last { bucket.filled } else { self.slot };
            let room = piece.get_mut(..length).unwrap_or_default();
            self.file.read_exact_at(room, self.place(*slot))?;
            take(room)?;
        }
        Ok(())
    }

    fn place(&self, slot: u32) -> u64 {
        u64::from(slot) * wide(self.slot)
    }
}
