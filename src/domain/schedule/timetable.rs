//! A schedule that has been read, in its zone: gives its slots without reading it again.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{CronSchedule, MISSED_COUNT_MAX, Missed, Past, Schedule, interval, missed, parse_zone};

/// A schedule that has been read, in its zone.
#[derive(Debug, Clone)]
pub struct Timetable(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// No slots of its own: by hand, after others, or not understood.
    Empty,
    Interval(u32),
    Cron(Box<CronSchedule>, Tz),
}

impl Timetable {
    pub(super) fn of(schedule: &Schedule, default_zone: Tz) -> Self {
        Self(match schedule {
            Schedule::Interval { interval_minutes } => Kind::Interval(*interval_minutes),
            Schedule::Cron {
                expression,
                timezone,
            } => cron(expression, timezone.as_deref(), default_zone).unwrap_or(Kind::Empty),
            Schedule::Manual | Schedule::After { .. } => Kind::Empty,
        })
    }

    /// Whether it has slots of its own.
    pub fn has_slots(&self) -> bool {
        !matches!(self.0, Kind::Empty)
    }

    /// The first slot later than `after`: as [`Schedule::next`].
    pub fn next(&self, after: DateTime<Utc>, past: &Past) -> Option<DateTime<Utc>> {
        match &self.0 {
            Kind::Empty => None,
            Kind::Interval(minutes) => interval::next(*minutes, after, past),
            Kind::Cron(cron, zone) => cron.next_after(after.max(past.anchor), *zone),
        }
    }

    /// The newest slot up to `now` that was not dealt with, and how many there are.
    ///
    /// A slot up to the anchor or the last slot is none of them. The work is bounded, however
    /// many there are.
    pub fn passed(&self, now: DateTime<Utc>, past: &Past) -> Option<Missed> {
        match &self.0 {
            Kind::Empty => None,
            Kind::Interval(minutes) => {
                let (slot, count) = interval::passed(*minutes, now, past)?;
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                Some(Missed {
                    slot,
                    count: count.min(MISSED_COUNT_MAX),
                })
            }
            Kind::Cron(cron, zone) => {
                let since = past
                    .last_slot
                    .map_or(past.anchor, |slot| slot.max(past.anchor));
                let (slot, count) = missed::passed(cron, *zone, since, now)?;
                Some(Missed { slot, count })
            }
        }
    }

    /// The first `count` slots after `after`, as if the schedule were saved at that moment.
    pub(super) fn next_times(&self, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        let saved = Past::new(after);
        let step = |slot: &DateTime<Utc>| self.next(*slot, &saved);
        std::iter::successors(step(&after), step)
            .take(count)
            .collect()
    }

    pub(super) fn missed(
        &self,
        now: DateTime<Utc>,
        past: &Past,
        grace: TimeDelta,
    ) -> Option<Missed> {
        self.passed(now, past)
            .filter(|missed| now - missed.slot < grace)
    }
}

fn cron(expression: &str, zone: Option<&str>, default_zone: Tz) -> Option<Kind> {
    let zone = match zone {
        None => default_zone,
        Some(name) => parse_zone(name).ok()?,
    };
    let cron = CronSchedule::parse(expression).ok()?;
    Some(Kind::Cron(Box::new(cron), zone))
}
