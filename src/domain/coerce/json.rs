//! JSON documents as text: read, written and walked without losing a digit of any number.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::number;
use crate::domain::value::Value;

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member of an object.
    Key(String),
    /// An element of an array, from 0.
    Index(usize),
}

/// Checks that `text` is one JSON document.
pub(crate) fn document(text: &str) -> Option<Value> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    Some(Value::Json(raw.get().to_owned()))
}

/// The value that a document stands for: a single value as itself, anything else as a document.
///
/// A whole number of 64 bits is an integer, any other number an exact decimal.
pub(crate) fn native(document: &str) -> Value {
    let text = document.trim();
    match text.as_bytes().first() {
        Some(b'n') if text == "null" => Some(Value::Null),
        Some(b't') if text == "true" => Some(Value::Boolean(true)),
        Some(b'f') if text == "false" => Some(Value::Boolean(false)),
        Some(b'"') => serde_json::from_str(text).map(Value::Text).ok(),
        Some(b'-' | b'0'..=b'9') => match text.parse() {
            Ok(number) => Some(Value::Integer(number)),
            Err(_) => number::read_decimal(text).ok().map(Value::Decimal),
        },
        _ => None,
    }
    .unwrap_or_else(|| Value::Json(text.to_owned()))
}

/// Writes a value as a document; nothing for what JSON cannot say.
pub(crate) fn encode(value: &Value) -> Option<Value> {
    match value {
        Value::Json(text) => Some(Value::Json(text.clone())),
        Value::Decimal(number) if !number::is_writable(number) => None,
        Value::Double(number) if !number.get().is_finite() => None,
        other => serde_json::to_string(other).ok().map(Value::Json),
    }
}

/// Follows `steps` from the top of `document`; nothing where a step leads nowhere.
///
/// # Errors
/// What `serde_json` says where the document is not JSON.
pub(crate) fn walk<'d>(
    document: &'d str,
    steps: &[Step],
) -> Result<Option<&'d str>, serde_json::Error> {
    let mut here = document;
    for step in steps {
        let mut reader = serde_json::Deserializer::from_str(here);
        match Pick(step).deserialize(&mut reader)? {
            Some(raw) => here = raw.get(),
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}

/// Reads one child of a document and skips the rest.
struct Pick<'s>(&'s Step);

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let wanted = match self.0 {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        };
        // Of equal keys the last counts, as everywhere in serde_json.
        while let Some(is_wanted) = members.next_key_seed(IsKey(wanted))? {
            if is_wanted {
                found = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        if let Step::Index(index) = self.0 {
            for _ in 0..*index {
                if elements.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = elements.next_element()?;
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Compares a key without making a text of it.
struct IsKey<'s>(Option<&'s str>);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(self.0 == Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_keeps_every_digit() {
        let document = r#"{"a": {"b": [1, 12345678901234567890.120]}, "c": "x\"y"}"#;
        let key = |name: &str| Step::Key(name.into());
        let number = walk(document, &[key("a"), key("b"), Step::Index(1)]).unwrap();
        assert_eq!(number, Some("12345678901234567890.120"));
        assert_eq!(
            native(walk(document, &[key("c")]).unwrap().unwrap()),
            Value::text("x\"y")
        );
        for steps in [
            vec![key("z")],
            vec![key("c"), key("z")],
            vec![key("a"), key("b"), Step::Index(2)],
            vec![Step::Index(0)],
        ] {
            assert_eq!(walk(document, &steps).unwrap(), None);
        }
        assert!(walk("{\"a\": 1", &[key("a")]).is_err());
    }
}
