//! Drafts: decisions that wait until all identifiers are known, spooled by key hash.

use std::path::Path;

use crate::domain::plan::{InvalidRow, Operation};
use crate::domain::row::{Damaged, Fingerprint, Key, put_length, take_length};
use crate::snapshot::plan_file::{
    Mark, decode_invalid, decode_mark, decode_operation, encode_invalid, encode_mark,
    encode_operation,
};
use crate::snapshot::{Entry, SnapshotError, Sorted, Spool};

use super::emit::{Bundle, Emitter};
use super::error::PlanError;
use super::identifier::Class;

const SEND: u8 = 0;
const INVALID: u8 = 1;
const MARK: u8 = 2;
const COLLISION: u8 = 3;
const TAKES_OVER: u8 = 4;
const LOST: u8 = 5;
const FORMER: u8 = 6;
const DELETE: u8 = 7;

/// Collects drafts.
pub(super) struct Drafts {
    spool: Spool,
    encoded: Vec<u8>,
}

impl Drafts {
    pub(super) fn new(folder: &Path, run_bytes: usize) -> Self {
        Self {
            spool: Spool::new(folder, 16, run_bytes),
            encoded: Vec::new(),
        }
    }

    fn push(
        &mut self,
        hash: Fingerprint,
        tag: u8,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), SnapshotError> {
        self.encoded.clear();
        encode(&mut self.encoded);
        self.spool.push(&[&hash.0, &[tag], &self.encoded])
    }

    pub(super) fn send(&mut self, operation: &Operation) -> Result<(), SnapshotError> {
        self.push(operation.key_hash, SEND, |out| {
            encode_operation(operation, out);
        })
    }

    pub(super) fn invalid(&mut self, row: &InvalidRow, rows: u64) -> Result<(), SnapshotError> {
        self.push(row.key_hash, INVALID, |out| {
            out.extend_from_slice(&rows.to_le_bytes());
            encode_invalid(row, out);
        })
    }

    pub(super) fn mark(&mut self, mark: &Mark) -> Result<(), SnapshotError> {
        self.push(mark.key_hash, MARK, |out| encode_mark(mark, out))
    }

    pub(super) fn collision(
        &mut self,
        hash: Fingerprint,
        class: Class,
        key: &[u8],
        other: &[u8],
    ) -> Result<(), SnapshotError> {
        self.push(hash, COLLISION, |out| {
            out.push(match class {
                Class::Unchanged => 0,
                Class::Idle => 1,
                _ => 2,
            });
            put_length(key.len(), out);
            out.extend_from_slice(key);
            out.extend_from_slice(other);
        })
    }

    pub(super) fn takes_over(
        &mut self,
        hash: Fingerprint,
        entry: &Entry,
    ) -> Result<(), SnapshotError> {
        self.push(hash, TAKES_OVER, |out| entry.encode(out))
    }

    pub(super) fn lost(&mut self, hash: Fingerprint, key: &Key) -> Result<(), SnapshotError> {
        self.push(hash, LOST, |out| out.extend_from_slice(key.bytes()))
    }

    pub(super) fn former(&mut self, entry: &Entry, delete: bool) -> Result<(), SnapshotError> {
        self.push(entry.key_hash, FORMER, |out| {
            out.push(u8::from(delete));
            entry.encode(out);
        })
    }

    pub(super) fn delete(&mut self, entry: &Entry, foreign: bool) -> Result<(), SnapshotError> {
        self.push(entry.key_hash, DELETE, |out| {
            out.push(u8::from(foreign));
            entry.encode(out);
        })
    }

    pub(super) fn finish(self) -> Result<Sorted, SnapshotError> {
        self.spool.finish()
    }
}

/// Emits all drafts in key-hash order.
pub(super) fn emit_all(
    drafts: &Sorted,
    emitter: &mut Emitter,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<(), PlanError> {
    let mut reader = drafts.read();
    let mut current: Option<(Fingerprint, Bundle)> = None;
    let mut seen = 0_u64;
    while reader.advance()? {
        seen += 1;
        if seen.is_multiple_of(8192) && is_cancelled() {
            return Err(PlanError::Cancelled);
        }
        let (head, rest) = reader.record().split_first_chunk::<16>().ok_or(Damaged)?;
        let hash = Fingerprint(*head);
        if current.as_ref().is_some_and(|(other, _)| *other != hash)
            && let Some((hash, bundle)) = current.take()
        {
            emitter.bundle(hash, bundle)?;
        }
        let (_, bundle) = current.get_or_insert_with(|| (hash, Bundle::default()));
        add(bundle, rest)?;
    }
    if let Some((hash, bundle)) = current {
        emitter.bundle(hash, bundle)?;
    }
    Ok(())
}

fn add(bundle: &mut Bundle, record: &[u8]) -> Result<(), Damaged> {
    let (tag, mut rest) = record.split_first().ok_or(Damaged)?;
    match *tag {
        SEND => bundle.send = Some(decode_operation(rest, 0)?),
        INVALID => {
            let (rows, row) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
            bundle.invalid = Some((decode_invalid(row)?, u64::from_le_bytes(*rows)));
        }
        MARK => bundle.marks.push(decode_mark(rest)?),
        COLLISION => {
            let (class, body) = rest.split_first().ok_or(Damaged)?;
            let class = match class {
                0 => Class::Unchanged,
                1 => Class::Idle,
                _ => Class::Send,
            };
            rest = body;
            let length = take_length(&mut rest)?;
            let (key, other) = rest.split_at_checked(length).ok_or(Damaged)?;
            bundle.collision = Some((class, Key::from_bytes(key), Key::from_bytes(other)));
        }
        TAKES_OVER => bundle.takes_over = Some(Entry::from_bytes(rest)?),
        LOST => bundle.lost = Some(Key::from_bytes(rest)),
        FORMER => {
            let (entry, delete) = flagged(rest)?;
            let before = bundle.former.take().is_some_and(|(_, delete)| delete);
            bundle.former = Some((entry, delete || before));
        }
        DELETE => {
            let (entry, foreign) = flagged(rest)?;
            bundle.delete = Some((entry, foreign));
        }
        _ => return Err(Damaged),
    }
    Ok(())
}

fn flagged(record: &[u8]) -> Result<(Entry, bool), Damaged> {
    let (flag, entry) = record.split_first().ok_or(Damaged)?;
    Ok((Entry::from_bytes(entry)?, *flag != 0))
}
