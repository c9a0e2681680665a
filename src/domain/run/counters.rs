//! Counters of a run, which add up by construction.

use serde::{Deserialize, Serialize};

use crate::domain::plan::OperationKind;

/// The counters of one kind of operation: planned = done + rejected + unknown + pending + held +
/// unsent, by construction: `planned` moves all to `unsent` and [`Tally::settle`] moves one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Stand in the plan.
    pub planned: u64,
    /// Accepted.
    pub done: u64,
    /// Refused.
    pub rejected: u64,
    /// Without an answer.
    pub unknown: u64,
    /// Answered later.
    pub pending: u64,
    /// Held by a guard.
    pub held: u64,
    /// Not sent, or not yet.
    pub unsent: u64,
    /// Creates that met a record.
    pub existing: u64,
}

/// Where one planned operation is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Accepted.
    Done,
    /// Refused.
    Rejected,
    /// Without an answer.
    Unknown,
    /// Answered later.
    Pending,
    /// Held by a guard.
    Held,
    /// Not sent.
    Unsent,
}

impl Tally {
    /// Adds one planned operation, unsent as yet.
    pub fn plan(&mut self) {
        self.planned += 1;
        self.unsent += 1;
    }

    fn bucket(&mut self, bucket: Bucket) -> &mut u64 {
        match bucket {
            Bucket::Done => &mut self.done,
            Bucket::Rejected => &mut self.rejected,
            Bucket::Unknown => &mut self.unknown,
            Bucket::Pending => &mut self.pending,
            Bucket::Held => &mut self.held,
            Bucket::Unsent => &mut self.unsent,
        }
    }

    /// Moves up to `count` operations from one bucket to another.
    pub fn shift(&mut self, from: Bucket, to: Bucket, count: u64) {
        let available = self.bucket(from);
        let moved = count.min(*available);
        *available -= moved;
        *self.bucket(to) += moved;
    }

    /// Moves one unsent operation to where it belongs.
    pub fn settle(&mut self, to: Bucket) {
        self.shift(Bucket::Unsent, to, 1);
    }
}

/// What a run counted. read = unchanged + invalid + skipped + create.planned + update.planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Rows that the source gave.
    pub read: u64,
    /// Rows with nothing to send.
    pub unchanged: u64,
    /// Rows stopped by us.
    pub invalid: u64,
    /// Rows left alone: the mode, an option or a filter says so.
    pub skipped: u64,
    /// Creates.
    pub create: Tally,
    /// Updates.
    pub update: Tally,
    /// Deletes.
    pub delete: Tally,
    /// Batches sent again.
    pub retries: u64,
    /// Requests made.
    pub requests: u64,
    /// Body bytes sent.
    pub bytes: u64,
}

impl Counters {
    /// The counters of one kind.
    pub fn of(&self, kind: OperationKind) -> &Tally {
        match kind {
            OperationKind::Create => &self.create,
            OperationKind::Update => &self.update,
            OperationKind::Delete => &self.delete,
        }
    }

    /// The counters of one kind, to change.
    pub fn of_mut(&mut self, kind: OperationKind) -> &mut Tally {
        match kind {
            OperationKind::Create => &mut self.create,
            OperationKind::Update => &mut self.update,
            OperationKind::Delete => &mut self.delete,
        }
    }

    /// Sums one counter over the three kinds.
    pub fn total(&self, of: impl Fn(&Tally) -> u64) -> u64 {
        OperationKind::ALL
            .into_iter()
            .map(|kind| of(self.of(kind)))
            .sum()
    }

    /// Whether both sums hold.
    pub fn add_up(&self) -> bool {
        let rows = self.unchanged
            + self.invalid
            + self.skipped
            + self.create.planned
            + self.update.planned;
        self.read == rows
            && OperationKind::ALL.into_iter().all(|kind| {
                let t = self.of(kind);
                t.planned == t.done + t.rejected + t.unknown + t.pending + t.held + t.unsent
            })
    }

    /// Whether some row needs a look.
    pub fn has_errors(&self) -> bool {
        self.invalid > 0 || self.total(|t| t.rejected + t.unknown) > 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_bucket() -> impl Strategy<Value = Bucket> {
        prop_oneof![
            Just(Bucket::Done),
            Just(Bucket::Rejected),
            Just(Bucket::Unknown),
            Just(Bucket::Pending),
            Just(Bucket::Held),
            Just(Bucket::Unsent),
        ]
    }

    proptest! {
        #[test]
        fn counters_add_up_whatever_happens(
            moves in proptest::collection::vec((any_bucket(), any_bucket(), 0_u64..5), 0..60)
        ) {
            let mut counters = Counters::default();
            for (from, to, count) in moves {
                counters.read += 1;
                counters.create.plan();
                counters.create.shift(from, to, count);
                prop_assert!(counters.add_up());
            }
        }
    }
}
