//! Undos in the dispatcher: asked for, and what else changes when one begins to write.

use crate::domain::command::Reply;
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Phase, Run, RunOptions, RunStatus, Trigger};

use super::super::explore::find_run;
use super::super::run::undo::refusal;
use super::Dispatcher;

impl Dispatcher {
    /// Queues the undo of a run, where that run can be undone.
    pub(super) async fn undo(
        &mut self,
        run: RunId,
        approved_plan: Option<String>,
    ) -> Result<Reply, Problem> {
        let (undone, then) = find_run(&self.core, &run).await?;
        let sync = self.live.sync(&undone.sync).cloned();
        let sync = sync.ok_or_else(|| {
            let text = format!("cannot undo run {run}: its sync is gone");
            Problem::new(ProblemKind::NotFound, text)
        })?;
        refusal::check(&undone, &then, &self.pin(&sync)?)?;
        refusal::kept_plan(&self.core, &undone)?;
        let options = RunOptions {
            undo_of: Some(run.clone()),
            approved_plan,
            ..RunOptions::default()
        };
        let trigger = Trigger::Undo { run };
        let undo = self.enqueue(&sync.id, options, trigger, None).await?;
        Ok(Reply::Run(Box::new(undo)))
    }

    /// Whether a run under way is an undo that has just begun to write.
    pub(super) fn undo_begins(&self, run: &Run) -> bool {
        let before = self.live.active.get(&run.sync);
        run.options.undo_of.is_some()
            && run.phase == Some(Phase::Writing)
            && before.is_some_and(|active| {
                active.run.id == run.id && active.run.phase != Some(Phase::Writing)
            })
    }

    /// An undo writes, and its sync is paused: the run that waits behind it would send the model's
    /// rows again, and is dropped. Whatever came before the pause was seen is in the queue by now.
    pub(super) async fn undo_began(&mut self, undo: &Run) {
        self.reload().await;
        self.live.later.remove(&undo.sync);
        let place = self
            .live
            .queued
            .iter()
            .position(|run| run.sync == undo.sync);
        let Some(mut run) = place.and_then(|place| self.live.queued.remove(place)) else {
            return;
        };
        run.status = RunStatus::Cancelled;
        run.ended_at = Some(self.core.clock.now());
        let text = format!("dropped: the undo {} began to write before it", undo.id);
        let hint = "the sync is paused; mend what was wrong, then run it";
        run.error = Some(Problem::new(ProblemKind::Conflict, text).hint(hint));
        if let Err(error) = self.core.store.update_run(&run).await {
            tracing::error!(run = %run.id, %error, "cannot store the end of the run");
        }
        self.run_ended(run).await;
    }
}
