//! Keys and records as JSON by name, the form in which every face shows them.

use serde_json::{Map, Value as Json};

use crate::domain::model::Model;
use crate::domain::plan::{Record, RecordShape};
use crate::domain::row::Key;

/// A key by the names of its columns.
pub(crate) fn key_by_column(model: &Model, key: &Key) -> Map<String, Json> {
    let values = key.values().unwrap_or_default();
    model
        .primary_key
        .iter()
        .cloned()
        .zip(values.iter().map(|value| value.to_json()))
        .collect()
}

/// A record by field; fields that it leaves out are absent.
pub(crate) fn record_by_field(shape: &RecordShape, record: &Record) -> Json {
    let fields = shape.fields.iter().zip(&record.0);
    let present = fields.filter_map(|(field, value)| {
        value
            .as_ref()
            .map(|value| (field.name.clone(), value.to_json()))
    });
    Json::Object(present.collect())
}
