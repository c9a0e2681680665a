//! Reads what was written without the connectors' help.

use base64::Engine as _;
use serde_json::value::RawValue;
use signalsmith::domain::value::{Type, Value};

use super::fixtures::Peer;

pub fn read_sqlite(peer: &Peer, fields: &[(&str, Type)]) -> Vec<Vec<Value>> {
    use rusqlite::types::ValueRef;
    let connection = rusqlite::Connection::open(peer.file()).unwrap();
    let columns: Vec<String> = fields
        .iter()
        .map(|(name, _)| format!("\"{}\"", name.replace('"', "\"\"")))
        .collect();
    let table = peer.fixture.object;
    let sql = format!("SELECT {} FROM \"{table}\"", columns.join(", "));
    let mut select = connection.prepare(&sql).unwrap();
    let mut rows = select.query([]).unwrap();
    let mut read = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cells = fields.iter().enumerate().map(|(position, (_, kind))| {
            match (row.get_ref(position).unwrap(), kind) {
                (ValueRef::Null, _) => Value::Null,
                (ValueRef::Integer(number), Type::Boolean) => Value::Boolean(number != 0),
                (ValueRef::Integer(number), _) => Value::Integer(number),
                (ValueRef::Real(number), _) => Value::double(number),
                (ValueRef::Blob(bytes), _) => Value::Bytes(bytes.to_vec()),
                (ValueRef::Text(text), kind) => parse(std::str::from_utf8(text).unwrap(), *kind),
            }
        });
        read.push(cells.collect());
    }
    read
}

pub fn read_jsonl(peer: &Peer, fields: &[(&str, Type)]) -> Vec<Vec<Value>> {
    let text = std::fs::read_to_string(peer.file()).unwrap_or_default();
    text.lines()
        .map(|line| {
            let members: std::collections::HashMap<String, Box<RawValue>> =
                serde_json::from_str(line).unwrap();
            cells(members, fields)
        })
        .collect()
}

/// The values of fields in a JSON object.
pub fn cells(
    members: impl IntoIterator<Item = (String, Box<RawValue>)>,
    fields: &[(&str, Type)],
) -> Vec<Value> {
    let members: std::collections::HashMap<_, _> = members.into_iter().collect();
    let cells =
        fields.iter().map(
            |(name, kind)| match members.get(*name).map(|token| token.get()) {
                None | Some("null") => Value::Null,
                Some(token) if token.starts_with('"') && *kind != Type::Json => {
                    parse(&serde_json::from_str::<String>(token).unwrap(), *kind)
                }
                Some(token) => parse(token, *kind),
            },
        );
    cells.collect()
}

pub fn read_csv(peer: &Peer, fields: &[(&str, Type)]) -> Vec<Vec<Value>> {
    let Ok(mut reader) = csv::Reader::from_path(peer.file()) else {
        return Vec::new();
    };
    let header = reader.headers().unwrap().clone();
    let position = |name: &str| header.iter().position(|column| column == name);
    let records = reader.records().map(|record| {
        let record = record.unwrap();
        let cells = fields.iter().map(|(name, kind)| {
            match position(name).and_then(|position| record.get(position)) {
                None | Some("\\N") => Value::Null,
                Some(text) => parse(text, *kind),
            }
        });
        cells.collect()
    });
    records.collect()
}

fn parse(text: &str, kind: Type) -> Value {
    match kind {
        Type::Boolean => Value::Boolean(text.parse().unwrap()),
        Type::Integer => Value::Integer(text.parse().unwrap()),
        Type::Decimal => Value::Decimal(text.parse().unwrap()),
        Type::Double => Value::double(text.parse().unwrap()),
        Type::Text => Value::text(text),
        Type::Bytes => {
            let engine = base64::engine::general_purpose::STANDARD;
            Value::Bytes(engine.decode(text).unwrap())
        }
        Type::Date => Value::Date(text.parse().unwrap()),
        Type::Time => Value::Time(text.parse().unwrap()),
        Type::Timestamp => Value::Timestamp(chrono::DateTime::parse_from_rfc3339(text).unwrap()),
        Type::Json => Value::Json(text.to_owned()),
    }
}
