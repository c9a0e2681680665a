//! Values and their types: what a cell of a model and a field of a record can hold.

use std::fmt;

use base64::Engine as _;
use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SecondsFormat};
use serde::{Deserialize, Serialize, Serializer};

/// The type of a column or a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// True or false.
    Boolean,
    /// A signed 64-bit integer.
    Integer,
    /// An exact decimal number; each value keeps its own scale.
    Decimal,
    /// An IEEE 754 double.
    Double,
    /// Unicode text.
    Text,
    /// Bytes.
    Bytes,
    /// A calendar date.
    Date,
    /// A time of day.
    Time,
    /// An instant with its offset from UTC.
    Timestamp,
    /// A JSON document.
    Json,
}

impl Type {
    /// Every type, in the order in which they are offered.
    pub const ALL: [Self; 10] = [
        Self::Boolean,
        Self::Integer,
        Self::Decimal,
        Self::Double,
        Self::Text,
        Self::Bytes,
        Self::Date,
        Self::Time,
        Self::Timestamp,
        Self::Json,
    ];

    /// The word for this type in files, on screens and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Double => "double",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
        }
    }

    /// Reads a type from its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A double with one NaN and no negative zero, so that equal values have equal bits.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Double(f64);

impl Double {
    /// Settles `number`: every NaN becomes one NaN, -0.0 becomes 0.0.
    pub fn new(number: f64) -> Self {
        if number.is_nan() {
            Self(f64::NAN)
        } else if number == 0.0 {
            Self(0.0)
        } else {
            Self(number)
        }
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// The settled bits.
    pub fn bits(self) -> u64 {
        self.0.to_bits()
    }
}

impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// One value. Equality is by content; two decimals differ when their scales do.
#[derive(Debug, Clone)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A signed 64-bit integer.
    Integer(i64),
    /// An exact decimal.
    Decimal(BigDecimal),
    /// A settled double.
    Double(Double),
    /// Text.
    Text(String),
    /// Bytes; base64 in JSON.
    Bytes(Vec<u8>),
    /// A calendar date.
    Date(NaiveDate),
    /// A time of day, to the nanosecond.
    Time(NaiveTime),
    /// An instant with its offset.
    Timestamp(DateTime<FixedOffset>),
    /// A JSON document as its own text, which keeps every digit.
    Json(String),
}

impl Value {
    /// Makes a settled double.
    pub fn double(number: f64) -> Self {
        Self::Double(Double::new(number))
    }

    /// Makes a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The type, or nothing for null.
    pub fn kind(&self) -> Option<Type> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(_) => Type::Boolean,
            Self::Integer(_) => Type::Integer,
            Self::Decimal(_) => Type::Decimal,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Bytes(_) => Type::Bytes,
            Self::Date(_) => Type::Date,
            Self::Time(_) => Type::Time,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Json(_) => Type::Json,
        })
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as plain text, as a person would type it; bytes are base64, null is empty.
    ///
    /// Text from outside is returned as it is: faces pass it through the sanitizer.
    pub fn to_plain(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Boolean(flag) => flag.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_plain_string(),
            Self::Double(number) => number.get().to_string(),
            Self::Text(text) | Self::Json(text) => text.clone(),
            Self::Bytes(bytes) => base64::engine::general_purpose::STANDARD.encode(bytes),
            Self::Date(date) => date.format("%Y-%m-%d").to_string(),
            Self::Time(time) => time.format("%H:%M:%S%.f").to_string(),
            // RFC 3339 has no seconds in offsets, so such an instant is written in UTC.
            Self::Timestamp(instant) if instant.offset().local_minus_utc() % 60 != 0 => instant
                .to_utc()
                .to_rfc3339_opts(SecondsFormat::AutoSi, true),
            Self::Timestamp(instant) => instant.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        }
    }

    /// The value as JSON. A decimal becomes a number with all its digits only through
    /// [`Serialize`]; here, where a number could lose digits, it is text. NaN and infinities are null.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(flag) => (*flag).into(),
            Self::Integer(number) => (*number).into(),
            Self::Double(number) => number.get().into(),
            Self::Json(text) => serde_json::from_str(text).unwrap_or(serde_json::Value::Null),
            other => other.to_plain().into(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => {
                a.as_bigint_and_exponent() == b.as_bigint_and_exponent()
            }
            (Self::Double(a), Self::Double(b)) => a.bits() == b.bits(),
            (Self::Text(a), Self::Text(b)) | (Self::Json(a), Self::Json(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b && a.offset() == b.offset(),
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Writes JSON: integers and decimals as numbers with every digit, bytes as base64, dates and
/// instants as RFC 3339 text, a JSON document as itself, NaN and infinities as null.
///
/// The serializer must be `serde_json`'s, for raw numbers are written through `RawValue`.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(flag) => serializer.serialize_bool(*flag),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Double(number) => serializer.serialize_f64(number.get()),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Decimal(number) => raw(number.to_plain_string(), serializer),
            Self::Json(text) => raw(text.clone(), serializer),
            other => serializer.serialize_str(&other.to_plain()),
        }
    }
}

fn raw<S: Serializer>(text: String, serializer: S) -> Result<S::Ok, S::Error> {
    serde_json::value::RawValue::from_string(text)
        .map_err(serde::ser::Error::custom)?
        .serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_settled() {
        assert_eq!(Value::double(-0.0), Value::double(0.0));
        assert_eq!(Value::double(f64::NAN), Value::double(-f64::NAN));
    }

    #[test]
    fn json_keeps_every_digit_of_numbers() {
        let decimal = Value::Decimal("12345678901234567890.120".parse().unwrap());
        let values = [
            decimal,
            Value::Integer(i64::MAX),
            Value::Json(r#"{"a":1.10}"#.into()),
        ];
        assert_eq!(
            serde_json::to_string(&values).unwrap(),
            r#"[12345678901234567890.120,9223372036854775807,{"a":1.10}]"#
        );
    }

    #[test]
    fn an_offset_with_seconds_is_written_as_the_same_instant() {
        let instant = DateTime::from_timestamp(0, 0).unwrap();
        let offset = FixedOffset::east_opt(-1).unwrap();
        assert_eq!(
            Value::Timestamp(instant.with_timezone(&offset)).to_plain(),
            "1970-01-01T00:00:00Z"
        );
    }

    #[test]
    fn every_type_reads_back_from_its_word() {
        for kind in Type::ALL {
            assert_eq!(Type::from_word(kind.word()), Some(kind));
        }
    }
}
