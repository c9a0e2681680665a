//! What became of operations and batches, and why a run cannot go on.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::OwnedSemaphorePermit;

use crate::domain::problem::Problem;
use crate::domain::verdict::Verdict;
use crate::snapshot::plan_file::PackedOperations;

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
    /// The operations that were sent together.
    pub operations: Arc<PackedOperations>,
    /// What became of each, by position.
    pub fates: Vec<(usize, Fate)>,
    /// Whether an earlier try may have been applied, so that even a refused row stays dirty.
    pub doubt: bool,
}

/// The same fate for all operations.
pub(crate) fn alike(operations: &PackedOperations, fate: &Fate) -> Vec<(usize, Fate)> {
    (0..operations.len()).map(|at| (at, fate.clone())).collect()
}

/// Verdicts by operation number, as a destination gave them: mostly in the order of the batch.
pub(crate) struct Verdicts {
    in_order: std::iter::Peekable<std::vec::IntoIter<(u64, Verdict)>>,
    /// What is left when one is out of order.
    others: Option<HashMap<u64, Verdict>>,
}

impl Verdicts {
    /// Takes what the destination gave.
    pub fn new(given: Vec<(u64, Verdict)>) -> Self {
        Self {
            in_order: given.into_iter().peekable(),
            others: None,
        }
    }

    /// Takes the verdict on an operation; what the answer left out is unknown.
    pub fn take(&mut self, number: u64) -> Verdict {
        if let Some((_, verdict)) = self.in_order.next_if(|(of, _)| *of == number) {
            return verdict;
        }
        let rest = &mut self.in_order;
        let others = self.others.get_or_insert_with(|| rest.collect());
        others.remove(&number).unwrap_or_else(|| Verdict::Unknown {
            reason: "the destination's answer left this row out".into(),
        })
    }
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
    pub operations: Arc<PackedOperations>,
    /// Tries of rows that were refused for a passing reason.
    pub row_tries: u32,
    /// Whether an earlier try of these operations may have been applied.
    pub doubt: bool,
}

impl Piece {
    /// Operations that have not been sent.
    pub fn unsent(operations: Arc<PackedOperations>) -> Self {
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
    /// The right to have been sent, until the verdicts are on record.
    pub hold: Option<OwnedSemaphorePermit>,
}

impl Sent {
    /// Whether everything was accepted, so that nothing stands against sending more.
    pub fn is_all_accepted(&self) -> bool {
        let accepted = |fate: &Fate| matches!(fate, Fate::Verdict(Verdict::Accepted { .. }));
        let mut fates = self.closings.iter().flat_map(|closing| &closing.fates);
        self.end.is_none() && self.rest.is_empty() && fates.all(|(_, fate)| accepted(fate))
    }
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
    Closing {
        batch,
        operations: Arc::clone(&piece.operations),
        fates: alike(&piece.operations, &fate),
        doubt: piece.doubt,
    }
}
