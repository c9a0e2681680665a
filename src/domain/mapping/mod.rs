//! Mapping: which value goes to which field, checked against model and object, applied to rows.
//!
//! [`check`] says what keeps a mapping from being saved; [`Mapper`] applies it to rows;
//! [`suggest`] proposes lines by name, and a [`Trial`] tries one line by itself.

mod check;
mod column;
mod line;
mod mapper;
mod problem;
mod suggest;
mod template;
#[cfg(test)]
mod tests;
mod trial;
mod variable;

use serde::{Deserialize, Serialize};

use super::transform::TransformCall;

pub use check::check;
pub use mapper::Mapper;
pub use problem::{MappingProblem, Severity};
pub use suggest::suggest;
pub use trial::{Trial, cells};
pub use variable::RunVariables;

/// Where a mapping's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueSource {
    /// A model column, or a path into a JSON column: `address.city`, `tags[0]`.
    Column(String),
    /// A constant, as JSON.
    Constant(serde_json::Value),
    /// A run variable: `run.id`, `run.started_at`, `sync.name`.
    Variable(String),
    /// A template over `row.<column>`.
    Template(String),
}

/// When a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// On creation and whenever it differs.
    #[default]
    Always,
    /// On creation only; left out of the update comparison.
    OnCreate,
    /// Where the destination's own value is empty.
    IfEmpty,
}

/// What is done with a null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// Sent: clears the field.
    #[default]
    Send,
    /// The field is left out.
    Skip,
}

/// One line of a sync's mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FieldMappingKeys", into = "FieldMappingKeys")]
pub struct FieldMapping {
    /// Where the value comes from.
    pub source: ValueSource,
    /// The field that it goes to.
    pub destination_field: String,
    /// Whether records are matched by this field.
    pub is_identifier: bool,
    /// What is done to the value, in order.
    pub transforms: Vec<TransformCall>,
    /// When the field is written.
    pub write: Write,
    /// What is done with a null.
    pub nulls: Nulls,
}

/// The keys of a mapping in files and in the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldMappingKeys {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_column: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    constant: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variable: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    destination_field: String,
    #[serde(default, skip_serializing_if = "is_default")]
    is_identifier: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    transforms: Vec<TransformCall>,
    #[serde(default, skip_serializing_if = "is_default")]
    write: Write,
    #[serde(default, skip_serializing_if = "is_default")]
    nulls: Nulls,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TryFrom<FieldMappingKeys> for FieldMapping {
    type Error = String;

    fn try_from(keys: FieldMappingKeys) -> Result<Self, String> {
        let mut sources = [
            keys.source_column.map(ValueSource::Column),
            keys.constant.map(ValueSource::Constant),
            keys.variable.map(ValueSource::Variable),
            keys.template.map(ValueSource::Template),
        ]
        .into_iter()
        .flatten();
        let (Some(source), None) = (sources.next(), sources.next()) else {
            return Err(format!(
                "the mapping to {} needs exactly one of source_column, constant, variable, template",
                keys.destination_field
            ));
        };
        Ok(Self {
            source,
            destination_field: keys.destination_field,
            is_identifier: keys.is_identifier,
            transforms: keys.transforms,
            write: keys.write,
            nulls: keys.nulls,
        })
    }
}

impl From<FieldMapping> for FieldMappingKeys {
    fn from(mapping: FieldMapping) -> Self {
        let mut keys = Self {
            source_column: None,
            constant: None,
            variable: None,
            template: None,
            destination_field: mapping.destination_field,
            is_identifier: mapping.is_identifier,
            transforms: mapping.transforms,
            write: mapping.write,
            nulls: mapping.nulls,
        };
        match mapping.source {
            ValueSource::Column(column) => keys.source_column = Some(column),
            ValueSource::Constant(constant) => keys.constant = Some(constant),
            ValueSource::Variable(variable) => keys.variable = Some(variable),
            ValueSource::Template(template) => keys.template = Some(template),
        }
        keys
    }
}
