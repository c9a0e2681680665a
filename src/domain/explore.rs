//! Questions about what is not saved yet, and about what a source or a kind of connection has.

use serde::{Deserialize, Serialize};

use super::edit::SyncDraft;
use super::model::Column;

/// A question whose answer changes nothing. One that nobody awaits any more is not answered to
/// its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "question")]
pub enum Explore {
    /// Reads the first rows of a query. Reply: [`Reply::Table`](super::command::Reply::Table).
    Query {
        /// The source.
        source: String,
        /// The query.
        sql: String,
        /// Columns whose types are declared; the others are those that saving would pin.
        #[serde(default)]
        declared: Vec<Column>,
        /// At most so many.
        limit: u32,
    },
    /// Reads all rows of a query to see whether columns tell each from every other. Reply:
    /// [`Reply::KeyCheck`](super::command::Reply::KeyCheck).
    CheckKey {
        /// The source.
        source: String,
        /// The query.
        sql: String,
        /// The columns, with their types.
        key: Vec<Column>,
    },
    /// Gives the tables of a source. Reply: [`Reply::Tables`](super::command::Reply::Tables).
    Tables {
        /// The source.
        source: String,
    },
    /// Gives the kinds of sources and destinations with the settings that each has. Reply:
    /// [`Reply::Connectors`](super::command::Reply::Connectors).
    Connectors,
    /// Gives an object with what it can do. Reply:
    /// [`Reply::Object`](super::command::Reply::Object).
    Object {
        /// The destination.
        destination: String,
        /// The object.
        object: String,
    },
    /// Looks through all rows of a model for the one with a key. Reply:
    /// [`Reply::Table`](super::command::Reply::Table) of that row, or of none.
    Row {
        /// The model.
        model: String,
        /// The key as a person types it.
        key: String,
    },
    /// Reads all rows of a sync that is not saved, to see what its mapping gives and what its next
    /// run would send. Reply: [`Reply::Rehearsal`](super::command::Reply::Rehearsal).
    Rehearse {
        /// The sync.
        sync: Box<SyncDraft>,
        /// Columns of its model that become identifiers when it is saved.
        #[serde(default)]
        identifiers: Vec<String>,
    },
}

/// A table of a source's catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogTable {
    /// The schema, where the source has schemas.
    pub schema: Option<String>,
    /// The table's, view's or file's name.
    pub name: String,
    /// Its columns with the types that they would be pinned to.
    pub columns: Vec<Column>,
}

/// Whether columns tell every row from every other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyCheck {
    /// Rows that were read.
    pub rows: u64,
    /// Rows in which one of the columns is null or does not fit its type.
    pub null: u64,
    /// Rows that share their key with another.
    pub shared: u64,
    /// Some shared keys, with the number of their rows.
    pub examples: Vec<(String, u64)>,
}

impl KeyCheck {
    /// Whether the columns can be the primary key of all rows that are there now.
    pub fn holds(&self) -> bool {
        self.null == 0 && self.shared == 0
    }
}

/// The kinds of connections that there are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Connectors {
    /// The kinds of sources.
    pub sources: Vec<ConnectorKind>,
    /// The kinds of destinations.
    pub destinations: Vec<ConnectorKind>,
}

/// A kind of connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorKind {
    /// The word in files: `sqlite`.
    pub word: String,
    /// The name for people.
    pub label: String,
    /// Its settings, from which forms are drawn.
    pub settings: Vec<SettingField>,
}

/// A setting of a kind of connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingField {
    /// The key.
    pub key: String,
    /// Its kind.
    pub kind: SettingType,
    /// Whether it must be given.
    pub required: bool,
    /// Whether a change of it asks for the secrets again.
    pub endpoint: bool,
    /// One line of help, with the default.
    pub help: String,
}

/// The kind of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingType {
    /// One line of text.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// One of these words.
    Choice(Vec<String>),
    /// A path of the core's machine.
    Path,
    /// A list of texts.
    List,
    /// Texts by name.
    Map,
    /// A secret.
    Secret,
}
