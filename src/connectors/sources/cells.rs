//! Cells from texts: what a text is read as in a column of each type, and how large a cell may be.

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::domain::coerce::coerce;
use crate::domain::row::{encode, encode_misfit, encode_text};
use crate::domain::value::{Type, Value};

/// The most bytes of one cell; a larger one is a misfit.
pub(super) const CELL_BYTES: usize = 1 << 20;
/// The most bytes of one row; cells beyond are misfits.
pub(super) const ROW_BYTES: usize = 4 << 20;
/// The most bytes of a row that is looked at, at all; a larger one ends the reading, for no reader
/// can know where it would end.
pub(super) const BOMB_BYTES: usize = 64 << 20;
/// Bytes of a misfit that are kept to be shown.
const MISFIT_BYTES: usize = 1 << 10;

/// Counts the bytes of one row against what a row may hold.
pub(super) struct Room(usize);

impl Room {
    /// Room for a whole row.
    pub(super) fn new() -> Self {
        Self(ROW_BYTES)
    }

    /// Takes `size` bytes; where there is no room for them, `out` gets a misfit and the answer is no.
    #[inline]
    pub(super) fn take(&mut self, size: usize, out: &mut Vec<u8>) -> bool {
        if size > CELL_BYTES || size > self.0 {
            let text = format!("{size} bytes, but a cell may have 1 MiB and a row 4 MiB");
            encode_misfit(&text, out);
            return false;
        }
        self.0 -= size;
        true
    }
}

/// Appends a misfit; a long text is cut.
pub(super) fn put_misfit(text: &str, out: &mut Vec<u8>) {
    if text.len() <= MISFIT_BYTES {
        return encode_misfit(text, out);
    }
    let end = text.floor_char_boundary(MISFIT_BYTES);
    encode_misfit(&format!("{}…", text.get(..end).unwrap_or_default()), out);
}

/// Appends a text to a column of type `kind`. The plain spellings are read without a detour; all
/// else is for the coercion matrix to say.
#[inline]
pub(super) fn put_text(text: &str, kind: Type, out: &mut Vec<u8>) {
    if kind == Type::Text {
        return encode_text(text, out);
    }
    match plain(text, kind) {
        Some(value) => encode(&value, out),
        None => match coerce(Value::text(text), kind) {
            Ok(value) => encode(&value, out),
            Err(_) => put_misfit(text, out),
        },
    }
}

/// Appends a value to a column of type `kind` by the coercion matrix.
pub(super) fn put_value(value: Value, kind: Type, out: &mut Vec<u8>) {
    match coerce(value.clone(), kind) {
        Ok(value) => encode(&value, out),
        Err(_) => put_misfit(&value.to_plain(), out),
    }
}

fn plain(text: &str, kind: Type) -> Option<Value> {
    match kind {
        Type::Boolean => boolean(text).map(Value::Boolean),
        Type::Integer => integer(text).map(Value::Integer),
        Type::Double => double(text).map(Value::double),
        Type::Decimal if is_number(text.as_bytes()) => {
            text.parse::<BigDecimal>().ok().map(Value::Decimal)
        }
        Type::Date => date(text).map(Value::Date),
        Type::Timestamp => instant(text).map(Value::Timestamp),
        _ => None,
    }
}

/// Reads `true` and `false`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Reads an integer in its one plain spelling: no plus sign, no leading zero, no `-0`.
pub(super) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { text.parse().ok() } else { None }
}

/// Reads a finite double without leading zeros or signs other than minus.
pub(super) fn double(text: &str) -> Option<f64> {
    if !is_number(text.as_bytes()) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether the bytes are a number as JSON spells it (RFC 8259, section 6), of at most 64 bytes.
fn is_number(bytes: &[u8]) -> bool {
    if bytes.len() > 64 {
        return false;
    }
    let rest = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, rest) = digits(rest);
    let has_leading_zero = whole.len() > 1 && whole.first() == Some(&b'0');
    if whole.is_empty() || has_leading_zero {
        return false;
    }
    let rest = match rest.strip_prefix(b".") {
        None => rest,
        Some(rest) => match digits(rest) {
            ([], _) => return false,
            (_, rest) => rest,
        },
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', power @ ..] | [b'e' | b'E', power @ ..] => {
            // A power of three digits is as far as doubles go; more is a bomb for a decimal.
            (1..=3).contains(&power.len()) && power.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

fn digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// Significant digits of a plain number: a double keeps 17.
pub(super) fn significant_digits(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| !matches!(byte, b'e' | b'E'))
        .filter(u8::is_ascii_digit)
        .skip_while(|digit| *digit == b'0')
        .count()
}

/// Reads `2013-01-31`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return None;
    };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0_u32, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + u32::from(**digit - b'0'))
        })
    };
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)
}

/// Reads an instant as RFC 3339 spells it; its plainest spelling in UTC without a detour.
pub(super) fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    plain_instant(text).or_else(|| DateTime::parse_from_rfc3339(text).ok())
}

/// Reads `2013-01-31T23:59:59Z`; all else, leap seconds too, is for the library.
fn plain_instant(text: &str) -> Option<DateTime<FixedOffset>> {
    let (day, time) = text.split_at_checked(10)?;
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = time.as_bytes() else {
        return None;
    };
    let number = |tens: &u8, ones: &u8| {
        let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
        is_number.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    };
    let time = date(day)?.and_hms_opt(number(h1, h2)?, number(m1, m2)?, number(s1, s2)?)?;
    Some(time.and_utc().fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_spellings_are_numbers() {
        for text in ["0", "7", "-12", "9223372036854775807"] {
            assert_eq!(integer(text), text.parse().ok(), "{text}");
        }
        for text in [
            "",
            "-",
            "007",
            "+5",
            "-0",
            "1.0",
            "1e3",
            " 1",
            "9223372036854775808",
        ] {
            assert_eq!(integer(text), None, "{text}");
        }
        for text in ["0.5", "-1.25", "1e3", "2E-7", "12", "10.357019999999999"] {
            assert_eq!(double(text), text.parse().ok(), "{text}");
        }
        for text in [
            "NaN", "inf", "01.5", ".5", "5.", "1e", "1e9999", "0x10", "1_0", "--1",
        ] {
            assert_eq!(double(text), None, "{text}");
        }
    }

    #[test]
    fn only_dates_of_the_calendar_are_dates() {
        assert_eq!(date("2024-02-29"), NaiveDate::from_ymd_opt(2024, 2, 29));
        for text in [
            "2023-02-29",
            "2024-2-29",
            "2024/02/29",
            "20240229",
            "2024-02-2x",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn instants_are_read_as_the_standard_has_them() {
        for text in [
            "2013-01-31T23:59:59Z",
            "0000-02-29T00:00:00Z",
            "2013-01-31T23:59:60Z",
            "2013-01-31T24:00:00Z",
            "2013-02-30T00:00:00Z",
            "2013-01-31t23:59:59z",
            "2013-01-31T23:59:59+01:30",
            "2013-01-31T23:59:59.25Z",
            "2013-01-31T2x:59:59Z",
            "2013-01-31 23:59:59Z",
            "2013-01-3äT23:59:59Z",
            "",
        ] {
            assert_eq!(
                instant(text),
                DateTime::parse_from_rfc3339(text).ok(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_long_misfit_is_cut_at_a_character() {
        let mut out = Vec::new();
        put_misfit(&"ä".repeat(2_000), &mut out);
        assert!(out.len() < 1_100);
        assert!(matches!(
            crate::domain::row::decode(&mut out.as_slice()),
            Ok(crate::domain::row::Cell::Misfit(text)) if text.ends_with('…')
        ));
    }
}
