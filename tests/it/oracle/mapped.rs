//! The mappings of the histories, done by hand: what a row gives, in the words of the destination.

use super::history::{Cell, Row};
use crate::support::scripted::Record;

/// What a row maps to.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    pub identifier: String,
    pub record: Record,
}

/// What a row gives: a record, or none but perhaps the identifier.
pub type Outcome = Result<Mapped, Option<String>>;

/// The lines of each mapping in a resource file.
pub const MAPPINGS: [&str; 5] = [
    r#"
  { source_column = "email", destination_field = "email", is_identifier = true },
  { source_column = "name", destination_field = "name" },
  { source_column = "score", destination_field = "score" },
"#,
    r#"
  { source_column = "email", destination_field = "email", is_identifier = true, transforms = ["lower"] },
  { source_column = "name", destination_field = "name", transforms = ["trim"], nulls = "skip" },
"#,
    r#"
  { source_column = "id", destination_field = "number", is_identifier = true },
  { source_column = "email", destination_field = "email" },
  { source_column = "name", destination_field = "name" },
"#,
    r#"
  { source_column = "email", destination_field = "email", is_identifier = true },
  { source_column = "name", destination_field = "label" },
  { source_column = "score", destination_field = "score" },
"#,
    r#"
  { source_column = "name", destination_field = "name", transforms = ["upper"] },
  { constant = "EU", destination_field = "region" },
  { source_column = "email", destination_field = "email", is_identifier = true },
"#,
];

/// The primary keys.
pub const KEYS: [&str; 2] = ["id", "email"];

fn text(cell: Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}

fn said(text: Option<String>) -> String {
    text.map_or("null".into(), |text| format!("text {text}"))
}

/// The number that a score is, if it is one.
fn score(cell: Cell) -> Result<String, ()> {
    let number = match cell {
        Cell::Null => return Ok("null".into()),
        Cell::Integer(1) => 1.0,
        Cell::Real(number) if number.is_nan() => return Ok("null".into()),
        // Zero has no sign.
        Cell::Real(0.0) => 0.0,
        Cell::Real(number) => number,
        Cell::Text(text) => text.parse().map_err(|_| ())?,
        Cell::Integer(_) => return Err(()),
    };
    Ok(format!("double {number}"))
}

/// The key of a row, where it has one.
pub fn key(which: u8, row: &Row) -> Option<String> {
    match (which, row.id, row.email) {
        (0, Cell::Integer(id), _) => Some(format!("integer {id}")),
        (1, _, Cell::Text(email)) => Some(format!("text {email}")),
        _ => None,
    }
}

/// What a row gives under a mapping.
pub fn map(mapping: u8, row: &Row) -> Outcome {
    let email = text(row.email);
    let name = text(row.name);
    let mut record = Record::new();
    let mut put = |field: &str, value: String| {
        record.insert(field.to_owned(), value);
    };
    let identifier = match mapping {
        1 => email.as_ref().map(|it| said(Some(it.to_lowercase()))),
        2 => match row.id {
            Cell::Integer(id) => Some(format!("integer {id}")),
            _ => None,
        },
        _ => email.clone().map(|it| said(Some(it))),
    };
    let Some(identifier) = identifier else {
        return Err(None);
    };
    match mapping {
        0 | 3 => {
            let Ok(score) = score(row.score) else {
                return Err(Some(identifier));
            };
            put("email", identifier.clone());
            put(if mapping == 0 { "name" } else { "label" }, said(name));
            put("score", score);
        }
        1 => {
            put("email", identifier.clone());
            if let Some(name) = name {
                put("name", said(Some(name.trim().to_owned())));
            }
        }
        2 => {
            put("number", identifier.clone());
            put("email", said(email));
            put("name", said(name));
        }
        _ => {
            put("email", identifier.clone());
            put("name", said(name.map(|name| name.to_uppercase())));
            put("region", "text EU".into());
        }
    }
    Ok(Mapped { identifier, record })
}
