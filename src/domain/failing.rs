//! Rows of a run that need a look: which are wanted, and what is told of each.

use serde::{Deserialize, Serialize};

/// A cause for which rows of a run need a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseName {
    /// `invalid`, `rejected`, `unknown`; any of them where none is said.
    #[serde(default)]
    pub verdict: Option<String>,
    /// The cause's code.
    pub code: String,
    /// The field or column at fault, empty where none is; any where none is said.
    #[serde(default)]
    pub field: Option<String>,
}

/// Which rows of a run are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RowFilter {
    /// Only with this verdict: `invalid`, `rejected`, `unknown`, `held`.
    pub verdict: Option<String>,
    /// Only with this cause code.
    pub code: Option<String>,
    /// Only with this field or column at fault; empty: with none.
    pub field: Option<String>,
    /// Only keys that contain this text.
    pub key: Option<String>,
    /// After this place in the row log.
    pub after: u64,
    /// At most so many; 0 takes 500.
    pub limit: u32,
    /// Shows personal values as they are, which is audited.
    pub unmask: bool,
}

/// A row that needs a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowEntry {
    /// Its place in the row log, from 1.
    pub place: u64,
    /// Its key by column.
    pub key: serde_json::Map<String, serde_json::Value>,
    /// `invalid`, `rejected`, `unknown`, `held`.
    pub verdict: String,
    /// The operation, where one was planned.
    pub op: Option<String>,
    /// The field or column at fault.
    pub field: Option<String>,
    /// The cause.
    pub code: String,
    /// The cause in words.
    pub reason: String,
    /// Runs in which this row has failed, this one included.
    pub attempts: u32,
    /// What was or would be sent, by field, from the plan.
    pub payload: Option<serde_json::Value>,
}
