//! Whether the old values of a run's plan stand in the fields of its own mapping: they were kept by
//! position, and rows that no run sent since a change of the mapping still have them as they were.

use crate::domain::mapping::Write;
use crate::domain::problem::Problem;
use crate::domain::run::{Run, RunStatus};
use crate::store::Pinned;

use super::super::super::core::Core;
use super::fields;

/// Runs before it that are looked at.
const LOOKED_AT: u32 = 100;

/// Whether each old value of a run's plan is that of the field at its position.
///
/// # Errors
/// A [`Problem`] of kind `state` where earlier runs cannot be read.
pub(super) async fn of(core: &Core, run: &Run, then: &Pinned) -> Result<bool, Problem> {
    let own = fields(then);
    // Fields that are written once or into empty ones only may move without any row being sent.
    let all_compared = own.iter().all(|(_, _, write)| *write == Write::Always);
    let runs = core
        .store
        .runs(Some(&run.sync), Some(&run.id), LOOKED_AT)
        .await?;
    for earlier in runs {
        if earlier.counters.total(|tally| tally.done) == 0 {
            continue;
        }
        let Some((_, pinned)) = core.store.run(&earlier.id).await? else {
            continue;
        };
        if fields(&pinned) != own {
            return Ok(false);
        }
        if all_compared && sent_all(&earlier) {
            // Whatever was kept under another mapping was due in that run, and went.
            return Ok(true);
        }
    }
    Ok(true)
}

/// Whether a run left no row that was due.
fn sent_all(run: &Run) -> bool {
    let c = &run.counters;
    let open = |tally: &crate::domain::run::Tally| {
        tally.rejected + tally.unknown + tally.pending + tally.unsent
    };
    run.status == RunStatus::Completed
        && !run.options.is_partial()
        && !run.options.plan_only
        && c.invalid == 0
        && open(&c.create) + open(&c.update) == 0
}
