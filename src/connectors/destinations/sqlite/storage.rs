//! How values are stored in columns and read back; the table stands in the connector's docs.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveTime};
use rusqlite::types::{Value as Stored, ValueRef};

use crate::connectors::destinations::disk::text_loses;
use crate::domain::value::{Type, Value};

/// Digits that a REAL column keeps of every decimal number.
const REAL_DIGITS: u64 = 15;
/// The largest whole number below which every whole number is a double.
const REAL_WHOLE: u64 = 1 << 53;

/// How SQLite converts what is put into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    /// Whole numbers where a text looks like one.
    Integer,
    /// Numbers become text.
    Text,
    /// Nothing is converted.
    Blob,
    /// Numbers become doubles.
    Real,
    /// Numbers where a text looks like one.
    Numeric,
}

impl Affinity {
    /// SQLite's rule, <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.
    pub(super) fn of(declared: &str) -> Self {
        let upper = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
        if has(&["INT"]) {
            Self::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if upper.is_empty() || has(&["BLOB"]) {
            Self::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }
}

/// The type with which a column for values of `kind` is declared; [`kind_of`] reads it back.
pub(super) fn declared(kind: Type) -> &'static str {
    match kind {
        Type::Boolean => "BOOLEAN",
        Type::Integer => "INTEGER",
        Type::Decimal => "DECIMAL_TEXT",
        Type::Double => "DOUBLE",
        Type::Text => "TEXT",
        Type::Bytes => "BLOB",
        Type::Date => "DATE",
        Type::Time => "TIME",
        Type::Timestamp => "TIMESTAMP",
        Type::Json => "JSON_TEXT",
    }
}

/// The type of a column's values, from its declared type.
pub(super) fn kind_of(declared: &str) -> Type {
    let upper = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    if has(&["BOOL"]) {
        Type::Boolean
    } else if has(&["JSON"]) {
        Type::Json
    } else if has(&["DEC", "NUMERIC"]) {
        Type::Decimal
    } else if has(&["TIMESTAMP", "DATETIME"]) {
        Type::Timestamp
    } else if has(&["INT"]) {
        Type::Integer
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Type::Double
    } else if has(&["BLOB", "BINARY"]) {
        Type::Bytes
    } else if has(&["DATE"]) {
        Type::Date
    } else if has(&["TIME"]) {
        Type::Time
    } else {
        Type::Text
    }
}

/// Turns a value into what is bound, or says why the column would not keep it.
///
/// # Errors
/// Why it would be lost, to follow "the value": a not-a-number, or digits that the column's type
/// does not keep.
pub(super) fn store(value: &Value, affinity: Affinity) -> Result<Stored, String> {
    let numeric = matches!(
        affinity,
        Affinity::Integer | Affinity::Real | Affinity::Numeric
    );
    if let Some(why) = text_loses(value) {
        return Err(why.to_owned());
    }
    Ok(match value {
        Value::Null => Stored::Null,
        Value::Boolean(flag) => Stored::Integer(i64::from(*flag)),
        Value::Integer(number) => {
            if affinity == Affinity::Real && number.unsigned_abs() > REAL_WHOLE {
                return Err("has more digits than a REAL column keeps".to_owned());
            }
            Stored::Integer(*number)
        }
        Value::Double(number) if number.get().is_nan() => {
            return Err("is not a number, which would be stored as null".to_owned());
        }
        Value::Double(number) => Stored::Real(number.get()),
        Value::Decimal(number) => {
            if numeric && number.normalized().digits() > REAL_DIGITS {
                return Err(format!(
                    "has more than {REAL_DIGITS} digits, which only a TEXT column keeps"
                ));
            }
            Stored::Text(number.to_plain_string())
        }
        Value::Text(text) | Value::Json(text) => Stored::Text(text.clone()),
        Value::Bytes(bytes) => Stored::Blob(bytes.clone()),
        Value::Date(_) | Value::Time(_) | Value::Timestamp(_) => Stored::Text(value.to_plain()),
    })
}

/// Bytes that a bound value brings.
pub(super) fn size(stored: &Stored) -> u64 {
    let bytes = match stored {
        Stored::Null => 0,
        Stored::Integer(_) | Stored::Real(_) => 8,
        Stored::Text(text) => text.len(),
        Stored::Blob(bytes) => bytes.len(),
    };
    bytes as u64
}

/// Reads a stored value as one of `kind`; what is not of that kind keeps its own type.
pub(super) fn load(stored: ValueRef<'_>, kind: Type) -> Value {
    match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => match kind {
            Type::Boolean if number == 0 || number == 1 => Value::Boolean(number == 1),
            Type::Decimal => Value::Decimal(BigDecimal::from(number)),
            #[expect(clippy::cast_precision_loss, reason = "SQLite itself reads it so")]
            Type::Double => Value::double(number as f64),
            _ => Value::Integer(number),
        },
        ValueRef::Real(number) => match (kind, number.to_string().parse()) {
            (Type::Decimal, Ok(decimal)) => Value::Decimal(decimal),
            _ => Value::double(number),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            typed(&text, kind).unwrap_or(Value::Text(text))
        }
    }
}

fn typed(text: &str, kind: Type) -> Option<Value> {
    match kind {
        // An exponent can ask for more digits than there is memory.
        Type::Decimal if text.contains(['e', 'E']) => None,
        Type::Decimal => text.parse().ok().map(Value::Decimal),
        Type::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .map(Value::Date),
        Type::Time => NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
            .ok()
            .map(Value::Time),
        Type::Timestamp => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(Value::Timestamp),
        Type::Json => Some(Value::Json(text.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_type_reads_back_as_its_kind() {
        for kind in Type::ALL {
            assert_eq!(kind_of(declared(kind)), kind);
        }
    }

    #[test]
    fn columns_for_exact_texts_are_never_numeric() {
        for kind in [Type::Decimal, Type::Text, Type::Json] {
            assert_eq!(Affinity::of(declared(kind)), Affinity::Text);
        }
    }

    #[test]
    fn a_value_that_the_column_would_not_keep_is_refused() {
        let long = Value::Decimal("1234567890123456.78".parse().unwrap());
        assert!(store(&long, Affinity::Numeric).is_err());
        assert!(store(&long, Affinity::Text).is_ok());
        assert!(store(&Value::double(f64::NAN), Affinity::Real).is_err());
        assert!(store(&Value::double(f64::INFINITY), Affinity::Real).is_ok());
        assert!(store(&Value::Integer(i64::MAX), Affinity::Real).is_err());
    }
}
