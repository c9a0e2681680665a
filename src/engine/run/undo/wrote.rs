//! What an earlier run wrote, operation by operation, in a few bits each.

use crate::domain::command::RowFilter;
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Run;

use super::super::super::core::Core;

/// Acknowledgements or rows that are read at once.
const PAGE: u32 = 1_000;

/// A set of operation numbers of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers(Vec<u64>);

impl Numbers {
    /// An empty set of numbers below `count`.
    fn below(count: u64) -> Self {
        let words = usize::try_from(count / 64 + 1).unwrap_or(usize::MAX);
        Self(vec![0; words])
    }

    fn add(&mut self, number: u64) {
        let at = usize::try_from(number / 64).ok();
        // What is beyond the plan is no operation of it.
        if let Some(word) = at.and_then(|at| self.0.get_mut(at)) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether a number is in it.
    pub(super) fn has(&self, number: u64) -> bool {
        let at = usize::try_from(number / 64).ok();
        let word = at.and_then(|at| self.0.get(at));
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// What became of a run's operations.
#[derive(Debug)]
pub(super) struct Wrote {
    /// Accepted.
    pub accepted: Numbers,
    /// Accepted, and the destination said that it made the record.
    pub created: Numbers,
    /// Without an answer.
    pub unknown: Numbers,
    /// Answered later.
    pub pending: Numbers,
}

impl Wrote {
    /// Reads it; the run's plan has so many operations.
    ///
    /// # Errors
    /// A [`Problem`] where it is not on record.
    pub async fn read(core: &Core, run: &Run, operations: u64) -> Result<Self, Problem> {
        let empty = Numbers::below(operations);
        let mut wrote = Self {
            accepted: empty.clone(),
            created: empty.clone(),
            unknown: empty.clone(),
            pending: empty,
        };
        let mut after = None;
        loop {
            let page = core.store.written(&run.id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.first);
            for written in &page {
                written
                    .accepted
                    .iter()
                    .for_each(|it| wrote.accepted.add(*it));
                written.created.iter().for_each(|it| wrote.created.add(*it));
            }
        }
        if after.is_none() {
            let text = format!(
                "cannot undo run {}: which of its rows were accepted is not on record",
                run.id
            );
            return Err(Problem::new(ProblemKind::State, text)
                .hint("it was made by an earlier version; mend the mapping and run the sync"));
        }
        if run.counters.total(|tally| tally.unknown) > 0 {
            wrote.read_unknown(core, run).await?;
        }
        wrote.read_pending(core, run).await?;
        Ok(wrote)
    }

    async fn read_unknown(&mut self, core: &Core, run: &Run) -> Result<(), Problem> {
        let mut filter = RowFilter {
            verdict: Some("unknown".to_owned()),
            limit: PAGE,
            ..RowFilter::default()
        };
        loop {
            let rows = core.store.rows(&run.id, &filter).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            filter.after = last.place;
            let numbers = rows.iter().filter_map(|row| row.row.operation);
            numbers.for_each(|number| self.unknown.add(number));
        }
    }

    async fn read_pending(&mut self, core: &Core, run: &Run) -> Result<(), Problem> {
        let mut after: Option<(RunId, u64)> = None;
        loop {
            let store = &core.store;
            let page = store.pending_page(&run.sync, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some((last.run.clone(), last.row.operation));
            let own = page.iter().filter(|entry| entry.run == run.id);
            own.for_each(|entry| self.pending.add(entry.row.operation));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_one_by_one_and_those_beyond_the_plan_are_none() {
        let mut numbers = Numbers::below(70);
        for number in [0, 63, 64, 69, 1_000] {
            numbers.add(number);
        }
        let kept: Vec<u64> = (0..2_000).filter(|number| numbers.has(*number)).collect();
        assert_eq!(kept, [0, 63, 64, 69]);
    }
}
