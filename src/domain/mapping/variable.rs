//! Run variables: values that belong to a run and not to a row.

use chrono::{DateTime, Utc};

use super::problem::MappingProblem;
use crate::domain::id::RunId;
use crate::domain::value::{Type, Value};

/// What the run variables hold in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunVariables {
    /// `run.id`.
    pub run_id: RunId,
    /// `run.started_at`.
    pub started_at: DateTime<Utc>,
    /// `sync.name`.
    pub sync_name: String,
}

/// A run variable by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    RunId,
    StartedAt,
    SyncName,
}

impl Variable {
    const ALL: [Self; 3] = [Self::RunId, Self::StartedAt, Self::SyncName];

    pub(super) fn from_word(word: &str) -> Result<Self, MappingProblem> {
        Self::ALL
            .into_iter()
            .find(|variable| variable.word() == word)
            .ok_or_else(|| {
                MappingProblem::error("unknown_variable", format!("Unknown run variable: {word}."))
                    .hint(format!(
                        "there are {}",
                        Self::ALL.map(Self::word).join(", ")
                    ))
            })
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::RunId => "run.id",
            Self::StartedAt => "run.started_at",
            Self::SyncName => "sync.name",
        }
    }

    pub(super) fn kind(self) -> Type {
        match self {
            Self::RunId | Self::SyncName => Type::Text,
            Self::StartedAt => Type::Timestamp,
        }
    }

    pub(super) fn value(self, variables: &RunVariables) -> Value {
        match self {
            Self::RunId => Value::text(variables.run_id.to_string()),
            Self::StartedAt => Value::Timestamp(variables.started_at.fixed_offset()),
            Self::SyncName => Value::text(variables.sync_name.as_str()),
        }
    }
}
