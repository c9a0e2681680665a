//! Commands in the dispatcher: those that touch live state here, the others in tasks of their own.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::domain::command::{Command, Reply};
use crate::domain::edit::Edit;
use crate::domain::event::EventKind;
use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Run, RunOptions, RunStatus, Trigger};

use super::super::names;
use super::super::run::Answer;
use super::super::{configure, explore};
use super::{Answering, Dispatcher, Message};

/// Who changed something from a face of this machine.
pub(super) const LOCAL_ACTOR: &str = "local";

impl Dispatcher {
    /// Answers a command, now or from a task.
    pub(super) async fn command(&mut self, command: Command, answer: Answering) {
        let result = match command {
            Command::Run { sync, options } => self.run(&sync, options).await,
            Command::WaitRun { run } => return self.wait(&run, answer).await,
            Command::Cancel { target } => self.cancel(&target).await,
            Command::Approve { target, plan_hash } => self.approve(&target, plan_hash).await,
            Command::Reject { target } => self.reject(&target).await,
            Command::Retry { run, cause, keys } => self.retry(run, cause, keys).await,
            Command::Undo { run, approved_plan } => self.undo(run, approved_plan).await,
            Command::Ignore { run, cause, ignore } => self.ignore(&run, &cause, ignore).await,
            Command::Pause { sync } => self.pause(&sync, true).await,
            Command::Resume { sync } => self.pause(&sync, false).await,
            Command::Forget { sync, confirm } => self.forget(&sync, &confirm).await,
            Command::PutBack { sync } => self.put_back(&sync).await,
            Command::SetAside(wanted) => self.set_aside(wanted).await,
            Command::Apply {
                text,
                base,
                prune,
                dry_run,
                confirm,
            } => {
                let (core, catalog) = (Arc::clone(&self.core), Arc::clone(&self.live.catalog));
                let sender = self.sender.clone();
                let wish = configure::Wish {
                    base,
                    prune,
                    dry_run,
                    confirm,
                    ..configure::Wish::default()
                };
                tokio::spawn(async move {
                    let result = configure::apply(&core, &catalog, &text, wish).await;
                    if result.is_ok() && !dry_run {
                        let _ = sender.send(Message::CatalogChanged(Some((answer, result))));
                    } else {
                        let _ = answer.send(result);
                    }
                });
                return;
            }
            Command::Edit(Edit::DeleteSync { sync, .. }) if self.is_busy(&sync) => {
                Err(Problem::new(
                    ProblemKind::Conflict,
                    format!("cannot delete the sync {sync}: a run is under way"),
                )
                .hint("cancel it or wait for its end"))
            }
            Command::Edit(wanted) => {
                let (core, catalog) = (Arc::clone(&self.core), Arc::clone(&self.live.catalog));
                let sender = self.sender.clone();
                tokio::spawn(async move {
                    let result = configure::edit::edit(&core, &catalog, wanted).await;
                    let _ = sender.send(Message::CatalogChanged(Some((answer, result))));
                });
                return;
            }
            Command::Explore(_)
            | Command::Browse(_)
            | Command::Preview { .. }
            | Command::Fields { .. }
            | Command::Objects { .. } => {
                let (core, catalog) = (Arc::clone(&self.core), Arc::clone(&self.live.catalog));
                let mut answer = answer;
                tokio::spawn(async move {
                    let result = tokio::select! {
                        result = explore::answer(&core, &catalog, command) => result,
                        // Nobody waits any more: what reads for it stops.
                        () = answer.closed() => return,
                    };
                    let _ = answer.send(result);
                });
                return;
            }
            command => {
                let (core, catalog) = (Arc::clone(&self.core), Arc::clone(&self.live.catalog));
                let sender = self.sender.clone();
                tokio::spawn(async move {
                    let changes =
                        matches!(command, Command::Test { .. } | Command::SetSecret { .. });
                    let result = explore::answer(&core, &catalog, command).await;
                    if changes {
                        let _ = sender.send(Message::CatalogChanged(Some((answer, result))));
                    } else {
                        let _ = answer.send(result);
                    }
                });
                return;
            }
        };
        let _ = answer.send(result);
    }

    async fn run(&mut self, name: &str, options: RunOptions) -> Result<Reply, Problem> {
        let sync = names::sync(&self.live.catalog, name)?.id.clone();
        let run = self.enqueue(&sync, options, Trigger::Manual, None).await?;
        Ok(Reply::Run(Box::new(run)))
    }

    /// Whether a run of a sync is under way or waits for its turn.
    fn is_busy(&self, name: &str) -> bool {
        names::sync(&self.live.catalog, name).is_ok_and(|sync| {
            self.live.active.contains_key(&sync.id)
                || self.live.queued.iter().any(|run| run.sync == sync.id)
        })
    }

    async fn wait(&mut self, id: &RunId, answer: Answering) {
        let active = self
            .live
            .active
            .values()
            .find(|active| active.run.id == *id);
        if let Some(active) = active
            && active.asks()
            && !active.stop.token.is_cancelled()
        {
            let _ = answer.send(Ok(Reply::Run(Box::new(active.run.clone()))));
            return;
        }
        let live = active.is_some() || self.live.queued.iter().any(|run| run.id == *id);
        if !live {
            let _ = answer.send(self.show(id).await);
            return;
        }
        let (sender, receiver) = oneshot::channel();
        self.live
            .waiters
            .entry(id.clone())
            .or_default()
            .push(sender);
        tokio::spawn(async move {
            let result = receiver.await.map(|run| Reply::Run(Box::new(run)));
            let _ = answer.send(result.map_err(|_| {
                Problem::new(
                    ProblemKind::Interrupted,
                    "the core stopped before the run ended",
                )
            }));
        });
    }

    async fn show(&self, id: &RunId) -> Result<Reply, Problem> {
        let found = self.core.store.run(id).await?;
        let (run, _) = found.ok_or_else(|| {
            Problem::new(ProblemKind::NotFound, format!("there is no run {id}"))
                .hint("signalsmith list runs shows them")
        })?;
        Ok(Reply::Run(Box::new(run)))
    }

    /// The sync whose run is meant: by a run's id, or by the sync itself.
    fn target(&self, text: &str) -> Result<SyncId, Problem> {
        let Ok(id) = RunId::parse(text) else {
            return Ok(names::sync(&self.live.catalog, text)?.id.clone());
        };
        let active = self.live.active.values().map(|active| &active.run);
        let run = active.chain(&self.live.queued).find(|run| run.id == id);
        run.map(|run| run.sync.clone()).ok_or_else(|| {
            Problem::new(
                ProblemKind::Conflict,
                format!("the run {id} is not under way"),
            )
        })
    }

    async fn cancel(&mut self, text: &str) -> Result<Reply, Problem> {
        let sync = self.target(text)?;
        let wanted = RunId::parse(text).ok();
        let is_wanted = |run: &Run| wanted.as_ref().is_none_or(|id| *id == run.id);
        if let Some(active) = self.live.active.get(&sync)
            && is_wanted(&active.run)
        {
            active.stop.token.cancel();
            return Ok(Reply::Run(Box::new(active.run.clone())));
        }
        let place = self
            .live
            .queued
            .iter()
            .position(|run| run.sync == sync && is_wanted(run));
        let Some(mut run) = place.and_then(|place| self.live.queued.remove(place)) else {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "no run of this sync is under way",
            ));
        };
        run.status = RunStatus::Cancelled;
        run.ended_at = Some(self.core.clock.now());
        self.core.store.update_run(&run).await?;
        self.run_ended(run.clone()).await;
        Ok(Reply::Run(Box::new(run)))
    }

    async fn approve(&mut self, text: &str, plan_hash: String) -> Result<Reply, Problem> {
        let sync = self.target(text)?;
        if let Some(active) = self.live.active.get_mut(&sync)
            && active.asks()
        {
            if active.run.plan_hash.as_deref() != Some(plan_hash.as_str()) {
                return Err(stale());
            }
            active.answered = true;
            let _ = active.answers.send(Answer::Approve { plan_hash }).await;
            return Ok(Reply::Run(Box::new(active.run.clone())));
        }
        let held = self
            .live
            .past
            .get(&sync)
            .and_then(|past| past.held.as_ref());
        match held {
            None => Err(
                Problem::new(ProblemKind::Conflict, "nothing waits for approval")
                    .hint("signalsmith status shows what does"),
            ),
            Some(held) if held.plan_hash != plan_hash => Err(stale()),
            Some(_) => {
                let options = RunOptions {
                    approved_plan: Some(plan_hash),
                    ..RunOptions::default()
                };
                let run = self.enqueue(&sync, options, Trigger::Manual, None).await?;
                Ok(Reply::Run(Box::new(run)))
            }
        }
    }

    async fn reject(&mut self, text: &str) -> Result<Reply, Problem> {
        let sync = self.target(text)?;
        if let Some(active) = self.live.active.get_mut(&sync)
            && active.asks()
        {
            active.answered = true;
            let _ = active.answers.send(Answer::Reject).await;
            return Ok(Reply::Done);
        }
        if self
            .live
            .past
            .get(&sync)
            .is_none_or(|past| past.held.is_none())
        {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "nothing waits for approval",
            ));
        }
        self.core.store.set_held(&sync, None).await?;
        self.live.reread(&self.core, &sync).await?;
        self.refresh(&sync);
        Ok(Reply::Done)
    }

    async fn retry(
        &mut self,
        run: RunId,
        cause: Option<String>,
        keys: Vec<String>,
    ) -> Result<Reply, Problem> {
        let found = self.core.store.run(&run).await?;
        let (earlier, _) = found
            .ok_or_else(|| Problem::new(ProblemKind::NotFound, format!("there is no run {run}")))?;
        if let Some(undone) = &earlier.options.undo_of {
            let text = format!("cannot send rows of run {run} again: it is an undo");
            return Err(Problem::new(ProblemKind::Usage, text).hint(format!(
                "what is left of it goes with: signalsmith undo {undone}"
            )));
        }
        let options = RunOptions {
            retry_of: Some(run.clone()),
            cause,
            keys,
            ..RunOptions::default()
        };
        let new = self
            .enqueue(&earlier.sync, options, Trigger::Retry { run }, None)
            .await?;
        Ok(Reply::Run(Box::new(new)))
    }

    async fn pause(&mut self, name: &str, paused: bool) -> Result<Reply, Problem> {
        let sync = names::sync(&self.live.catalog, name)?;
        let id = sync.id.clone();
        if sync.settings.paused != paused {
            let at = self.core.clock.now();
            let event = self
                .core
                .store
                .set_paused(&id, paused, LOCAL_ACTOR, None, at)
                .await?;
            self.core.tell(event);
            self.reload().await;
        }
        Ok(Reply::Done)
    }

    async fn forget(&mut self, name: &str, confirm: &str) -> Result<Reply, Problem> {
        let sync = names::sync(&self.live.catalog, name)?;
        let (id, real) = (sync.id.clone(), sync.settings.name.clone());
        if confirm != real {
            return Err(Problem::new(
                ProblemKind::Usage,
                format!("cannot forget the state of {real}: its name was not typed"),
            )
            .hint(format!(
                "what it sent stays at the destination; to go on: --confirm '{real}'"
            )));
        }
        if self.live.active.contains_key(&id) {
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!("cannot forget the state of {real}: a run is under way"),
            )
            .hint("cancel it or wait for its end"));
        }
        explore::forget(&self.core, &id).await?;
        let what = format!("the state of {real} was forgotten");
        self.told(&id, None, what).await
    }

    /// Puts a change of what is known of a sync on record and on screen.
    pub(super) async fn told(
        &mut self,
        sync: &SyncId,
        run: Option<&RunId>,
        what: String,
    ) -> Result<Reply, Problem> {
        let kind = EventKind::ConfigChanged { what };
        self.core.happen(Some(sync), run, kind).await?;
        self.live.reread(&self.core, sync).await?;
        self.refresh(sync);
        Ok(Reply::Done)
    }
}

fn stale() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "cannot approve: a newer plan has taken that one's place",
    )
    .hint("look at the new one first: signalsmith plan")
}
