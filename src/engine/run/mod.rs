//! One run from its start to its end: read, compare, guard, wait for a person, write.

pub(crate) mod guards;
mod marks;
pub(crate) mod planning;
pub(crate) mod prepare;
pub(crate) mod remainder;
pub(crate) mod report;
pub(crate) mod undo;
pub(crate) mod writing;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::guard::Guards;
use crate::domain::mode::Approval;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Counters, Phase, PhaseTime, Run, RunStatus, Trigger};
use crate::domain::words::count;
use crate::failpoints;
use crate::store::Pinned;

use super::core::Core;
use super::deliver::send::RunEnd;
use super::pending;
use super::prune;
use super::recover;
use super::run_log::RunLog;
use remainder::{Legacy, Remainder};
use report::Reporter;

/// How long a run waits for a person.
const APPROVAL_HOURS: i64 = 24;

/// A person's answer to a waiting run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Goes on with the plan of this hash.
    Approve {
        /// The plan that was looked at.
        plan_hash: String,
    },
    /// Ends with nothing sent.
    Reject,
}

/// Why a run is asked to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    /// Cancelled for whatever reason.
    pub token: CancellationToken,
    /// Set where the core goes away, so that the run is interrupted and not cancelled.
    pub shutdown: CancellationToken,
    /// Set with it where another core goes on with the run.
    pub hand_over: CancellationToken,
}

/// Everything that one run needs.
pub(crate) struct Job {
    pub core: Arc<Core>,
    pub run: Run,
    pub pinned: Pinned,
    pub guards: Guards,
    pub stop: Stop,
    pub answers: mpsc::Receiver<Answer>,
    pub reporter: Reporter,
    pub log: Arc<RunLog>,
    /// What of the plan is still to be sent.
    pub remainder: Remainder,
    /// Whether an earlier core made the plan, and perhaps sent some of it.
    goes_on: bool,
    phase_began: DateTime<Utc>,
}

impl Job {
    /// Joins what a run needs; the run is claimed already.
    pub fn new(
        core: &Arc<Core>,
        run: Run,
        pinned: Pinned,
        guards: Guards,
        stop: Stop,
        answers: mpsc::Receiver<Answer>,
        reporter: Reporter,
    ) -> Self {
        let log = Arc::new(RunLog::open(core, &run.sync, &run.id));
        let core = Arc::clone(core);
        let phase_began = core.clock.now();
        Self {
            core,
            run,
            pinned,
            guards,
            stop,
            answers,
            reporter,
            log,
            remainder: Remainder::default(),
            goes_on: false,
            phase_began,
        }
    }

    /// Goes on where an earlier core left the run, with what that left of its plan.
    pub fn going_on(mut self, remainder: Remainder) -> Self {
        self.remainder = remainder;
        self.goes_on = true;
        self
    }

    /// Performs the run and gives it back in its final state, which is stored.
    pub async fn execute(mut self) -> Run {
        let result = if self.goes_on {
            self.go_on().await
        } else {
            self.tell_start();
            self.go().await
        };
        self.end_phase();
        self.conclude(result);
        self.leave_to_successor();
        let run = self.run.clone();
        failpoints::reach("before_the_end");
        if let Err(error) = self.core.store.update_run(&run).await {
            tracing::error!(run = %run.id, %error, "cannot store the end of the run");
        }
        if let Err(problem) = prune::prune(&self.core, &run.sync).await {
            tracing::warn!(run = %run.id, %problem, "cannot remove old plans");
        }
        run
    }

    fn tell_start(&self) {
        let trigger = self.run.trigger.word();
        let sync = &self.pinned.sync;
        self.log.line(
            "started",
            format!(
                "{} · {trigger} · revision {}",
                sync.settings.name, sync.revision
            ),
        );
        if sync.settings.paused && matches!(self.run.trigger, Trigger::Manual) {
            self.log.line(
                "started",
                "the sync is paused; this run was asked for by hand",
            );
        }
    }

    /// Goes on with the plan that an earlier core made, at the first operation that it did not send.
    async fn go_on(&mut self) -> Result<(), RunEnd> {
        let unsent = self.run.counters.total(|tally| tally.unsent);
        let words = format!(
            "another core goes on: {} operations are left",
            count(unsent)
        );
        self.log.line("started", words);
        recover::close_leftovers(&self.core, &self.run.sync).await?;
        let prepared = match self.run.options.undo_of.clone() {
            Some(undone) => undo::prepare(self, &undone).await?,
            None => prepare::prepare(self).await?.0,
        };
        let deletes = guards::again(self).await?;
        if self.run.phase == Some(Phase::AwaitingApproval) {
            let hash = self.run.plan_hash.clone().unwrap_or_default();
            self.wait_for_approval(&hash).await?;
        }
        self.begin_writing().await?;
        writing::write(self, &prepared, deletes).await
    }

    /// Writes down for the next core what it needs to go on with this run.
    fn leave_to_successor(&self) {
        let left = self.stop.hand_over.is_cancelled()
            && self.run.status == RunStatus::Interrupted
            && self.remainder.is_whole();
        let (true, Some(ended_at)) = (left, self.run.ended_at) else {
            return;
        };
        let has_plan = self.run.plan_hash.is_some();
        let legacy = Legacy {
            ended_at,
            remainder: has_plan.then(|| self.remainder.clone()),
        };
        // Without it the next core runs the sync anew, as after a crash.
        if let Err(error) = legacy.write(&self.core.rest_path(&self.run.id)) {
            tracing::warn!(run = %self.run.id, %error, "cannot hand the run over");
        }
    }

    async fn go(&mut self) -> Result<(), RunEnd> {
        if let Some(undone) = self.run.options.undo_of.clone() {
            return undo::go(self, &undone).await;
        }
        self.enter(Phase::Querying).await?;
        recover::close_leftovers(&self.core, &self.run.sync).await?;
        self.ask_for_pending().await?;
        let (prepared, reading) = prepare::prepare(self).await?;
        // The spool and the plan stand on the workspace's disk.
        self.core.check_free_space()?;
        let planned = match planning::plan(self, &prepared, &reading).await {
            Ok(planned) => planned,
            Err(end) => {
                // Of rows that were read and not compared nothing can be said that adds up.
                self.run.counters = Counters::default();
                return Err(end);
            }
        };
        failpoints::reach("planned");
        let deletes = guards::judge(self, &planned).await?;
        if self.run.options.plan_only {
            return Ok(());
        }
        let asks = self.pinned.sync.settings.approval == Approval::Always || deletes.needs_approval;
        let is_approved = self.run.options.approved_plan.as_ref() == Some(&planned.hash);
        // An empty plan leaves nothing to approve.
        let sends = planned.counters.total(|tally| tally.planned) > 0;
        if asks && sends && !is_approved {
            self.wait_for_approval(&planned.hash).await?;
        }
        // The source is let go of before anything is written.
        drop(reading);
        self.enter(Phase::Writing).await?;
        writing::write(self, &prepared, deletes).await
    }

    /// Begins to write; an undo pauses its sync with that.
    async fn begin_writing(&mut self) -> Result<(), RunEnd> {
        match self.run.options.undo_of.clone() {
            Some(undone) => undo::begin_writing(self, &undone).await,
            None => self.enter(Phase::Writing).await,
        }
    }

    /// Asks for outcomes that an earlier run left open, so that this one sees what came of them.
    async fn ask_for_pending(&self) -> Result<(), RunEnd> {
        let asked = tokio::select! {
            asked = pending::ask(&self.core, &self.run.sync) => asked,
            () = self.stop.token.cancelled() => return Err(cancelled().into()),
        };
        if let Err(problem) = asked {
            // They stay in flight, and the rest of the run does not hang on them.
            self.log.line("pending", problem.text);
        }
        Ok(())
    }

    /// Goes to a phase and says so on disk and on screen.
    pub async fn enter(&mut self, phase: Phase) -> Result<(), RunEnd> {
        self.turn_to(phase);
        self.core
            .store
            .update_run(&self.run)
            .await
            .map_err(Problem::from)?;
        self.reporter.now(&self.run);
        Ok(())
    }

    /// Goes to a phase, which is not told yet.
    fn turn_to(&mut self, phase: Phase) {
        self.end_phase();
        self.run.phase = Some(phase);
    }

    fn end_phase(&mut self) {
        let now = self.core.clock.now();
        if let Some(name) = self.run.phase {
            let ms = (now - self.phase_began).num_milliseconds();
            let ms = u64::try_from(ms).unwrap_or_default();
            match self.run.phases.iter_mut().find(|time| time.name == name) {
                Some(time) => time.ms += ms,
                None => self.run.phases.push(PhaseTime { name, ms }),
            }
        }
        self.phase_began = now;
    }

    async fn wait_for_approval(&mut self, hash: &str) -> Result<(), RunEnd> {
        self.enter(Phase::AwaitingApproval).await?;
        let short = hash.get(..8).unwrap_or(hash);
        self.log.line(
            "approval",
            format!("waits for someone to approve plan {short}…"),
        );
        let deadline = self.core.clock.now() + chrono::Duration::hours(APPROVAL_HOURS);
        loop {
            let answer = tokio::select! {
                answer = self.answers.recv() => answer,
                () = self.stop.token.cancelled() => return Err(cancelled().into()),
                () = self.core.clock.sleep_until(deadline) => {
                    let text = format!("nobody approved the plan within {APPROVAL_HOURS} h; nothing was sent");
                    return Err(Problem::new(ProblemKind::Approval, text).into());
                }
            };
            match answer {
                Some(Answer::Approve { plan_hash }) if plan_hash == hash => {
                    self.log.line("approval", "approved");
                    return Ok(());
                }
                Some(Answer::Approve { .. }) => {}
                Some(Answer::Reject) | None => {
                    let text = "the plan was rejected; nothing was sent";
                    return Err(Problem::new(ProblemKind::Approval, text).into());
                }
            }
        }
    }

    fn conclude(&mut self, result: Result<(), RunEnd>) {
        let now = self.core.clock.now();
        self.run.ended_at = Some(now);
        // A run that had done all when it was asked to stop has completed.
        let is_left = result.is_err() || {
            !self.run.options.plan_only && self.run.counters.total(|tally| tally.unsent) > 0
        };
        let stopped = is_left && self.stop.token.is_cancelled();
        self.run.status = match &result {
            _ if stopped && self.stop.shutdown.is_cancelled() => RunStatus::Interrupted,
            _ if stopped => RunStatus::Cancelled,
            Err(end) if end.problem.kind == ProblemKind::Approval => RunStatus::Cancelled,
            Err(end) if end.problem.kind == ProblemKind::Interrupted => RunStatus::Interrupted,
            Err(_) => RunStatus::Failed,
            Ok(()) if self.run.counters.has_errors() => RunStatus::CompletedWithErrors,
            Ok(()) => RunStatus::Completed,
        };
        if let Err(end) = result
            && end.problem.kind != ProblemKind::Interrupted
        {
            self.log.line("error", end.problem.text.clone());
            if !end.problem.hint.is_empty() {
                self.log.line("hint", end.problem.hint.clone());
            }
            self.run.error = Some(end.problem);
            self.run.retry_at = end.retry_at;
        }
        let counters = &self.run.counters;
        let words = format!(
            "{}: {} created, {} updated, {} deleted, {} unchanged, {} invalid, {} rejected, {} unknown, {} unsent",
            self.run.status,
            count(counters.create.done),
            count(counters.update.done),
            count(counters.delete.done),
            count(counters.unchanged),
            count(counters.invalid),
            count(counters.total(|tally| tally.rejected)),
            count(counters.total(|tally| tally.unknown)),
            count(counters.total(|tally| tally.unsent)),
        );
        self.log.line("ended", words);
    }
}

/// The problem of a run that was asked to stop.
pub(crate) fn cancelled() -> Problem {
    Problem::new(ProblemKind::Interrupted, "the run was stopped")
}
