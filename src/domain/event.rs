//! Events: what has happened, the same on the wire, in the journal and on screen.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::destination::TestStep;
use super::id::{RunId, SyncId};
use super::run::{Phase, RunStatus};

/// Something that happened, with its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The journal's number, from 1; 0 for what is not journaled (log lines, steps of tests).
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The sync that it concerns.
    pub sync: Option<SyncId>,
    /// The run that it concerns.
    pub run: Option<RunId>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum EventKind {
    /// A run came to a status.
    RunStatus {
        /// The status.
        status: RunStatus,
    },
    /// A run came to a phase.
    RunPhase {
        /// The phase.
        phase: Phase,
    },
    /// Deletes are held.
    DeletesHeld {
        /// How many.
        count: u64,
        /// The plan that can be approved.
        plan_hash: String,
    },
    /// A sync was paused or resumed.
    Paused {
        /// Whether it is paused now.
        paused: bool,
        /// Why, where not a person did it.
        reason: Option<String>,
    },
    /// The configuration changed.
    ConfigChanged {
        /// What, in one line.
        what: String,
    },
    /// A step of a connection test was taken; not journaled.
    TestStep {
        /// The id of the source or destination.
        connection: String,
        /// The step.
        step: TestStep,
    },
    /// A line of a run's log; kept in the run's file, not in the journal.
    Log(LogLine),
}

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of line: `querying`, `comparing`, `writing`, `rejected`, `retry`, `guard` …
    pub word: String,
    /// What happened; text from outside is in it, unsanitized.
    pub text: String,
}

impl LogLine {
    /// Whether the line has a text, whatever the case.
    pub fn has(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.word.to_lowercase().contains(&text) || self.text.to_lowercase().contains(&text)
    }
}
