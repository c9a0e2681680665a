//! Rows as bytes: the canonical encoding of cells, columnar batches, keys and fingerprints.
//!
//! A cell is a tag byte and its payload; texts carry their length, so that `ab, c` differs from
//! `a, bc` and null from the empty text. What is hashed, spooled and stored is this encoding.

use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::value::Value;

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

fn put(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    put_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Appends a length in LEB128.
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

/// A 128-bit xxh3 hash under the snapshot's own random seed: the unit of change detection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// Hashes canonical bytes; big-endian, so that byte order is number order.
    pub fn of(seed: u64, bytes: &[u8]) -> Self {
        Self(xxh3_128_with_seed(bytes, seed).to_be_bytes())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A primary key: the canonical encoding of its columns in the model's order.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Box<[u8]>);

impl Key {
    /// Takes canonical bytes as they are.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Encodes the values of the key's columns.
    pub fn of(values: &[Value]) -> Self {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| encode(value, &mut bytes));
        Self(bytes.into())
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Decodes the key's values.
    ///
    /// # Errors
    /// [`Damaged`] where the bytes are not an encoding.
    pub fn values(&self) -> Result<Vec<Value>, Damaged> {
        decode_values(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// Writes the key's values joined by ` · `, unsanitized.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values().unwrap_or_default();
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                f.write_str(" · ")?;
            }
            f.write_str(&value.to_plain())?;
        }
        Ok(())
    }
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

/// One column of a batch: the encodings of its cells, end to end.
#[derive(Debug, Clone, Default)]
pub struct ColumnCells {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl ColumnCells {
    /// Appends one cell by letting `write` append its encoding.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// The encoding of the cell in `row`; empty past the end.
    pub fn cell(&self, row: usize) -> &[u8] {
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        match (start, self.ends.get(row)) {
            (Some(start), Some(end)) => self
                .bytes
                .get(start as usize..*end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// A columnar batch of rows from a source: at most 8,192 rows or about 4 MiB.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    columns: Vec<ColumnCells>,
}

impl Batch {
    /// Rows after which a source hands a batch on.
    pub const MAX_ROWS: usize = 8_192;
    /// Encoded bytes after which a source hands a batch on.
    pub const MAX_BYTES: usize = 4 << 20;

    /// Makes an empty batch of `columns` columns.
    pub fn new(columns: usize) -> Self {
        Self {
            columns: vec![ColumnCells::default(); columns],
        }
    }

    /// The column at `position`, to append one cell to. A row is one cell pushed to each column.
    pub fn column_mut(&mut self, position: usize) -> Option<&mut ColumnCells> {
        self.columns.get_mut(position)
    }

    /// All columns, to append one cell to each.
    pub fn columns_mut(&mut self) -> &mut [ColumnCells] {
        &mut self.columns
    }

    /// The columns.
    pub fn columns(&self) -> &[ColumnCells] {
        &self.columns
    }

    /// Number of whole rows.
    pub fn rows(&self) -> usize {
        self.columns
            .iter()
            .map(|column| column.ends.len())
            .min()
            .unwrap_or(0)
    }

    /// Encoded bytes held.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|column| column.bytes.len()).sum()
    }

    /// Whether it is time to hand the batch on.
    pub fn is_full(&self) -> bool {
        self.rows() >= Self::MAX_ROWS || self.bytes() >= Self::MAX_BYTES
    }

    /// The encoding of one cell; empty where there is none.
    pub fn cell(&self, row: usize, column: usize) -> &[u8] {
        self.columns
            .get(column)
            .map_or(&[], |cells| cells.cell(row))
    }

    /// Decodes one cell.
    ///
    /// # Errors
    /// [`Damaged`] where there is none.
    pub fn value(&self, row: usize, column: usize) -> Result<Cell, Damaged> {
        decode(&mut self.cell(row, column))
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(ColumnCells::clear);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            any::<i64>().prop_map(Value::Integer),
            any::<f64>().prop_map(Value::double),
            any::<String>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Bytes),
            (any::<i64>(), -20_i64..20).prop_map(|(digits, scale)| {
                Value::Decimal(bigdecimal::BigDecimal::new(digits.into(), scale.max(0)))
            }),
            (-200_000_i32..2_000_000).prop_map(|days| {
                Value::Date(NaiveDate::from_num_days_from_ce_opt(days).unwrap())
            }),
            (0..86_400_u32, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| {
                Value::Time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).unwrap())
            }),
            (
                -60_000_000_000_i64..60_000_000_000,
                0..1_000_000_000_u32,
                -86_399..86_400
            )
                .prop_map(|(seconds, nanos, offset)| {
                    let instant = DateTime::from_timestamp(seconds, nanos).unwrap();
                    Value::Timestamp(instant.with_timezone(&FixedOffset::east_opt(offset).unwrap()))
                }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(values in proptest::collection::vec(any_value(), 0..8)) {
            let key = Key::of(&values);
            prop_assert_eq!(key.values().unwrap(), values);
        }

        #[test]
        fn different_rows_have_different_encodings(
            a in proptest::collection::vec(any_value(), 0..4),
            b in proptest::collection::vec(any_value(), 0..4),
        ) {
            prop_assert_eq!(Key::of(&a) == Key::of(&b), a == b);
        }

        #[test]
        fn damaged_bytes_are_refused_without_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = decode_values(&bytes);
            let _ = take_cell(&mut bytes.as_slice());
        }
    }

    #[test]
    fn a_batch_gives_back_its_cells() {
        let mut batch = Batch::new(2);
        for number in 0..3 {
            batch
                .column_mut(0)
                .unwrap()
                .push_with(|out| encode(&Value::Integer(number), out));
            batch
                .column_mut(1)
                .unwrap()
                .push_with(|out| encode_misfit("x", out));
        }
        assert_eq!(batch.rows(), 3);
        assert_eq!(batch.value(2, 0), Ok(Cell::Value(Value::Integer(2))));
        assert_eq!(batch.value(1, 1), Ok(Cell::Misfit("x".into())));
        assert_eq!(batch.value(3, 1), Err(Damaged));
    }
}
