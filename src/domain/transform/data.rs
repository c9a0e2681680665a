//! Transforms that change type or shape.

use base64::Engine as _;
use serde_json::Value as Json;
use serde_json_path::{JsonPath, NormalizedPath, PathElement};

use super::arguments::Arguments;
use super::compiled::{Built, Output, TransformError, check_size, text_of};
use super::spec::{Family, Parameter, ParameterKind as Kind, TransformSpec};
use crate::domain::coerce::json::{self, Step};
use crate::domain::coerce::{coerce, shorten, show};
use crate::domain::value::{Type, Value};

/// Bytes of a document that finding many places may read again, each place from the top.
const MAX_REREAD_BYTES: usize = 64 << 20;

const SEPARATOR: Parameter =
    Parameter::optional("separator", Kind::Text, "\",\"", "what stands between");

pub(super) fn specs() -> Vec<TransformSpec> {
    let spec = Family::Data.specs();
    vec![
        spec(
            "to_boolean",
            "makes a truth value; without words of your own: true, yes, on, t, y, 1, and their opposites",
            const {
                &[
                    Parameter::optional(
                        "true",
                        Kind::Texts,
                        "[]",
                        "texts that are true, in any case",
                    ),
                    Parameter::optional(
                        "false",
                        Kind::Texts,
                        "[]",
                        "texts that are false, in any case",
                    ),
                ]
            },
            (
                "\"oui\"",
                "{\"true\": [\"oui\"], \"false\": [\"non\"]}",
                "true",
            ),
            to_boolean,
        ),
        spec(
            "to_text",
            "makes the plain text of any value; a text inside JSON loses its quotes",
            const {
                &[Parameter::optional(
                    "bytes",
                    Kind::Choice(&["utf8", "base64", "hex"]),
                    "\"utf8\"",
                    "how bytes are written",
                )]
            },
            ("4711", "{}", "\"4711\""),
            to_text,
        ),
        spec(
            "json_encode",
            "makes a JSON document of any value",
            &[],
            ("\"a\"", "{}", "\"a\""),
            |_| {
                Ok(Built::new(Output::Fixed(Type::Json), |value| {
                    json::encode(&value)
                        .ok_or_else(|| format!("`{}` cannot be written as JSON", show(&value)))
                }))
            },
        ),
        spec(
            "json_path",
            "takes what a JSONPath (RFC 9535) finds in a document; null where it finds nothing",
            const {
                &[
                    Parameter::required("path", Kind::Text, "the path, such as $.address.city"),
                    Parameter::optional(
                        "all",
                        Kind::Boolean,
                        "false",
                        "an array of all that is found, not the first",
                    ),
                ]
            },
            (
                "{\"address\": {\"city\": \"Paris\"}}",
                "{\"path\": \"$.address.city\"}",
                "\"Paris\"",
            ),
            json_path,
        ),
        spec(
            "join",
            "makes one text of a JSON array; nulls in it are left out",
            const { &[SEPARATOR] },
            ("[\"a\", 1]", "{\"separator\": \", \"}", "\"a, 1\""),
            join,
        ),
        spec(
            "split",
            "makes a JSON array of a separated text",
            const {
                &[
                    SEPARATOR,
                    Parameter::optional(
                        "trim",
                        Kind::Boolean,
                        "false",
                        "cuts white space around each part",
                    ),
                ]
            },
            ("\"a, b\"", "{\"trim\": true}", "[\"a\",\"b\"]"),
            split,
        ),
        spec(
            "length",
            "counts characters of a text, elements of a JSON array, members of an object, or bytes",
            &[],
            ("\"Crème\"", "{}", "5"),
            |_| Ok(Built::new(Output::Fixed(Type::Integer), length)),
        ),
    ]
}

fn to_boolean(arguments: &Arguments) -> Result<Built, TransformError> {
    let lower = |name| -> Vec<String> {
        arguments
            .texts(name)
            .iter()
            .map(|text| text.to_lowercase())
            .collect()
    };
    let (yes, no) = (lower("true"), lower("false"));
    if let Some(both) = yes.iter().find(|word| no.contains(word)) {
        return Err(arguments.invalid("false", format!("{both} is among the true ones too")));
    }
    Ok(Built::new(Output::Fixed(Type::Boolean), move |value| {
        let own_words = !yes.is_empty() || !no.is_empty();
        if own_words && !matches!(value, Value::Boolean(_)) {
            let text = text_of(value)?.trim().to_lowercase();
            return match (yes.contains(&text), no.contains(&text)) {
                (true, _) => Ok(Value::Boolean(true)),
                (_, true) => Ok(Value::Boolean(false)),
                _ => Err(format!("`{}` is not among the words", shorten(&text))),
            };
        }
        coerce(value, Type::Boolean).map_err(|error| error.to_string())
    }))
}

/// A single value out of its document.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::Json(document) => json::native(&document),
        other => other,
    }
}

fn to_text(arguments: &Arguments) -> Result<Built, TransformError> {
    let bytes = arguments.text("bytes");
    Ok(Built::new(Output::Fixed(Type::Text), move |value| {
        match (unwrapped(value), bytes.as_str()) {
            (Value::Null, _) => Ok(Value::Null),
            (Value::Bytes(raw), "base64") => Ok(Value::Text(
                base64::engine::general_purpose::STANDARD.encode(raw),
            )),
            (Value::Bytes(raw), "hex") => Ok(Value::Text(hex(&raw))),
            (other, _) => text_of(other).map(Value::Text),
        }
    }))
}

/// Two small hexadecimal digits for each byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The text of a document; other values are read or written as one.
fn document_of(value: Value) -> Result<String, String> {
    match coerce(value, Type::Json) {
        Ok(Value::Json(document)) => Ok(document),
        Ok(_) => Ok("null".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn json_path(arguments: &Arguments) -> Result<Built, TransformError> {
    let path = JsonPath::parse(&arguments.text("path"))
        .map_err(|error| arguments.invalid("path", error.to_string()))?;
    let all = arguments.flag("all");
    let output = if all {
        Output::Fixed(Type::Json)
    } else {
        Output::Unknown
    };
    Ok(Built::new(output, move |value| {
        let document = document_of(value)?;
        let tree: Json = serde_json::from_str(&document)
            .map_err(|error| format!("`{}` is not JSON: {error}", show(&Value::text(&document))))?;
        let found = path.query_located(&tree).all();
        if !all {
            let first = found
                .first()
                .and_then(|node| reread(&document, node.location()));
            return Ok(first.map_or(Value::Null, json::native));
        }
        let mut array = String::from("[");
        let mut reread_bytes = 0_usize;
        for (position, node) in found.iter().enumerate() {
            if position > 0 {
                array.push(',');
            }
            if has_fractions(node.node()) {
                reread_bytes += document.len();
                if reread_bytes > MAX_REREAD_BYTES {
                    return Err("it finds too much in too long a document".to_owned());
                }
                array.push_str(reread(&document, node.location()).unwrap_or("null"));
            } else {
                array.push_str(&node.node().to_string());
            }
            check_size(array.len())?;
        }
        array.push(']');
        Ok(Value::Json(array))
    }))
}

/// Reads a found place again from the document's text, for the tree rounds long numbers.
fn reread<'d>(document: &'d str, place: &NormalizedPath<'_>) -> Option<&'d str> {
    let steps: Vec<Step> = place.iter().map(step_of).collect();
    json::walk(document, &steps).ok().flatten()
}

/// Whether the tree holds a number that it may have rounded.
fn has_fractions(tree: &Json) -> bool {
    match tree {
        Json::Number(number) => number.is_f64(),
        Json::Array(elements) => elements.iter().any(has_fractions),
        Json::Object(members) => members.values().any(has_fractions),
        _ => false,
    }
}

fn step_of(element: &PathElement<'_>) -> Step {
    match element {
        PathElement::Name(name) => Step::Key((*name).to_owned()),
        PathElement::Index(index) => Step::Index(*index),
    }
}

fn elements(document: &str) -> Result<Vec<&serde_json::value::RawValue>, String> {
    serde_json::from_str(document)
        .map_err(|_| format!("`{}` is not a JSON array", show(&Value::text(document))))
}

fn join(arguments: &Arguments) -> Result<Built, TransformError> {
    let separator = arguments.text("separator");
    Ok(Built::new(Output::Fixed(Type::Text), move |value| {
        let document = document_of(value)?;
        let mut text = String::new();
        let values = elements(&document)?
            .into_iter()
            .map(|element| json::native(element.get()))
            .filter(|value| !value.is_null());
        for (position, value) in values.enumerate() {
            if position > 0 {
                text.push_str(&separator);
            }
            text.push_str(&text_of(value)?);
            check_size(text.len())?;
        }
        Ok(Value::Text(text))
    }))
}

fn split(arguments: &Arguments) -> Result<Built, TransformError> {
    let separator = arguments.text("separator");
    let trim = arguments.flag("trim");
    if separator.is_empty() {
        return Err(arguments.invalid("separator", "it is empty".to_owned()));
    }
    Ok(Built::new(Output::Fixed(Type::Json), move |value| {
        let text = text_of(value)?;
        let parts: Vec<&str> = text
            .split(separator.as_str())
            .map(|part| if trim { part.trim() } else { part })
            .collect();
        serde_json::to_string(&parts)
            .map(Value::Json)
            .map_err(|error| error.to_string())
    }))
}

fn length(value: Value) -> Result<Value, String> {
    let count = match unwrapped(value) {
        Value::Null => return Ok(Value::Null),
        Value::Bytes(bytes) => bytes.len(),
        Value::Json(document) => match serde_json::from_str(&document) {
            Ok(Json::Array(elements)) => elements.len(),
            Ok(Json::Object(members)) => members.len(),
            _ => document.chars().count(),
        },
        other => text_of(other)?.chars().count(),
    };
    i64::try_from(count)
        .map(Value::Integer)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
