//! Values read from text.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Timelike};

use super::{json, number};
use crate::domain::value::{Type, Value};

const NOT_A_DATE: &str = "a date is written 2013-12-31";
const NOT_A_TIME: &str = "a time is written 23:59:59";
const NOT_AN_INSTANT: &str = "an instant is written 2013-12-31T23:59:59Z, or with another offset";

/// Spellings of true and false, in any case.
const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];

/// Reads a value of type `to`; white space around it does not count, except in text and bytes.
pub(super) fn read(text: &str, to: Type) -> Result<Value, &'static str> {
    let trimmed = text.trim();
    if trimmed.is_empty() && !matches!(to, Type::Text | Type::Bytes) {
        return Err("it is empty");
    }
    match to {
        Type::Text => Ok(Value::text(text)),
        Type::Bytes => Ok(Value::Bytes(text.as_bytes().to_vec())),
        Type::Boolean => read_boolean(trimmed).map(Value::Boolean),
        Type::Integer => number::read_integer(trimmed).map(Value::Integer),
        Type::Decimal => number::read_decimal(trimmed).map(Value::Decimal),
        Type::Double => number::read_double(trimmed).map(Value::double),
        Type::Date => match read_date(trimmed) {
            Some(date) => Ok(Value::Date(date)),
            None => date_of(&read_instant(trimmed).ok_or(NOT_A_DATE)?),
        },
        Type::Time => read_time(trimmed).map(Value::Time).ok_or(NOT_A_TIME),
        Type::Timestamp => read_instant(trimmed)
            .map(Value::Timestamp)
            .ok_or(NOT_AN_INSTANT),
        Type::Json => json::document(trimmed).ok_or("it is not a JSON document"),
    }
}

fn read_boolean(text: &str) -> Result<bool, &'static str> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match (is_one_of(&TRUE), is_one_of(&FALSE)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err("a truth value is written true, yes, on, t, y, 1 or false, no, off, f, n, 0"),
    }
}

/// Reads `2013-12-31` with a year of four digits, or of more with a sign (ISO 8601).
fn read_date(text: &str) -> Option<NaiveDate> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.find('-')? < 4 || !text.is_ascii() {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Reads `23:59`, `23:59:59`, and fractions down to the nanosecond. A leap second is refused, for
/// most destinations refuse it too.
fn read_time(text: &str) -> Option<NaiveTime> {
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    if fraction.trim_end_matches('0').len() > 9 {
        return None;
    }
    NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"))
        .ok()
        .filter(|time| time.nanosecond() < 1_000_000_000)
}

/// Reads an RFC 3339 instant; also with a space for the `T`, without seconds, without an offset
/// (then UTC), and a date alone (then midnight UTC).
fn read_instant(text: &str) -> Option<DateTime<FixedOffset>> {
    let utc = FixedOffset::east_opt(0)?;
    let Some((date, rest)) = text.split_once(['T', 't', ' ']) else {
        return at_offset(read_date(text)?, NaiveTime::MIN, utc);
    };
    let zone_start = rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(zone_start)?;
    at_offset(
        read_date(date)?,
        read_time(time)?,
        read_offset(zone.trim())?,
    )
}

fn at_offset(
    date: NaiveDate,
    time: NaiveTime,
    offset: FixedOffset,
) -> Option<DateTime<FixedOffset>> {
    let instant = date.and_time(time).checked_sub_offset(offset)?;
    Some(DateTime::from_naive_utc_and_offset(instant, offset))
}

/// Reads nothing, `Z`, `UTC`, `+02`, `+0200`, `+02:00`.
fn read_offset(text: &str) -> Option<FixedOffset> {
    if ["", "z", "utc"]
        .iter()
        .any(|zero| zero.eq_ignore_ascii_case(text))
    {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 2) => (digits, "00"),
        (None, 4) => digits.split_at_checked(2)?,
        _ => return None,
    };
    let two_digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i32>().ok())
            .flatten()
    };
    let minutes = two_digits(minutes).filter(|minutes| *minutes < 60)?;
    FixedOffset::east_opt(sign * (two_digits(hours)? * 3_600 + minutes * 60))
}

/// The date of an instant that is midnight UTC.
pub(super) fn date_of(instant: &DateTime<FixedOffset>) -> Result<Value, &'static str> {
    let utc = instant.naive_utc();
    if utc.time() == NaiveTime::MIN && instant.offset().local_minus_utc() == 0 {
        Ok(Value::Date(utc.date()))
    } else {
        Err("it is not midnight UTC, and the time of day would be lost")
    }
}
