//! How operations, invalid rows, marks and refreshes are encoded in a plan file.

use crate::domain::plan::{Cause, InvalidReason, InvalidRow, Operation, OperationKind, Record};
use crate::domain::row::{Damaged, Key, decode_values, put_length, take_length};
use crate::domain::value::Value;

use super::super::codec::{put_bytes, take_byte, take_bytes, take_hash, take_text};
use super::super::entry::{Entry, encode_identifier};
use super::{Mark, MarkKind, Refresh};

const CHANGED: u8 = 0;
const DIRTY: u8 = 1;
const RESYNC: u8 = 2;
const HAND_OVER: u8 = 3;
const FORMER_IDENTIFIER: u8 = 4;
const FOREIGN: u8 = 5;

fn put_optional_text(text: Option<&str>, out: &mut Vec<u8>) {
    out.push(u8::from(text.is_some()));
    if let Some(text) = text {
        put_bytes(text.as_bytes(), out);
    }
}

fn take_optional_text(bytes: &mut &[u8]) -> Result<Option<String>, Damaged> {
    take_flag(bytes)?.then(|| take_text(bytes)).transpose()
}

fn take_flag(bytes: &mut &[u8]) -> Result<bool, Damaged> {
    match take_byte(bytes)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Damaged),
    }
}

fn put_record(record: Option<&Record>, out: &mut Vec<u8>) {
    out.push(u8::from(record.is_some()));
    if let Some(record) = record {
        record.encode(out);
    }
}

fn take_record(bytes: &mut &[u8]) -> Result<Option<Record>, Damaged> {
    take_flag(bytes)?.then(|| Record::decode(bytes)).transpose()
}

fn put_cause(cause: &Cause, out: &mut Vec<u8>) {
    match cause {
        Cause::Changed => out.push(CHANGED),
        Cause::Dirty => out.push(DIRTY),
        Cause::Resync => out.push(RESYNC),
        Cause::HandOver { from } => {
            out.push(HAND_OVER);
            put_bytes(from, out);
        }
        Cause::FormerIdentifier => out.push(FORMER_IDENTIFIER),
        Cause::Foreign => out.push(FOREIGN),
    }
}

fn take_cause(bytes: &mut &[u8]) -> Result<Cause, Damaged> {
    Ok(match take_byte(bytes)? {
        CHANGED => Cause::Changed,
        DIRTY => Cause::Dirty,
        RESYNC => Cause::Resync,
        HAND_OVER => Cause::HandOver {
            from: take_bytes(bytes)?.to_vec(),
        },
        FORMER_IDENTIFIER => Cause::FormerIdentifier,
        FOREIGN => Cause::Foreign,
        _ => return Err(Damaged),
    })
}

/// Appends an operation without its number, which is its position. What the plan hash covers
/// stands first; its length is returned.
pub(crate) fn encode_operation(operation: &Operation, out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&operation.key_hash.0);
    out.push(match operation.kind {
        OperationKind::Create => 0,
        OperationKind::Update => 1,
        OperationKind::Delete => 2,
    });
    put_bytes(operation.key.bytes(), out);
    put_bytes(&encode_identifier(&operation.identifier), out);
    put_optional_text(operation.destination_id.as_deref(), out);
    out.extend_from_slice(&operation.input_hash.0);
    out.extend_from_slice(&operation.output_hash.0);
    put_cause(&operation.cause, out);
    put_record(operation.old.as_ref(), out);
    let hashed = out.len();
    // New values may hold run variables; the hashes of input and output stand for them.
    put_record(operation.new.as_ref(), out);
    hashed
}

pub(crate) fn decode_operation(mut bytes: &[u8], number: u64) -> Result<Operation, Damaged> {
    let rest = &mut bytes;
    let key_hash = take_hash(rest)?;
    let kind = kind_of_code(take_byte(rest)?)?;
    let key = Key::from_bytes(take_bytes(rest)?);
    let identifier = decode_values(take_bytes(rest)?)?;
    let destination_id = take_optional_text(rest)?;
    let input_hash = take_hash(rest)?;
    let output_hash = take_hash(rest)?;
    let cause = take_cause(rest)?;
    let old = take_record(rest)?;
    let new = take_record(rest)?;
    end(rest)?;
    Ok(Operation {
        number,
        kind,
        key,
        key_hash,
        identifier,
        destination_id,
        old,
        new,
        input_hash,
        output_hash,
        cause,
    })
}

/// The identifier's values of an encoded operation; nothing else of it is looked at.
pub(super) fn decode_identifier(mut bytes: &[u8]) -> Result<Vec<Value>, Damaged> {
    let rest = &mut bytes;
    take_hash(rest)?;
    take_byte(rest)?;
    take_bytes(rest)?;
    decode_values(take_bytes(rest)?)
}

/// The snapshot's record of an encoded operation that was accepted, as [`Entry::accepted`] makes
/// it; nothing for a delete. Values stay bytes, for both have them in the same encoding.
pub(super) fn accepted_entry(
    bytes: &[u8],
    destination_id: Option<&str>,
    keep: bool,
) -> Result<Option<Vec<u8>>, Damaged> {
    let mut left = bytes;
    let rest = &mut left;
    let key_hash = take_hash(rest)?;
    if kind_of_code(take_byte(rest)?)? == OperationKind::Delete {
        return Ok(None);
    }
    let (key, identifier) = (take_bytes(rest)?, take_bytes(rest)?);
    let told = match take_flag(rest)? {
        true => Some(take_bytes(rest)?),
        false => None,
    };
    let (input_hash, output_hash) = (take_hash(rest)?, take_hash(rest)?);
    take_cause(rest)?;
    if keep && take_flag(rest)? {
        // What the new values leave out stays as it was.
        let operation = decode_operation(bytes, 0)?;
        let id = destination_id.map(str::to_owned);
        return Ok(Some(Entry::accepted(&operation, id, keep).to_bytes()));
    }
    let values = match keep && take_flag(rest)? {
        true => Some(*rest),
        false => None,
    };
    Ok(Some(Entry::join(
        [key_hash, input_hash, output_hash],
        key,
        identifier,
        destination_id.map(str::as_bytes).or(told),
        values,
    )))
}

/// The kind that stands after an operation's key hash.
pub(super) fn kind_of_code(code: u8) -> Result<OperationKind, Damaged> {
    match code {
        0 => Ok(OperationKind::Create),
        1 => Ok(OperationKind::Update),
        2 => Ok(OperationKind::Delete),
        _ => Err(Damaged),
    }
}

fn end(rest: &[u8]) -> Result<(), Damaged> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Damaged)
    }
}

pub(crate) fn encode_invalid(row: &InvalidRow, out: &mut Vec<u8>) {
    out.extend_from_slice(&row.key_hash.0);
    put_bytes(row.key.bytes(), out);
    put_bytes(row.reason.code.as_bytes(), out);
    put_optional_text(row.reason.column.as_deref(), out);
    put_optional_text(row.reason.field.as_deref(), out);
    put_bytes(row.reason.text.as_bytes(), out);
}

pub(crate) fn decode_invalid(mut bytes: &[u8]) -> Result<InvalidRow, Damaged> {
    let rest = &mut bytes;
    let row = InvalidRow {
        key_hash: take_hash(rest)?,
        key: Key::from_bytes(take_bytes(rest)?),
        reason: InvalidReason {
            code: take_text(rest)?,
            column: take_optional_text(rest)?,
            field: take_optional_text(rest)?,
            text: take_text(rest)?,
        },
    };
    end(rest)?;
    Ok(row)
}

pub(crate) fn encode_mark(mark: &Mark, out: &mut Vec<u8>) {
    out.extend_from_slice(&mark.key_hash.0);
    let position = MarkKind::ALL.iter().position(|kind| *kind == mark.kind);
    put_length(position.unwrap_or_default(), out);
    put_bytes(mark.key.bytes(), out);
    out.push(u8::from(mark.entry.is_some()));
    if let Some(entry) = &mark.entry {
        entry.encode(out);
    }
}

pub(crate) fn decode_mark(mut bytes: &[u8]) -> Result<Mark, Damaged> {
    let rest = &mut bytes;
    let key_hash = take_hash(rest)?;
    let position = take_length(rest)?;
    let kind = *MarkKind::ALL.get(position).ok_or(Damaged)?;
    let key = Key::from_bytes(take_bytes(rest)?);
    let entry = take_flag(rest)?
        .then(|| Entry::from_bytes(rest))
        .transpose()?;
    if entry.is_none() {
        end(rest)?;
    }
    Ok(Mark {
        kind,
        key_hash,
        key,
        entry,
    })
}

pub(super) fn encode_refresh(refresh: &Refresh, out: &mut Vec<u8>) {
    out.extend_from_slice(&refresh.key_hash.0);
    out.extend_from_slice(&refresh.input_hash.0);
    out.extend_from_slice(&refresh.output_hash.0);
}

pub(super) fn decode_refresh(mut bytes: &[u8]) -> Result<Refresh, Damaged> {
    let rest = &mut bytes;
    let refresh = Refresh {
        key_hash: take_hash(rest)?,
        input_hash: take_hash(rest)?,
        output_hash: take_hash(rest)?,
    };
    end(rest)?;
    Ok(refresh)
}
