//! The coercion matrix as a table that docs and commands print.

use crate::domain::value::Type;

/// What the matrix says of one pair of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The same type: the value as it is.
    Same,
    /// Every value converts; the text says how.
    Always(&'static str),
    /// Values that lose nothing convert; the text says which and how.
    Checked(&'static str),
    /// No value converts.
    Never,
}

/// One cell of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The type of the value.
    pub from: Type,
    /// The wanted type.
    pub to: Type,
    /// What happens.
    pub rule: Rule,
}

/// All hundred cells of the matrix, row by row in the order of [`Type::ALL`].
pub fn matrix() -> impl Iterator<Item = Entry> {
    Type::ALL.into_iter().flat_map(|from| {
        Type::ALL.into_iter().map(move |to| Entry {
            from,
            to,
            rule: rule(from, to),
        })
    })
}

/// What becomes of a value of type `from` where `to` is wanted.
pub fn rule(from: Type, to: Type) -> Rule {
    use Rule::{Always, Checked, Never, Same};
    if from == to {
        return Same;
    }
    match (from, to) {
        (Type::Boolean, Type::Integer | Type::Decimal | Type::Double) => {
            Always("false is 0, true is 1")
        }
        (Type::Integer | Type::Decimal | Type::Double, Type::Boolean) => {
            Checked("0 is false, 1 is true")
        }
        (Type::Integer, Type::Decimal) => Always("the same number"),
        (Type::Integer, Type::Double) => Checked("where a double holds it exactly"),
        (Type::Decimal | Type::Double, Type::Integer) => {
            Checked("where it is whole and has at most 64 bits")
        }
        (Type::Decimal, Type::Double) => {
            Checked("where the double's shortest digits are the same number")
        }
        (Type::Double, Type::Decimal) => {
            Checked("the shortest digits that read back as the double; not NaN, not infinite")
        }
        (Type::Date, Type::Timestamp) => Always("midnight UTC"),
        (Type::Timestamp, Type::Date) => Checked("where it is midnight UTC"),
        (Type::Bytes, Type::Text) => Checked("where it is UTF-8"),
        (Type::Decimal, Type::Text) => Checked("plain digits, at most 1,000"),
        (Type::Json, Type::Text) => Always("the document as it is written; null becomes no value"),
        (_, Type::Text) => Always("plain form; dates and instants by ISO 8601 and RFC 3339"),
        (Type::Text, Type::Bytes) => Always("its UTF-8 bytes"),
        (Type::Text, Type::Boolean) => {
            Checked("true, yes, on, t, y, 1 or false, no, off, f, n, 0, in any case")
        }
        (Type::Text, Type::Integer) => Checked("a whole number of at most 64 bits"),
        (Type::Text, Type::Decimal) => Checked("digits with a point; at most 1,000"),
        (Type::Text, Type::Double) => Checked("digits that a double holds, NaN, inf or infinity"),
        (Type::Text, Type::Date) => Checked("2013-12-31"),
        (Type::Text, Type::Time) => Checked("23:59 or 23:59:59.999"),
        (Type::Text, Type::Timestamp) => {
            Checked("2013-12-31T23:59:59+01:00; without an offset it is UTC")
        }
        (Type::Text, Type::Json) => Checked("a JSON document"),
        (Type::Json, Type::Bytes) | (Type::Bytes, _) => Never,
        (Type::Json, _) => Checked("a single value, as if it stood alone; null becomes no value"),
        (Type::Double, Type::Json) => Checked("a number; not NaN, not infinite"),
        (Type::Decimal, Type::Json) => Checked("a number with all its digits, at most 1,000"),
        (Type::Boolean | Type::Integer, Type::Json) => Always("the same value"),
        (Type::Date | Type::Time | Type::Timestamp, Type::Json) => Always("its text as a string"),
        _ => Never,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, NaiveTime};

    use super::*;
    use crate::domain::coerce::coerce;
    use crate::domain::value::Value;

    fn samples(kind: Type) -> Vec<Value> {
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        let date = NaiveDate::from_ymd_opt(2013, 1, 1).unwrap();
        match kind {
            Type::Boolean => vec![Value::Boolean(true), Value::Boolean(false)],
            Type::Integer => [0, 1, 2, i64::MAX].map(Value::Integer).to_vec(),
            Type::Decimal => ["0", "1.0", "0.1", "12345678901234567890.5", "1e2000"]
                .map(decimal)
                .to_vec(),
            Type::Double => [0.0, 1.0, 0.5, 1e300, f64::NAN].map(Value::double).to_vec(),
            Type::Text => [
                "1",
                "yes",
                "12:30",
                "2013-01-01",
                "2013-01-01T06:00:00Z",
                "{}",
                "x",
                "",
            ]
            .map(Value::text)
            .to_vec(),
            Type::Bytes => vec![Value::Bytes(b"ab".to_vec()), Value::Bytes(vec![0xff])],
            Type::Date => vec![Value::Date(date)],
            Type::Time => vec![Value::Time(NaiveTime::from_hms_opt(1, 2, 3).unwrap())],
            Type::Timestamp => ["2013-01-01T00:00:00Z", "2013-01-01T06:00:00+02:00"]
                .map(|text| Value::Timestamp(DateTime::parse_from_rfc3339(text).unwrap()))
                .to_vec(),
            Type::Json => [
                "{}",
                "1",
                "true",
                "\"2013-01-01\"",
                "\"12:30\"",
                "\"2013-01-01T06:00:00Z\"",
            ]
            .map(|text| Value::Json(text.into()))
            .to_vec(),
        }
    }

    #[test]
    fn the_table_says_what_coercion_does() {
        for entry in matrix() {
            let results: Vec<bool> = samples(entry.from)
                .into_iter()
                .map(|value| coerce(value, entry.to).is_ok())
                .collect();
            let agrees = match entry.rule {
                Rule::Same | Rule::Always(_) => !results.contains(&false),
                Rule::Checked(_) => results.contains(&true) && results.contains(&false),
                Rule::Never => !results.contains(&true),
            };
            assert!(agrees, "{entry:?}: {results:?}");
        }
        assert_eq!(matrix().count(), 100);
    }
}
