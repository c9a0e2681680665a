//! A year of a workspace in which runs are nothing but time: a stand-in for store and dispatcher
//! about the real scheduler.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use signalsmith::domain::id::SyncId;
use signalsmith::domain::schedule::{Schedule, Timetable};
use signalsmith::engine::scheduler::{CLOCK_SLACK, Done, Due, Scheduled, Scheduler};
use signalsmith::store::ScheduleState;

use super::calendar::Coming;
use super::naive::{Found, Naive};
use super::runs::Run;
use super::{grace, schedule};

pub const ZONE: Tz = Tz::Europe__Berlin;

pub fn sync_id(place: usize) -> SyncId {
    SyncId::from_bits(place as u64)
}

/// What happened in a year.
#[derive(Debug, Default)]
pub struct Tally {
    pub runs: u64,
    pub in_time: u64,
    pub missed: u64,
    pub too_old: u64,
    pub queued: u64,
    pub covered: u64,
    pub after: u64,
    pub anchored: u64,
    pub refused: u64,
    pub starts: u64,
}

/// A sync as the store and the dispatcher know it, and its naive reading.
pub struct Sync {
    pub set: Scheduled,
    pub paused: bool,
    pub broken: bool,
    pub state: ScheduleState,
    pub done: Done,
    pub fired: HashSet<DateTime<Utc>>,
    pub running: Option<Run>,
    pub queued: Option<Run>,
    pub naive: Naive,
    pub timetable: Rc<Timetable>,
    /// The next slot by the naive reading, as it stands in the world's list.
    pub listed: Option<DateTime<Utc>>,
    /// From here an interval counts.
    pub base: DateTime<Utc>,
    pub was_anchored: bool,
    pub waits_for: Vec<usize>,
    /// Those it waits for that completed since it last started, by the order of events.
    pub completed: HashSet<usize>,
    /// The clock was set back since it last started, or since its last end, so that times no
    /// longer tell the order.
    pub is_start_muddled: bool,
    pub is_end_muddled: bool,
}

pub struct World {
    pub random: ChaCha12Rng,
    /// Time that has really passed.
    pub real: TimeDelta,
    pub start: DateTime<Utc>,
    /// By how much the clock is wrong.
    pub offset: TimeDelta,
    pub coming: BTreeMap<(TimeDelta, u64), Coming>,
    pub numbers: u64,
    /// The core, while it is up.
    pub scheduler: Option<Scheduler>,
    pub syncs: Vec<Sync>,
    pub places: HashMap<String, usize>,
    /// Who waits for the sync at a place.
    pub followers: Vec<BTreeSet<usize>>,
    /// The next slots by the naive readings.
    pub next: BTreeSet<(DateTime<Utc>, usize)>,
    pub tally: Tally,
}

impl World {
    pub fn new(seed: u64, count: usize) -> Self {
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let syncs = (0..count).map(|place| {
            let anchor = start - TimeDelta::milliseconds(random.random_range(0..86_400_000));
            let state = ScheduleState {
                sync: sync_id(place),
                anchor,
                last_slot: None,
                last_started: None,
                last_ended: None,
            };
            let schedule = schedule(&mut random, place);
            let timetable = Rc::new(schedule.timetable(ZONE));
            let naive = Naive::new(&schedule, &timetable, &state);
            let base = naive.latest;
            let set = Scheduled {
                schedule,
                zone: ZONE,
                on: true,
                grace: grace(&mut random),
            };
            Sync {
                set,
                paused: false,
                broken: false,
                state,
                done: Done::default(),
                fired: HashSet::new(),
                running: None,
                queued: None,
                naive,
                timetable,
                listed: None,
                base,
                was_anchored: false,
                waits_for: Vec::new(),
                completed: HashSet::new(),
                is_start_muddled: false,
                is_end_muddled: false,
            }
        });
        let mut new = Self {
            syncs: syncs.collect(),
            random,
            real: TimeDelta::zero(),
            start,
            offset: TimeDelta::zero(),
            coming: BTreeMap::new(),
            numbers: 0,
            scheduler: None,
            places: (0..count).map(|at| (sync_id(at).to_string(), at)).collect(),
            followers: vec![BTreeSet::new(); count],
            next: BTreeSet::new(),
            tally: Tally::default(),
        };
        (0..count).for_each(|place| new.note_followers(place));
        new.plan_the_year(count);
        new
    }

    pub fn some_time(&mut self) -> TimeDelta {
        TimeDelta::milliseconds(self.random.random_range(0..365 * 86_400_000))
    }

    /// Keeps who waits for whom.
    pub fn note_followers(&mut self, place: usize) {
        for at in std::mem::take(&mut self.syncs[place].waits_for) {
            self.followers[at].remove(&place);
        }
        if let Schedule::After { syncs } = &self.syncs[place].set.schedule {
            let waits_for: Vec<usize> = syncs.iter().map(|id| self.places[id]).collect();
            for at in &waits_for {
                self.followers[*at].insert(place);
            }
            self.syncs[place].waits_for = waits_for;
        }
    }

    pub fn rarely(&mut self) -> bool {
        self.random.random_bool(0.01)
    }

    /// Seconds of any order of magnitude from `min` to `max`.
    pub fn length(&mut self, min: i64, max: i64) -> TimeDelta {
        let (min, max) = (min as f64, max as f64);
        let seconds = min * (max / min).powf(self.random.random_range(0.0..1.0));
        TimeDelta::milliseconds((seconds * 1_000.0) as i64)
    }

    pub fn come(&mut self, at: TimeDelta, what: Coming) {
        self.numbers += 1;
        self.coming.insert((at, self.numbers), what);
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.start + self.real + self.offset
    }

    /// Lives the year through.
    pub fn year(mut self) -> Tally {
        self.come_up();
        let end = TimeDelta::days(365);
        while self.real < end {
            let wake = self.scheduler.as_ref().and_then(Scheduler::wake_at);
            let wake = wake.map(|at| self.real + (at - self.now()).max(TimeDelta::zero()));
            let next = self.coming.first_key_value().map(|(key, _)| key.0);
            match (wake, next) {
                (Some(wake), next) if next.is_none_or(|next| wake < next) => {
                    self.real = wake;
                    self.look(CLOCK_SLACK);
                }
                _ => {
                    let ((at, _), what) = self.coming.pop_first().expect("a year is full");
                    self.real = self.real.max(at);
                    self.happen(what);
                }
            }
        }
        self.tally
    }

    pub fn change(&mut self, place: usize, change: impl FnOnce(&mut Sync)) {
        let now = self.now();
        let sync = &mut self.syncs[place];
        let (anchor, was_on) = (sync.state.anchor, sync.set.on);
        change(sync);
        sync.set.on = !sync.paused && !sync.broken;
        if sync.state.anchor != anchor {
            let anew = ScheduleState {
                last_started: None,
                ..sync.state.clone()
            };
            sync.naive = Naive::new(&sync.set.schedule, &sync.timetable, &anew);
            sync.base = sync.naive.latest;
        } else if sync.set.on && !was_on {
            sync.naive.walk(now);
        }
        self.tell(place);
    }

    /// Gives the scheduler a sync as the store has it.
    pub fn tell(&mut self, place: usize) {
        let now = self.now();
        let sync = &mut self.syncs[place];
        let wanted = sync.naive.next().filter(|_| sync.set.on);
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.set(sync.set.clone(), &sync.state, now);
            let next = scheduler.next(&sync.state.sync);
            assert_eq!(next, wanted, "{:?} at {now}", sync.set);
        }
        if let Some(listed) = std::mem::replace(&mut sync.listed, wanted) {
            self.next.remove(&(listed, place));
        }
        self.next.extend(wanted.map(|next| (next, place)));
    }

    /// The core goes away under everything it does.
    pub fn go_down(&mut self) {
        self.scheduler = None;
        let for_so_long = self.length(1, 86_400 * 4);
        self.come(self.real + for_so_long, Coming::ComeUp);
    }

    pub fn come_up(&mut self) {
        if self.scheduler.is_some() {
            return;
        }
        self.tally.starts += 1;
        self.scheduler = Some(Scheduler::default());
        let now = self.now();
        for place in 0..self.syncs.len() {
            // What ran was interrupted, which is found out now.
            self.end(place, false);
            let sync = &mut self.syncs[place];
            let mut known = sync.state.clone();
            known.last_started = known.last_started.filter(|started| *started <= now);
            sync.naive = Naive::new(&sync.set.schedule, &sync.timetable, &known);
            self.tell(place);
        }
        self.anchor_anew();
        self.look(TimeDelta::zero());
        for place in 0..self.syncs.len() {
            self.start_queued(place);
        }
    }

    pub fn set_clock(&mut self) {
        let by = self.length(1, 86_400 * 3);
        if self.random.random_bool(0.5) {
            self.offset += by;
        } else {
            self.offset -= by;
            for sync in &mut self.syncs {
                sync.is_start_muddled = true;
                sync.is_end_muddled = true;
            }
        }
        // The dispatcher looks every 30 s whatever the clock shows.
        let soon = TimeDelta::milliseconds(self.random.random_range(0..30_000));
        self.come(self.real + soon, Coming::Look);
    }

    /// Schedules that the clock left behind go on from now.
    pub fn anchor_anew(&mut self) {
        let now = self.now();
        let Some(scheduler) = &self.scheduler else {
            return;
        };
        let behind = scheduler.set_back(now);
        let has_slots = |sync: &Sync| sync.naive.next().is_some();
        let wanted = (0..self.syncs.len()).filter(|place| {
            let sync = &self.syncs[*place];
            sync.set.on && has_slots(sync) && sync.naive.latest > now + CLOCK_SLACK
        });
        let wanted: BTreeSet<SyncId> = wanted.map(sync_id).collect();
        assert_eq!(behind.iter().cloned().collect::<BTreeSet<_>>(), wanted);
        for place in 0..self.syncs.len() {
            if wanted.contains(&sync_id(place)) {
                self.tally.anchored += 1;
                self.change(place, |sync| {
                    sync.state.anchor = now;
                    sync.state.last_slot = None;
                    sync.state.last_started = None;
                    sync.state.last_ended = None;
                    sync.was_anchored = true;
                });
            }
        }
    }

    /// What the scheduler gives is what a naive reading finds, for every sync.
    pub fn look(&mut self, in_time: TimeDelta) {
        let now = self.now();
        let Some(scheduler) = &mut self.scheduler else {
            return;
        };
        let due = if in_time.is_zero() {
            scheduler.catch_up(now)
        } else {
            scheduler.due(now)
        };
        let mut wanted = Vec::new();
        while let Some((_, place)) = self.next.first().copied().filter(|(at, _)| *at <= now) {
            self.next.pop_first();
            let sync = &mut self.syncs[place];
            let mut want = |slot, missed| {
                wanted.push(Due {
                    slot,
                    sync: sync_id(place),
                    missed,
                });
            };
            match sync.naive.look(now, in_time, sync.set.grace) {
                Found::Nothing => panic!("a slot has come"),
                Found::InTime(slot) => want(slot, 0),
                Found::Missed(slot, count) => want(slot, count),
                Found::TooOld(_) => self.tally.too_old += 1,
            }
            sync.listed = sync.naive.next();
            self.next.extend(sync.listed.map(|next| (next, place)));
        }
        wanted.sort();
        assert_eq!(due, wanted, "at {now}");
        for due in &due {
            self.fire(due);
        }
    }
}
