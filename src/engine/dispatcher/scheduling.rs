//! Schedules in the dispatcher: sleeps until the next due slot, fires it once, follows up.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::id::SyncId;
use crate::domain::run::{Run, RunOptions, RunStatus, Trigger};
use crate::domain::schedule::{Past, Schedule};
use crate::domain::sync::Sync;
use crate::store::ScheduleState;

use super::Dispatcher;
use super::live::Live;

/// Wall time is looked at again after this long, in case the clock was set.
const LOOK_AGAIN_S: i64 = 30;

impl Live {
    /// The zone of schedules that name none.
    pub fn zone(&self) -> Tz {
        self.catalog.workspace.timezone.parse().unwrap_or(Tz::UTC)
    }

    /// Works out when each schedule fires next.
    pub fn plan_slots(&mut self, now: DateTime<Utc>) {
        let zone = self.zone();
        let mut next = std::collections::HashMap::new();
        for sync in &self.catalog.syncs {
            let state = self.schedules.get(&sync.id);
            if sync.settings.paused || self.catalog.attention.contains_key(&sync.id) {
                continue;
            }
            if let Some(state) = state
                && let Some(at) =
                    sync.settings
                        .schedule
                        .next(self.dealt_with(state), zone, &past(state, now))
            {
                next.insert(sync.id.clone(), at);
            }
        }
        self.next = next;
    }

    /// Up to where a sync's slots have fired, or were passed over when the core started.
    fn dealt_with(&self, state: &ScheduleState) -> DateTime<Utc> {
        state
            .last_slot
            .map_or(self.began, |slot| slot.max(self.began))
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

/// What lies behind a schedule; a slot in the future, of a clock that was set back, is left out.
fn past(state: &ScheduleState, now: DateTime<Utc>) -> Past {
    Past {
        anchor: state.anchor,
        last_slot: state.last_slot.filter(|slot| *slot <= now),
        last_end: state.last_ended,
    }
}

impl Dispatcher {
    /// When the dispatcher must look at the schedules again.
    pub(super) fn wake_at(&self) -> Option<DateTime<Utc>> {
        if !self.conduct.autonomous || self.is_stopping() {
            return None;
        }
        let later = self.live.later.values().map(|(at, _)| *at);
        let soonest = self.live.next.values().copied().chain(later).min()?;
        let look_again = self.core.clock.now() + chrono::Duration::seconds(LOOK_AGAIN_S);
        Some(soonest.min(look_again))
    }

    /// Fires every slot that is due, each once.
    pub(super) async fn fire_due(&mut self) {
        let now = self.core.clock.now();
        self.live.now = now;
        let mut due: Vec<(DateTime<Utc>, SyncId)> = self
            .live
            .next
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(sync, at)| (*at, sync.clone()))
            .collect();
        due.sort();
        for (slot, sync) in due {
            self.fire(&sync, slot, 0).await;
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
            let at = past.last.as_ref()?.retry_at?;
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
            last.is_some_and(|run| run.status == RunStatus::Interrupted)
        });
        interrupted.map(|sync| sync.id.clone()).collect()
    }

    /// Fires one slot; `missed` older ones are covered by it.
    pub(super) async fn fire(&mut self, id: &SyncId, slot: DateTime<Utc>, missed: u32) {
        let Some(sync) = self.live.sync(id) else {
            return;
        };
        let words = self.live.schedule_words(sync);
        let trigger = Trigger::Schedule {
            slot,
            missed,
            words,
        };
        if let Err(problem) = self
            .enqueue(id, RunOptions::default(), trigger, Some(slot))
            .await
        {
            tracing::warn!(sync = %id, %slot, %problem, "the slot did not fire");
        }
        if let Some(state) = self.live.schedules.get_mut(id) {
            state.last_slot = Some(slot);
        }
        // A slot that found a run queued has none of its own, and is dealt with all the same.
        self.live.coalesced.insert(id.clone(), slot);
        self.live.plan_slots(self.core.clock.now());
    }

    /// Runs what was missed while the core was down: once, coalesced, within each sync's grace.
    pub(crate) async fn catch_up(&mut self) {
        let now = self.core.clock.now();
        let zone = self.live.zone();
        for sync in self.live.catalog.syncs.clone() {
            let Some(state) = self.live.schedules.get(&sync.id) else {
                continue;
            };
            if sync.settings.paused || self.live.catalog.attention.contains_key(&sync.id) {
                continue;
            }
            let grace = chrono::Duration::hours(i64::from(sync.settings.grace_hours));
            let missed = sync
                .settings
                .schedule
                .missed(now, zone, &past(state, now), grace);
            if let Some(missed) = missed {
                self.fire(&sync.id, missed.slot, missed.count).await;
            }
        }
    }

    /// After a run: syncs that wait for it, and the follow-up that its destination asked for.
    pub(super) async fn follow_up(&mut self, run: &Run) {
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
        let ready: Vec<SyncId> = self
            .live
            .catalog
            .syncs
            .iter()
            .filter(|sync| !sync.settings.paused)
            .filter(|sync| !self.live.catalog.attention.contains_key(&sync.id))
            .filter(|sync| match &sync.settings.schedule {
                Schedule::After { syncs } => {
                    syncs.iter().any(|id| id == run.sync.as_str())
                        && syncs.iter().all(|id| self.completed_since(id, &sync.id))
                }
                _ => false,
            })
            .map(|sync| sync.id.clone())
            .collect();
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

    /// Whether `earlier` has completed since `later` last started.
    fn completed_since(&self, earlier: &str, later: &SyncId) -> bool {
        let last = |id: &str| {
            let past = self.live.past.iter().find(|(sync, _)| sync.as_str() == id);
            past.and_then(|(_, past)| past.last.clone())
        };
        let since = last(later.as_str()).and_then(|run| run.started_at);
        last(earlier).is_some_and(|run| {
            matches!(
                run.status,
                RunStatus::Completed | RunStatus::CompletedWithErrors
            ) && since.is_none_or(|since| run.ended_at.is_some_and(|ended| ended > since))
        })
    }
}
