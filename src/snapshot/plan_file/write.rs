//! Writing a plan file.

use std::io::Write;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::plan::{InvalidRow, Operation};

use super::super::codec::{put_bytes, wide};
use super::super::error::SnapshotError;
use super::super::files::PendingFile;
use super::codec::{encode_invalid, encode_mark, encode_operation, encode_refresh};
use super::{BLOCK_BYTES, Block, Footer, MAGIC, Mark, PlanHeader, Refresh, Section};

/// zstd's fastest level that still halves rows of text.
const LEVEL: i32 = 1;

/// A section under way.
struct Pending {
    raw: Vec<u8>,
    first: u64,
    first_hash: [u8; 16],
    count: u64,
    hasher: blake3::Hasher,
}

/// Writes the sections of a plan, each in key-hash order; without [`Self::finish`] nothing stays.
pub struct PlanWriter {
    pending: PendingFile,
    offset: u64,
    sections: [Pending; 4],
    blocks: Vec<Block>,
    scratch: Vec<u8>,
    compressor: zstd::bulk::Compressor<'static>,
}

impl PlanWriter {
    /// Starts the plan file at `path`; it gets this name when it is complete.
    ///
    /// # Errors
    /// [`SnapshotError`] where it cannot be created.
    pub fn create(path: &Path) -> Result<Self, SnapshotError> {
        let mut pending = PendingFile::create(path)?;
        pending
            .file()?
            .write_all(MAGIC)
            .map_err(|error| SnapshotError::io("write", path, error))?;
        let compressor = zstd::bulk::Compressor::new(LEVEL)
            .map_err(|error| SnapshotError::io("compress", path, error))?;
        Ok(Self {
            pending,
            offset: wide(MAGIC.len()),
            sections: Section::ALL.map(|_| Pending {
                raw: Vec::new(),
                first: 0,
                first_hash: [0; 16],
                count: 0,
                hasher: blake3::Hasher::new(),
            }),
            blocks: Vec::new(),
            scratch: Vec::new(),
            compressor,
        })
    }

    /// Appends an operation; its number is its position. Returns the number.
    ///
    /// # Errors
    /// [`SnapshotError`] where the file cannot be written; the same for the others.
    pub fn operation(&mut self, operation: &Operation) -> Result<u64, SnapshotError> {
        let mut record = std::mem::take(&mut self.scratch);
        record.clear();
        let hashed = encode_operation(operation, &mut record);
        let number = self.push(Section::Operations, &record, hashed)?;
        self.scratch = record;
        Ok(number)
    }

    /// Appends an invalid row.
    ///
    /// # Errors
    /// As [`Self::operation`].
    pub fn invalid(&mut self, row: &InvalidRow) -> Result<(), SnapshotError> {
        self.record(Section::Invalid, |out| encode_invalid(row, out))
    }

    /// Appends a mark.
    ///
    /// # Errors
    /// As [`Self::operation`].
    pub fn mark(&mut self, mark: &Mark) -> Result<(), SnapshotError> {
        self.record(Section::Marks, |out| encode_mark(mark, out))
    }

    /// Appends a refreshed input hash.
    ///
    /// # Errors
    /// As [`Self::operation`].
    pub fn refresh(&mut self, refresh: &Refresh) -> Result<(), SnapshotError> {
        self.record(Section::Refreshes, |out| encode_refresh(refresh, out))
    }

    fn record(
        &mut self,
        section: Section,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), SnapshotError> {
        let mut record = std::mem::take(&mut self.scratch);
        record.clear();
        encode(&mut record);
        let hashed = record.len();
        self.push(section, &record, hashed)?;
        self.scratch = record;
        Ok(())
    }

    fn push(
        &mut self,
        section: Section,
        record: &[u8],
        hashed: usize,
    ) -> Result<u64, SnapshotError> {
        let Some(under_way) = self.sections.get_mut(section.position()) else {
            return Ok(0);
        };
        let number = under_way.count;
        if under_way.raw.is_empty() {
            under_way.first = number;
            under_way.first_hash = record.first_chunk().copied().unwrap_or_default();
        }
        put_bytes(record, &mut under_way.raw);
        under_way.count += 1;
        let covered = record.get(..hashed).unwrap_or(record);
        under_way.hasher.update(&wide(hashed).to_le_bytes());
        under_way.hasher.update(covered);
        if under_way.raw.len() >= BLOCK_BYTES {
            self.close_block(section)?;
        }
        Ok(number)
    }

    fn close_block(&mut self, section: Section) -> Result<(), SnapshotError> {
        let path = self.pending.path().to_owned();
        let failed = |error| SnapshotError::io("write", &path, error);
        let Some(under_way) = self.sections.get_mut(section.position()) else {
            return Ok(());
        };
        if under_way.raw.is_empty() {
            return Ok(());
        }
        let stored = self.compressor.compress(&under_way.raw).map_err(failed)?;
        let sizes = (
            u32::try_from(stored.len()),
            u32::try_from(under_way.raw.len()),
        );
        let (Ok(stored_bytes), Ok(raw_bytes)) = sizes else {
            return Err(SnapshotError::damaged(&path, "an operation is too large"));
        };
        self.blocks.push(Block {
            section,
            offset: self.offset,
            stored_bytes,
            raw_bytes,
            checksum: xxh3_64(&stored),
            first: under_way.first,
            first_hash: under_way.first_hash,
        });
        under_way.raw.clear();
        self.offset += wide(stored.len());
        self.pending.file()?.write_all(&stored).map_err(failed)
    }

    /// Completes the file, brings it and its folder to disk and returns the plan hash.
    ///
    /// # Errors
    /// [`SnapshotError`] where it cannot be written; then no plan file stands there.
    pub fn finish(mut self, header: PlanHeader) -> Result<String, SnapshotError> {
        for section in Section::ALL {
            self.close_block(section)?;
        }
        let path = self.pending.path().to_owned();
        let hash = self.hash(&header);
        let mut counts = [0; 4];
        for (count, section) in counts.iter_mut().zip(&self.sections) {
            *count = section.count;
        }
        let footer = Footer {
            header,
            hash: hash.clone(),
            counts,
            blocks: self.blocks,
        };
        let json = serde_json::to_vec(&footer)
            .map_err(|error| SnapshotError::damaged(&path, error.to_string()))?;
        let failed = |error| SnapshotError::io("write", &path, error);
        let stored = self.compressor.compress(&json).map_err(failed)?;
        let mut tail = stored.clone();
        tail.extend_from_slice(&wide(json.len()).to_le_bytes());
        tail.extend_from_slice(&wide(stored.len()).to_le_bytes());
        tail.extend_from_slice(&xxh3_64(&tail).to_le_bytes());
        tail.extend_from_slice(MAGIC);
        self.pending.file()?.write_all(&tail).map_err(failed)?;
        self.pending.commit()?;
        Ok(hash)
    }

    /// Covers operations, invalid rows and marks; not the run, nor refreshes, which change nothing
    /// that anyone could see.
    fn hash(&self, header: &PlanHeader) -> String {
        let mut hasher = blake3::Hasher::new();
        let said = (
            &header.sync,
            header.mode,
            &header.key_columns,
            &header.shape,
            &header.counters,
        );
        let said = serde_json::to_vec(&said).unwrap_or_default();
        hasher.update(&wide(said.len()).to_le_bytes());
        hasher.update(&said);
        for (section, kind) in self.sections.iter().zip(Section::ALL) {
            if kind != Section::Refreshes {
                hasher.update(&section.count.to_le_bytes());
                hasher.update(section.hasher.finalize().as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}
