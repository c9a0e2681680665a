//! Reading: the source's batches become spooled rows, each with the hashes of its key and inputs.

use std::ops::Range;

use tokio_util::sync::CancellationToken;

use crate::connectors::contract::{Chunk, ConnectorError};
use crate::domain::model::Model;
use crate::domain::row::{self, Batch, Damaged, Fingerprint, Key, put_length};
use crate::failpoints;
use crate::snapshot::{SnapshotError, Sorted, SortedReader, Spool};

use super::error::PlanError;
use super::mapper::RowMapper;

/// A longer key is an invalid row, as product rules have it for keys that no index takes.
const MAX_KEY_BYTES: usize = 4096;

/// Bytes of the mapping's signature, which leads what is hashed of a row.
const SIGNATURE: usize = 16;

/// Marks the spooled rows whose key is not stored twice: it is told where among the cells it stands.
const WITHIN: u8 = 0x80;

/// Rows that are hashed before they are spooled.
const TOGETHER: usize = 64;

/// What is wrong with a row's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFault {
    Null,
    Misfit,
    TooLong,
}

/// Spools every row of the source.
pub(super) struct Reading {
    spool: Spool,
    seed: u64,
    key_columns: Vec<usize>,
    /// The columns of the key, and of the mapping's inputs, neighbours together.
    keys: Vec<Range<usize>>,
    inputs: Vec<Range<usize>>,
    /// The inputs before the key, where the key is a piece of them.
    key_within: Option<Range<usize>>,
    heads: Vec<Head>,
    key: Vec<u8>,
    cells: Vec<u8>,
    /// The mapping's signature, then the cells of its inputs.
    input: Vec<u8>,
    length: Vec<u8>,
    rows: u64,
}

impl Reading {
    pub(super) fn new(
        spool: Spool,
        seed: u64,
        model: &Model,
        mapper: &dyn RowMapper,
        signature: Fingerprint,
    ) -> Result<Self, PlanError> {
        let key_columns = model.key_positions();
        if key_columns.is_empty() || key_columns.len() != model.primary_key.len() {
            return Err(PlanError::NoKey);
        }
        let (keys, inputs) = (neighbours(&key_columns), neighbours(mapper.inputs()));
        let key_within = match (keys.as_slice(), inputs.as_slice()) {
            ([key], [all]) if all.start <= key.start && key.end <= all.end => {
                Some(all.start..key.start)
            }
            _ => None,
        };
        Ok(Self {
            spool,
            seed,
            key_columns,
            keys,
            inputs,
            key_within,
            heads: Vec::with_capacity(TOGETHER),
            key: Vec::new(),
            cells: Vec::new(),
            input: signature.0.to_vec(),
            length: Vec::new(),
            rows: 0,
        })
    }

    /// Takes rows until the proof of the end. Without it nothing may be concluded from absence,
    /// and there is no plan.
    pub(super) fn take_all(
        mut self,
        rows: impl Iterator<Item = Result<Chunk, ConnectorError>>,
        progress: &dyn Fn(u64),
        cancel: &CancellationToken,
    ) -> Result<(Sorted, u64), PlanError> {
        for chunk in rows {
            if cancel.is_cancelled() {
                return Err(PlanError::Cancelled);
            }
            match chunk.map_err(PlanError::Source)? {
                Chunk::Batch(batch) => {
                    self.batch(&batch)?;
                    progress(self.rows);
                }
                Chunk::End { rows }
                    if rows == self.rows || failpoints::planted("part_read_as_whole") =>
                {
                    return Ok((self.spool.finish()?, self.rows));
                }
                // The source counted more than arrived here: a part was lost on the way.
                Chunk::End { .. } => break,
            }
        }
        if cancel.is_cancelled() {
            return Err(PlanError::Cancelled);
        }
        Err(PlanError::Cut { rows: self.rows })
    }

    fn batch(&mut self, batch: &Batch) -> Result<(), SnapshotError> {
        for from in (0..batch.rows()).step_by(TOGETHER) {
            let rows = from..batch.rows().min(from + TOGETHER);
            batch.fetch(rows.clone());
            // All hashes first: a hash waits for bytes that were just written, and so for all that
            // was written to the spool before them.
            let mut heads = std::mem::take(&mut self.heads);
            heads.clear();
            heads.extend(rows.clone().map(|at| self.head(batch, at)));
            for (at, head) in rows.zip(&heads) {
                if at % 100 == 99 && failpoints::planted("part_read_as_whole") {
                    continue;
                }
                self.push(batch, at, head)?;
            }
            self.heads = heads;
        }
        Ok(())
    }

    fn head(&mut self, batch: &Batch, at: usize) -> Head {
        let mut keys = self.key_columns.iter();
        let fault = keys.find_map(|column| key_fault(batch.cell(at, *column)));
        let key = gathered(batch, at, &self.keys, &mut self.key);
        let too_long = (key.len() > MAX_KEY_BYTES).then_some(KeyFault::TooLong);
        let key_hash = Fingerprint::of(self.seed, key);
        self.input.truncate(SIGNATURE);
        for columns in &self.inputs {
            self.input
                .extend_from_slice(batch.cells(at, columns.clone()));
        }
        Head {
            key_hash,
            input_hash: Fingerprint::of(self.seed, &self.input),
            fault: fault.or(too_long),
        }
    }

    fn push(&mut self, batch: &Batch, at: usize, head: &Head) -> Result<(), SnapshotError> {
        let key = gathered(batch, at, &self.keys, &mut self.key);
        let cells = gathered(batch, at, &self.inputs, &mut self.cells);
        let (key_hash, input_hash) = (&head.key_hash.0, &head.input_hash.0);
        self.length.clear();
        if let Some(before) = &self.key_within {
            self.length.push(fault_code(head.fault) | WITHIN);
            put_length(batch.cells(at, before.clone()).len(), &mut self.length);
            put_length(key.len(), &mut self.length);
            let parts = [&key_hash[..], input_hash, &self.length, cells];
            self.spool.push(&parts)?;
        } else {
            self.length.push(fault_code(head.fault));
            put_length(key.len(), &mut self.length);
            let parts = [&key_hash[..], input_hash, &self.length, key, cells];
            self.spool.push(&parts)?;
        }
        self.rows += 1;
        Ok(())
    }
}

/// What is hashed of a row, and what is wrong with its key.
#[derive(Debug, Clone, Copy)]
struct Head {
    key_hash: Fingerprint,
    input_hash: Fingerprint,
    fault: Option<KeyFault>,
}

/// The cells of a row in these columns, end to end: where they stand, or else gathered in `scratch`.
fn gathered<'a>(
    batch: &'a Batch,
    at: usize,
    columns: &[Range<usize>],
    scratch: &'a mut Vec<u8>,
) -> &'a [u8] {
    if let [only] = columns {
        return batch.cells(at, only.clone());
    }
    scratch.clear();
    for columns in columns {
        scratch.extend_from_slice(batch.cells(at, columns.clone()));
    }
    scratch
}

/// Joins positions that follow each other.
fn neighbours(positions: &[usize]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for position in positions {
        match ranges.last_mut().filter(|last| last.end == *position) {
            Some(last) => last.end += 1,
            None => ranges.push(*position..position + 1),
        }
    }
    ranges
}

#[inline]
fn key_fault(cell: &[u8]) -> Option<KeyFault> {
    match cell.first() {
        Some(&row::NULL_TAG) => Some(KeyFault::Null),
        Some(&row::MISFIT_TAG) | None => Some(KeyFault::Misfit),
        Some(_) => None,
    }
}

fn fault_code(fault: Option<KeyFault>) -> u8 {
    match fault {
        None => 0,
        Some(KeyFault::Null) => 1,
        Some(KeyFault::Misfit) => 2,
        Some(KeyFault::TooLong) => 3,
    }
}

/// A spooled row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub key_hash: Fingerprint,
    pub input_hash: Fingerprint,
    pub fault: Option<KeyFault>,
    pub key: &'a [u8],
    /// The cells of the mapping's inputs, end to end.
    pub cells: &'a [u8],
}

impl<'a> Row<'a> {
    #[inline]
    pub(super) fn parse(record: &'a [u8]) -> Result<Self, Damaged> {
        let (key_hash, rest) = record.split_first_chunk::<16>().ok_or(Damaged)?;
        let (input_hash, rest) = rest.split_first_chunk::<16>().ok_or(Damaged)?;
        let (flags, mut rest) = rest.split_first().ok_or(Damaged)?;
        let fault = match flags & !WITHIN {
            0 => None,
            1 => Some(KeyFault::Null),
            2 => Some(KeyFault::Misfit),
            3 => Some(KeyFault::TooLong),
            _ => return Err(Damaged),
        };
        let (key, cells) = if flags & WITHIN == 0 {
            let length = row::take_length(&mut rest)?;
            rest.split_at_checked(length).ok_or(Damaged)?
        } else {
            let before = row::take_length(&mut rest)?;
            let length = row::take_length(&mut rest)?;
            let key = rest.get(before..).and_then(|it| it.get(..length));
            (key.ok_or(Damaged)?, rest)
        };
        Ok(Self {
            key_hash: Fingerprint(*key_hash),
            input_hash: Fingerprint(*input_hash),
            fault,
            key,
            cells,
        })
    }

    pub(super) fn key(&self) -> Key {
        Key::from_bytes(self.key)
    }
}

/// Walks over spooled rows, one key at a time.
pub(super) struct RowGroups {
    reader: SortedReader,
    more: bool,
    /// The first row of the key, where the reader is past it already.
    first: Vec<u8>,
    /// Whether the first row is the one on which the reader stands: it is alone with its key.
    is_alone: bool,
}

impl RowGroups {
    pub(super) fn new(rows: &Sorted) -> Result<Self, SnapshotError> {
        let mut reader = rows.read();
        let more = reader.advance()?;
        Ok(Self {
            reader,
            more,
            first: Vec::new(),
            is_alone: false,
        })
    }

    /// The key hash of the next rows.
    #[inline]
    pub(super) fn next_hash(&self) -> Option<Fingerprint> {
        if !self.more {
            return None;
        }
        self.reader
            .record()
            .first_chunk::<16>()
            .map(|hash| Fingerprint(*hash))
    }

    /// Takes the first row of the next key; whether more rows share it is told by [`Self::same`].
    pub(super) fn take_first(&mut self) -> Result<(), SnapshotError> {
        self.is_alone = self.reader.next_differs();
        if !self.is_alone {
            self.first.clear();
            self.first.extend_from_slice(self.reader.record());
            self.more = self.reader.advance()?;
        }
        Ok(())
    }

    /// The row that [`Self::take_first`] took.
    #[inline]
    pub(super) fn first(&self) -> Result<Row<'_>, Damaged> {
        Row::parse(if self.is_alone {
            self.reader.record()
        } else {
            &self.first
        })
    }

    /// The next row, if it has the key of the first.
    #[inline]
    pub(super) fn same(&self) -> Result<Option<Row<'_>>, PlanError> {
        if self.is_alone {
            return Ok(None);
        }
        let (hash, key_hash) = (self.next_hash(), self.first.first_chunk::<16>());
        if hash.is_none() || hash.map(|hash| hash.0) != key_hash.copied() {
            return Ok(None);
        }
        let next = Row::parse(self.reader.record())?;
        if next.key == self.first()?.key {
            Ok(Some(next))
        } else {
            Err(PlanError::KeyCollision)
        }
    }

    /// Moves past the row that [`Self::same`] gave.
    pub(super) fn take_same(&mut self) -> Result<(), SnapshotError> {
        self.more = self.reader.advance()?;
        Ok(())
    }

    /// Moves past a first row that was alone, once it is judged.
    pub(super) fn end_key(&mut self) -> Result<(), SnapshotError> {
        if std::mem::take(&mut self.is_alone) {
            self.more = self.reader.advance()?;
        }
        Ok(())
    }
}
