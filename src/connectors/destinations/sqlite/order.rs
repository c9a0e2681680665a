//! The order in which a batch is written: by identifier, so that each page of an index is met once
//! and not once a row, which come in random order.

use rusqlite::types::Value as Stored;

use crate::connectors::BatchReader;
use crate::connectors::contract::ConnectorError;
use crate::domain::value::Value;

use super::storage::{Affinity, store};

/// The positions of a batch's operations in the order in which an index has their identifiers.
/// It is only about speed: where the index sorts otherwise, nothing else differs.
///
/// # Errors
/// [`ConnectorError`] where an operation cannot be read.
pub(super) fn by_identifier(operations: &BatchReader) -> Result<Vec<usize>, ConnectorError> {
    let mut bytes = Vec::new();
    let mut ends = Vec::with_capacity(operations.len());
    for at in 0..operations.len() {
        for value in operations.identifier(at)? {
            push(&value, &mut bytes);
        }
        ends.push(bytes.len());
    }
    let key = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| ends.get(before));
        let (from, to) = (before.copied().unwrap_or(0), ends.get(*at).copied());
        bytes.get(from..to.unwrap_or(from)).unwrap_or_default()
    };
    let mut order: Vec<usize> = (0..operations.len()).collect();
    order.sort_unstable_by(|one, other| key(one).cmp(key(other)).then(one.cmp(other)));
    Ok(order)
}

/// Appends a value so that bytes compare as SQLite compares values: nothing, numbers, text, blobs.
fn push(value: &Value, out: &mut Vec<u8>) {
    match store(value, Affinity::Blob) {
        Ok(Stored::Null) | Err(_) => out.push(0),
        Ok(Stored::Integer(number)) => {
            out.push(1);
            out.extend_from_slice(&(number ^ i64::MIN).to_be_bytes());
        }
        Ok(Stored::Real(number)) => {
            let bits = number.to_bits().cast_signed();
            // Negative numbers have all bits turned, others the sign alone.
            let turned = bits ^ ((bits >> 63) | i64::MIN);
            out.push(1);
            out.extend_from_slice(&turned.to_be_bytes());
        }
        Ok(Stored::Text(text)) => {
            out.push(2);
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        }
        Ok(Stored::Blob(blob)) => {
            out.push(3);
            out.extend_from_slice(&blob);
            out.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_compare_as_values_do() {
        let values = [
            Value::Null,
            Value::Integer(i64::MIN),
            Value::Integer(-1),
            Value::Integer(0),
            Value::Integer(i64::MAX),
            Value::text(""),
            Value::text("a"),
            Value::text("ab"),
            Value::text("b"),
            Value::Bytes(vec![0]),
        ];
        let bytes = values.each_ref().map(|value| {
            let mut out = Vec::new();
            push(value, &mut out);
            out
        });
        assert!(bytes.is_sorted(), "{bytes:?}");
        let doubles = [f64::NEG_INFINITY, -2.5, -0.0, 0.0, 1.5, f64::INFINITY];
        let bytes = doubles.map(|number| {
            let mut out = Vec::new();
            push(&Value::double(number), &mut out);
            out
        });
        assert!(bytes.is_sorted(), "{bytes:?}");
    }
}
