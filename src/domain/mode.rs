//! The modes of a sync and the choices that go with them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a sync treats creates, updates and deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Creates and updates; never deletes.
    Upsert,
    /// As upsert, and deletes what left the model.
    Mirror,
    /// Adds each key once.
    Append,
    /// Updates; never creates.
    Update,
    /// Creates; never updates.
    Insert,
}

impl Mode {
    /// Every mode, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::Upsert,
        Self::Mirror,
        Self::Append,
        Self::Update,
        Self::Insert,
    ];

    /// The word for this mode.
    pub fn word(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Mirror => "mirror",
            Self::Append => "append",
            Self::Update => "update",
            Self::Insert => "insert",
        }
    }

    /// Whether a row in both model and snapshot whose output differs is sent again.
    pub fn updates(self) -> bool {
        matches!(self, Self::Upsert | Self::Mirror | Self::Update)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which records a mirror deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MirrorScope {
    /// Those that this sync sent.
    #[default]
    Own,
    /// All that the model lacks, whoever put them there.
    All,
}

/// Whether a mirror may delete records that this sync never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MirrorForeign {
    /// Each such plan needs approval.
    #[default]
    Ask,
    /// They go like the others.
    Allow,
}

/// What an append does with a row whose outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// Sends it again: at least once.
    #[default]
    Resend,
    /// Leaves it for a person: at most once.
    Hold,
}

/// What the first run of a sync does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstRun {
    /// Sends every row.
    #[default]
    Backfill,
    /// Records every row as adopted and sends nothing.
    FromNow,
}

/// When a run waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Only where a guard says so.
    #[default]
    Guards,
    /// Every run, before anything is sent.
    Always,
}
