//! How values stand in columns: times, numbers, JSON, hashes and lists of operation numbers.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use crate::domain::row::{Fingerprint, put_length, take_length};

/// A time as microseconds since 1970.
pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// Reads a time.
pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| StoreError::damaged("a stored time is out of range"))
}

/// Reads a time that may be absent.
pub(super) fn time_or_none(micros: Option<i64>) -> Result<Option<DateTime<Utc>>, StoreError> {
    micros.map(time).transpose()
}

/// A number as SQLite has them; counts end at 2^63 - 1.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a count; a negative one is damage and reads as 0 only where it cannot matter.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Writes JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal {
        doing: "write down a resource",
        detail: error.to_string(),
    })
}

/// Reads JSON.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::damaged(format!("a stored {what} does not read: {error}")))
}

/// Reads a hash.
pub(super) fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, StoreError> {
    bytes
        .try_into()
        .map(Fingerprint)
        .map_err(|_| StoreError::damaged("a stored hash has the wrong length"))
}

/// Operations of one batch at most (a bulk upload is one batch).
const MOST: usize = 1 << 22;

/// Writes a list of numbers in its own order: per stretch of consecutive numbers, how far it
/// starts from the end of the one before (zigzag) and how long it is, both in LEB128.
pub(super) fn pack(numbers: &[u64]) -> Result<Vec<u8>, StoreError> {
    if numbers.len() > MOST {
        return Err(too_large());
    }
    let mut out = Vec::new();
    let mut rest = numbers;
    let mut end = 0_i64;
    while let Some(first) = rest.first() {
        let length = rest
            .windows(2)
            .take_while(|pair| matches!(pair, [a, b] if a.checked_add(1) == Some(*b)))
            .count()
            + 1;
        let start = i64::try_from(*first).map_err(|_| too_large())?;
        let gap = start - end;
        let zigzag = (gap << 1) ^ (gap >> 63);
        put_length(
            usize::try_from(zigzag.cast_unsigned()).map_err(|_| too_large())?,
            &mut out,
        );
        put_length(length, &mut out);
        end = start + i64::try_from(length).map_err(|_| too_large())?;
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(out)
}

fn too_large() -> StoreError {
    StoreError::Internal {
        doing: "write down a batch",
        detail: "it has too many operations, or a number is out of range".into(),
    }
}

/// Reads a list of numbers.
pub(super) fn unpack(mut bytes: &[u8]) -> Result<Vec<u64>, StoreError> {
    let damaged = || StoreError::damaged("a stored batch does not read");
    let mut numbers = Vec::new();
    let mut end = 0_i64;
    while !bytes.is_empty() {
        let zigzag = take_length(&mut bytes).map_err(|_| damaged())? as u64;
        let length = take_length(&mut bytes).map_err(|_| damaged())?;
        if length == 0 || length > MOST - numbers.len() {
            return Err(damaged());
        }
        let gap = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
        let start = end.checked_add(gap).ok_or_else(damaged)?;
        let first = u64::try_from(start).map_err(|_| damaged())?;
        numbers.extend((first..).take(length));
        end = start
            .checked_add(i64::try_from(length).map_err(|_| damaged())?)
            .ok_or_else(damaged)?;
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packed_numbers_come_back_in_their_order(
            numbers in proptest::collection::vec(0_u64..1 << 50, 0..200)
        ) {
            prop_assert_eq!(unpack(&pack(&numbers).unwrap()).unwrap(), numbers);
        }

        #[test]
        fn damaged_lists_are_refused_without_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn a_stretch_of_numbers_takes_a_few_bytes() {
        let numbers: Vec<u64> = (5_000_000..5_001_000).collect();
        let packed = pack(&numbers).unwrap();
        assert!(packed.len() <= 8, "{} bytes", packed.len());
        assert_eq!(unpack(&packed).unwrap(), numbers);
    }
}
