//! Schedules in the dispatcher: sleeps until the next due slot, fires it once, follows up.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::event::EventKind;
use crate::domain::id::SyncId;
use crate::domain::problem::Problem;
use crate::domain::run::{Run, RunOptions, RunStatus, Trigger};
use crate::domain::sync::Sync;
use crate::store::ScheduleState;

use super::super::scheduler::{Done, Due, Scheduled};
use super::live::Live;
use super::{Dispatcher, Wake};

impl Live {
    /// The zone of schedules that name none.
    pub fn zone(&self) -> Tz {
        self.catalog.workspace.timezone.parse().unwrap_or(Tz::UTC)
    }

    /// Gives the scheduler what the catalog and the store say.
    pub fn set_schedules(&mut self, states: &[ScheduleState], now: DateTime<Utc>) {
        let zone = self.zone();
        let mut there = HashSet::new();
        for state in states {
            let Some(sync) = self.catalog.syncs.iter().find(|it| it.id == state.sync) else {
                continue;
            };
            let attention = self.catalog.attention.contains_key(&sync.id);
            let set = Scheduled {
                schedule: sync.settings.schedule.clone(),
                zone,
                on: !sync.settings.paused && !attention,
                grace: TimeDelta::hours(i64::from(sync.settings.grace_hours)),
            };
            self.scheduler.set(set, state, now);
            there.insert(&sync.id);
        }
        self.scheduler.retain(|sync| there.contains(sync));
    }

    /// What a sync last did, as those that wait for it see it.
    fn done(&self, id: &str) -> Done {
        let past = self.past.iter().find(|(sync, _)| sync.as_str() == id);
        let mut active = self.active.values().map(|active| &active.run);
        let under_way = active.find(|run| run.sync.as_str() == id);
        let Some(run) = past.and_then(|(_, past)| past.last.as_ref()) else {
            return Done {
                started: under_way.and_then(|run| run.started_at),
                completed: None,
            };
        };
        let has_completed = matches!(
            run.status,
            RunStatus::Completed | RunStatus::CompletedWithErrors
        );
        Done {
            started: under_way.unwrap_or(run).started_at,
            completed: run.ended_at.filter(|_| has_completed),
        }
    }

    /// A sync's schedule in words.
    pub fn schedule_words(&self, sync: &Sync) -> String {
        let name = |id: &str| {
            let found = self
                .catalog
                .syncs
                .iter()
                .find(|other| other.id.as_str() == id);
            found.map_or_else(|| id.to_owned(), |other| other.settings.name.clone())
        };
        sync.settings.schedule.describe_with(self.zone(), name)
    }
}

/// What is said of a clock that was set back.
fn set_back_words(syncs: usize) -> String {
    let whose = match syncs {
        1 => "1 schedule counts".to_owned(),
        many => format!("{many} schedules count"),
    };
    format!("the clock was set back behind slots that have fired: {whose} anew from now")
}

impl Dispatcher {
    /// When the dispatcher must look at the time again.
    pub(super) fn wake(&self) -> Wake {
        if !self.conduct.autonomous || self.is_stopping() {
            return Wake::Never;
        }
        let later = self.live.later.values().map(|(at, _)| *at);
        let slots = self.live.scheduler.wake_at().into_iter();
        let work = slots.chain(later).chain(self.next_poll()).min();
        let check = self.next_check();
        match (work, check) {
            (Some(work), check) => Wake::Work(check.map_or(work, |check| check.min(work))),
            (None, Some(check)) => Wake::Housekeeping(check),
            (None, None) => Wake::Never,
        }
    }

    /// Looks at the time: begins what has come, and checks the destinations whose turn it is.
    pub(super) async fn look(&mut self) {
        self.live.now = self.core.clock.now();
        self.anchor_anew().await;
        self.fire_due().await;
        self.poll();
        self.check_destinations();
    }

    /// Lets schedules go on that the clock left behind, when it was set back.
    async fn anchor_anew(&mut self) {
        let now = self.live.now;
        let syncs = self.live.scheduler.set_back(now);
        if syncs.is_empty() {
            return;
        }
        let what = set_back_words(syncs.len());
        tracing::warn!(%now, "{what}");
        // Where it fails, the next look tries again.
        if let Err(problem) = self.store_anchors(syncs, what).await {
            tracing::error!(%problem, "cannot anchor the schedules anew");
        }
        self.refresh_all();
    }

    async fn store_anchors(&mut self, syncs: Vec<SyncId>, what: String) -> Result<(), Problem> {
        let now = self.live.now;
        self.core.store.anchor_anew(syncs, now).await?;
        self.live.read_schedules(&self.core).await?;
        let kind = EventKind::ConfigChanged { what };
        self.core.happen(None, None, kind).await
    }

    /// Begins a run of every slot that is due, each once, and what was to begin later.
    async fn fire_due(&mut self) {
        let now = self.live.now;
        for due in self.live.scheduler.due(now) {
            self.fire(due).await;
        }
        let due: Vec<_> = self
            .live
            .later
            .extract_if(|_, (at, _)| *at <= now)
            .collect();
        for (sync, (_, trigger)) in due {
            if self.is_paused(&sync) {
                continue;
            }
            if let Err(problem) = self
                .enqueue(&sync, RunOptions::default(), trigger, None)
                .await
            {
                tracing::warn!(%sync, %problem, "the later run did not begin");
            }
        }
    }

    fn is_paused(&self, sync: &SyncId) -> bool {
        self.live.sync(sync).is_none_or(|sync| sync.settings.paused)
    }

    /// Syncs whose last run ended because its destination said when to come back, with that time.
    pub(crate) fn put_off(&self) -> Vec<(SyncId, DateTime<Utc>)> {
        let past = self
            .live
            .past
            .iter()
            .filter(|(sync, _)| !self.is_paused(sync));
        let put_off = past.filter_map(|(sync, past)| {
            let last = past.last.as_ref()?;
            let at = last.retry_at.filter(|_| last.options.undo_of.is_none())?;
            Some((sync.clone(), at))
        });
        put_off.collect()
    }

    /// Begins a run of a sync at a later time; a second one takes the place of the first.
    pub(crate) fn run_later(&mut self, sync: SyncId, at: DateTime<Utc>, trigger: Trigger) {
        self.live.later.insert(sync, (at, trigger));
    }

    /// Syncs whose last run was interrupted and whose schedule is on.
    pub(crate) fn interrupted(&self) -> Vec<SyncId> {
        let syncs = self
            .live
            .catalog
            .syncs
            .iter()
            .filter(|sync| !sync.settings.paused);
        let interrupted = syncs.filter(|sync| {
            let last = self
                .live
                .past
                .get(&sync.id)
                .and_then(|past| past.last.as_ref());
            last.is_some_and(|run| {
                run.status == RunStatus::Interrupted && run.options.undo_of.is_none()
            })
        });
        interrupted.map(|sync| sync.id.clone()).collect()
    }

    /// Begins the run of a slot; where one is queued already, that one covers it.
    async fn fire(&mut self, due: Due) {
        let Due { slot, sync, missed } = due;
        let Some(found) = self.live.sync(&sync) else {
            return;
        };
        let trigger = Trigger::Schedule {
            slot,
            missed,
            words: self.live.schedule_words(found),
        };
        if let Err(problem) = self
            .enqueue(&sync, RunOptions::default(), trigger, Some(slot))
            .await
        {
            tracing::warn!(%sync, %slot, %problem, "the slot did not fire");
        }
        self.refresh(&sync);
    }

    /// Runs what was missed while the core was down: once, coalesced, within each sync's grace.
    pub(crate) async fn catch_up(&mut self) {
        self.live.now = self.core.clock.now();
        self.anchor_anew().await;
        for due in self.live.scheduler.catch_up(self.live.now) {
            self.fire(due).await;
        }
        self.refresh_all();
    }

    /// After a run: syncs that wait for it, and the follow-up that its destination asked for.
    pub(super) async fn follow_up(&mut self, run: &Run) {
        if run.options.undo_of.is_some() {
            // What follows on it would send the model's rows over what was restored.
            return;
        }
        if let Some(at) = run.retry_at {
            self.run_later(run.sync.clone(), at, Trigger::FollowUp);
        }
        let completed = matches!(
            run.status,
            RunStatus::Completed | RunStatus::CompletedWithErrors
        );
        if !completed || run.options.plan_only {
            return;
        }
        let done = |id: &str| self.live.done(id);
        let ready = self
            .live
            .scheduler
            .ready_after(&run.sync, self.live.now, done);
        for sync in ready {
            let trigger = Trigger::After {
                sync: run.sync.clone(),
            };
            if let Err(problem) = self
                .enqueue(&sync, RunOptions::default(), trigger, None)
                .await
            {
                tracing::warn!(%sync, %problem, "cannot run after its predecessor");
            }
        }
    }
}
