//! What product.md says of one schedule, told by walking from slot to slot.

use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};
use signalsmith::domain::schedule::{Past, Schedule, Timetable};
use signalsmith::store::ScheduleState;

/// The slots of one schedule in their order.
#[derive(Debug)]
pub struct Naive {
    step: Step,
    next: Option<DateTime<Utc>>,
    /// The newest slot that has been walked over, or the anchor.
    pub latest: DateTime<Utc>,
}

/// From one slot to the next.
#[derive(Debug)]
enum Step {
    None,
    Interval(TimeDelta),
    /// Cron slots themselves are compared with croner's elsewhere.
    Cron(Rc<Timetable>),
}

/// What a look at the time finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Nothing,
    /// One slot, at its time.
    InTime(DateTime<Utc>),
    /// The newest of so many that were missed.
    Missed(DateTime<Utc>, u32),
    /// So many, the newest of which is too old.
    TooOld(u32),
}

impl Naive {
    /// A schedule at the start of a core: what its runs covered is behind it.
    pub fn new(schedule: &Schedule, timetable: &Rc<Timetable>, state: &ScheduleState) -> Self {
        let last = state.last_slot.filter(|slot| *slot > state.anchor);
        let step = match schedule {
            Schedule::Interval { interval_minutes } => {
                Step::Interval(TimeDelta::minutes(i64::from(*interval_minutes)))
            }
            Schedule::Cron { .. } => Step::Cron(Rc::clone(timetable)),
            Schedule::Manual | Schedule::After { .. } => Step::None,
        };
        let mut new = Self {
            step,
            next: None,
            latest: last.unwrap_or(state.anchor),
        };
        new.look_ahead();
        if let Some(started) = state.last_started {
            new.walk(started);
        }
        new
    }

    fn look_ahead(&mut self) {
        self.next = match &self.step {
            Step::None => None,
            Step::Interval(step) => Some(self.latest + *step),
            Step::Cron(timetable) => timetable.next(self.latest, &Past::new(self.latest)),
        };
    }

    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.next
    }

    /// Walks over all slots up to `now`; their number.
    pub fn walk(&mut self, now: DateTime<Utc>) -> u32 {
        let mut count = 0;
        while let Some(slot) = self.next.filter(|slot| *slot <= now) {
            self.latest = slot;
            count += 1;
            self.look_ahead();
        }
        count
    }

    /// What is due, where a slot is in time for so long.
    pub fn look(&mut self, now: DateTime<Utc>, in_time: TimeDelta, grace: TimeDelta) -> Found {
        let count = self.walk(now);
        let age = now - self.latest;
        match count {
            0 => Found::Nothing,
            1 if age < in_time => Found::InTime(self.latest),
            _ if age < in_time || age < grace => Found::Missed(self.latest, count),
            _ => Found::TooOld(count),
        }
    }
}
