//! Intervals: the cadence counts from the last scheduled start, and a long run is followed at once.

use chrono::{DateTime, TimeDelta, Utc};

use super::Past;

/// The first slot of an interval that is due after all that lies behind it: one interval after the
/// last scheduled start, or after the latest save, edit or resume where none came since; but not
/// before the end of the last scheduled run.
///
/// `None` beyond the end of the calendar.
fn first_due(minutes: u32, past: &Past) -> Option<DateTime<Utc>> {
    let base = match past.last_slot {
        Some(slot) if slot >= past.anchor => slot,
        _ => past.anchor,
    };
    let due = base.checked_add_signed(length(minutes))?;
    Some(past.last_end.map_or(due, |end| due.max(end)))
}

/// The first slot later than `after`.
pub(super) fn next(minutes: u32, after: DateTime<Utc>, past: &Past) -> Option<DateTime<Utc>> {
    let due = first_due(minutes, past)?;
    if due > after {
        return Some(due);
    }
    let passed = whole_intervals(minutes, due, after)?;
    later(due, minutes, passed.checked_add(1)?)
}

/// The newest slot up to `now`, and how many there are.
pub(super) fn passed(
    minutes: u32,
    now: DateTime<Utc>,
    past: &Past,
) -> Option<(DateTime<Utc>, i64)> {
    let due = first_due(minutes, past)?;
    if due > now {
        return None;
    }
    let passed = whole_intervals(minutes, due, now)?;
    Some((later(due, minutes, passed)?, passed.checked_add(1)?))
}

fn length(minutes: u32) -> TimeDelta {
    // An interval of 0 is refused when a schedule is checked; here it must not stand still.
    TimeDelta::minutes(i64::from(minutes.max(1)))
}

fn whole_intervals(minutes: u32, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<i64> {
    (to - from)
        .num_milliseconds()
        .checked_div(length(minutes).num_milliseconds())
}

fn later(from: DateTime<Utc>, minutes: u32, intervals: i64) -> Option<DateTime<Utc>> {
    let total = length(minutes).num_minutes().checked_mul(intervals)?;
    from.checked_add_signed(TimeDelta::try_minutes(total)?)
}
