//! The sections of a plan file.

use serde::{Deserialize, Serialize};

/// The sections of a plan file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    Operations,
    Invalid,
    Marks,
    Refreshes,
}

impl Section {
    pub(super) const ALL: [Self; 4] = [
        Self::Operations,
        Self::Invalid,
        Self::Marks,
        Self::Refreshes,
    ];

    pub(super) fn position(self) -> usize {
        match self {
            Self::Operations => 0,
            Self::Invalid => 1,
            Self::Marks => 2,
            Self::Refreshes => 3,
        }
    }
}
