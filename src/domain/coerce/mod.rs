//! The coercion matrix: what becomes of a value of one type in a column or field of another.
//!
//! A coercion loses nothing or is refused. Numbers are compared by value (`5.00` fits an integer),
//! text is read without the white space around it, an instant without an offset is UTC, and NaN and
//! infinities stay doubles (or text). [`matrix`] says it for each pair of types.

pub(crate) mod json;
mod matrix;
pub(crate) mod number;
mod text;

use super::value::{Type, Value};

pub use matrix::{Entry, Rule, matrix, rule};

/// Characters of a value that an error shows.
const SHOWN: usize = 80;

/// Says that a value cannot stand in a column or field of another type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` ({from}) does not fit {to}: {reason}")]
pub struct CoerceError {
    /// The value in plain form, at most 80 characters; from outside, so faces sanitize it.
    pub value: String,
    /// The value's type.
    pub from: Type,
    /// The wanted type.
    pub to: Type,
    /// What stands in the way.
    pub reason: &'static str,
}

/// Turns `value` into the type `to`; null stays null, and a value of that type stays as it is.
///
/// # Errors
/// [`CoerceError`] where something would be lost, or where the two types do not meet.
pub fn coerce(value: Value, to: Type) -> Result<Value, CoerceError> {
    match value.kind() {
        None => Ok(Value::Null),
        Some(from) if from == to => Ok(value),
        Some(from) => convert(&value, to).map_err(|reason| CoerceError {
            value: show(&value),
            from,
            to,
            reason,
        }),
    }
}

/// Fits what a source gave into a column's pinned type, by the same matrix as [`coerce`].
///
/// # Errors
/// [`CoerceError`] where it does not fit: the cell is a misfit.
pub fn fit(raw: &Value, column: Type) -> Result<Value, CoerceError> {
    coerce(raw.clone(), column)
}

/// Reads a JSON value: numbers become integers or exact decimals, arrays and objects documents.
pub fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::String(text) => Value::Text(text.clone()),
        other => json::native(&other.to_string()),
    }
}

/// The value in plain form, cut to 80 characters, for messages.
pub(crate) fn show(value: &Value) -> String {
    match value {
        // Only the head of long bytes is encoded, for no more is shown.
        Value::Bytes(bytes) => shorten(
            &Value::Bytes(bytes.iter().take(SHOWN).copied().collect::<Vec<u8>>()).to_plain(),
        ),
        Value::Text(text) | Value::Json(text) => shorten(text),
        Value::Decimal(number) if !number::is_writable(number) => {
            "a number with more than 1,000 digits".to_owned()
        }
        other => shorten(&other.to_plain()),
    }
}

/// Cuts `text` to 80 characters, the last of them an ellipsis where something was cut.
pub(crate) fn shorten(text: &str) -> String {
    if text.chars().nth(SHOWN).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(SHOWN - 1).collect();
    short.push('…');
    short
}

const NO_WAY: &str = "there is no such conversion";

fn convert(value: &Value, to: Type) -> Result<Value, &'static str> {
    if matches!(rule_of(value, to), Some(Rule::Never)) {
        return Err(NO_WAY);
    }
    match (value, to) {
        (Value::Text(text), _) => text::read(text, to),
        (Value::Json(document), Type::Text) => Ok(match json::native(document) {
            Value::Null => Value::Null,
            _ => Value::Text(document.clone()),
        }),
        (Value::Json(document), _) => match json::native(document) {
            Value::Null => Ok(Value::Null),
            Value::Json(_) => Err("it is not a single value"),
            single if single.kind() == Some(to) => Ok(single),
            single => convert(&single, to),
        },
        (Value::Double(number), Type::Json) if !number.get().is_finite() => {
            Err("JSON has no NaN and no infinity")
        }
        (_, Type::Json) => json::encode(value).ok_or("it cannot be written as JSON"),
        (Value::Bytes(bytes), Type::Text) => std::str::from_utf8(bytes)
            .map(Value::text)
            .map_err(|_| "the bytes are not UTF-8"),
        (Value::Decimal(number), Type::Text) if !number::is_writable(number) => {
            Err("it has more than 1,000 digits")
        }
        (_, Type::Text) => Ok(Value::Text(value.to_plain())),
        (Value::Date(date), Type::Timestamp) => Ok(Value::Timestamp(
            date.and_time(chrono::NaiveTime::MIN)
                .and_utc()
                .fixed_offset(),
        )),
        (Value::Timestamp(instant), Type::Date) => text::date_of(instant),
        _ => number::convert(value, to).unwrap_or(Err(NO_WAY)),
    }
}

fn rule_of(value: &Value, to: Type) -> Option<Rule> {
    Some(rule(value.kind()?, to))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::row::tests::any_value;

    fn coerced(value: Value, to: Type) -> String {
        match coerce(value, to) {
            Ok(value) => value.to_plain(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_loss_is_refused_and_named() {
        for (value, to, wanted) in [
            (
                Value::Decimal("5.5".parse().unwrap()),
                Type::Integer,
                "`5.5` (decimal) does not fit integer: it is not a whole number",
            ),
            (Value::Decimal("5.00".parse().unwrap()), Type::Integer, "5"),
            (
                Value::Integer(9_007_199_254_740_993),
                Type::Double,
                "`9007199254740993` (integer) does not fit double: a double cannot hold it exactly",
            ),
            (Value::double(0.1), Type::Decimal, "0.1"),
            (
                Value::double(f64::NAN),
                Type::Integer,
                "`NaN` (double) does not fit integer: it is not a finite number",
            ),
            (Value::text(" 42 "), Type::Integer, "42"),
            (Value::text("1e3"), Type::Integer, "1000"),
            (Value::text("0.10000000000000001"), Type::Double, "0.1"),
            (
                Value::text("12345678901234567.89"),
                Type::Double,
                "`12345678901234567.89` (text) does not fit double: a double cannot hold it exactly",
            ),
            (
                Value::text("1_000"),
                Type::Integer,
                "`1_000` (text) does not fit integer: it is not a number",
            ),
            (
                Value::text("1e999999999"),
                Type::Decimal,
                "`1e999999999` (text) does not fit decimal: it has more than 1,000 digits",
            ),
            (Value::text("TRUE"), Type::Boolean, "true"),
            (
                Value::Bytes(vec![0xff]),
                Type::Text,
                "`/w==` (bytes) does not fit text: the bytes are not UTF-8",
            ),
            (
                Value::double(f64::INFINITY),
                Type::Json,
                "`inf` (double) does not fit json: JSON has no NaN and no infinity",
            ),
            (
                Value::Json("\"2013-01-01\"".into()),
                Type::Date,
                "2013-01-01",
            ),
        ] {
            assert_eq!(coerced(value, to), wanted);
        }
    }

    #[test]
    fn instants_are_read_with_and_without_an_offset() {
        for (text, wanted) in [
            ("2013-01-01 06:00:00", "2013-01-01T06:00:00Z"),
            (
                "2013-01-01T06:00:00.5+02:00",
                "2013-01-01T06:00:00.500+02:00",
            ),
            ("2013-01-01 06:00:00+00", "2013-01-01T06:00:00Z"),
            ("2013-01-01", "2013-01-01T00:00:00Z"),
        ] {
            assert_eq!(coerced(Value::text(text), Type::Timestamp), wanted);
        }
        for text in [
            "13-01-01",
            "2013-02-30",
            "2013-01-01T24:00:00Z",
            "2013-01-01T23:59:60Z",
            "2013-01-01T00:00:00.0000000001Z",
            "2013-01-01T00:00:00+99:00",
            "2013-01-01T00:00:00+0é",
            "",
        ] {
            assert!(
                coerce(Value::text(text), Type::Timestamp).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn an_error_shows_eighty_characters_of_the_value() {
        let error = coerce(Value::text("é".repeat(500)), Type::Integer).unwrap_err();
        assert_eq!(error.value.chars().count(), 80);
    }

    /// Equal as numbers, instants, texts: what "nothing is lost" means.
    fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Decimal(a), Value::Decimal(b)) => a == b,
            (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
            _ => a == b,
        }
    }

    proptest! {
        #[test]
        fn what_is_coerced_comes_back_unchanged(value in any_value(), to in proptest::sample::select(&Type::ALL[..])) {
            let Some(from) = value.kind() else { return Ok(()) };
            // Text has many spellings for one value, so only what starts elsewhere comes back alike.
            if from == Type::Text { return Ok(()) }
            if let Ok(there) = coerce(value.clone(), to) {
                let back = coerce(there.clone(), from);
                prop_assert!(back.as_ref().is_ok_and(|back| same(back, &value)), "{value:?} -> {there:?} -> {back:?}");
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>(), to in proptest::sample::select(&Type::ALL[..])) {
            let _ = coerce(Value::Text(text.clone()), to);
            let _ = coerce(Value::Json(text), to);
        }

        #[test]
        fn texts_that_look_like_values_are_read_or_refused_without_a_panic(
            text in r"[+-]?[0-9]{0,5}[-:.eE]?[0-9]{0,3}[-:. T]?[0-9]{0,3}[:.+Z -]{0,2}[0-9]{0,12}",
            to in proptest::sample::select(&Type::ALL[..]),
        ) {
            if let Ok(value) = coerce(Value::Text(text), to) {
                let _ = coerce(value, Type::Text);
            }
        }
    }
}
