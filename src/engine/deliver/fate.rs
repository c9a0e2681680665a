//! What became of operations and batches, and why a run cannot go on.

use chrono::{DateTime, Utc};

use crate::domain::plan::Operation;
use crate::domain::problem::Problem;
use crate::domain::verdict::Verdict;

/// What became of an operation of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was sent.
    Verdict(Verdict),
    /// It was not sent, or provably not applied: it stays due.
    Unsent,
}

/// An intent that can be closed, with the fates of its operations.
#[derive(Debug)]
pub(crate) struct Closing {
    /// The batch; none where no intent was opened.
    pub batch: Option<u64>,
    /// What became of each operation.
    pub fates: Vec<(Operation, Fate)>,
    /// Whether an earlier try may have been applied, so that even a refused row stays dirty.
    pub doubt: bool,
}

/// Why a run cannot go on.
#[derive(Debug, Clone)]
pub(crate) struct RunEnd {
    /// The reason.
    pub problem: Problem,
    /// When the destination said to come back.
    pub retry_at: Option<DateTime<Utc>>,
}

impl From<Problem> for RunEnd {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            retry_at: None,
        }
    }
}

/// What came of one batch, its halves included.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Intents to close.
    pub closings: Vec<Closing>,
    /// Batches that wait for the session's end, with their operations' numbers.
    pub staged: Vec<(u64, Vec<u64>)>,
    /// Requests made.
    pub requests: u64,
    /// Body bytes sent.
    pub bytes: u64,
    /// Tries after the first.
    pub retries: u64,
    /// Set where nothing more can be sent.
    pub end: Option<RunEnd>,
}
