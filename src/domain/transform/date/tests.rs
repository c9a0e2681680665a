//! Tests of the date transforms.

use serde_json::json;

use crate::domain::transform::{TransformCall, compile};
use crate::domain::value::Value;

fn run(call: serde_json::Value, input: Value) -> String {
    let call: TransformCall = serde_json::from_value(call).unwrap();
    match compile(&call).map(|compiled| compiled.apply(input)) {
        Ok(Ok(value)) => format!("{} {}", value.kind().unwrap(), value.to_plain()),
        Ok(Err(failure)) => failure.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_format_tells_what_it_reads() {
    let parse = |format: &str, zone: &str, text: &str| {
        run(
            json!({"name": "date_parse", "format": format, "timezone": zone}),
            Value::text(text),
        )
    };
    assert_eq!(parse("%d.%m.%Y", "UTC", "31.12.2013"), "date 2013-12-31");
    assert_eq!(parse("%H.%M", "UTC", "18.30"), "time 18:30:00");
    assert_eq!(
        parse("%Y%m%d%H%M%S%z", "UTC", "20131231183000+0200"),
        "timestamp 2013-12-31T18:30:00+02:00"
    );
    assert_eq!(
        parse("%s", "UTC", "1357020000"),
        "timestamp 2013-01-01T06:00:00Z"
    );
    let berlin = |text| parse("%Y-%m-%d %H:%M", "Europe/Berlin", text);
    assert_eq!(
        berlin("2024-10-27 02:30"),
        "timestamp 2024-10-27T02:30:00+02:00"
    );
    assert_eq!(
        berlin("2024-03-31 02:30"),
        "date_parse: 2024-03-31 02:30:00 does not exist in Europe/Berlin: the clock skips it"
    );
    assert_eq!(
        berlin("soon"),
        "date_parse: `soon` is not written as %Y-%m-%d %H:%M"
    );
    assert_eq!(
        parse("%m", "UTC", "1"),
        "date_parse: format will not do: it names neither a whole date nor a whole time of day"
    );
    assert_eq!(
        parse("%d", "Europe/Berln", "1"),
        "date_parse: timezone will not do: there is no zone Europe/Berln; did you mean Europe/Berlin?"
    );
    assert!(parse("%Q", "UTC", "1").contains("format will not do"));
}

#[test]
fn a_format_that_asks_for_too_much_is_a_failure_and_no_panic() {
    let format = json!({"name": "date_format", "format": "%H:%M"});
    assert_eq!(
        run(format.clone(), Value::text("2013-12-31")),
        "date_format: the format asks for more than a date has"
    );
    assert_eq!(run(format.clone(), Value::text("18:30:00")), "text 18:30");
    assert_eq!(
        run(format, Value::text("2013-12-31T00:00:00Z")),
        "text 00:00"
    );
}

#[test]
fn moving_keeps_dates_dates_and_ends_at_the_calendar() {
    let add = |amount: i64, unit: &str, text: &str| {
        run(
            json!({"name": "date_add", "amount": amount, "unit": unit}),
            Value::text(text),
        )
    };
    assert_eq!(add(-1, "years", "2024-02-29"), "date 2023-02-28");
    assert_eq!(
        add(90, "minutes", "2013-12-31T23:00:00Z"),
        "timestamp 2014-01-01T00:30:00Z"
    );
    assert_eq!(
        add(1, "hours", "2013-12-31"),
        "date_add: a date cannot be moved by hours; it has no time of day"
    );
    assert_eq!(
        add(100_000_000_000, "years", "2013-12-31"),
        "date_add: the result is outside the calendar"
    );
    assert_eq!(
        add(-100_000_000_000, "weeks", "2013-12-31T00:00:00Z"),
        "date_add: the result is outside the calendar"
    );
}

#[test]
fn counts_since_1970_come_back_as_instants() {
    let there = json!({"name": "epoch", "unit": "milliseconds", "to": "timestamp"});
    assert_eq!(
        run(there.clone(), Value::text("1357020000500")),
        "timestamp 2013-01-01T06:00:00.500Z"
    );
    assert!(run(there, Value::Integer(i64::MAX)).ends_with("outside the calendar"));
}

#[test]
fn the_ends_of_the_calendar_are_no_panic() {
    let ends = [
        chrono::DateTime::<chrono::Utc>::MIN_UTC,
        chrono::DateTime::<chrono::Utc>::MAX_UTC,
    ];
    for end in ends {
        for seconds in [-86_399, 0, 86_399] {
            let offset = chrono::FixedOffset::east_opt(seconds).unwrap();
            let instant = Value::Timestamp(end.with_timezone(&offset));
            for call in [
                json!({"name": "date_format", "format": "%c %Z %s", "timezone": "Asia/Tokyo"}),
                json!({"name": "date_format", "format": "%Y-%m-%d"}),
                json!({"name": "to_timezone", "timezone": "America/New_York"}),
                json!({"name": "date_add", "amount": 1, "unit": "months"}),
                json!({"name": "date_add", "amount": -1, "unit": "seconds"}),
                json!({"name": "epoch", "unit": "microseconds"}),
                json!("to_text"),
            ] {
                assert!(!run(call, instant.clone()).is_empty());
            }
        }
    }
    for year in ["+262142-12-31 23:59", "-262143-01-01 00:00"] {
        for zone in ["Asia/Tokyo", "America/New_York"] {
            let call = json!({"name": "date_parse", "format": "%Y-%m-%d %H:%M", "timezone": zone});
            assert!(!run(call, Value::text(year)).is_empty());
        }
        let read = crate::domain::coerce::coerce(
            Value::text(format!("{year}+23:59")),
            crate::domain::value::Type::Timestamp,
        );
        assert!(read.is_err() || !read.unwrap().to_plain().is_empty());
    }
}
