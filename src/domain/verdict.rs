//! Verdicts: what became of an operation.

use serde::{Deserialize, Serialize};

/// What became of one operation that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The destination has it.
    Accepted {
        /// The destination's own id, where it told one.
        destination_id: Option<String>,
        /// For a create: whether the record was there already, where the destination tells.
        existed: Option<bool>,
    },
    /// The destination refused this row.
    Rejected(Rejection),
    /// No answer, or an answer that left the row out: it may have been applied.
    Unknown {
        /// What was seen.
        reason: String,
    },
    /// Taken; the outcome comes later.
    Pending {
        /// What to ask for it by.
        ticket: String,
    },
}

impl Verdict {
    /// Accepted, with nothing more told.
    pub const ACCEPTED: Self = Self::Accepted {
        destination_id: None,
        existed: None,
    };
}

/// Why a destination refused a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rejection {
    /// The destination's own code, or a stable word of the connector.
    pub code: String,
    /// The field at fault, where it was named.
    pub field: Option<String>,
    /// The destination's message.
    pub text: String,
    /// May be gone at the next try within the same run (a lock).
    pub transient: bool,
}
