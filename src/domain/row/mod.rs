//! Rows as bytes: the canonical encoding of cells, batches, keys and fingerprints.
//!
//! What is hashed, spooled and stored is this encoding.

mod batch;
mod cell;

use std::fmt;

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::value::Value;

pub use batch::Batch;
pub use cell::{
    Cell, Damaged, MISFIT_TAG, NULL_TAG, decode, decode_values, encode, encode_left_out,
    encode_misfit, encode_text, put_length, take_cell, take_length,
};

/// A 128-bit xxh3 hash under the snapshot's own random seed: the unit of change detection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// Hashes canonical bytes; big-endian, so that byte order is number order.
    #[inline]
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

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

    use super::*;

    pub(crate) fn any_value() -> impl Strategy<Value = Value> {
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
            batch.push_with(|out| encode(&Value::Integer(number), out));
            batch.push_with(|out| encode_misfit("x", out));
        }
        assert_eq!(batch.rows(), 3);
        assert_eq!(batch.value(2, 0), Ok(Cell::Value(Value::Integer(2))));
        assert_eq!(batch.value(1, 1), Ok(Cell::Misfit("x".into())));
        assert_eq!(batch.value(3, 1), Err(Damaged));
        assert_eq!(batch.value(0, 2), Err(Damaged));
        let row = [batch.cell(1, 0), batch.cell(1, 1)].concat();
        assert_eq!(batch.cells(1, 0..2), row);
        assert!(batch.cells(1, 1..3).is_empty());
    }
}
