//! What became of operations and batches, and why a run cannot go on.

use std::sync::Arc;

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
    /// It is sent once more in a later batch of this run.
    Again,
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

/// Operations that go out in one batch.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The operations, in the plan's order.
    pub operations: Arc<Vec<Operation>>,
    /// Tries of rows that were refused for a passing reason.
    pub row_tries: u32,
    /// Whether an earlier try of these operations may have been applied.
    pub doubt: bool,
}

impl Piece {
    /// Operations that have not been sent.
    pub fn unsent(operations: Arc<Vec<Operation>>) -> Self {
        Self {
            operations,
            row_tries: 0,
            doubt: false,
        }
    }
}

/// What came of one batch.
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
    /// What is to be sent next, once the intents are closed.
    pub rest: Vec<Piece>,
}

/// Closes what is not tried again: what may have been applied is unknown.
pub(crate) fn leave(batch: Option<u64>, piece: &Piece, reason: &str) -> Closing {
    let fate = if piece.doubt {
        Fate::Verdict(Verdict::Unknown {
            reason: reason.to_owned(),
        })
    } else {
        Fate::Unsent
    };
    let fates = piece
        .operations
        .iter()
        .map(|operation| (operation.clone(), fate.clone()));
    Closing {
        batch,
        fates: fates.collect(),
        doubt: piece.doubt,
    }
}
