//! Reading a plan file: lazily, a block at a time, from any operation on.

use std::fs::File;
use std::marker::PhantomData;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::plan::{InvalidRow, Operation};
use crate::domain::row::{Damaged, Fingerprint};

use super::super::codec::{take, take_bytes, take_u64, wide};
use super::super::error::SnapshotError;
use super::codec::{decode_invalid, decode_mark, decode_operation, decode_refresh};
use super::{Block, Footer, MAGIC, Mark, PlanHeader, RawOperation, Refresh, Section};

/// Bytes at the very end: raw and stored length of the footer, checksum, magic.
const TAIL: usize = 8 + 8 + 8 + 8;
/// No footer or block is larger; a damaged length must not reserve more.
const MAX_RAW: usize = 1 << 30;

struct Inner {
    path: PathBuf,
    file: File,
    footer: Footer,
    /// The blocks of each section, in order.
    sections: [Vec<Block>; 4],
}

/// An open plan file; clones share it.
#[derive(Clone)]
pub struct PlanReader(Arc<Inner>);

impl PlanReader {
    /// Opens a plan file and checks its index.
    ///
    /// # Errors
    /// [`SnapshotError`] where it is missing, unfinished or damaged.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        let file = File::open(path).map_err(|error| SnapshotError::io("open", path, error))?;
        let footer = read_footer(path, &file)?;
        let mut sections: [Vec<Block>; 4] = Default::default();
        for block in &footer.blocks {
            if let Some(blocks) = sections.get_mut(block.section.position()) {
                blocks.push(block.clone());
            }
        }
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            file,
            footer,
            sections,
        })))
    }

    /// What the plan says of itself.
    pub fn header(&self) -> &PlanHeader {
        &self.0.footer.header
    }

    /// The plan hash, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.0.footer.hash
    }

    /// The number of operations.
    pub fn operation_count(&self) -> u64 {
        self.count(Section::Operations)
    }

    /// The number of entries in the invalid section; rows that share a key stand there once.
    pub fn invalid_count(&self) -> u64 {
        self.count(Section::Invalid)
    }

    /// The number of marks.
    pub fn mark_count(&self) -> u64 {
        self.count(Section::Marks)
    }

    fn count(&self, section: Section) -> u64 {
        let counts = &self.0.footer.counts;
        counts.get(section.position()).copied().unwrap_or(0)
    }

    fn read<R: PlanRecord>(&self, from: u64) -> Records<R> {
        let blocks = self.blocks(R::SECTION);
        let next = blocks.partition_point(|block| block.first <= from);
        Records {
            plan: self.clone(),
            next_block: next.saturating_sub(1),
            raw: Vec::new(),
            at: 0,
            number: 0,
            from,
            failed: false,
            kind: PhantomData,
        }
    }

    fn blocks(&self, section: Section) -> &[Block] {
        let sections = &self.0.sections;
        sections.get(section.position()).map_or(&[], Vec::as_slice)
    }

    /// Reads the operations from number `from` on; holds one block in memory.
    pub fn operations(&self, from: u64) -> Operations {
        self.read(from)
    }

    /// Reads one operation by its number.
    ///
    /// # Errors
    /// [`SnapshotError`] where its block is damaged.
    pub fn operation(&self, number: u64) -> Result<Option<Operation>, SnapshotError> {
        self.operations(number).next().transpose()
    }

    /// Finds the operation of a key, by the key's hash.
    ///
    /// # Errors
    /// [`SnapshotError`] where a block is damaged.
    pub fn find(&self, key_hash: Fingerprint) -> Result<Option<Operation>, SnapshotError> {
        let blocks = self.blocks(Section::Operations);
        let next = blocks.partition_point(|block| block.first_hash <= key_hash.0);
        let Some(block) = next.checked_sub(1).and_then(|at| blocks.get(at)) else {
            return Ok(None);
        };
        for operation in self.operations(block.first) {
            let operation = operation?;
            if operation.key_hash == key_hash {
                return Ok(Some(operation));
            }
            if operation.key_hash > key_hash {
                break;
            }
        }
        Ok(None)
    }

    /// Reads the invalid rows.
    pub fn invalid_rows(&self) -> InvalidRows {
        self.invalid_rows_from(0)
    }

    /// Reads the invalid rows from a place among them on, counted from 0.
    pub fn invalid_rows_from(&self, place: u64) -> InvalidRows {
        self.read(place)
    }

    /// Reads the marks, in the order in which they are to be made.
    pub fn marks(&self) -> Marks {
        self.read(0)
    }

    /// Reads the refreshed input hashes.
    pub fn refreshes(&self) -> Refreshes {
        self.read(0)
    }

    fn load(&self, block: &Block) -> Result<Vec<u8>, SnapshotError> {
        let inner = &self.0;
        let stored = usize::try_from(block.stored_bytes).unwrap_or(usize::MAX);
        let raw = usize::try_from(block.raw_bytes).unwrap_or(usize::MAX);
        load(
            &inner.path,
            &inner.file,
            block.offset,
            stored,
            raw,
            block.checksum,
        )
    }
}

fn load(
    path: &Path,
    file: &File,
    offset: u64,
    stored: usize,
    raw: usize,
    checksum: u64,
) -> Result<Vec<u8>, SnapshotError> {
    if stored > MAX_RAW || raw > MAX_RAW {
        return Err(SnapshotError::damaged(path, "a block has no sound length"));
    }
    let mut bytes = vec![0; stored];
    file.read_exact_at(&mut bytes, offset)
        .map_err(|_| SnapshotError::damaged(path, "the file is cut"))?;
    if xxh3_64(&bytes) != checksum {
        return Err(SnapshotError::damaged(
            path,
            "a block does not match its checksum",
        ));
    }
    zstd::bulk::decompress(&bytes, raw)
        .map_err(|_| SnapshotError::damaged(path, "a block cannot be decompressed"))
}

fn read_footer(path: &Path, file: &File) -> Result<Footer, SnapshotError> {
    let wrong = |why: &str| SnapshotError::damaged(path, why);
    let size = file
        .metadata()
        .map_err(|error| SnapshotError::io("read", path, error))?
        .len();
    let tail_at = size
        .checked_sub(wide(TAIL))
        .ok_or_else(|| wrong("the file is cut"))?;
    let mut tail = [0; TAIL];
    file.read_exact_at(&mut tail, tail_at)
        .map_err(|_| wrong("the file is cut"))?;
    let (raw, stored, checksum) =
        read_tail(&tail).map_err(|_| wrong("it is not a finished plan of this version"))?;
    let size = usize::try_from(stored).ok().filter(|size| *size <= MAX_RAW);
    let (Some(size), Some(at)) = (size, tail_at.checked_sub(stored)) else {
        return Err(wrong("its index has no sound length"));
    };
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, at)
        .map_err(|_| wrong("the file is cut"))?;
    let mut covered = bytes.clone();
    covered.extend_from_slice(tail.get(..16).unwrap_or_default());
    if xxh3_64(&covered) != checksum {
        return Err(wrong("its index does not match its checksum"));
    }
    let raw = usize::try_from(raw).ok().filter(|raw| *raw <= MAX_RAW);
    let json = raw
        .and_then(|raw| zstd::bulk::decompress(&bytes, raw).ok())
        .ok_or_else(|| wrong("its index cannot be decompressed"))?;
    serde_json::from_slice(&json).map_err(|error| wrong(&error.to_string()))
}

fn read_tail(mut tail: &[u8]) -> Result<(u64, u64, u64), Damaged> {
    let rest = &mut tail;
    let lengths = (take_u64(rest)?, take_u64(rest)?, take_u64(rest)?);
    if take(rest, MAGIC.len())? == MAGIC {
        Ok(lengths)
    } else {
        Err(Damaged)
    }
}

mod sealed {
    use super::{Damaged, Section};

    /// What a section holds.
    pub trait PlanRecord: Sized {
        /// The section.
        const SECTION: Section;
        /// Decodes one record.
        fn decode(bytes: &[u8], number: u64) -> Result<Self, Damaged>;
    }
}
use sealed::PlanRecord;

impl PlanRecord for Operation {
    const SECTION: Section = Section::Operations;
    fn decode(bytes: &[u8], number: u64) -> Result<Self, Damaged> {
        decode_operation(bytes, number)
    }
}

impl PlanRecord for InvalidRow {
    const SECTION: Section = Section::Invalid;
    fn decode(bytes: &[u8], _: u64) -> Result<Self, Damaged> {
        decode_invalid(bytes)
    }
}

impl PlanRecord for Mark {
    const SECTION: Section = Section::Marks;
    fn decode(bytes: &[u8], _: u64) -> Result<Self, Damaged> {
        decode_mark(bytes)
    }
}

impl PlanRecord for Refresh {
    const SECTION: Section = Section::Refreshes;
    fn decode(bytes: &[u8], _: u64) -> Result<Self, Damaged> {
        decode_refresh(bytes)
    }
}

/// The records of a section, from one on. After an error it ends.
pub struct Records<R> {
    plan: PlanReader,
    next_block: usize,
    raw: Vec<u8>,
    at: usize,
    number: u64,
    from: u64,
    failed: bool,
    kind: PhantomData<fn() -> R>,
}

/// The operations of a plan.
pub type Operations = Records<Operation>;
/// The invalid rows of a plan.
pub type InvalidRows = Records<InvalidRow>;
/// The marks of a plan.
pub type Marks = Records<Mark>;
/// The refreshed input hashes of a plan.
pub type Refreshes = Records<Refresh>;

impl<R: PlanRecord> Records<R> {
    fn step(&mut self) -> Result<Option<R>, SnapshotError> {
        let Some((number, place)) = self.next_place()? else {
            return Ok(None);
        };
        let record = self.raw.get(place).unwrap_or_default();
        R::decode(record, number)
            .map(Some)
            .map_err(|_| self.wrong())
    }

    fn wrong(&self) -> SnapshotError {
        SnapshotError::damaged(&self.plan.0.path, "a record is damaged")
    }

    /// The number of the next record, and where it stands in the block that is loaded.
    fn next_place(&mut self) -> Result<Option<(u64, Range<usize>)>, SnapshotError> {
        loop {
            let mut rest = self.raw.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                let Some(block) = self.plan.blocks(R::SECTION).get(self.next_block).cloned() else {
                    return Ok(None);
                };
                self.raw = self.plan.load(&block)?;
                self.at = 0;
                self.number = block.first;
                self.next_block += 1;
                continue;
            }
            let before = rest.len();
            let record = take_bytes(&mut rest).map_err(|_| self.wrong())?.len();
            let number = self.number;
            self.at += before - rest.len();
            self.number += 1;
            if number >= self.from {
                return Ok(Some((number, self.at - record..self.at)));
            }
        }
    }
}

impl Operations {
    /// Moves on without decoding: the next operation as bytes.
    ///
    /// # Errors
    /// [`SnapshotError`] where its block is damaged.
    pub fn next_raw(&mut self) -> Result<Option<RawOperation<'_>>, SnapshotError> {
        let Some((number, place)) = self.next_place()? else {
            return Ok(None);
        };
        let record = self.raw.get(place).unwrap_or_default();
        match RawOperation::parse(number, record) {
            Ok(operation) => Ok(Some(operation)),
            Err(Damaged) => Err(self.wrong()),
        }
    }
}

impl<R: PlanRecord> Iterator for Records<R> {
    type Item = Result<R, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}
