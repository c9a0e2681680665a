//! Runs of the simulated workspace: queued, started, ended, followed, as the dispatcher does it.

use chrono::{DateTime, Utc};
use signalsmith::domain::schedule::Schedule;
use signalsmith::engine::scheduler::{CLOCK_SLACK, Due};

use super::calendar::Coming;
use super::world::{Sync, World, sync_id};

/// A run that is nothing but time.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub number: u64,
    pub is_scheduled: bool,
}

impl World {
    pub fn fire(&mut self, due: &Due) {
        let place = self.places[due.sync.as_str()];
        let now = self.now();
        let sync = &mut self.syncs[place];
        let anchor = sync.state.anchor;
        assert!(sync.set.on, "nothing is made up");
        assert!(
            due.slot > anchor && due.slot <= now,
            "{due:?} {anchor} {now}"
        );
        if let Schedule::Interval { interval_minutes } = sync.set.schedule {
            let passed = (due.slot - sync.base).num_milliseconds();
            let off = passed % (i64::from(interval_minutes) * 60_000);
            assert_eq!(off, 0, "the cadence holds");
        }
        let age = now - due.slot;
        if due.missed == 0 {
            assert!(age < CLOCK_SLACK);
            self.tally.in_time += 1;
        } else {
            assert!(age < CLOCK_SLACK || age < sync.set.grace);
            self.tally.missed += 1;
        }
        if sync.queued.is_some() {
            self.tally.covered += 1;
        } else if sync.fired.insert(due.slot) {
            sync.state.last_slot = Some(due.slot);
            self.enqueue(place, true);
        } else {
            // The store refuses it; only a clock that was set back brings a slot again.
            assert!(sync.was_anchored, "{due:?} came twice");
            self.tally.refused += 1;
        }
    }

    fn enqueue(&mut self, place: usize, is_scheduled: bool) {
        self.numbers += 1;
        let sync = &mut self.syncs[place];
        if sync.queued.is_some() {
            return;
        }
        sync.queued = Some(Run {
            number: self.numbers,
            is_scheduled,
        });
        if sync.running.is_some() {
            self.tally.queued += 1;
        }
        self.start_queued(place);
    }

    pub fn start_queued(&mut self, place: usize) {
        let now = self.now();
        let sync = &mut self.syncs[place];
        if sync.running.is_some() {
            return;
        }
        let Some(run) = sync.queued.take() else {
            return;
        };
        sync.running = Some(run);
        sync.done.started = Some(now);
        sync.completed.clear();
        sync.is_start_muddled = false;
        if run.is_scheduled {
            sync.state.last_started = Some(now);
        }
        self.tally.runs += 1;
        let is_long = self.rarely();
        let length = if is_long {
            self.length(3_600, 72_000)
        } else {
            self.length(1, 1_200)
        };
        self.come(self.real + length, Coming::RunEnds(place, run.number));
        self.tell(place);
    }

    /// A run ends, unless it was interrupted meanwhile.
    pub fn run_ends(&mut self, place: usize, number: u64, completes: bool) {
        let running = self.syncs[place].running;
        if running.is_none_or(|run| run.number != number) {
            return;
        }
        self.end(place, completes);
        self.tell(place);
        if completes {
            self.follow(place);
        }
        self.start_queued(place);
    }

    /// Ends the run of a sync.
    pub fn end(&mut self, place: usize, completes: bool) {
        let now = self.now();
        let Some(run) = self.syncs[place].running.take() else {
            return;
        };
        self.syncs[place].end(run, now, completes);
        for at in self.followers[place].clone() {
            if completes {
                self.syncs[at].completed.insert(place);
            } else {
                self.syncs[at].completed.remove(&place);
            }
        }
    }

    /// Syncs that wait for others begin when the last of them has completed.
    fn follow(&mut self, place: usize) {
        if self.followers[place].is_empty() {
            return;
        }
        let done = |id: &str| self.syncs[self.places[id]].done;
        let scheduler = self.scheduler.as_ref().expect("a core is up");
        let ready = scheduler.ready_after(&sync_id(place), self.now(), done);
        let ready: Vec<usize> = ready.iter().map(|it| self.places[it.as_str()]).collect();
        assert!(ready.iter().all(|at| self.followers[place].contains(at)));
        for at in &self.followers[place] {
            let sync = &self.syncs[*at];
            let is_muddled = |it: &usize| self.syncs[*it].is_end_muddled;
            if !sync.is_start_muddled && !sync.waits_for.iter().any(is_muddled) {
                let all = sync.waits_for.iter().all(|it| sync.completed.contains(it));
                assert_eq!(ready.contains(at), sync.set.on && all, "{:?}", sync.set);
            }
        }
        for at in ready {
            self.tally.after += 1;
            self.enqueue(at, false);
        }
    }
}

impl Sync {
    fn end(&mut self, run: Run, now: DateTime<Utc>, completes: bool) {
        self.done.completed = completes.then_some(now);
        self.is_end_muddled = false;
        if run.is_scheduled {
            self.state.last_ended = Some(now);
        }
    }
}
