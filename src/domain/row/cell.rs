//! The canonical encoding of cells: a tag byte and its payload.
//!
//! Texts carry their length, so that `ab, c` differs from `a, bc` and null from the empty text.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike};

use crate::domain::value::Value;

const NULL: u8 = NULL_TAG;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const DECIMAL: u8 = 4;
const DOUBLE: u8 = 5;
const TEXT: u8 = 6;
const BYTES: u8 = 7;
const DATE: u8 = 8;
const TIME: u8 = 9;
const TIMESTAMP: u8 = 10;
const JSON: u8 = 11;
const LEFT_OUT: u8 = 14;
const MISFIT: u8 = MISFIT_TAG;

/// The first byte of a null's encoding.
pub const NULL_TAG: u8 = 0;
/// The first byte of the encoding of a cell that does not fit its column's type.
pub const MISFIT_TAG: u8 = 15;

/// Says that bytes are not a canonical encoding (a damaged file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the encoded row is damaged")]
pub struct Damaged;

/// A decoded cell: a value, or what stands where a value cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A value of the column's type, or null.
    Value(Value),
    /// The source's text for a value that does not fit the column's type.
    Misfit(String),
    /// A field that a record leaves out (skipped null, `on_create`).
    LeftOut,
}

/// Appends the encoding of `value` to `out`.
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Boolean(false) => out.push(FALSE),
        Value::Boolean(true) => out.push(TRUE),
        Value::Integer(number) => {
            out.push(INTEGER);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Decimal(number) => put(DECIMAL, number.to_plain_string().as_bytes(), out),
        Value::Double(number) => {
            out.push(DOUBLE);
            out.extend_from_slice(&number.bits().to_le_bytes());
        }
        Value::Text(text) => put(TEXT, text.as_bytes(), out),
        Value::Bytes(bytes) => put(BYTES, bytes, out),
        Value::Date(date) => {
            out.push(DATE);
            out.extend_from_slice(&date.num_days_from_ce().to_le_bytes());
        }
        Value::Time(time) => {
            out.push(TIME);
            out.extend_from_slice(&time.num_seconds_from_midnight().to_le_bytes());
            out.extend_from_slice(&time.nanosecond().to_le_bytes());
        }
        Value::Timestamp(instant) => {
            out.push(TIMESTAMP);
            out.extend_from_slice(&instant.timestamp().to_le_bytes());
            out.extend_from_slice(&instant.timestamp_subsec_nanos().to_le_bytes());
            out.extend_from_slice(&instant.offset().local_minus_utc().to_le_bytes());
        }
        Value::Json(text) => put(JSON, text.as_bytes(), out),
    }
}

/// Appends a text without first making a [`Value`] of it.
#[inline]
pub fn encode_text(text: &str, out: &mut Vec<u8>) {
    put(TEXT, text.as_bytes(), out);
}

/// Appends a cell that does not fit its column's type; `text` is what the source gave.
pub fn encode_misfit(text: &str, out: &mut Vec<u8>) {
    put(MISFIT, text.as_bytes(), out);
}

/// Appends the mark of a field that a record leaves out.
pub fn encode_left_out(out: &mut Vec<u8>) {
    out.push(LEFT_OUT);
}

#[inline]
fn put(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    put_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Appends a length in LEB128.
#[inline]
pub fn put_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length;
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0x7f);
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Takes a LEB128 length from the front of `bytes`.
///
/// # Errors
/// [`Damaged`] where it does not end or is over 2^56.
#[inline]
pub fn take_length(bytes: &mut &[u8]) -> Result<usize, Damaged> {
    let mut length = 0_usize;
    for shift in (0..56).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        length |= usize::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(length);
        }
    }
    Err(Damaged)
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Damaged> {
    let (head, rest) = bytes.split_at_checked(count).ok_or(Damaged)?;
    *bytes = rest;
    Ok(head)
}

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Damaged> {
    take(bytes, N)?.try_into().map_err(|_| Damaged)
}

fn take_text(bytes: &mut &[u8]) -> Result<String, Damaged> {
    let length = take_length(bytes)?;
    let raw = take(bytes, length)?;
    std::str::from_utf8(raw)
        .map(str::to_owned)
        .map_err(|_| Damaged)
}

/// Takes the encoding of one cell from the front of `bytes`, undecoded.
///
/// # Errors
/// [`Damaged`] where no whole cell stands there.
pub fn take_cell<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Damaged> {
    let start = *bytes;
    let (tag, mut rest) = start.split_first().ok_or(Damaged)?;
    let fixed = match *tag {
        NULL | FALSE | TRUE | LEFT_OUT => 0,
        DATE => 4,
        INTEGER | DOUBLE | TIME => 8,
        TIMESTAMP => 16,
        DECIMAL | TEXT | BYTES | JSON | MISFIT => take_length(&mut rest)?,
        _ => return Err(Damaged),
    };
    take(&mut rest, fixed)?;
    let used = start.len() - rest.len();
    take(bytes, used)
}

/// Decodes the cell at the front of `bytes` and moves past it.
///
/// # Errors
/// [`Damaged`] where the bytes are not an encoding.
pub fn decode(bytes: &mut &[u8]) -> Result<Cell, Damaged> {
    let tag = *take(bytes, 1)?.first().ok_or(Damaged)?;
    let value = match tag {
        NULL => Value::Null,
        FALSE => Value::Boolean(false),
        TRUE => Value::Boolean(true),
        INTEGER => Value::Integer(i64::from_le_bytes(take_array(bytes)?)),
        DOUBLE => Value::double(f64::from_bits(u64::from_le_bytes(take_array(bytes)?))),
        DECIMAL => Value::Decimal(take_text(bytes)?.parse().map_err(|_| Damaged)?),
        TEXT => Value::Text(take_text(bytes)?),
        JSON => Value::Json(take_text(bytes)?),
        BYTES => {
            let length = take_length(bytes)?;
            Value::Bytes(take(bytes, length)?.to_vec())
        }
        DATE => {
            let days = i32::from_le_bytes(take_array(bytes)?);
            Value::Date(NaiveDate::from_num_days_from_ce_opt(days).ok_or(Damaged)?)
        }
        TIME => {
            let seconds = u32::from_le_bytes(take_array(bytes)?);
            let nanos = u32::from_le_bytes(take_array(bytes)?);
            Value::Time(
                NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).ok_or(Damaged)?,
            )
        }
        TIMESTAMP => {
            let seconds = i64::from_le_bytes(take_array(bytes)?);
            let nanos = u32::from_le_bytes(take_array(bytes)?);
            let offset = i32::from_le_bytes(take_array(bytes)?);
            let offset = FixedOffset::east_opt(offset).ok_or(Damaged)?;
            let instant = DateTime::from_timestamp(seconds, nanos).ok_or(Damaged)?;
            Value::Timestamp(instant.with_timezone(&offset))
        }
        LEFT_OUT => return Ok(Cell::LeftOut),
        MISFIT => return Ok(Cell::Misfit(take_text(bytes)?)),
        _ => return Err(Damaged),
    };
    Ok(Cell::Value(value))
}

/// Decodes a run of cells that are all values.
///
/// # Errors
/// [`Damaged`] at a misfit, a left-out mark, or bytes that are no encoding.
pub fn decode_values(mut bytes: &[u8]) -> Result<Vec<Value>, Damaged> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        match decode(&mut bytes)? {
            Cell::Value(value) => values.push(value),
            Cell::Misfit(_) | Cell::LeftOut => return Err(Damaged),
        }
    }
    Ok(values)
}
