//! Slots that came while the core was down: run once, together, if the newest is young enough.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::cron::CronSchedule;

/// Missed slots are counted up to here, so that years of downtime cost no more than days.
pub const MISSED_COUNT_MAX: u32 = 1_000;

/// Slots that came while nobody could start them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// The newest of them: the one that runs.
    pub slot: DateTime<Utc>,
    /// How many came, the newest included; [`MISSED_COUNT_MAX`] stands for that many or more.
    pub count: u32,
}

/// The newest slot later than `since` and up to `now`, and how many there are.
pub(super) fn passed(
    cron: &CronSchedule,
    zone: Tz,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, u32)> {
    let slot_after = |seconds_ago: i64| {
        let from = now - TimeDelta::try_seconds(seconds_ago)?;
        cron.next_after(from.max(since), zone)
            .filter(|slot| *slot <= now)
    };
    let mut first = cron.next_after(since, zone)?;
    if first > now {
        return None;
    }
    // The newest slot is the one behind the latest second that still has a slot after it.
    let (mut without, mut with) = (0, (now - since).num_seconds().checked_add(1)?);
    let mut newest = first;
    while with - without > 1 {
        let middle = without + (with - without) / 2;
        match slot_after(middle) {
            Some(slot) => {
                newest = newest.max(slot);
                with = middle;
            }
            None => without = middle,
        }
    }
    let mut count = 1;
    while count < MISSED_COUNT_MAX && first < newest {
        first = cron.next_after(first, zone)?;
        count += 1;
    }
    Some((newest, count))
}
