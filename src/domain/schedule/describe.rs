//! Schedules in words: `weekdays at 09:00, Europe/Berlin`.

use super::cron::CronSchedule;
use super::field::{DAYS, Field, MONTHS};

/// More times of day than this are not listed.
const MAX_TIMES: usize = 4;
/// More days of a month than this are not listed.
const MAX_DATES: usize = 6;

impl CronSchedule {
    /// The schedule in words, without its zone; an expression that has none is quoted as it is.
    pub fn describe(&self) -> String {
        self.words()
            .unwrap_or_else(|| format!("by cron `{}`", self.expression()))
    }

    fn words(&self) -> Option<String> {
        if !self.seconds.is_single() || !self.seconds.has(0) {
            return None;
        }
        let months = self.month_words();
        let days = match (self.date_words()?, self.weekday_words()) {
            (None, None) => None,
            (None, Some(week)) => Some(week),
            (Some(dates), None) if months.is_empty() => Some(format!("monthly on {dates}")),
            (Some(dates), None) => Some(format!("on {dates}")),
            (Some(dates), Some(week)) if self.matches_either_day() => {
                Some(format!("on {dates} of the month or {week}"))
            }
            // `*/2` in one day field: both must match, which plain words would hide.
            (Some(_), Some(_)) => return None,
        };
        let words = match (self.times()?, days) {
            (Times::At(times), Some(days)) => format!("{days} at {times}"),
            (Times::At(times), None) => format!("daily at {times}"),
            (Times::Every(every), Some(days)) => format!("{days}, {every}"),
            (Times::Every(every), None) => every,
        };
        Some(words + &months)
    }

    fn times(&self) -> Option<Times> {
        let minutes: Vec<u8> = self.minutes.numbers().collect();
        let hours: Vec<u8> = self.hours.numbers().collect();
        if let [minute] = minutes.as_slice() {
            let past = match minute {
                0 => String::new(),
                minute => format!(" at :{minute:02}"),
            };
            if self.hours.is_all(0, 23) {
                return Some(Times::Every(format!("every hour{past}")));
            }
            if hours.len() <= MAX_TIMES {
                let times = hours.iter().map(|hour| format!("{hour:02}:{minute:02}"));
                return Some(Times::At(and(times.collect())));
            }
            let step = even_step(&hours, 24)?;
            return Some(Times::Every(format!("every {step} hours{past}")));
        }
        let every = match even_step(&minutes, 60)? {
            1 => "every minute".to_owned(),
            step => format!("every {step} minutes"),
        };
        if self.hours.is_all(0, 23) {
            return Some(Times::Every(every));
        }
        let (first, last) = (hours.first()?, hours.last()?);
        let gapless = (*first..=*last).eq(hours.iter().copied());
        // The last time that comes, not the end of the hour: 17:45, where it is every 15 minutes.
        let end = minutes.last()?;
        gapless.then(|| Times::Every(format!("{every} from {first:02}:00 to {last:02}:{end:02}")))
    }

    /// `None` inside: any day of the month. `None` outside: too many to list.
    fn date_words(&self) -> Option<Option<String>> {
        if self.days_of_month.is_all(1, 31) {
            return Some(None);
        }
        let dates: Vec<String> = self
            .days_of_month
            .numbers()
            .map(|day| day.to_string())
            .collect();
        let word = if dates.len() == 1 { "day" } else { "days" };
        (dates.len() <= MAX_DATES).then(|| Some(format!("{word} {}", and(dates))))
    }

    fn weekday_words(&self) -> Option<String> {
        let is = |days: &[u8]| self.days_of_week.numbers().eq(days.iter().copied());
        if self.days_of_week.is_all(0, 6) {
            None
        } else if is(&[1, 2, 3, 4, 5]) {
            Some("weekdays".to_owned())
        } else if is(&[0, 6]) {
            Some("weekends".to_owned())
        } else {
            // The week begins on Monday, so that `sat,sun` reads as it was meant.
            let days = [1, 2, 3, 4, 5, 6, 0].into_iter();
            let days = days.filter(|day| self.days_of_week.has(*day));
            let names = days.filter_map(|day| DAYS.get(usize::from(day)));
            Some(and(names.map(|name| format!("{name}s")).collect()))
        }
    }

    fn month_words(&self) -> String {
        if self.months.is_all(1, 12) {
            return String::new();
        }
        let names = in_months(self.months);
        format!(" in {}", and(names.map(str::to_owned).collect()))
    }
}

/// The part of the words that says when within a day.
enum Times {
    /// Listed times of day.
    At(String),
    /// Again and again.
    Every(String),
}

fn in_months(months: Field) -> impl Iterator<Item = &'static str> {
    months
        .numbers()
        .filter_map(|month| MONTHS.get(usize::from(month).checked_sub(1)?).copied())
}

/// The step of numbers that go evenly through `whole` from 0.
fn even_step(numbers: &[u8], whole: usize) -> Option<usize> {
    let step = whole.checked_div(numbers.len())?;
    let even = (0..whole).step_by(step.max(1));
    even.eq(numbers.iter().map(|number| usize::from(*number)))
        .then_some(step)
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn and(mut words: Vec<String>) -> String {
    let last = words.pop().unwrap_or_default();
    if words.is_empty() {
        return last;
    }
    format!("{} and {last}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_said_in_words_and_what_has_none_is_quoted() {
        for (expression, words) in [
            ("0 9 * * 1-5", "weekdays at 09:00"),
            ("30 7 * * mon,thu", "Mondays and Thursdays at 07:30"),
            ("30 7 * * 5-7", "Fridays, Saturdays and Sundays at 07:30"),
            ("15 6 * * *", "daily at 06:15"),
            ("0 15 6 * * *", "daily at 06:15"),
            ("0 9,13,17 * * *", "daily at 09:00, 13:00 and 17:00"),
            ("0 10 * * 0,6", "weekends at 10:00"),
            ("@hourly", "every hour"),
            ("20 * * * *", "every hour at :20"),
            ("* * * * *", "every minute"),
            ("*/15 * * * *", "every 15 minutes"),
            (
                "*/15 8-17 * * 1-5",
                "weekdays, every 15 minutes from 08:00 to 17:45",
            ),
            ("* 9 * * *", "every minute from 09:00 to 09:59"),
            ("0 */2 * * *", "every 2 hours"),
            ("0 */6 * * *", "daily at 00:00, 06:00, 12:00 and 18:00"),
            ("0 9 1 * *", "monthly on day 1 at 09:00"),
            ("0 9 1,15 * *", "monthly on days 1 and 15 at 09:00"),
            ("0 9 1 * 1", "on day 1 of the month or Mondays at 09:00"),
            ("0 9 1 1,7 *", "on day 1 at 09:00 in January and July"),
            ("0 9 * 12 1-5", "weekdays at 09:00 in December"),
            ("0 9 */2 * 1", "by cron `0 9 */2 * 1`"),
            ("0 9 1 * */2", "by cron `0 9 1 * */2`"),
            ("5,7 9 * * *", "by cron `5,7 9 * * *`"),
            ("*/7 * * * *", "by cron `*/7 * * * *`"),
            ("*/15 8,11 * * *", "by cron `*/15 8,11 * * *`"),
            ("*/10 0 9 * * *", "by cron `*/10 0 9 * * *`"),
        ] {
            let cron = CronSchedule::parse(expression).unwrap();
            assert_eq!(cron.describe(), words, "{expression}");
        }
    }
}
