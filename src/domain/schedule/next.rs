//! From local slots to instants: what daylight saving does to a schedule.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::cron::CronSchedule;

/// No zone changes its clock twice within so many seconds.
const PROBE_SECONDS: i64 = 6 * 3600;

impl CronSchedule {
    /// The first slot strictly later than `after`, on the wall clock of `zone`; none after 2100.
    ///
    /// One fixed hour and minute: a time that the clock skips comes once, at the first instant
    /// after the gap; a time that comes twice counts in the first pass. Anything else follows the
    /// wall clock: skipped times are skipped, and a doubled hour is run through twice.
    pub fn next_after(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        // There are no slots before 1970, and eras without any would be searched in vain.
        let after = after.max(DateTime::UNIX_EPOCH - TimeDelta::days(1));
        if self.is_fixed() {
            self.next_fixed(after, zone)
        } else {
            self.next_on_the_wall(after, zone)
        }
    }

    fn next_fixed(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let mut bound = local(after, zone)?;
        // More than one round only where a doubled or skipped time lies just ahead.
        loop {
            let time = self.next_naive(bound)?;
            let slot = first_instant(time, zone)?;
            if slot > after {
                return Some(slot);
            }
            bound = time;
        }
    }

    fn next_on_the_wall(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let mut from = after.timestamp();
        let mut bound = local(after, zone)?;
        // One round per change of the clock up to the slot.
        loop {
            let offset = offset_at(from, zone)?;
            let slot = self
                .next_naive(bound)?
                .checked_sub_signed(TimeDelta::seconds(offset))?
                .and_utc();
            match first_change(from, slot.timestamp(), zone)? {
                None => return Some(slot),
                Some(change) => {
                    from = change;
                    let at = DateTime::from_timestamp(change, 0)?;
                    // The new wall time of the change itself is a candidate.
                    bound = local(at, zone)?.checked_sub_signed(TimeDelta::seconds(1))?;
                }
            }
        }
    }
}

/// Wall time minus UTC, in seconds.
fn offset_at(timestamp: i64, zone: Tz) -> Option<i64> {
    let utc = DateTime::from_timestamp(timestamp, 0)?.naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc).fix();
    Some(i64::from(offset.local_minus_utc()))
}

fn local(instant: DateTime<Utc>, zone: Tz) -> Option<NaiveDateTime> {
    let offset = offset_at(instant.timestamp(), zone)?;
    instant
        .naive_utc()
        .checked_add_signed(TimeDelta::seconds(offset))
}

/// The first instant at which the offset differs from the one at `from`, up to and including `to`;
/// the outer `None` where the calendar ends.
fn first_change(from: i64, to: i64, zone: Tz) -> Option<Option<i64>> {
    let offset = offset_at(from, zone)?;
    let mut before = from;
    while before < to {
        let probe = to.min(before.saturating_add(PROBE_SECONDS));
        if offset_at(probe, zone)? != offset {
            return Some(Some(bisect(before, probe, offset, zone)?));
        }
        before = probe;
    }
    Some(None)
}

/// The first instant after `before` whose offset is no longer `offset`, given that it is not at
/// `after`.
fn bisect(mut before: i64, mut after: i64, offset: i64, zone: Tz) -> Option<i64> {
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if offset_at(middle, zone)? == offset {
            before = middle;
        } else {
            after = middle;
        }
    }
    Some(after)
}

/// The instant of a wall time: its first pass, or the first instant after the gap that it is in.
fn first_instant(time: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&time) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
            Some(instant.with_timezone(&Utc))
        }
        LocalResult::None => {
            // A day is more than any offset, so that these lie on either side of the gap.
            let wall = time.and_utc().timestamp();
            let old = offset_at(wall - 86_400, zone)?;
            let new = offset_at(wall + 86_400, zone)?;
            let change = bisect(wall - new.max(old), wall - old.min(new), old, zone)?;
            DateTime::from_timestamp(change, 0)
        }
    }
}
