//! Words where a cron expression is expected: `weekdays 9:00`, `mon,thu 7:30`, `every 15 minutes`.

use super::error::{Quoted, ScheduleError, closest};
use super::field::{DAY_OF_WEEK, DAYS, named, short};

const NAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];
const KNOWN: [&str; 11] = [
    "hourly", "daily", "weekdays", "weekends", "weekly", "monthly", "every", "minutes", "hours",
    "noon", "midnight",
];

/// Gives the fields that `text`, in lower case, stands for; fields stay as they are.
pub(super) fn to_fields(text: &str) -> Result<String, ScheduleError> {
    if text.starts_with('@') {
        return NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, fields)| (*fields).to_owned())
            .ok_or_else(|| ScheduleError::Name {
                found: Quoted::new(text),
                suggestion: closest(text, NAMES.iter().map(|(name, _)| *name)).map(str::to_owned),
            });
    }
    // No minute or second field begins with a letter or holds a colon.
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_words = first.starts_with(char::is_alphabetic) || first.contains(':');
    if !is_words {
        return Ok(text.to_owned());
    }
    let mut words = Words::default();
    words.read(text)?;
    words.fields(text)
}

/// What has been understood so far.
#[derive(Default)]
struct Words {
    daily: bool,
    weekly: bool,
    monthly: bool,
    /// Days of the week, one bit each from Sunday.
    days: u8,
    /// Days of the month, as written.
    dates: Vec<String>,
    times: Vec<(u8, u8)>,
    /// Minute and hour field of `hourly` and `every n …`.
    step: Option<(String, String)>,
    /// `at` was the last filler, so that a bare number is an hour.
    at: bool,
}

impl Words {
    fn read(&mut self, text: &str) -> Result<(), ScheduleError> {
        let mut words = text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|word| !word.is_empty())
            .peekable();
        while let Some(word) = words.next() {
            match word {
                "at" => self.at = true,
                "on" => self.at = false,
                "every" => {
                    if let Some(count) = words.peek().and_then(|next| next.parse().ok()) {
                        words.next();
                        self.set_step(count, words.next().unwrap_or_default())?;
                    }
                }
                "and" | "the" | "each" | "of" | "month" => {}
                "minute" => self.set_step(1, word)?,
                "hour" | "hourly" => self.set_step(1, "hour")?,
                "daily" | "day" | "days" => self.daily = true,
                "weekly" => self.weekly = true,
                "monthly" => self.monthly = true,
                "weekday" | "weekdays" => self.days |= 0b011_1110,
                "weekend" | "weekends" => self.days |= 0b100_0001,
                _ => self.day_or_time(word)?,
            }
        }
        Ok(())
    }

    fn day_or_time(&mut self, word: &str) -> Result<(), ScheduleError> {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            if self.monthly && !self.at {
                let date = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                self.dates.push(date.to_owned());
            } else {
                let time = time(word, self.at).ok_or_else(|| ScheduleError::Time {
                    found: Quoted::new(word),
                })?;
                self.times.push(time);
            }
            return Ok(());
        }
        match word {
            "noon" => self.times.push((12, 0)),
            "midnight" => self.times.push((0, 0)),
            _ => {
                let (from, to) = word.split_once('-').unwrap_or((word, word));
                let (Some(from), Some(to)) = (day(from), day(to)) else {
                    return Err(unknown(word));
                };
                // A range may run over the end of the week: `sat-mon`.
                let length = (to + 7 - from) % 7;
                for step in 0..=length {
                    self.days |= 1 << ((from + step) % 7);
                }
            }
        }
        Ok(())
    }

    fn set_step(&mut self, count: u32, unit: &str) -> Result<(), ScheduleError> {
        let minutes = match unit {
            "minute" | "minutes" | "min" | "mins" => count,
            "hour" | "hours" | "h" => count.saturating_mul(60),
            "day" | "days" if count == 1 => {
                self.daily = true;
                return Ok(());
            }
            _ => return Err(unknown(unit)),
        };
        let uneven = |unit, whole| ScheduleError::Uneven {
            step: count,
            unit,
            whole,
        };
        let step = match minutes {
            1 => ("*".to_owned(), "*".to_owned()),
            2..60 if 60 % minutes == 0 => (format!("*/{minutes}"), "*".to_owned()),
            60 => ("0".to_owned(), "*".to_owned()),
            1440 => ("0".to_owned(), "0".to_owned()),
            61..1440 if 1440 % minutes == 0 && minutes % 60 == 0 => {
                ("0".to_owned(), format!("*/{}", minutes / 60))
            }
            0..60 => return Err(uneven("minutes", "an hour")),
            _ if unit.starts_with('h') => return Err(uneven("hours", "a day")),
            _ => return Err(uneven("minutes", "a day")),
        };
        self.step = Some(step);
        Ok(())
    }

    fn fields(mut self, text: &str) -> Result<String, ScheduleError> {
        let named_days = self.days != 0;
        let kinds = [self.daily, self.monthly, named_days];
        let no_days = !named_days && self.weekly || self.dates.is_empty() && self.monthly;
        if no_days || kinds.into_iter().filter(|kind| *kind).count() > 1 {
            let meant = if self.monthly {
                "monthly on 1 at 9:00"
            } else {
                "mon,thu 9:00"
            };
            return Err(ScheduleError::Words {
                found: Quoted::new(text),
                suggestion: Some(meant.to_owned()),
            });
        }
        let (minute, hour) = match (self.step.take(), self.times.as_slice()) {
            (Some(step), []) => step,
            (Some(_), _) => return Err(unknown(text)),
            (None, []) => return Err(ScheduleError::NoTime),
            (None, [(_, minute), ..]) => {
                if self.times.iter().any(|(_, other)| other != minute) {
                    return Err(ScheduleError::MixedMinutes);
                }
                let mut hours: Vec<u8> = self.times.iter().map(|(hour, _)| *hour).collect();
                hours.sort_unstable();
                hours.dedup();
                let hours: Vec<String> = hours.iter().map(u8::to_string).collect();
                (minute.to_string(), hours.join(","))
            }
        };
        let date = match self.dates.as_slice() {
            [] => "*".to_owned(),
            dates => dates.join(","),
        };
        let days: Vec<String> = (0..7_u8)
            .filter(|day| self.days & (1 << day) != 0)
            .map(|day| day.to_string())
            .collect();
        let day = if days.is_empty() || days.len() == 7 {
            "*".to_owned()
        } else {
            days.join(",")
        };
        Ok(format!("{minute} {hour} {date} * {day}"))
    }
}

/// A day of the week, from Sunday, also in the plural.
fn day(word: &str) -> Option<u8> {
    let other = match word {
        "tues" => Some("tue"),
        "thur" | "thurs" => Some("thu"),
        _ => word.strip_suffix('s'),
    };
    named(&DAY_OF_WEEK, word).or_else(|| named(&DAY_OF_WEEK, other?))
}

/// `9:00`, `09:00`, `9:00pm`, `9pm`; a bare hour only where a time is expected.
fn time(word: &str, bare: bool) -> Option<(u8, u8)> {
    let (clock, half) = if let Some(clock) = word.strip_suffix("am") {
        (clock, Some(0))
    } else if let Some(clock) = word.strip_suffix("pm") {
        (clock, Some(12))
    } else {
        (word, None)
    };
    let (hour, minute) = match clock.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute),
        None if bare || half.is_some() => (clock, "00"),
        _ => return None,
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u8>().ok()?, minute.parse::<u8>().ok()?);
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    (hour < 24 && minute < 60).then_some((hour, minute))
}

fn unknown(word: &str) -> ScheduleError {
    let days = DAYS.iter().copied();
    let meant = closest(word, KNOWN.into_iter().chain(days.clone()))
        .or_else(|| closest(word, days.map(short)));
    ScheduleError::Words {
        found: Quoted::new(word),
        suggestion: meant.map(str::to_lowercase),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_fields() {
        for (text, fields) in [
            ("weekdays 9:00", "0 9 * * 1,2,3,4,5"),
            ("mon,thu 7:30", "30 7 * * 1,4"),
            ("mondays and thursdays at 7:30", "30 7 * * 1,4"),
            ("mon-wed 7:30", "30 7 * * 1,2,3"),
            ("sat-mon 7:30", "30 7 * * 0,1,6"),
            ("tues, thurs 7pm", "0 19 * * 2,4"),
            ("daily 06:15", "15 6 * * *"),
            ("every day at 6", "0 6 * * *"),
            ("9:00,17:00 weekdays", "0 9,17 * * 1,2,3,4,5"),
            ("weekends 10:00", "0 10 * * 0,6"),
            ("weekly on sun at noon", "0 12 * * 0"),
            ("monthly on 1 at 9:00", "0 9 1 * *"),
            ("monthly on the 1st and 15th at 9am", "0 9 1,15 * *"),
            ("hourly", "0 * * * *"),
            ("every hour", "0 * * * *"),
            ("every minute", "* * * * *"),
            ("every 15 minutes", "*/15 * * * *"),
            ("every 60 minutes", "0 * * * *"),
            ("every 2 hours", "0 */2 * * *"),
            ("every 24 hours", "0 0 * * *"),
            ("every 15 minutes on weekdays", "*/15 * * * 1,2,3,4,5"),
            ("daily 12am", "0 0 * * *"),
            ("daily 12:30pm", "30 12 * * *"),
            ("daily midnight", "0 0 * * *"),
            ("@weekly", "0 0 * * 0"),
            ("0 9 * * 1-5", "0 9 * * 1-5"),
        ] {
            assert_eq!(to_fields(text).as_deref(), Ok(fields), "{text}");
        }
    }

    #[test]
    fn words_that_leave_a_doubt_are_refused_with_what_to_do() {
        for (text, hint) in [
            ("wekdays 9:00", "did you mean `weekdays`?"),
            ("mno 9:00", "did you mean `mon`?"),
            ("@dialy", "did you mean `@daily`?"),
            ("weekly 9:00", "did you mean `mon,thu 9:00`?"),
            ("monthly at 9:00", "did you mean `monthly on 1 at 9:00`?"),
            ("daily mon 9:00", "did you mean `mon,thu 9:00`?"),
            ("every 7 minutes", "use an interval of 7 minutes"),
            ("every 0 minutes", "use an interval of 0 minutes"),
            ("every 5 hours", "use an interval of 5 hours"),
            ("every 90 minutes", "use an interval of 90 minutes"),
            ("every 4000000000 hours", "use an interval"),
            ("every 5 parsecs", "examples"),
            ("every 5", "examples"),
            ("daily", "write the time as"),
            ("mon 25:00", "write the time as"),
            ("mon 9:5", "write the time as"),
            ("mon 9", "write the time as"),
            ("mon 13pm", "write the time as"),
            ("mon 9:00 and 17:30", "write 9:00,17:00"),
            ("hourly 9:00", "examples"),
        ] {
            let found = to_fields(text).unwrap_err().hint();
            assert!(found.starts_with(hint), "{text}: {found}");
        }
    }
}
