//! Cron expressions: read by standard crontab's rules, matched by the `cron` crate on naive time.
//!
//! The crate alone counts Sunday as 1, needs seconds, takes both day fields together and walks
//! backwards in a doubled hour. So it is handed plain number lists and naive local time only, and
//! where both day fields are restricted two of its schedules are merged.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::error::{Quoted, ScheduleError};
use super::field::{self, Field};
use super::words;

/// The longest text that is read as a schedule, in bytes.
const MAX_BYTES: usize = 512;
/// The last year that the `cron` crate knows.
const LAST_YEAR: i32 = 2100;

/// A cron expression that is sure to have slots.
#[derive(Debug, Clone)]
pub struct CronSchedule {
    pub(super) seconds: Field,
    pub(super) minutes: Field,
    pub(super) hours: Field,
    pub(super) days_of_month: Field,
    pub(super) months: Field,
    pub(super) days_of_week: Field,
    /// Five or six fields, lower case, one space between them; words are translated.
    expression: String,
    matcher: cron::Schedule,
    /// Where both day fields are restricted: the days of the week, and `matcher` has the others.
    either: Option<cron::Schedule>,
}

impl CronSchedule {
    /// Reads five fields, six with seconds first, an `@name`, or words such as `weekdays 9:00`.
    ///
    /// The rules are those of crontab(5): 0 and 7 are Sunday; if both day fields are restricted,
    /// either may match, where a field that begins with `*` counts as unrestricted.
    ///
    /// # Errors
    /// [`ScheduleError`], which names the field and what it takes; and
    /// [`ScheduleError::Impossible`] for an expression without a slot in the five years from
    /// 2024, which hold two leap days.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ScheduleError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(ScheduleError::TooLong { max: MAX_BYTES });
        }
        let translated = words::to_fields(&text.to_lowercase())?;
        let parsed = Self::from_fields(&translated, text)?;
        let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
        let comes = parsed
            .next_naive(start.and_time(NaiveTime::MIN) - TimeDelta::seconds(1))
            .is_some_and(|slot| slot.year() < start.year() + 5);
        if comes {
            Ok(parsed)
        } else {
            Err(ScheduleError::Impossible {
                expression: Quoted::new(text),
            })
        }
    }

    fn from_fields(fields: &str, source: &str) -> Result<Self, ScheduleError> {
        let parts: Vec<&str> = fields.split_whitespace().collect();
        let (seconds, rest) = match parts.as_slice() {
            [second, rest @ ..] if rest.len() == 5 => (field::parse(&field::SECOND, second)?, rest),
            rest => (Field::one(0), rest),
        };
        let [minute, hour, day, month, weekday] = rest else {
            return Err(ScheduleError::FieldCount { found: parts.len() });
        };
        let minutes = field::parse(&field::MINUTE, minute)?;
        let hours = field::parse(&field::HOUR, hour)?;
        let days_of_month = field::parse(&field::DAY_OF_MONTH, day)?;
        let months = field::parse(&field::MONTH, month)?;
        let days_of_week = field::parse(&field::DAY_OF_WEEK, weekday)?;

        let time = format!("{} {} {}", list(seconds), list(minutes), list(hours));
        let months_list = list(months);
        // The crate numbers the days of the week from 1.
        let week = join(days_of_week.numbers().map(|day| day + 1));
        let month_days = list(days_of_month);
        let build = |days: &str, week: &str| {
            format!("{time} {days} {months_list} {week}")
                .parse::<cron::Schedule>()
                .map_err(|_| ScheduleError::Words {
                    found: Quoted::new(source),
                    suggestion: None,
                })
        };
        let (matcher, either) = if days_of_month.star || days_of_week.star {
            (build(&month_days, &week)?, None)
        } else {
            (build(&month_days, "*")?, Some(build("*", &week)?))
        };
        Ok(Self {
            seconds,
            minutes,
            hours,
            days_of_month,
            months,
            days_of_week,
            expression: parts.join(" "),
            matcher,
            either,
        })
    }

    /// The expression as five or six fields: what the words or the `@name` stand for.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Whether each day of the week counts, from Monday on.
    pub fn weekdays(&self) -> [bool; 7] {
        [1, 2, 3, 4, 5, 6, 0].map(|day| self.days_of_week.has(day))
    }

    /// The expression with other days of the week, from Monday on; nothing where none is left.
    pub fn on_weekdays(&self, days: [bool; 7]) -> Option<String> {
        let field = match days {
            [true, true, true, true, true, true, true] => "*".to_owned(),
            [true, true, true, true, true, false, false] => "1-5".to_owned(),
            days => {
                let numbers = days.iter().zip(1..).filter(|(on, _)| **on);
                let numbers: Vec<String> = numbers.map(|(_, day)| (day % 7).to_string()).collect();
                numbers.join(",")
            }
        };
        let (rest, _) = self.expression.rsplit_once(' ')?;
        (!field.is_empty()).then(|| format!("{rest} {field}"))
    }

    /// Whether both day fields are restricted, so that either may match.
    pub fn matches_either_day(&self) -> bool {
        self.either.is_some()
    }

    /// Whether hour and minute are one number each; such a time is never lost to daylight saving.
    pub(super) fn is_fixed(&self) -> bool {
        self.hours.is_single() && self.minutes.is_single()
    }

    /// The first match later than `after`, on a clock that knows no daylight saving; none after
    /// the year 2100.
    pub(super) fn next_naive(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        // Beyond its years the crate has nothing, and near the end of time it would overflow.
        if after.year() > LAST_YEAR {
            return None;
        }
        let epoch = DateTime::<Utc>::UNIX_EPOCH - TimeDelta::seconds(1);
        let after = after.and_utc().max(epoch);
        let next = |schedule: &cron::Schedule| schedule.after(&after).next();
        let first = next(&self.matcher);
        let second = self.either.as_ref().and_then(next);
        [first, second]
            .into_iter()
            .flatten()
            .min()
            .map(|slot| slot.naive_utc())
    }
}

/// A field as the crate reads it: plain numbers.
fn list(field: Field) -> String {
    join(field.numbers())
}

fn join(numbers: impl Iterator<Item = u8>) -> String {
    numbers
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join(",")
}
