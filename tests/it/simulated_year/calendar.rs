//! What comes in a simulated year beside slots: people, machines, time servers.

use std::rc::Rc;

use rand::RngExt as _;
use signalsmith::engine::scheduler::CLOCK_SLACK;

use super::world::{World, ZONE};
use super::{grace, schedule};

/// What comes, beside slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coming {
    RunEnds(usize, u64),
    Pause(usize),
    Resume(usize),
    Edit(usize),
    Break(usize),
    Mend(usize),
    GoDown,
    ComeUp,
    SetClock,
    Look,
}

impl World {
    /// What people, machines and time servers will do.
    pub fn plan_the_year(&mut self, count: usize) {
        let count_of = |each: usize| each * count / 500;
        for _ in 0..count_of(1_500) {
            let sync = self.random.random_range(0..count);
            let at = self.some_time();
            self.come(at, Coming::Pause(sync));
            let for_so_long = self.length(60, 86_400 * 20);
            self.come(at + for_so_long, Coming::Resume(sync));
        }
        for _ in 0..count_of(1_500) {
            let sync = self.random.random_range(0..count);
            let at = self.some_time();
            self.come(at, Coming::Edit(sync));
        }
        for _ in 0..count_of(300) {
            let sync = self.random.random_range(0..count);
            let at = self.some_time();
            self.come(at, Coming::Break(sync));
            let for_so_long = self.length(60, 86_400 * 5);
            self.come(at + for_so_long, Coming::Mend(sync));
        }
        for _ in 0..60 {
            let at = self.some_time();
            self.come(at, Coming::GoDown);
        }
        for _ in 0..60 {
            let at = self.some_time();
            self.come(at, Coming::SetClock);
        }
    }

    pub fn happen(&mut self, what: Coming) {
        let now = self.now();
        match what {
            Coming::RunEnds(place, number) => {
                let completes = self.random.random_bool(0.95);
                if self.scheduler.is_some() {
                    self.run_ends(place, number, completes);
                }
            }
            // Configuration is changed through a core.
            _ if self.scheduler.is_none() && !matches!(what, Coming::ComeUp | Coming::SetClock) => {
            }
            Coming::Pause(place) => self.change(place, |sync| sync.paused = true),
            Coming::Resume(place) if self.syncs[place].paused => {
                self.change(place, |sync| {
                    sync.paused = false;
                    sync.state.anchor = now;
                });
            }
            Coming::Edit(place) => {
                let schedule = schedule(&mut self.random, place);
                let grace = grace(&mut self.random);
                self.change(place, |sync| {
                    if sync.set.schedule != schedule {
                        sync.state.anchor = now;
                        sync.completed.clear();
                        sync.is_start_muddled = true;
                    }
                    sync.timetable = Rc::new(schedule.timetable(ZONE));
                    sync.set.schedule = schedule;
                    sync.set.grace = grace;
                });
                self.note_followers(place);
            }
            Coming::Break(place) => self.change(place, |sync| sync.broken = true),
            Coming::Mend(place) => self.change(place, |sync| sync.broken = false),
            Coming::GoDown => self.go_down(),
            Coming::ComeUp => self.come_up(),
            Coming::SetClock => self.set_clock(),
            Coming::Look => {
                self.anchor_anew();
                self.look(CLOCK_SLACK);
            }
            Coming::Resume(_) => {}
        }
    }
}
