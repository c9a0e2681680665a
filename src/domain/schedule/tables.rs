//! Tables of the days that matter: clock changes, leap days, edits and downtime.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The slots on the wall clock, as `MM-DD HH:MM` and the offset in hours.
fn wall(expression: &str, zone: Tz, after: &str, count: usize) -> Vec<String> {
    Schedule::Cron {
        expression: expression.to_owned(),
        timezone: None,
    }
    .next_times(at(after), zone, count)
    .into_iter()
    .map(|slot| {
        slot.with_timezone(&zone)
            .format("%m-%d %H:%M %:z")
            .to_string()
    })
    .collect()
}

#[test]
fn a_fixed_time_that_the_clock_skips_comes_once_at_the_end_of_the_gap() {
    assert_eq!(
        wall("30 2 * * *", Tz::Europe__Berlin, "2026-03-27T12:00:00Z", 3),
        [
            "03-28 02:30 +01:00",
            "03-29 03:00 +02:00",
            "03-30 02:30 +02:00"
        ]
    );
    assert_eq!(
        wall(
            "30 2 * * *",
            Tz::America__New_York,
            "2026-03-07T12:00:00Z",
            2
        ),
        ["03-08 03:00 -04:00", "03-09 02:30 -04:00"]
    );
    assert_eq!(
        wall(
            "15 2 * * *",
            Tz::Australia__Lord_Howe,
            "2026-10-03T00:00:00Z",
            2
        ),
        ["10-04 02:30 +11:00", "10-05 02:15 +11:00"]
    );
}

#[test]
fn a_fixed_time_that_comes_twice_counts_in_the_first_pass() {
    assert_eq!(
        wall("30 2 * * *", Tz::Europe__Berlin, "2026-10-24T12:00:00Z", 2),
        ["10-25 02:30 +02:00", "10-26 02:30 +01:00"]
    );
    assert_eq!(
        wall(
            "30 1 * * *",
            Tz::America__New_York,
            "2026-10-31T12:00:00Z",
            2
        ),
        ["11-01 01:30 -04:00", "11-02 01:30 -05:00"]
    );
    assert_eq!(
        wall(
            "45 1 * * *",
            Tz::Australia__Lord_Howe,
            "2026-04-04T00:00:00Z",
            2
        ),
        ["04-05 01:45 +11:00", "04-06 01:45 +10:30"]
    );
    // Asked between the passes: the second is not made up.
    assert_eq!(
        wall("30 2 * * *", Tz::Europe__Berlin, "2026-10-25T00:45:00Z", 1),
        ["10-26 02:30 +01:00"]
    );
}

#[test]
fn anything_else_follows_the_wall_clock() {
    assert_eq!(
        wall(
            "*/30 2 * * *",
            Tz::Europe__Berlin,
            "2026-03-28T12:00:00Z",
            2
        ),
        ["03-30 02:00 +02:00", "03-30 02:30 +02:00"]
    );
    assert_eq!(
        wall(
            "*/30 * * * *",
            Tz::Europe__Berlin,
            "2026-10-25T00:00:00Z",
            5
        ),
        [
            "10-25 02:30 +02:00",
            "10-25 02:00 +01:00",
            "10-25 02:30 +01:00",
            "10-25 03:00 +01:00",
            "10-25 03:30 +01:00"
        ]
    );
}

#[test]
fn both_restricted_day_fields_mean_either() {
    assert_eq!(
        wall("0 9 13 * 5", Tz::UTC, "2026-11-01T00:00:00Z", 5),
        [
            "11-06 09:00 +00:00",
            "11-13 09:00 +00:00",
            "11-20 09:00 +00:00",
            "11-27 09:00 +00:00",
            "12-04 09:00 +00:00"
        ]
    );
    // A step on `*` leaves the field unrestricted: both must match.
    assert_eq!(
        wall("0 9 */10 * 1", Tz::UTC, "2026-01-01T00:00:00Z", 2),
        ["05-11 09:00 +00:00", "06-01 09:00 +00:00"]
    );
}

#[test]
fn a_leap_day_is_waited_for_and_an_impossible_day_refused() {
    let slot = CronSchedule::parse("0 0 29 2 *").unwrap();
    let after = |text| slot.next_after(at(text), Tz::UTC);
    assert_eq!(
        after("2026-01-01T00:00:00Z"),
        Some(at("2028-02-29T00:00:00Z"))
    );
    assert_eq!(after("2096-03-01T00:00:00Z"), None);
    for never in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
        let error = CronSchedule::parse(never).unwrap_err();
        assert!(matches!(error, ScheduleError::Impossible { .. }), "{never}");
    }
    // Either day may match, so this one comes.
    assert!(CronSchedule::parse("0 0 30 2 1").is_ok());
}

#[test]
fn the_ends_of_time_have_no_slots_and_do_no_harm() {
    let every = CronSchedule::parse("* * * * *").unwrap();
    for zone in [Tz::UTC, Tz::Pacific__Apia, Tz::Pacific__Niue] {
        for end in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
            if let Some(slot) = every.next_after(end, zone) {
                assert!(slot > end);
            }
        }
    }
}

#[test]
fn the_fields_are_counted() {
    for (text, found) in [("1 2 3 4", 4), ("1 2 3 4 5 6 7", 7), ("*", 1)] {
        let error = CronSchedule::parse(text).unwrap_err();
        assert_eq!(error, ScheduleError::FieldCount { found });
    }
    assert_eq!(CronSchedule::parse(" ").unwrap_err(), ScheduleError::Empty);
}

#[test]
fn an_interval_keeps_its_cadence_and_follows_a_long_run_at_once() {
    let hourly = Schedule::Interval {
        interval_minutes: 60,
    };
    let anchor = at("2026-11-24T10:10:00Z");
    let saved = Past::new(anchor);
    let next = |after: &str, past: &Past| hourly.next(at(after), Tz::UTC, past).unwrap();
    assert_eq!(
        next("2026-11-24T10:10:00Z", &saved),
        at("2026-11-24T11:10:00Z")
    );

    let short = Past {
        last_slot: Some(at("2026-11-24T11:10:00Z")),
        last_end: Some(at("2026-11-24T11:15:00Z")),
        ..saved
    };
    assert_eq!(
        next("2026-11-24T11:15:00Z", &short),
        at("2026-11-24T12:10:00Z")
    );

    let long = Past {
        last_end: Some(at("2026-11-24T13:00:00Z")),
        ..short
    };
    assert_eq!(
        next("2026-11-24T11:10:00Z", &long),
        at("2026-11-24T13:00:00Z")
    );

    let edited = Past {
        anchor: at("2026-11-24T11:40:00Z"),
        ..short
    };
    assert_eq!(
        next("2026-11-24T11:40:00Z", &edited),
        at("2026-11-24T12:40:00Z")
    );

    // Slots that were passed over keep the cadence.
    assert_eq!(
        next("2026-11-26T09:30:00Z", &short),
        at("2026-11-26T10:10:00Z")
    );
    assert_eq!(
        next("2026-11-26T10:10:00Z", &short),
        at("2026-11-26T11:10:00Z")
    );
}

#[test]
fn missed_slots_are_run_once_within_grace_and_never_before_an_edit() {
    let daily = Schedule::Cron {
        expression: "0 9 * * *".to_owned(),
        timezone: None,
    };
    let hourly = Schedule::Interval {
        interval_minutes: 60,
    };
    let now = at("2026-11-24T12:00:00Z");
    let missed = |schedule: &Schedule, anchor: &str, grace: TimeDelta| {
        let missed = schedule.missed(now, Tz::UTC, &Past::new(at(anchor)), grace)?;
        Some((missed.slot, missed.count))
    };
    let day = TimeDelta::hours(24);
    let nine = at("2026-11-24T09:00:00Z");
    assert_eq!(missed(&daily, "2026-11-20T12:00:00Z", day), Some((nine, 4)));
    assert_eq!(missed(&daily, "2026-11-24T08:59:59Z", day), Some((nine, 1)));
    assert_eq!(missed(&daily, "2026-11-24T09:00:00Z", day), None);
    assert_eq!(
        missed(&daily, "2026-11-20T12:00:00Z", TimeDelta::zero()),
        None
    );
    assert_eq!(
        missed(&daily, "2026-11-20T12:00:00Z", TimeDelta::hours(3)),
        None
    );
    let noon = at("2026-11-24T12:00:00Z");
    assert_eq!(
        missed(&hourly, "2026-11-24T09:00:00Z", day),
        Some((noon, 3))
    );
    assert_eq!(missed(&hourly, "2026-11-24T11:30:00Z", day), None);
    assert_eq!(missed(&Schedule::Manual, "2020-01-01T00:00:00Z", day), None);
}

#[test]
fn years_of_missed_seconds_are_counted_up_to_the_limit() {
    let every = Schedule::Cron {
        expression: "* * 0 * * *".to_owned(),
        timezone: None,
    };
    let past = Past::new(at("1990-01-01T00:00:00Z"));
    let now = at("2026-11-24T12:00:00Z");
    let missed = every
        .missed(now, Tz::Europe__Berlin, &past, TimeDelta::days(1))
        .unwrap();
    assert_eq!(missed.slot, at("2026-11-23T23:59:59Z"));
    assert_eq!(missed.count, MISSED_COUNT_MAX);
}

#[test]
fn a_schedule_that_cannot_be_followed_is_refused() {
    let cron = |expression: &str, zone: &str| Schedule::Cron {
        expression: expression.to_owned(),
        timezone: Some(zone.to_owned()),
    };
    let after = |syncs: &[&str]| Schedule::After {
        syncs: syncs.iter().map(|sync| (*sync).to_owned()).collect(),
    };
    let interval = |interval_minutes| Schedule::Interval { interval_minutes };
    for good in [
        Schedule::Manual,
        interval(1),
        interval(u32::MAX),
        cron("weekdays 9:00", "Europe/Berlin"),
        after(&["a", "b"]),
    ] {
        assert_eq!(good.check(), Ok(()), "{good:?}");
    }
    for bad in [
        interval(0),
        cron("weekdays 9:00", "Europe/Bern"),
        cron("0 0 30 2 *", "UTC"),
        after(&[]),
        after(&["a", "b", "a"]),
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
    assert_eq!(
        interval(u32::MAX)
            .next_times(at("2026-01-01T00:00:00Z"), Tz::UTC, 3)
            .len(),
        3
    );
}

#[test]
fn every_kind_of_schedule_has_words() {
    let words = |text: &str| {
        let schedule: Schedule = serde_json::from_str(text).unwrap();
        schedule.describe_with(Tz::Europe__Berlin, |sync| format!("<{sync}>"))
    };
    for (json, said) in [
        (r#"{"type":"manual"}"#, "by hand"),
        (
            r#"{"type":"interval","interval_minutes":60}"#,
            "every 60 minutes",
        ),
        (
            r#"{"type":"interval","interval_minutes":1}"#,
            "every minute",
        ),
        (
            r#"{"type":"interval","interval_minutes":1440}"#,
            "every 24 hours",
        ),
        (
            r#"{"type":"cron","expression":"0 9 * * 1-5"}"#,
            "weekdays at 09:00, Europe/Berlin",
        ),
        (
            r#"{"type":"cron","expression":"weekends 10:00","timezone":"UTC"}"#,
            "weekends at 10:00, UTC",
        ),
        (
            r#"{"type":"cron","expression":"nonsense"}"#,
            "by `nonsense` (not understood), Europe/Berlin",
        ),
        (r#"{"type":"after","syncs":["a","b"]}"#, "after <a> and <b>"),
    ] {
        assert_eq!(words(json), said);
    }
}
