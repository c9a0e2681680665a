//! Models: a query over a source with typed columns and a primary key.

use serde::{Deserialize, Serialize};

use super::id::{ModelId, SourceId};
use super::value::Type;

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May be mapped to an identifier field.
    Identifier,
    /// Anything else.
    #[default]
    Attribute,
}

/// One column of a model; its type is pinned when the model is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name as the query gives it.
    pub name: String,
    /// The pinned type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Identifier or attribute.
    #[serde(default)]
    pub role: Role,
    /// Whether `kind` was declared by a person; else it was inferred over all rows.
    #[serde(default)]
    pub declared: bool,
    /// The database's own type when the model was saved; a run fails where it has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_type: Option<String>,
}

/// A named query with typed columns and a primary key of one or more of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its identifier.
    pub id: ModelId,
    /// Its unique name.
    pub name: String,
    /// The source that it queries.
    pub source: SourceId,
    /// The query: one reading statement.
    pub sql: String,
    /// Its columns in the query's order.
    pub columns: Vec<Column>,
    /// Names of the key's columns, at least one.
    pub primary_key: Vec<String>,
    /// Counts its saved versions from 1.
    pub revision: u64,
}

impl Model {
    /// The position of the column called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The positions of the key's columns, in the key's order.
    pub fn key_positions(&self) -> Vec<usize> {
        self.primary_key
            .iter()
            .filter_map(|name| self.position(name))
            .collect()
    }
}
