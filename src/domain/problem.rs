//! Problems: the one shape in which people are told of trouble.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The class of a problem; exit codes and API status codes follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The command was not understood.
    Usage,
    /// Something named is not there.
    NotFound,
    /// What was asked for cannot be in this state: running already, in use, changed meanwhile.
    Conflict,
    /// Settings, SQL, mapping or schedule are wrong; nothing was sent.
    Config,
    /// The source could not be read to its end.
    Source,
    /// The destination could not be reached or is broken.
    Destination,
    /// Sign-in was refused.
    Auth,
    /// The destination's limit is used up.
    RateLimited,
    /// The destination's answers are not what its protocol says.
    Protocol,
    /// A guard stopped the run.
    Guard,
    /// A person must approve first.
    Approval,
    /// The workspace's own state cannot be read or written.
    State,
    /// The core or the run was stopped.
    Interrupted,
    /// A fault of our own.
    Internal,
}

/// Trouble as people see it: what was being done to what, why it failed, what to do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Problem {
    /// The class.
    pub kind: ProblemKind,
    /// Lower case, without a full stop.
    pub text: String,
    /// What to do now; empty where nothing can be said.
    #[serde(default)]
    pub hint: String,
}

impl Problem {
    /// Makes a problem without a hint.
    pub fn new(kind: ProblemKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            hint: String::new(),
        }
    }

    /// Adds what to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The process exit code : 2 usage, 4 waiting for approval, 5 stopped by a guard, else 1.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ProblemKind::Usage => 2,
            ProblemKind::Approval => 4,
            ProblemKind::Guard => 5,
            _ => 1,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
