//! What is known of a sync before it is saved: what its object can do, what its mapping gives for
//! all rows, and what its next run would send.

use serde::{Deserialize, Serialize};

use super::destination::{Capabilities, ObjectSchema};
use super::run::Counters;

/// An object with its fields and what it can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectInfo {
    /// The object with its fields.
    pub schema: ObjectSchema,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// What a draft of a sync would do with the rows that its model gives now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Rows that were read.
    pub rows: u64,
    /// Each line of the mapping that can be tried, in the mapping's order.
    pub fields: Vec<FieldCheck>,
    /// What the next run would plan; nothing where the draft could not be saved as it is.
    pub counters: Option<Counters>,
    /// Whether the next run would know nothing of what was sent before: the sync is new, or its
    /// model, destination or object is another one.
    pub starts_empty: bool,
}

/// What one line of a mapping gives over all rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FieldCheck {
    /// The field.
    pub field: String,
    /// Rows for which there is no value.
    pub missing: u64,
    /// Rows whose value will not do.
    pub invalid: u64,
    /// The key of the first such row, and why.
    pub example: Option<(String, String)>,
}
