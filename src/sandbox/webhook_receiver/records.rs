//! What a receiver holds: records by key, and the ids of the messages that it has taken.

use std::collections::{BTreeMap, HashSet, VecDeque};

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// Ids of messages that are remembered.
const IDS: usize = 10_000;
/// Records that are held at most; a stand-in is no database.
const RECORDS: usize = 1_000_000;

/// The records and ids.
pub(super) struct Records {
    key_field: String,
    records: BTreeMap<String, Value>,
    ids: HashSet<String>,
    order: VecDeque<String>,
}

/// What a message says.
struct Told {
    deleted: bool,
    row: Value,
}

impl Records {
    pub(super) fn new(key_field: String) -> Self {
        Self {
            key_field,
            records: BTreeMap::new(),
            ids: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn all(&self) -> &BTreeMap<String, Value> {
        &self.records
    }

    /// Whether a message under this id was taken.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Takes a message, unless one under its id was taken before, and answers with a verdict per
    /// row.
    pub(super) fn take(&mut self, method: &Method, uri: &Uri, body: &[u8], id: &str) -> Response {
        let results = if *method == Method::DELETE {
            let Some(key) = last_segment(uri) else {
                return (StatusCode::BAD_REQUEST, "the path names no record").into_response();
            };
            if self.records.remove(&key).is_none() && !self.knows(id) {
                return (StatusCode::NOT_FOUND, "there is no such record").into_response();
            }
            vec![json!({"id": key, "status": "ok"})]
        } else {
            let Some(told) = parse(body) else {
                return (StatusCode::BAD_REQUEST, "the body is not JSON rows").into_response();
            };
            let fresh = !self.knows(id);
            told.into_iter()
                .map(|told| self.apply(told, fresh))
                .collect()
        };
        self.remember(id);
        let body = json!({ "results": results }).to_string();
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    }

    fn apply(&mut self, told: Told, fresh: bool) -> Value {
        let Some(key) = told.row.get(&self.key_field).and_then(key_text) else {
            return json!({"status": "error", "message": format!("the row has no {}", self.key_field)});
        };
        if fresh {
            if told.deleted {
                self.records.remove(&key);
            } else if self.records.len() >= RECORDS && !self.records.contains_key(&key) {
                return json!({"id": key, "status": "error", "message": "this stand-in is full"});
            } else {
                self.records.insert(key.clone(), told.row);
            }
        }
        json!({"id": key, "status": "ok"})
    }

    fn remember(&mut self, id: &str) {
        if id.is_empty() || !self.ids.insert(id.to_owned()) {
            return;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads every form that the webhook writes: documents one after another, each an envelope, a list
/// of rows, or a row.
fn parse(body: &[u8]) -> Option<Vec<Told>> {
    let mut told = Vec::new();
    for document in serde_json::Deserializer::from_slice(body).into_iter::<Value>() {
        let mut document = document.ok()?;
        let word = document.get("type").and_then(Value::as_str);
        let deleted = word == Some("row.deleted");
        if deleted || word == Some("row.upserted") {
            document = document.get_mut("data").map(Value::take)?;
        }
        match document {
            Value::Array(rows) => told.extend(rows.into_iter().map(|row| Told { deleted, row })),
            row @ Value::Object(_) => told.push(Told { deleted, row }),
            _ => return None,
        }
    }
    Some(told)
}

/// The last segment of a path, percent-decoded.
fn last_segment(uri: &Uri) -> Option<String> {
    let segment = uri
        .path()
        .rsplit('/')
        .next()
        .filter(|text| !text.is_empty())?;
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex = [rest.next()?, rest.next()?];
            let hex = std::str::from_utf8(&hex).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(records: &mut Records, body: &str, id: &str) -> StatusCode {
        let uri = Uri::from_static("/");
        records
            .take(&Method::POST, &uri, body.as_bytes(), id)
            .status()
    }

    #[test]
    fn every_form_is_read_and_an_id_counts_once() {
        let mut records = Records::new("id".to_owned());
        take(
            &mut records,
            r#"{"type":"row.upserted","data":[{"id":1,"v":"a"},{"id":"2"}]}"#,
            "m1",
        );
        take(&mut records, "{\"id\":3}\n{\"id\":4}\n", "m2");
        take(&mut records, r#"{"id":1,"v":"late"}"#, "m1");
        assert_eq!(
            records.all().keys().collect::<Vec<_>>(),
            ["1", "2", "3", "4"]
        );
        assert_eq!(records.all()["1"]["v"], "a");
        take(
            &mut records,
            r#"{"type":"row.deleted","data":[{"id":1}]}"#,
            "m3",
        );
        let delete = Uri::from_static("/rows/%32");
        records.take(&Method::DELETE, &delete, b"", "m4");
        assert_eq!(records.all().keys().collect::<Vec<_>>(), ["3", "4"]);
        assert_eq!(take(&mut records, "{", "m5"), StatusCode::BAD_REQUEST);
        assert!(!records.knows("m5"));
    }
}
