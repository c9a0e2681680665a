//! The two styles of files and how a value is written in each: one JSON token, or one CSV cell.

use serde::Deserialize as _;

use crate::connectors::contract::ConnectorError;
use crate::connectors::destinations::disk::text_loses;
use crate::domain::problem::ProblemKind;
use crate::domain::value::Value;

/// What a spreadsheet takes for the start of a formula, after OWASP's list.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A style with its choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Style {
    /// One JSON object per line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv {
        /// Whether texts that look like formulas get a `'` in front.
        escape_formulas: bool,
        /// What stands for null.
        null_text: String,
    },
}

/// The style's word that a file name tells by its extension.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where it tells none.
pub(super) fn by_extension(name: &str) -> Result<&'static str, ConnectorError> {
    let lower = name.to_ascii_lowercase();
    if lower.ends_with(".jsonl") || lower.ends_with(".ndjson") {
        Ok("jsonl")
    } else if lower.ends_with(".csv") {
        Ok("csv")
    } else {
        Err(ConnectorError::new(
            ProblemKind::Config,
            format!("cannot tell the format of '{name}'"),
        )
        .hint("end the name with .jsonl or .csv, or set format"))
    }
}

impl Style {
    /// Writes one value: a JSON token without line breaks, or the text of a cell.
    ///
    /// # Errors
    /// Why the file would not keep it, to follow "the value".
    pub(super) fn token(&self, value: &Value) -> Result<String, String> {
        if let Some(why) = text_loses(value) {
            return Err(why.to_owned());
        }
        match self {
            Self::Jsonl => json_token(value),
            Self::Csv {
                escape_formulas,
                null_text,
            } => {
                if value.is_null() {
                    return Ok(null_text.clone());
                }
                let mut text = value.to_plain();
                if *escape_formulas
                    && matches!(value, Value::Text(_))
                    && text.starts_with(FORMULA_STARTS)
                {
                    text.insert(0, '\'');
                }
                // The empty text is let through: it is the usual spelling of null, and said so.
                if !text.is_empty() && text == *null_text {
                    return Err(format!("'{text}' would be read as null"));
                }
                Ok(text)
            }
        }
    }

    /// What a token says as an identifier, whatever its spelling; `None` for null.
    pub(super) fn identity(&self, token: &str) -> Option<String> {
        match self {
            Self::Jsonl if token == "null" => None,
            Self::Jsonl if token.starts_with('"') => {
                Some(serde_json::from_str(token).unwrap_or_else(|_| token.to_owned()))
            }
            Self::Jsonl => Some(token.to_owned()),
            Self::Csv { null_text, .. } => {
                (token.is_empty() || token != null_text).then(|| token.to_owned())
            }
        }
    }

    /// Whether a token stands for an empty value, which `if_empty` may fill.
    pub(super) fn is_empty(&self, token: &str) -> bool {
        match self {
            Self::Jsonl => token == "null" || token == "\"\"",
            Self::Csv { null_text, .. } => token.is_empty() || token == null_text,
        }
    }

    /// Reads a token back as the value that it most plainly is; a CSV cell is a text.
    pub(super) fn value(&self, token: &str) -> Value {
        match self {
            Self::Jsonl => json_value(token),
            Self::Csv {
                escape_formulas,
                null_text,
            } => {
                if !token.is_empty() && token == null_text {
                    return Value::Null;
                }
                let escaped = token
                    .strip_prefix('\'')
                    .filter(|text| *escape_formulas && text.starts_with(FORMULA_STARTS));
                Value::text(escaped.unwrap_or(token))
            }
        }
    }
}

fn json_token(value: &Value) -> Result<String, String> {
    if let Value::Double(number) = value
        && !number.get().is_finite()
    {
        return Err("is not a finite number, which JSON cannot carry".to_owned());
    }
    let text = serde_json::to_string(value).map_err(|error| format!("is not JSON: {error}"))?;
    // Outside of strings a line break is only space; inside it is always escaped.
    Ok(if text.contains(['\n', '\r']) {
        text.replace(['\n', '\r'], " ")
    } else {
        text
    })
}

fn json_value(token: &str) -> Value {
    match token {
        "null" => return Value::Null,
        "true" => return Value::Boolean(true),
        "false" => return Value::Boolean(false),
        _ => {}
    }
    if token.starts_with('"') {
        let mut reader = serde_json::Deserializer::from_str(token);
        if let Ok(text) = String::deserialize(&mut reader) {
            return Value::Text(text);
        }
    }
    if let Ok(number) = token.parse() {
        return Value::Integer(number);
    }
    // An exponent can ask for more digits than there is memory.
    if token.contains(['e', 'E'])
        && let Ok(number) = token.parse()
    {
        return Value::double(number);
    }
    if let Ok(number) = token.parse() {
        return Value::Decimal(number);
    }
    Value::Json(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(escape_formulas: bool, null_text: &str) -> Style {
        Style::Csv {
            escape_formulas,
            null_text: null_text.to_owned(),
        }
    }

    #[test]
    fn formulas_are_escaped_in_texts_only_and_only_when_asked() {
        for start in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
            let text = Value::text(start);
            assert_eq!(csv(true, "").token(&text).unwrap(), format!("'{start}"));
            assert_eq!(csv(false, "").token(&text).unwrap(), start);
            assert_eq!(csv(true, "").value(&format!("'{start}")), text);
        }
        assert_eq!(csv(true, "").token(&Value::Integer(-5)).unwrap(), "-5");
        assert_eq!(csv(true, "").token(&Value::text("a=b")).unwrap(), "a=b");
    }

    #[test]
    fn a_text_that_would_read_as_null_is_refused() {
        assert!(csv(false, "\\N").token(&Value::text("\\N")).is_err());
        assert_eq!(csv(false, "\\N").token(&Value::Null).unwrap(), "\\N");
        assert_eq!(csv(false, "\\N").token(&Value::text("")).unwrap(), "");
    }

    #[test]
    fn a_json_document_stays_on_one_line() {
        let document = Value::Json("{\n \"a\": \"b\\nc\"\r\n}".into());
        let token = Style::Jsonl.token(&document).unwrap();
        assert!(!token.contains(['\n', '\r']));
        let read: serde_json::Value = serde_json::from_str(&token).unwrap();
        assert_eq!(read["a"], "b\nc");
    }

    #[test]
    fn an_identifier_is_the_same_however_it_is_spelled() {
        assert_eq!(
            Style::Jsonl.identity(r#""\u0061""#),
            Style::Jsonl.identity(r#""a""#)
        );
        assert_eq!(Style::Jsonl.identity("null"), None);
    }
}
