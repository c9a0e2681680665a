//! Reading: the source's batches become spooled rows, each with the hashes of its key and inputs.

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

/// What is wrong with a row's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFault {
    Null,
    Misfit,
    TooLong,
}

/// Spools every row of the source.
pub(super) struct Reading<'a> {
    spool: Spool,
    seed: u64,
    key_columns: Vec<usize>,
    inputs: &'a [usize],
    signature: Fingerprint,
    key: Vec<u8>,
    input: Vec<u8>,
    length: Vec<u8>,
    rows: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        spool: Spool,
        seed: u64,
        model: &Model,
        mapper: &'a dyn RowMapper,
        signature: Fingerprint,
    ) -> Result<Self, PlanError> {
        let key_columns = model.key_positions();
        if key_columns.is_empty() || key_columns.len() != model.primary_key.len() {
            return Err(PlanError::NoKey);
        }
        Ok(Self {
            spool,
            seed,
            key_columns,
            inputs: mapper.inputs(),
            signature,
            key: Vec::new(),
            input: Vec::new(),
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
        for at in 0..batch.rows() {
            if at % 100 == 99 && failpoints::planted("part_read_as_whole") {
                continue;
            }
            let mut fault = None;
            self.key.clear();
            for column in &self.key_columns {
                let cell = batch.cell(at, *column);
                let wrong = match cell.first() {
                    Some(&row::NULL_TAG) => Some(KeyFault::Null),
                    Some(&row::MISFIT_TAG) | None => Some(KeyFault::Misfit),
                    Some(_) => None,
                };
                fault = fault.or(wrong);
                self.key.extend_from_slice(cell);
            }
            if self.key.len() > MAX_KEY_BYTES {
                fault = fault.or(Some(KeyFault::TooLong));
            }
            self.input.clear();
            self.input.extend_from_slice(&self.signature.0);
            for column in self.inputs {
                self.input.extend_from_slice(batch.cell(at, *column));
            }
            let key_hash = Fingerprint::of(self.seed, &self.key);
            let input_hash = Fingerprint::of(self.seed, &self.input);
            self.length.clear();
            self.length.push(fault_code(fault));
            put_length(self.key.len(), &mut self.length);
            let cells = self.input.get(16..).unwrap_or_default();
            self.spool
                .push(&[&key_hash.0, &input_hash.0, &self.length, &self.key, cells])?;
            self.rows += 1;
        }
        Ok(())
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
    pub(super) fn parse(record: &'a [u8]) -> Result<Self, Damaged> {
        let (key_hash, rest) = record.split_first_chunk::<16>().ok_or(Damaged)?;
        let (input_hash, rest) = rest.split_first_chunk::<16>().ok_or(Damaged)?;
        let (fault, mut rest) = rest.split_first().ok_or(Damaged)?;
        let fault = match fault {
            0 => None,
            1 => Some(KeyFault::Null),
            2 => Some(KeyFault::Misfit),
            3 => Some(KeyFault::TooLong),
            _ => return Err(Damaged),
        };
        let length = row::take_length(&mut rest)?;
        let (key, cells) = rest.split_at_checked(length).ok_or(Damaged)?;
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
    first: Vec<u8>,
}

impl RowGroups {
    pub(super) fn new(rows: &Sorted) -> Result<Self, SnapshotError> {
        let mut reader = rows.read();
        let more = reader.advance()?;
        Ok(Self {
            reader,
            more,
            first: Vec::new(),
        })
    }

    /// The key hash of the next rows.
    pub(super) fn next_hash(&self) -> Option<Fingerprint> {
        if !self.more {
            return None;
        }
        self.reader
            .record()
            .first_chunk::<16>()
            .map(|hash| Fingerprint(*hash))
    }

    /// Takes the first row of the next key; whether more rows share it is told by
    /// [`Self::take_same`].
    pub(super) fn take_first(&mut self) -> Result<(), SnapshotError> {
        self.first.clear();
        self.first.extend_from_slice(self.reader.record());
        self.more = self.reader.advance()?;
        Ok(())
    }

    /// The row that [`Self::take_first`] took.
    pub(super) fn first(&self) -> Result<Row<'_>, Damaged> {
        Row::parse(&self.first)
    }

    /// The next row, if it has the key of the first.
    pub(super) fn same(&self) -> Result<Option<Row<'_>>, PlanError> {
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
}
