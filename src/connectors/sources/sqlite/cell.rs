//! Cells of SQLite in columns of a pinned type: what fits goes in as it is, the rest by the
//! coercion matrix, and what that refuses as a misfit.

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDateTime};
use rusqlite::types::ValueRef;

use crate::connectors::sources::cells::{Room, put_misfit, put_text, put_value};
use crate::domain::row::encode;
use crate::domain::value::{Type, Value};

/// How SQLite's own date and time functions spell an instant, which they hold in UTC.
const NAIVE: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];

/// Appends one cell to a column of type `kind`.
#[inline]
pub(super) fn put(value: &ValueRef<'_>, kind: Type, room: &mut Room, out: &mut Vec<u8>) {
    match (value, kind) {
        (ValueRef::Text(bytes), _) => {
            if room.take(bytes.len(), out) {
                put_bytes_as_text(bytes, kind, out);
            }
        }
        (ValueRef::Integer(number), Type::Integer) => encode(&Value::Integer(*number), out),
        (ValueRef::Null, _) => encode(&Value::Null, out),
        _ => put_other(value, kind, room, out),
    }
}

fn put_other(value: &ValueRef<'_>, kind: Type, room: &mut Room, out: &mut Vec<u8>) {
    match (*value, kind) {
        (ValueRef::Null, _) => encode(&Value::Null, out),
        (ValueRef::Real(number), Type::Double) => encode(&Value::double(number), out),
        (ValueRef::Integer(number @ (0 | 1)), Type::Boolean) => {
            encode(&Value::Boolean(number == 1), out);
        }
        (ValueRef::Integer(number), Type::Decimal) => {
            encode(&Value::Decimal(BigDecimal::from(number)), out);
        }
        (ValueRef::Real(number), Type::Decimal) => put_text(&number.to_string(), kind, out),
        (ValueRef::Integer(number), _) => put_value(Value::Integer(number), kind, out),
        (ValueRef::Real(number), _) => put_value(Value::double(number), kind, out),
        (ValueRef::Text(bytes) | ValueRef::Blob(bytes), _) => {
            if room.take(bytes.len(), out) {
                put_value(Value::Bytes(bytes.to_vec()), kind, out);
            }
        }
    }
}

#[inline]
fn put_bytes_as_text(bytes: &[u8], kind: Type, out: &mut Vec<u8>) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return put_misfit(&String::from_utf8_lossy(bytes), out);
    };
    let instant = (kind == Type::Timestamp).then(|| instant(text)).flatten();
    match instant {
        Some(instant) => encode(&Value::Timestamp(instant), out),
        None => put_text(text, kind, out),
    }
}

/// Reads an instant; one without an offset is in UTC.
fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok().or_else(|| {
        let naive = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
        NAIVE
            .iter()
            .find_map(naive)
            .map(|instant| instant.and_utc().fixed_offset())
    })
}
