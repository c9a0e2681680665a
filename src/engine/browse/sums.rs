//! What runs did in stretches of time, and since a moment.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::browse::RunSums;
use crate::domain::problem::{Problem, ProblemKind};

use super::super::core::Core;

/// Stretches of one question at most.
const STRETCHES: usize = 100;
/// Runs that are read at once.
const PAGE: u32 = 500;
/// Pages that are read at most.
const PAGES: u32 = 20;
/// A run that was asked for so long before a moment has ended before it; the longest waits a day for
/// a person.
const LONGEST: TimeDelta = TimeDelta::days(3);

/// What runs did in each stretch.
///
/// # Errors
/// A [`Problem`] of kind `usage` for too many stretches or some that are out of order; of kind
/// `state` where the store cannot be read.
pub(super) async fn of(core: &Core, starts: Vec<DateTime<Utc>>) -> Result<Vec<RunSums>, Problem> {
    if starts.len() > STRETCHES || !starts.is_sorted() {
        return Err(Problem::new(
            ProblemKind::Usage,
            format!("cannot sum up runs: at most {STRETCHES} starts are taken, in order"),
        ));
    }
    Ok(core.store.run_sums(starts).await?)
}

/// What runs did that ended at a moment or after it, of the last 10,000.
///
/// # Errors
/// A [`Problem`] of kind `state` where the store cannot be read.
pub(super) async fn since(core: &Core, at: DateTime<Utc>) -> Result<RunSums, Problem> {
    let mut sums = RunSums::default();
    let mut before = None;
    for _ in 0..PAGES {
        let runs = core.store.runs(None, before.as_ref(), PAGE).await?;
        let ended = runs
            .iter()
            .filter(|run| run.ended_at.is_some_and(|ended| ended >= at));
        ended.for_each(|run| sums.add(&RunSums::of(run)));
        match runs.last() {
            Some(oldest) if oldest.queued_at >= at - LONGEST => before = Some(oldest.id.clone()),
            _ => break,
        }
    }
    Ok(sums)
}
