//! Sources and destinations as connections, and what an object of a destination can do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{DestinationId, SourceId};
use super::mode::Mode;
use super::value::Type;

/// The settings of a connection by key, as the connector's schema names them.
///
/// A secret stands here as a [`SecretRef`] in its JSON form, never as its text.
pub type Settings = BTreeMap<String, serde_json::Value>;

/// Where a secret's text is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretRef {
    /// An environment variable of the core.
    Env(String),
    /// A file, whose last line break is cut.
    File(String),
    /// A command whose output is taken; no shell is between.
    Command(Vec<String>),
    /// Encrypted in the store.
    Stored(bool),
}

/// A connection that models query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its identifier.
    pub id: SourceId,
    /// Its unique name.
    pub name: String,
    /// The connector's word, such as `sqlite`.
    #[serde(rename = "type")]
    pub connector: String,
    /// The connector's settings.
    pub settings: Settings,
    /// Counts its saved versions from 1.
    pub revision: u64,
}

/// A connection that syncs write to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Destination {
    /// Its identifier.
    pub id: DestinationId,
    /// Its unique name.
    pub name: String,
    /// The connector's word, such as `webhook`.
    #[serde(rename = "type")]
    pub connector: String,
    /// The connector's settings.
    pub settings: Settings,
    /// How it was when last seen.
    pub health: Health,
    /// Counts its saved versions from 1.
    pub revision: u64,
}

/// How a destination was when a run or a test last met it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Health {
    /// It answered.
    Healthy {
        /// When.
        at: DateTime<Utc>,
    },
    /// It did not, or refused us.
    Failing {
        /// When.
        at: DateTime<Utc>,
        /// Why, scrubbed of row values and secrets.
        reason: String,
    },
    /// Never met.
    #[default]
    Unchecked,
}

/// One step of a connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestStep {
    /// What was tried: `open the file`, `sign in`.
    pub name: String,
    /// What came of it.
    pub outcome: StepOutcome,
    /// What was seen, in one line.
    pub detail: String,
}

/// What came of a test step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// As it should be.
    Passed,
    /// Works, but someone should look.
    Warning,
    /// Does not work; later steps were not tried.
    Failed,
}

/// An object of a destination: a table, an endpoint, a CRM object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The name that a sync uses.
    pub name: String,
    /// A name for people, where it differs.
    pub label: String,
}

/// One attribute of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The type; a value is coerced to it before sending.
    pub kind: Type,
    /// Whether a record cannot be created without it.
    pub required: bool,
    /// Whether records can be matched by it.
    pub identifier: bool,
    /// Whether the destination's owner added it.
    pub custom: bool,
    /// Whether it can be set on creation.
    pub creatable: bool,
    /// Whether it can be set later.
    pub updatable: bool,
    /// The allowed values; empty where any will do.
    pub picklist: Vec<String>,
    /// The longest text in characters.
    pub max_length: Option<u32>,
}

impl Field {
    /// A plain optional field that can be written and matched by.
    pub fn plain(name: impl Into<String>, kind: Type) -> Self {
        Self {
            name: name.into(),
            kind,
            required: false,
            identifier: true,
            custom: false,
            creatable: true,
            updatable: true,
            picklist: Vec::new(),
            max_length: None,
        }
    }
}

/// An object with its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSchema {
    /// The object.
    pub object: Object,
    /// The fields that are known.
    pub fields: Vec<Field>,
    /// Whether any other field name may be mapped too: an endpoint, a file or table yet to be made.
    /// Such a field takes the type of the mapped value and can be an identifier.
    pub open: bool,
    /// Whether it is there now; where not, the first run makes it.
    pub exists: bool,
}

/// What deletion means at an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// It cannot delete.
    None,
    /// The record is gone.
    Gone,
    /// The record goes to a recycle bin.
    RecycleBin,
    /// The record is archived.
    Archive,
    /// The receiver is told, and does what it does.
    Told,
}

/// How identifiers compare at an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierForm {
    /// By exact content.
    Exact,
    /// Without regard to case.
    CaseFolded,
}

/// What an object supports; what cannot be done is refused when a sync is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The modes that can be chosen.
    pub modes: Vec<Mode>,
    /// Why each other mode cannot be, for people.
    pub refused_modes: Vec<(Mode, String)>,
    /// Records can be looked up by identifier before the write.
    pub lookup: bool,
    /// Fields of a record can be read back.
    pub read_fields: bool,
    /// All records can be listed, as `mirror_scope = "all"` needs.
    pub list: bool,
    /// Several fields together can be the identifier.
    pub composite_identifier: bool,
    /// What deletion means.
    pub deletion: Deletion,
    /// How identifiers compare.
    pub identifier_form: IdentifierForm,
    /// Rows in one delivery batch at most.
    pub max_batch_rows: u32,
    /// Bytes of one delivery batch at most.
    pub max_batch_bytes: u64,
    /// Batches that may be under way at once.
    pub concurrency: u32,
    /// Requests a second at most.
    pub requests_per_second: Option<f64>,
    /// A repeat of a batch under its idempotency key changes nothing.
    pub idempotent: bool,
    /// A crash at any instant writes no row twice.
    pub exactly_once: bool,
    /// Seconds for which a request of a core that died may still be under way; 0 where nothing travels.
    pub request_timeout_s: u64,
    /// A 5xx answer may come after the write was done.
    pub ambiguous_5xx: bool,
}
