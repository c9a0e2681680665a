//! Schedules: when a sync runs by itself.

mod cron;
mod describe;
mod error;
mod field;
mod interval;
mod missed;
mod next;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tables;
mod timetable;
mod words;
mod zone;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use self::cron::CronSchedule;
pub use self::error::{Quoted, ScheduleError};
pub use self::missed::{MISSED_COUNT_MAX, Missed};
pub use self::timetable::Timetable;
pub use self::zone::parse_zone;

/// When a sync runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Schedule {
    /// Never; only when someone asks.
    #[default]
    Manual,
    /// Every so many minutes.
    Interval {
        /// At least 1.
        interval_minutes: u32,
    },
    /// By a cron expression, or words for one, in a time zone.
    Cron {
        /// Five or six fields, an `@name`, or words such as `weekdays 9:00`.
        expression: String,
        /// An IANA zone; absent: the workspace's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timezone: Option<String>,
    },
    /// When all of these syncs have completed: ids in the store, names in a file.
    After {
        /// The syncs.
        syncs: Vec<String>,
    },
}

/// What lies behind a schedule: from here its next slot is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// The latest save or edit of the schedule, or resume of the sync; no slot up to here counts.
    pub anchor: DateTime<Utc>,
    /// The slot of the last run that the schedule started; of a clock that was set back, leave out
    /// what lies in the future.
    pub last_slot: Option<DateTime<Utc>>,
    /// The end of the last run that the schedule started; a run by hand shifts nothing.
    pub last_end: Option<DateTime<Utc>>,
}

impl Past {
    /// A schedule that has just been saved or resumed.
    pub fn new(anchor: DateTime<Utc>) -> Self {
        Self {
            anchor,
            last_slot: None,
            last_end: None,
        }
    }
}

impl Schedule {
    /// Makes sure that the schedule can be followed.
    ///
    /// # Errors
    /// [`ScheduleError`] for an interval of 0, a cron expression or a zone that is not understood
    /// or never comes, and syncs that are missing or named twice.
    pub fn check(&self) -> Result<(), ScheduleError> {
        match self {
            Self::Manual => Ok(()),
            Self::Interval { interval_minutes } if *interval_minutes == 0 => {
                Err(ScheduleError::NoInterval)
            }
            Self::Interval { .. } => Ok(()),
            Self::Cron {
                expression,
                timezone,
            } => {
                CronSchedule::parse(expression)?;
                timezone
                    .as_deref()
                    .map_or(Ok(()), |zone| parse_zone(zone).map(drop))
            }
            Self::After { syncs } if syncs.is_empty() => Err(ScheduleError::NoSyncs),
            Self::After { syncs } => {
                let mut seen = BTreeSet::new();
                match syncs.iter().find(|sync| !seen.insert(sync.as_str())) {
                    None => Ok(()),
                    Some(twice) => Err(ScheduleError::SyncTwice {
                        sync: Quoted::new(twice),
                    }),
                }
            }
        }
    }

    /// Reads the schedule; what [`Schedule::check`] refuses has no slots.
    pub fn timetable(&self, default_zone: Tz) -> Timetable {
        Timetable::of(self, default_zone)
    }

    /// The first slot later than `after`, which is up to where slots have been dealt with: fired,
    /// or passed over when the core started.
    ///
    /// Interval: the later of one interval after the last slot and the end of the last run, which
    /// may lie in the past and is due at once; the first is one interval after the anchor. Cron:
    /// the next match after the anchor and `after`. `None` for the other kinds, and where
    /// [`Schedule::check`] fails.
    pub fn next(
        &self,
        after: DateTime<Utc>,
        default_zone: Tz,
        past: &Past,
    ) -> Option<DateTime<Utc>> {
        self.timetable(default_zone).next(after, past)
    }

    /// The first `count` slots after `after`, as if the schedule were saved at that moment.
    pub fn next_times(
        &self,
        after: DateTime<Utc>,
        default_zone: Tz,
        count: usize,
    ) -> Vec<DateTime<Utc>> {
        self.timetable(default_zone).next_times(after, count)
    }

    /// The slots that came up to `now` and were not started, to be run once, if the newest is
    /// younger than `grace`; a grace of 0 passes all over.
    ///
    /// A slot up to the anchor or the last slot is never missed. The work is bounded, however
    /// long the core was down.
    pub fn missed(
        &self,
        now: DateTime<Utc>,
        default_zone: Tz,
        past: &Past,
        grace: TimeDelta,
    ) -> Option<Missed> {
        self.timetable(default_zone).missed(now, past, grace)
    }

    /// The schedule in words, zone included; syncs as they are named in the schedule.
    pub fn describe(&self, default_zone: Tz) -> String {
        self.describe_with(default_zone, |sync| sync.to_owned())
    }

    /// The schedule in words, zone included, with each sync as `name_of` calls it.
    pub fn describe_with(&self, default_zone: Tz, name_of: impl Fn(&str) -> String) -> String {
        match self {
            Self::Manual => "by hand".to_owned(),
            Self::Interval { interval_minutes } => match interval_minutes {
                1 => "every minute".to_owned(),
                minutes if *minutes > 60 && minutes % 60 == 0 => {
                    format!("every {} hours", minutes / 60)
                }
                minutes => format!("every {minutes} minutes"),
            },
            Self::Cron {
                expression,
                timezone,
            } => {
                let zone = timezone.as_deref().unwrap_or(default_zone.name());
                match CronSchedule::parse(expression) {
                    Ok(cron) => format!("{}, {zone}", cron.describe()),
                    Err(_) => format!("by {} (not understood), {zone}", Quoted::new(expression)),
                }
            }
            Self::After { syncs } => {
                let names = syncs.iter().map(|sync| name_of(sync)).collect();
                format!("after {}", describe::and(names))
            }
        }
    }
}
