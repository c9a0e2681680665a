//! Runs in the dispatcher: queued, started when there is room, ended.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::domain::destination::Health;
use crate::domain::event::EventKind;
use crate::domain::guard::Guards;
use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Counters, Run, RunOptions, RunStatus, Trigger};
use crate::domain::sync::Sync;
use crate::store::Pinned;

use super::super::recover;
use super::super::run::remainder::Remainder;
use super::super::run::report::Reporter;
use super::super::run::{Job, Stop};
use super::live::Active;
use super::{Dispatcher, Message};

impl Dispatcher {
    /// Queues a run of a sync; where one is queued already, gives that one.
    pub(super) async fn enqueue(
        &mut self,
        sync: &SyncId,
        options: RunOptions,
        trigger: Trigger,
        slot: Option<DateTime<Utc>>,
    ) -> Result<Run, Problem> {
        if self.is_stopping() {
            return Err(Problem::new(
                ProblemKind::Interrupted,
                "the core is about to stop",
            ));
        }
        let queued = self.live.queued.iter().find(|run| run.sync == *sync);
        if let Some(queued) = queued.cloned() {
            if trigger != Trigger::Manual && slot.is_some() || covers(&queued.options, &options) {
                // One that an earlier core left in the queue may not have been started yet.
                self.start_ready().await;
                return Ok(self.as_started(queued));
            }
            let text = format!(
                "run {} of this sync waits for its turn, with other rows",
                queued.id
            );
            return Err(
                Problem::new(ProblemKind::Conflict, text).hint("wait for its end, or cancel it")
            );
        }
        let sync = self.live.sync(sync).cloned().ok_or_else(|| {
            Problem::new(ProblemKind::NotFound, format!("there is no sync {sync}"))
        })?;
        let run = Run {
            id: RunId::from_bits(self.core.random()),
            sync: sync.id.clone(),
            revision: sync.revision,
            trigger,
            options,
            mode: sync.settings.mode,
            status: RunStatus::Queued,
            phase: None,
            queued_at: self.core.clock.now(),
            started_at: None,
            ended_at: None,
            error: None,
            retry_at: None,
            plan_hash: None,
            counters: Counters::default(),
            phases: Vec::new(),
        };
        let pinned = self.pin(&sync)?;
        self.core.store.create_run(&run, &pinned, slot).await?;
        self.live.queued.push_back(run.clone());
        self.start_ready().await;
        self.refresh(&sync.id);
        Ok(self.as_started(run))
    }

    /// A queued run in its present state; the sync's active run may be an earlier one.
    fn as_started(&self, queued: Run) -> Run {
        let active = self.live.active.get(&queued.sync).map(|active| &active.run);
        let started = active.filter(|run| run.id == queued.id).cloned();
        started.unwrap_or(queued)
    }

    /// What a run of a sync would start with now.
    ///
    /// # Errors
    /// A [`Problem`] where a part of it is gone.
    pub(super) fn pin(&self, sync: &Sync) -> Result<Pinned, Problem> {
        let catalog = &self.live.catalog;
        let missing = |what: &str| {
            Problem::new(
                ProblemKind::Config,
                format!("the {what} of {} is gone", sync.settings.name),
            )
        };
        let model = catalog
            .models
            .iter()
            .find(|model| model.id == sync.settings.model);
        let model = model.ok_or_else(|| missing("model"))?.clone();
        let source = catalog
            .sources
            .iter()
            .find(|source| source.id == model.source);
        let source = source.ok_or_else(|| missing("source"))?.clone();
        let destination = catalog
            .destinations
            .iter()
            .find(|found| found.id == sync.settings.destination);
        let destination = destination.ok_or_else(|| missing("destination"))?.clone();
        Ok(Pinned {
            sync: sync.clone(),
            model,
            source,
            destination,
        })
    }

    /// Starts queued runs for which there is room: so many in all, one a destination.
    pub(super) async fn start_ready(&mut self) {
        let mut waiting = std::mem::take(&mut self.live.queued);
        while let Some(run) = waiting.pop_front() {
            if self.is_stopping() || !self.has_room(&run.sync) {
                self.live.queued.push_back(run);
                continue;
            }
            let sync = run.sync.clone();
            if let Err(problem) = self.start(run.clone()).await {
                tracing::error!(%sync, %problem, "cannot start the run");
                self.fail_before_start(run, problem).await;
            }
            self.refresh(&sync);
        }
    }

    fn has_room(&self, sync: &SyncId) -> bool {
        let destination = |id: &SyncId| self.live.sync(id).map(|sync| &sync.settings.destination);
        let wanted = destination(sync);
        let most = usize::try_from(self.live.catalog.workspace.max_runs)
            .unwrap_or(1)
            .max(1);
        self.live.active.len() < most
            && !self.live.settling.contains(sync)
            && !self
                .live
                .active
                .keys()
                .any(|other| other == sync || destination(other) == wanted)
    }

    /// Settles the open intents of an earlier core, each run in a task of its own.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where the store cannot be read.
    pub(crate) async fn settle_intents(&mut self) -> Result<(), Problem> {
        for ((sync, run), intents) in recover::open_intents(&self.core).await? {
            self.live.settling.insert(sync.clone());
            let core = Arc::clone(&self.core);
            let sender = self.sender.clone();
            tokio::spawn(async move {
                if let Err(problem) = recover::settle(&core, &run, intents).await {
                    tracing::error!(%run, %problem, "cannot settle what an earlier core left open");
                }
                let _ = sender.send(Message::Settled(sync));
            });
        }
        Ok(())
    }

    /// Lets a sync run whose open intents are settled.
    pub(super) async fn settled(&mut self, sync: &SyncId) {
        self.live.settling.remove(sync);
        self.start_ready().await;
        self.refresh(sync);
    }

    async fn start(&mut self, mut run: Run) -> Result<(), Problem> {
        let sync = self.live.sync(&run.sync).cloned();
        let pinned = match sync.as_ref().map(|sync| self.pin(sync)) {
            Some(Ok(pinned)) => pinned,
            Some(Err(problem)) => return Err(problem),
            None => return Err(Problem::new(ProblemKind::NotFound, "the sync is gone")),
        };
        let now = self.core.clock.now();
        run.revision = pinned.sync.revision;
        run.mode = pinned.sync.settings.mode;
        run.status = RunStatus::Running;
        run.started_at = Some(now);
        self.launch(run, pinned, None).await
    }

    /// Claims a run and starts its task; `remainder` is what another core has left of its plan.
    pub(super) async fn launch(
        &mut self,
        run: Run,
        pinned: Pinned,
        remainder: Option<Remainder>,
    ) -> Result<(), Problem> {
        let now = self.core.clock.now();
        self.core.store.claim_run(&run, &pinned).await?;
        let status = EventKind::RunStatus {
            status: RunStatus::Running,
        };
        self.core
            .happen(Some(&run.sync), Some(&run.id), status)
            .await?;
        let stop = Stop::default();
        let (answers, receiver) = mpsc::channel(4);
        let guards = Guards::resolve(
            &pinned.sync.settings.guards,
            &self.live.catalog.workspace.guards,
        );
        let reporter = Reporter::new(Arc::clone(&self.core.clock), self.sender.clone());
        let job = Job::new(
            &self.core,
            run.clone(),
            pinned,
            guards,
            stop.clone(),
            receiver,
            reporter,
        );
        let job = match remainder {
            Some(remainder) => job.going_on(remainder),
            None => job,
        };
        let active = Active {
            run: run.clone(),
            stop,
            answers,
            phase_began: now,
            reported: now,
            answered: false,
        };
        // Whatever was to begin later for this sync has begun now.
        self.live.later.remove(&run.sync);
        self.live.active.insert(run.sync.clone(), active);
        let sender = self.sender.clone();
        let core = Arc::clone(&self.core);
        tokio::spawn(async move {
            let ended = tokio::spawn(job.execute()).await;
            let run = match ended {
                Ok(run) => run,
                // The core goes away; the next one finds the run under way, and interrupted.
                Err(error) if error.is_cancelled() => return,
                Err(error) => broken_off(&core, run, &error).await,
            };
            let _ = sender.send(Message::RunEnded(Box::new(run)));
        });
        Ok(())
    }

    async fn fail_before_start(&mut self, mut run: Run, problem: Problem) {
        run.status = RunStatus::Failed;
        run.ended_at = Some(self.core.clock.now());
        run.error = Some(problem);
        if let Err(error) = self.core.store.update_run(&run).await {
            tracing::error!(run = %run.id, %error, "cannot store the end of the run");
        }
        let _ = self.sender.send(Message::RunEnded(Box::new(run)));
    }

    /// Takes the end of a run: history, health, waiters, and who comes next.
    pub(super) async fn run_ended(&mut self, run: Run) {
        if self
            .live
            .active
            .get(&run.sync)
            .is_some_and(|active| active.run.id == run.id)
        {
            self.live.active.remove(&run.sync);
        }
        let status = EventKind::RunStatus { status: run.status };
        if let Err(problem) = self
            .core
            .happen(Some(&run.sync), Some(&run.id), status)
            .await
        {
            tracing::error!(run = %run.id, %problem, "cannot journal the end of the run");
        }
        self.note_health(&run).await;
        self.note_attention(&run).await;
        if let Err(problem) = self.live.reread(&self.core, &run.sync).await {
            tracing::error!(run = %run.id, %problem, "cannot read the sync's state");
        }
        if run.counters.total(|tally| tally.pending) > 0 {
            self.will_poll(&run.sync);
        }
        self.live.answer_waiters(&run);
        if self.conduct.autonomous && !self.is_stopping() {
            self.follow_up(&run).await;
        }
        self.start_ready().await;
        self.refresh_all();
        self.drop_asides().await;
    }

    async fn note_health(&mut self, run: &Run) {
        let Some(sync) = self.live.sync(&run.sync) else {
            return;
        };
        let at = self.core.clock.now();
        let health = match &run.error {
            None if run.counters.requests > 0 || run.counters.total(|t| t.done) > 0 => {
                Health::Healthy { at }
            }
            Some(problem)
                if matches!(
                    problem.kind,
                    ProblemKind::Destination | ProblemKind::Auth | ProblemKind::Protocol
                ) =>
            {
                Health::Failing {
                    at,
                    reason: problem.text.clone(),
                }
            }
            _ => return,
        };
        let destination = sync.settings.destination.clone();
        if let Err(error) = self.core.store.set_health(&destination, health).await {
            tracing::error!(%destination, %error, "cannot store the destination's health");
        } else {
            self.reload().await;
        }
    }

    async fn note_attention(&mut self, run: &Run) {
        if run.options.undo_of.is_some() {
            // It says nothing of the model and the mapping.
            return;
        }
        let reason = match &run.error {
            Some(problem) if problem.kind == ProblemKind::Config => Some(problem.text.clone()),
            Some(_) => return,
            None => None,
        };
        if self.live.catalog.attention.get(&run.sync) == reason.as_ref() {
            return;
        }
        if let Err(error) = self.core.store.set_attention(&run.sync, reason).await {
            tracing::error!(sync = %run.sync, %error, "cannot store the sync's state");
        }
        self.reload().await;
    }
}

/// Whether a queued run does all that another one is asked for.
fn covers(queued: &RunOptions, asked: &RunOptions) -> bool {
    queued == asked || {
        let plain = RunOptions::default();
        let is_part = RunOptions {
            limit: None,
            keys: Vec::new(),
            retry_of: None,
            cause: None,
            ..asked.clone()
        };
        *queued == plain && is_part == plain
    }
}

async fn broken_off(
    core: &Arc<super::super::core::Core>,
    run: Run,
    error: &tokio::task::JoinError,
) -> Run {
    // What it had counted is on disk.
    let stored = core.store.run(&run.id).await.ok().flatten();
    let mut run = stored.map_or(run, |(stored, _)| stored);
    run.status = RunStatus::Failed;
    run.ended_at = Some(core.clock.now());
    run.error = Some(super::super::deliver::broken(error));
    if let Err(error) = core.store.update_run(&run).await {
        tracing::error!(run = %run.id, %error, "cannot store the end of the run");
    }
    run
}
