//! Buckets that do not fit into memory: sorted in runs on disk, which are merged as they are read.
//!
//! So it goes with more rows than the buckets are made for, and with many rows of one key.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::codec::wide;
use super::block::{Block, prefix, sort_key, too_large};
use super::buckets::{Bucket, Filled};

/// Memory that the readers of all runs share.
const READ_BYTES: usize = 4 << 20;
const WRITE_BYTES: usize = 256 << 10;
/// Bytes of the blocks that come out.
const BLOCK_BYTES: usize = 1 << 20;

/// Sorted runs in a file of their own.
struct Runs {
    file: BufWriter<File>,
    ends: Vec<u64>,
    written: u64,
}

/// Gives the records of `bucket` in sorted blocks to `give`, until it wants no more; at most
/// `run_bytes` of them are sorted at once.
pub(super) fn sorted(
    filled: &Filled,
    bucket: &Bucket,
    (folder, key, run_bytes): (&Path, usize, usize),
    mut give: impl FnMut(Block) -> bool,
) -> io::Result<()> {
    let mut runs = Runs {
        file: BufWriter::with_capacity(WRITE_BYTES, tempfile::tempfile_in(folder)?),
        ends: Vec::new(),
        written: 0,
    };
    let mut block = Block::default();
    let mut rest = Vec::new();
    filled.stream(bucket, |piece| {
        rest.extend_from_slice(piece);
        let mut whole = 0;
        while let Some(framed) = framed(rest.get(whole..).unwrap_or_default()) {
            let (record, end) = (framed.len(), whole + framed.len());
            if !block.bytes.is_empty() && block.bytes.len() + record > run_bytes {
                runs.write(&mut block, key)?;
            }
            block.bytes.extend_from_slice(framed);
            whole = end;
        }
        rest.drain(..whole);
        Ok(())
    })?;
    if !rest.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    runs.write(&mut block, key)?;
    drop(block);
    runs.merge(key, &mut give)
}

/// The framed record at the front, if it is whole.
fn framed(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes(*bytes.first_chunk::<4>()?);
    bytes.get(..usize::try_from(length).ok()?.checked_add(4)?)
}

impl Runs {
    fn write(&mut self, block: &mut Block, key: usize) -> io::Result<()> {
        block.sort(key)?;
        for position in 0..block.len() {
            let record = block.nth(position).unwrap_or_default();
            let length = u32::try_from(record.len()).map_err(|_| too_large())?;
            self.file.write_all(&length.to_le_bytes())?;
            self.file.write_all(record)?;
            self.written += 4 + wide(record.len());
        }
        block.clear();
        self.ends.push(self.written);
        Ok(())
    }

    fn merge(self, key: usize, give: &mut impl FnMut(Block) -> bool) -> io::Result<()> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let share = (READ_BYTES / self.ends.len().max(1)).max(4 << 10);
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let mut readers: Vec<Run<'_>> = starts
            .zip(&self.ends)
            .map(|(at, end)| Run {
                bytes: BufReader::with_capacity(
                    share,
                    Section {
                        file: &file,
                        at,
                        end: *end,
                    },
                ),
                record: Vec::new(),
            })
            .collect();
        let mut next = BinaryHeap::with_capacity(readers.len());
        for (number, run) in readers.iter_mut().enumerate() {
            if run.advance()? {
                next.push(Reverse(run.place(key, number)));
            }
        }
        let mut block = Block::default();
        while let Some(Reverse((_, _, number))) = next.pop() {
            let Some(run) = readers.get_mut(number) else {
                break;
            };
            if block.bytes.len() >= BLOCK_BYTES && !give(std::mem::take(&mut block)) {
                return Ok(());
            }
            block.push_last(&run.record)?;
            if run.advance()? {
                next.push(Reverse(run.place(key, number)));
            }
        }
        give(block);
        Ok(())
    }
}

/// A run under way.
struct Run<'a> {
    bytes: BufReader<Section<'a>>,
    record: Vec<u8>,
}

impl Run<'_> {
    /// Moves to the next record; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let mut length = [0; 4];
        if self.bytes.get_ref().is_at_end() && self.bytes.buffer().is_empty() {
            return Ok(false);
        }
        self.bytes.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| too_large())?;
        self.record.resize(length, 0);
        self.bytes.read_exact(&mut self.record)?;
        Ok(true)
    }

    /// Where the record stands in the order; earlier runs hold earlier records.
    fn place(&self, key: usize, number: usize) -> (u64, Vec<u8>, usize) {
        let bytes = sort_key(&self.record, key).to_vec();
        (prefix(&self.record), bytes, number)
    }
}

/// A part of a file.
struct Section<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Section<'_> {
    fn is_at_end(&self) -> bool {
        self.at >= self.end
    }
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        let got = self
            .file
            .read_at(buffer.get_mut(..count).unwrap_or_default(), self.at)?;
        self.at += wide(got);
        Ok(got)
    }
}
