//! When schedules fire: what is due, what was missed, when to look again, what a clock that was
//! set back changes. No clock and no store: times come in, due slots come out.
//!
//! Of each sync it is known up to which slot all are dealt with: fired, covered by a later one, or
//! passed over. What comes during a run waits in the queue of runs, so that the end of a run
//! shifts no slot.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::id::SyncId;
use crate::domain::schedule::{Past, Schedule, Timetable};
use crate::store::ScheduleState;

/// A slot that is found later than this was missed: the machine slept, or its clock was set
/// forward. A slot that lies further ahead than this was fired before the clock was set back.
pub const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(5);

/// A sync's schedule as it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The schedule.
    pub schedule: Schedule,
    /// The zone where the schedule names none.
    pub zone: Tz,
    /// Whether it fires: the sync is neither paused nor in need of attention.
    pub on: bool,
    /// A missed slot is run only while it is younger.
    pub grace: TimeDelta,
}

/// A slot whose run begins now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The slot.
    pub slot: DateTime<Utc>,
    /// The sync.
    pub sync: SyncId,
    /// How many slots were missed and are covered by this one, itself included; 0 where it is in
    /// time.
    pub missed: u32,
}

/// What a sync did, as schedules that wait for others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// When its last run started.
    pub started: Option<DateTime<Utc>>,
    /// When its last run ended, where that completed.
    pub completed: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Entry {
    set: Scheduled,
    timetable: Timetable,
    /// Its last slot is the newest one that is dealt with.
    past: Past,
    next: Option<DateTime<Utc>>,
}

impl Entry {
    /// The latest moment that lies behind the schedule.
    fn latest(&self) -> DateTime<Utc> {
        let anchor = self.past.anchor;
        self.past.last_slot.map_or(anchor, |slot| slot.max(anchor))
    }

    /// Takes all slots up to `now` as dealt with.
    fn pass_over(&mut self, now: DateTime<Utc>) {
        if let Some(passed) = self.timetable.passed(now, &self.past) {
            self.past.last_slot = Some(passed.slot);
        }
    }

    fn look_ahead(&mut self) {
        self.next = if self.set.on {
            self.timetable.next(self.latest(), &self.past)
        } else {
            None
        };
    }

    /// Takes the slots up to `now` as dealt with: the newest one and how many there were. The
    /// first of them is known to have come.
    fn take(&mut self, first: DateTime<Utc>, now: DateTime<Utc>) -> (DateTime<Utc>, u32) {
        let before = self.past;
        self.past.last_slot = Some(first);
        self.look_ahead();
        if self.next.is_none_or(|next| next > now) {
            return (first, 1);
        }
        let passed = self.timetable.passed(now, &before);
        let (newest, count) = passed.map_or((first, 1), |passed| (passed.slot, passed.count));
        self.past.last_slot = Some(newest);
        self.look_ahead();
        (newest, count)
    }
}

/// All schedules of a workspace, and when each fires next.
#[derive(Debug, Default)]
pub struct Scheduler {
    entries: HashMap<SyncId, Entry>,
    coming: BTreeSet<(DateTime<Utc>, SyncId)>,
}

impl Scheduler {
    /// Takes a sync's schedule and where it stands in the store.
    ///
    /// A new anchor (an edit, a resume) begins anew after it. A sync that was in need of attention
    /// goes on with the next slot from `now`, and so does a schedule whose zone was changed.
    pub fn set(&mut self, set: Scheduled, state: &ScheduleState, now: DateTime<Utc>) {
        let stored = Past {
            anchor: state.anchor,
            last_slot: state.last_slot,
            last_end: None,
        };
        let is_known = self.entries.get(&state.sync).is_some_and(|entry| {
            entry.set == set
                && entry.past.anchor == state.anchor
                && entry.past.last_slot >= state.last_slot
        });
        if is_known {
            return;
        }
        let entry = match self.entries.remove(&state.sync) {
            None => {
                let timetable = set.schedule.timetable(set.zone);
                let mut entry = Entry {
                    set,
                    timetable,
                    past: stored,
                    next: None,
                };
                // A run covers what came until it started, also where that is not on record.
                if let Some(started) = state.last_started.filter(|started| *started <= now) {
                    entry.pass_over(started);
                }
                entry
            }
            Some(mut entry) => {
                if let Some(next) = entry.next {
                    self.coming.remove(&(next, state.sync.clone()));
                }
                let is_retimed = (&entry.set.schedule, entry.set.zone) != (&set.schedule, set.zone);
                if is_retimed {
                    entry.timetable = set.schedule.timetable(set.zone);
                }
                if entry.past.anchor != state.anchor {
                    entry.past = stored;
                } else {
                    entry.past.last_slot = entry.past.last_slot.max(state.last_slot);
                    if is_retimed || set.on && !entry.set.on {
                        entry.pass_over(now);
                    }
                }
                entry.set = set;
                entry
            }
        };
        self.put(state.sync.clone(), entry);
    }

    fn put(&mut self, sync: SyncId, mut entry: Entry) {
        entry.look_ahead();
        if let Some(next) = entry.next {
            self.coming.insert((next, sync.clone()));
        }
        self.entries.insert(sync, entry);
    }

    /// Forgets the schedules of syncs that are gone.
    pub fn retain(&mut self, is_there: impl Fn(&SyncId) -> bool) {
        self.entries.retain(|sync, _| is_there(sync));
        self.coming.retain(|(_, sync)| is_there(sync));
    }

    /// When a sync's schedule fires next.
    pub fn next(&self, sync: &SyncId) -> Option<DateTime<Utc>> {
        self.entries.get(sync)?.next
    }

    /// When the next schedule fires.
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        self.coming.first().map(|(at, _)| *at)
    }

    /// Takes the slots that have come up to `now`, by time and sync; of several of one sync the
    /// newest, with their number. A late one is given while it is younger than its grace.
    pub fn due(&mut self, now: DateTime<Utc>) -> Vec<Due> {
        self.take(now, CLOCK_SLACK)
    }

    /// Takes the slots that came while the core was down: as [`Scheduler::due`], but none of them
    /// is in time.
    pub fn catch_up(&mut self, now: DateTime<Utc>) -> Vec<Due> {
        self.take(now, TimeDelta::zero())
    }

    fn take(&mut self, now: DateTime<Utc>, in_time: TimeDelta) -> Vec<Due> {
        let mut due = Vec::new();
        while let Some((slot, _)) = self.coming.first()
            && *slot <= now
            && let Some((first, sync)) = self.coming.pop_first()
        {
            let Some(entry) = self.entries.get_mut(&sync) else {
                continue;
            };
            let (slot, count) = entry.take(first, now);
            if let Some(next) = entry.next {
                self.coming.insert((next, sync.clone()));
            }
            let late = now - slot;
            if late < in_time || late < entry.set.grace {
                let missed = if count == 1 && late < in_time {
                    0
                } else {
                    count
                };
                due.push(Due { slot, sync, missed });
            }
        }
        due.sort();
        due
    }

    /// Syncs whose last slot or anchor lies more than [`CLOCK_SLACK`] ahead of `now`, since the
    /// clock was set back: their schedules stand still until they are anchored at `now`.
    pub fn set_back(&self, now: DateTime<Utc>) -> Vec<SyncId> {
        let limit = now + CLOCK_SLACK;
        let ahead = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.set.on && entry.timetable.has_slots())
            .filter(|(_, entry)| entry.latest() > limit);
        let mut ahead: Vec<SyncId> = ahead.map(|(sync, _)| sync.clone()).collect();
        ahead.sort();
        ahead
    }

    /// Syncs that wait for `ended`, which has just completed, and for no other any more: all that
    /// they wait for have completed since they last started.
    pub fn ready_after(
        &self,
        ended: &SyncId,
        now: DateTime<Utc>,
        done: impl Fn(&str) -> Done,
    ) -> Vec<SyncId> {
        let is_ready = |sync: &SyncId, waits_for: &[String]| {
            // A start ahead of now is one from before the clock was set back.
            let since = done(sync.as_str()).started.filter(|since| *since <= now);
            waits_for.iter().any(|other| other == ended.as_str())
                && waits_for.iter().all(|other| {
                    let completed = done(other).completed;
                    completed.is_some_and(|at| since.is_none_or(|since| at > since))
                })
        };
        let ready = self.entries.iter().filter(|(sync, entry)| {
            entry.set.on
                && matches!(&entry.set.schedule, Schedule::After { syncs } if is_ready(sync, syncs))
        });
        let mut ready: Vec<SyncId> = ready.map(|(sync, _)| sync.clone()).collect();
        ready.sort();
        ready
    }
}
