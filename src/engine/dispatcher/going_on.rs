//! Runs in the dispatcher that another core has begun.

use crate::domain::problem::Problem;
use crate::domain::run::{Counters, Run, RunStatus};
use crate::store::Pinned;

use super::super::run::remainder::Remainder;
use super::Dispatcher;

impl Dispatcher {
    /// Goes on with a run that an earlier core handed over, under its pinned revision.
    ///
    /// # Errors
    /// A [`Problem`] where the run cannot be claimed.
    pub(crate) async fn go_on(
        &mut self,
        mut run: Run,
        pinned: Pinned,
        remainder: Option<Remainder>,
    ) -> Result<(), Problem> {
        if self.live.settling.contains(&run.sync) {
            // What is open of it may be sent again first: the sync is run anew then.
            return Ok(());
        }
        run.status = RunStatus::Running;
        run.ended_at = None;
        if remainder.is_none() {
            // It had not come to its plan.
            run.counters = Counters::default();
            run.phases.clear();
            run.phase = None;
        }
        let sync = run.sync.clone();
        self.launch(run, pinned, remainder).await?;
        // It is the last ended run no longer.
        self.live.reread(&self.core, &sync).await?;
        self.refresh(&sync);
        Ok(())
    }
}
