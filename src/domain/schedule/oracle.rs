//! Slots against a search that looks at every single minute.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

/// A field as it is written and as the oracle reads it.
#[derive(Debug, Clone)]
enum Part {
    All,
    Step(u32),
    One(u32),
    List(Vec<u32>),
    Range(u32, u32, u32),
}

impl Part {
    fn text(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Step(step) => format!("*/{step}"),
            Self::One(one) => one.to_string(),
            Self::List(all) => all.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            Self::Range(from, to, 1) => format!("{from}-{to}"),
            Self::Range(from, to, step) => format!("{from}-{to}/{step}"),
        }
    }

    fn takes(&self, number: u32, min: u32) -> bool {
        match self {
            Self::All => true,
            Self::Step(step) => (number - min).is_multiple_of(*step),
            Self::One(one) => number == *one,
            Self::List(all) => all.contains(&number),
            Self::Range(from, to, step) => {
                (*from..=*to).contains(&number) && (number - from).is_multiple_of(*step)
            }
        }
    }

    fn is_star(&self) -> bool {
        matches!(self, Self::All | Self::Step(_))
    }
}

fn part(min: u32, max: u32) -> impl Strategy<Value = Part> {
    let range = (min..=max, min..=max, 1..4_u32);
    prop_oneof![
        2 => Just(Part::All),
        1 => (1..=max / 2).prop_map(Part::Step),
        3 => (min..=max).prop_map(Part::One),
        1 => proptest::collection::vec(min..=max, 2..5).prop_map(Part::List),
        2 => range.prop_map(|(a, b, step)| Part::Range(a.min(b), a.max(b), step)),
    ]
}

#[derive(Debug, Clone)]
struct Spec {
    minute: Part,
    hour: Part,
    day: Part,
    month: Part,
    week: Part,
}

fn spec() -> impl Strategy<Value = Spec> {
    // Small hours and all days come often: there the clock is changed.
    let hour = prop_oneof![part(0, 4), part(0, 23)];
    let day = prop_oneof![2 => Just(Part::All), 1 => part(1, 31)];
    let month = prop_oneof![4 => Just(Part::All), 1 => part(1, 12)];
    let week = prop_oneof![2 => Just(Part::All), 1 => part(0, 7)];
    (part(0, 59), hour, day, month, week).prop_map(|(minute, hour, day, month, week)| Spec {
        minute,
        hour,
        day,
        month,
        week,
    })
}

impl Spec {
    fn text(&self) -> String {
        let Self {
            minute,
            hour,
            day,
            month,
            week,
        } = self;
        [minute, hour, day, month, week].map(Part::text).join(" ")
    }

    fn takes_day(&self, date: NaiveDate) -> bool {
        let sunday = date.weekday().num_days_from_sunday();
        let week = self.week.takes(sunday, 0) || sunday == 0 && self.week.takes(7, 0);
        let day = self.day.takes(date.day(), 1);
        let days = if self.day.is_star() || self.week.is_star() {
            day && week
        } else {
            day || week
        };
        days && self.month.takes(date.month(), 1)
    }

    fn takes(&self, time: NaiveDateTime) -> bool {
        self.minute.takes(time.minute(), 0)
            && self.hour.takes(time.hour(), 0)
            && self.takes_day(time.date())
    }

    fn is_fixed(&self) -> bool {
        let one = |part: &Part, last| (0..=last).filter(|n| part.takes(*n, 0)).count() == 1;
        one(&self.minute, 59) && one(&self.hour, 23)
    }

    /// Every slot later than `from` and up to `to`, minute by minute.
    fn slots(&self, zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> BTreeSet<DateTime<Utc>> {
        let margin = TimeDelta::days(2);
        let minutes: Vec<(DateTime<Utc>, NaiveDateTime)> =
            std::iter::successors(Some(from - margin), |at| Some(*at + TimeDelta::minutes(1)))
                .take_while(|at| *at <= to + margin)
                .map(|at| (at, at.with_timezone(&zone).naive_local()))
                .collect();
        let slots: Vec<DateTime<Utc>> = if self.is_fixed() {
            let first = minutes[0].1 + TimeDelta::days(1);
            let last = minutes.last().unwrap().1 - TimeDelta::days(1);
            std::iter::successors(Some(first), |at| Some(*at + TimeDelta::minutes(1)))
                .take_while(|at| *at <= last)
                .filter(|time| self.takes(*time))
                .map(|time| {
                    let exact = minutes.iter().find(|(_, local)| *local == time);
                    let past = || minutes.iter().find(|(_, local)| *local > time);
                    exact.or_else(past).unwrap().0
                })
                .collect()
        } else {
            let wall = minutes.iter().filter(|(_, local)| self.takes(*local));
            wall.map(|(at, _)| *at).collect()
        };
        slots
            .into_iter()
            .filter(|at| *at > from && *at <= to)
            .collect()
    }
}

/// Zones and the days on which their clocks are changed.
fn changes() -> impl Strategy<Value = (Tz, DateTime<Utc>)> {
    let days = [
        (Tz::Europe__Berlin, (2026, 3, 29)),
        (Tz::Europe__Berlin, (2026, 10, 25)),
        (Tz::America__New_York, (2026, 3, 8)),
        (Tz::America__New_York, (2026, 11, 1)),
        (Tz::Australia__Lord_Howe, (2026, 4, 5)),
        (Tz::Australia__Lord_Howe, (2026, 10, 4)),
        (Tz::Antarctica__Troll, (2026, 3, 29)),
        (Tz::Antarctica__Troll, (2026, 10, 25)),
        (Tz::America__Santiago, (2026, 9, 6)),
        (Tz::America__Santiago, (2026, 4, 5)),
        (Tz::Pacific__Chatham, (2026, 4, 5)),
        (Tz::Africa__Casablanca, (2026, 2, 15)),
        (Tz::Pacific__Apia, (2011, 12, 30)),
        (Tz::America__Sao_Paulo, (2018, 11, 4)),
        (Tz::Asia__Kolkata, (2028, 2, 29)),
        (Tz::UTC, (2024, 12, 31)),
    ];
    (
        proptest::sample::select(days.to_vec()),
        -30..30_i64,
        0..60_i64,
    )
        .prop_map(|((zone, (year, month, day)), hours, minutes)| {
            let noon = Utc.with_ymd_and_hms(year, month, day, 0, 0, 0).unwrap();
            (
                zone,
                noon + TimeDelta::hours(hours) + TimeDelta::minutes(minutes),
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn slots_are_those_that_a_look_at_every_minute_finds(
        spec in spec(),
        (zone, from) in changes(),
        millis in 0..1_000_i64,
    ) {
        let schedule = match CronSchedule::parse(&spec.text()) {
            Ok(schedule) => schedule,
            Err(ScheduleError::Impossible { .. }) => {
                let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
                prop_assert!(!start.iter_days().take(1827).any(|date| spec.takes_day(date)));
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        let to = from + TimeDelta::days(3);
        let wanted = spec.slots(zone, from, to);
        let start = from + TimeDelta::milliseconds(millis);
        let step = |at: &DateTime<Utc>| schedule.next_after(*at, zone);
        let found: Vec<_> =
            std::iter::successors(step(&start), step).take_while(|at| *at <= to).collect();
        prop_assert!(found.is_sorted_by(|a, b| a < b));
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
    }

    #[test]
    fn missed_slots_are_those_between_the_last_and_now(
        spec in spec(),
        (zone, from) in changes(),
        minutes in 0..3_000_i64,
    ) {
        let schedule = Schedule::Cron {
            expression: spec.text(),
            timezone: Some(zone.name().to_owned()),
        };
        prop_assume!(schedule.check().is_ok());
        let now = from + TimeDelta::minutes(minutes);
        let slots = spec.slots(zone, from, now);
        let missed = schedule.missed(now, Tz::UTC, &Past::new(from), TimeDelta::days(9));
        let wanted = slots.last().map(|slot| Missed {
            slot: *slot,
            count: u32::try_from(slots.len()).unwrap().min(MISSED_COUNT_MAX),
        });
        prop_assert_eq!(missed, wanted);
    }

    #[test]
    fn no_text_makes_the_reader_fall(text in "\\PC{0,40}|[a-z0-9*,/:@ -]{0,40}") {
        if let Ok(schedule) = CronSchedule::parse(&text) {
            prop_assert!(!schedule.describe().is_empty());
            prop_assert!(CronSchedule::parse(schedule.expression()).is_ok());
        }
    }
}
