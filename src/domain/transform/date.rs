//! Transforms of dates and instants.

use std::fmt::Write as _;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{
    DateTime, Days, FixedOffset, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset,
    TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::arguments::Arguments;
use super::compiled::{Built, Output, TransformError, text_of};
use super::near::{did_you_mean, nearest};
use super::spec::{Family, Parameter, ParameterKind as Kind, TransformSpec};
use crate::domain::coerce::{coerce, json, shorten, show};
use crate::domain::value::{Type, Value};

/// Bytes that a format may have.
const MAX_FORMAT: usize = 256;

const UNIT: Kind = Kind::Choice(&[
    "seconds", "minutes", "hours", "days", "weeks", "months", "years",
]);
const EPOCH_UNIT: Kind = Kind::Choice(&["seconds", "milliseconds", "microseconds"]);

pub(super) fn specs() -> Vec<TransformSpec> {
    let spec = Family::Date.specs();
    vec![
        spec(
            "date_parse",
            "reads a date, a time or an instant in a format of your own; what it gives, the format tells",
            const {
                &[
                    Parameter::required(
                        "format",
                        Kind::Text,
                        "the format, such as %d.%m.%Y %H:%M (strftime)",
                    ),
                    Parameter::optional(
                        "timezone",
                        Kind::Text,
                        "\"UTC\"",
                        "the zone of instants without an offset, such as Europe/Berlin",
                    ),
                ]
            },
            (
                "\"31.12.2013 18:30\"",
                "{\"format\": \"%d.%m.%Y %H:%M\", \"timezone\": \"Europe/Berlin\"}",
                "\"2013-12-31T18:30:00+01:00\"",
            ),
            date_parse,
        ),
        spec(
            "date_format",
            "writes a date, a time or an instant in a format of your own",
            const {
                &[
                    Parameter::required(
                        "format",
                        Kind::Text,
                        "the format, such as %d.%m.%Y (strftime)",
                    ),
                    Parameter::optional(
                        "timezone",
                        Kind::Text,
                        "",
                        "the zone for instants; without it, the one they have",
                    ),
                ]
            },
            (
                "\"2013-12-31T23:30:00Z\"",
                "{\"format\": \"%d.%m.%Y %H:%M\", \"timezone\": \"Europe/Berlin\"}",
                "\"01.01.2014 00:30\"",
            ),
            date_format,
        ),
        spec(
            "to_timezone",
            "says the same instant with the offset of a zone",
            const {
                &[Parameter::required(
                    "timezone",
                    Kind::Text,
                    "the zone, such as America/New_York",
                )]
            },
            (
                "\"2013-07-01T12:00:00Z\"",
                "{\"timezone\": \"America/New_York\"}",
                "\"2013-07-01T08:00:00-04:00\"",
            ),
            to_timezone,
        ),
        spec(
            "date_add",
            "moves a date or an instant; a month ends on its last day",
            const {
                &[
                    Parameter::required("amount", Kind::Integer, "how many; negative moves back"),
                    Parameter::optional(
                        "unit",
                        UNIT,
                        "\"days\"",
                        "of what; dates move by days or longer",
                    ),
                ]
            },
            (
                "\"2013-01-31\"",
                "{\"amount\": 1, \"unit\": \"months\"}",
                "\"2013-02-28\"",
            ),
            date_add,
        ),
        spec(
            "epoch",
            "counts whole units since 1970 in UTC, or makes an instant of such a count",
            const {
                &[
                    Parameter::optional("unit", EPOCH_UNIT, "\"seconds\"", "the unit"),
                    Parameter::optional(
                        "to",
                        Kind::Choice(&["number", "timestamp"]),
                        "\"number\"",
                        "what to make",
                    ),
                ]
            },
            ("\"2013-01-01T06:00:00Z\"", "{}", "1357020000"),
            epoch,
        ),
    ]
}

fn zone(arguments: &Arguments) -> Result<Option<Tz>, TransformError> {
    let Some(name) = arguments.optional_text("timezone") else {
        return Ok(None);
    };
    name.parse().map(Some).map_err(|_| {
        let near = nearest(&name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint = did_you_mean(near);
        arguments.invalid(
            "timezone",
            format!("there is no zone {name}; {hint}")
                .trim_end_matches("; ")
                .to_owned(),
        )
    })
}

fn format(arguments: &Arguments) -> Result<Vec<Item<'static>>, TransformError> {
    let format = arguments.text("format");
    if format.is_empty() || format.len() > MAX_FORMAT {
        return Err(arguments.invalid("format", "it is empty or over 256 bytes".to_owned()));
    }
    StrftimeItems::new(&format).parse_to_owned().map_err(|_| {
        arguments.invalid(
            "format",
            "it is not a strftime format such as %Y-%m-%d".to_owned(),
        )
    })
}

/// What a format reads.
#[derive(Clone, Copy)]
enum Reads {
    Instant,
    Local,
    Date,
    Time,
}

/// Finds out what a format reads by writing a known instant in it and reading that back.
fn what_it_reads(items: &[Item<'static>]) -> Option<Reads> {
    let sample = DateTime::from_timestamp(981_173_106, 0)?.fixed_offset();
    let text = write(sample.format_with_items(items.iter()))?;
    let mut parsed = Parsed::new();
    parse(&mut parsed, &text, items.iter()).ok()?;
    if parsed.offset().is_some() || parsed.timestamp().is_some() {
        parsed.to_datetime().ok().map(|_| Reads::Instant)
    } else if parsed.to_naive_datetime_with_offset(0).is_ok() {
        Some(Reads::Local)
    } else if parsed.to_naive_date().is_ok() {
        Some(Reads::Date)
    } else {
        parsed.to_naive_time().ok().map(|_| Reads::Time)
    }
}

/// Writes a formatted date; nothing where the format asks for what the value has not
/// (`to_string` would panic).
fn write(formatted: impl std::fmt::Display) -> Option<String> {
    let mut text = String::new();
    write!(text, "{formatted}").ok().map(|()| text)
}

fn date_parse(arguments: &Arguments) -> Result<Built, TransformError> {
    let items = format(arguments)?;
    let zone = zone(arguments)?.unwrap_or(Tz::UTC);
    let format = arguments.text("format");
    let reads = what_it_reads(&items).ok_or_else(|| {
        let reason = "it names neither a whole date nor a whole time of day";
        arguments.invalid("format", reason.to_owned())
    })?;
    let kind = match reads {
        Reads::Instant | Reads::Local => Type::Timestamp,
        Reads::Date => Type::Date,
        Reads::Time => Type::Time,
    };
    Ok(Built::new(Output::Fixed(kind), move |value| {
        if value.kind() == Some(kind) {
            return Ok(value);
        }
        let text = text_of(value)?;
        let wrong = || format!("`{}` is not written as {format}", shorten(&text));
        let mut parsed = Parsed::new();
        parse(&mut parsed, text.trim(), items.iter()).map_err(|_| wrong())?;
        match reads {
            Reads::Instant => parsed.to_datetime().ok().map(Value::Timestamp),
            Reads::Date => parsed.to_naive_date().ok().map(Value::Date),
            Reads::Time => parsed.to_naive_time().ok().map(Value::Time),
            Reads::Local => {
                let local = parsed
                    .to_naive_datetime_with_offset(0)
                    .map_err(|_| wrong())?;
                return in_zone(&local, zone).map(Value::Timestamp);
            }
        }
        .ok_or_else(wrong)
    }))
}

/// The instant of a local time; of a doubled one the first, and one in a gap is refused.
fn in_zone(local: &NaiveDateTime, zone: Tz) -> Result<DateTime<FixedOffset>, String> {
    match zone.from_local_datetime(local) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
            Ok(instant.fixed_offset())
        }
        LocalResult::None => Err(format!(
            "{local} does not exist in {zone}: the clock skips it"
        )),
    }
}

/// A value on the calendar or the clock.
enum Temporal {
    Date(NaiveDate),
    Time(NaiveTime),
    Instant(DateTime<FixedOffset>),
}

fn temporal(value: Value) -> Result<Temporal, String> {
    let value = match value {
        Value::Json(document) => json::native(&document),
        other => other,
    };
    let shown = show(&value);
    // The first type that takes a text is the most exact one: a date alone stays a date.
    for kind in [Type::Date, Type::Timestamp, Type::Time] {
        let is_text = matches!(value, Value::Text(_));
        let date_alone = kind != Type::Date || !shown.contains(':');
        if value.kind() == Some(kind) || (is_text && date_alone) {
            match coerce(value.clone(), kind) {
                Ok(Value::Date(date)) => return Ok(Temporal::Date(date)),
                Ok(Value::Time(time)) => return Ok(Temporal::Time(time)),
                Ok(Value::Timestamp(instant)) => return Ok(Temporal::Instant(instant)),
                _ => {}
            }
        }
    }
    Err(format!("`{shown}` is not a date, a time or an instant"))
}

fn date_format(arguments: &Arguments) -> Result<Built, TransformError> {
    let items = format(arguments)?;
    let zone = zone(arguments)?;
    let sample = DateTime::<Utc>::UNIX_EPOCH.fixed_offset();
    if write(sample.format_with_items(items.iter())).is_none() {
        return Err(arguments.invalid("format", "it cannot be written".to_owned()));
    }
    Ok(Built::new(Output::Fixed(Type::Text), move |value| {
        let (text, what) = match (temporal(value)?, zone) {
            (Temporal::Date(date), _) => (write(date.format_with_items(items.iter())), "a date"),
            (Temporal::Time(time), _) => (write(time.format_with_items(items.iter())), "a time"),
            (Temporal::Instant(instant), None) => {
                (write(instant.format_with_items(items.iter())), "an instant")
            }
            (Temporal::Instant(instant), Some(zone)) => {
                let local = instant.with_timezone(&zone);
                (write(local.format_with_items(items.iter())), "an instant")
            }
        };
        text.map(Value::Text)
            .ok_or_else(|| format!("the format asks for more than {what} has"))
    }))
}

fn instant(value: Value) -> Result<DateTime<FixedOffset>, String> {
    match coerce(value, Type::Timestamp).map_err(|error| error.to_string())? {
        Value::Timestamp(instant) => Ok(instant),
        other => Err(format!("`{}` is not an instant", show(&other))),
    }
}

fn to_timezone(arguments: &Arguments) -> Result<Built, TransformError> {
    let zone = zone(arguments)?.unwrap_or(Tz::UTC);
    Ok(Built::new(Output::Fixed(Type::Timestamp), move |value| {
        let instant = instant(value)?;
        let offset = zone.offset_from_utc_datetime(&instant.naive_utc()).fix();
        Ok(Value::Timestamp(instant.with_timezone(&offset)))
    }))
}

fn date_add(arguments: &Arguments) -> Result<Built, TransformError> {
    let amount = arguments
        .within("amount", -100_000_000_000..=100_000_000_000)?
        .unwrap_or(0);
    let unit = arguments.text("unit");
    Ok(Built::new(Output::Temporal, move |value| {
        match temporal(value)? {
            Temporal::Date(date) => match unit.as_str() {
                "seconds" | "minutes" | "hours" => {
                    return Err(format!(
                        "a date cannot be moved by {unit}; it has no time of day"
                    ));
                }
                unit => move_date(date, amount, unit).map(Value::Date),
            },
            Temporal::Instant(instant) => {
                move_instant(instant, amount, &unit).map(Value::Timestamp)
            }
            Temporal::Time(_) => return Err("a time of day cannot be moved".to_owned()),
        }
        .ok_or_else(|| "the result is outside the calendar".to_owned())
    }))
}

fn months_in(amount: i64, unit: &str) -> Option<Months> {
    let each = if unit == "years" { 12 } else { 1 };
    let months = amount.unsigned_abs().checked_mul(each)?;
    u32::try_from(months).ok().map(Months::new)
}

fn move_date(date: NaiveDate, amount: i64, unit: &str) -> Option<NaiveDate> {
    let days = |each: u64| Some(Days::new(amount.unsigned_abs().checked_mul(each)?));
    match (unit, amount < 0) {
        ("months" | "years", false) => date.checked_add_months(months_in(amount, unit)?),
        ("months" | "years", true) => date.checked_sub_months(months_in(amount, unit)?),
        ("weeks", false) => date.checked_add_days(days(7)?),
        ("weeks", true) => date.checked_sub_days(days(7)?),
        (_, false) => date.checked_add_days(days(1)?),
        (_, true) => date.checked_sub_days(days(1)?),
    }
}

fn move_instant(
    instant: DateTime<FixedOffset>,
    amount: i64,
    unit: &str,
) -> Option<DateTime<FixedOffset>> {
    let span = match unit {
        "seconds" => TimeDelta::try_seconds(amount)?,
        "minutes" => TimeDelta::try_minutes(amount)?,
        "hours" => TimeDelta::try_hours(amount)?,
        "days" => TimeDelta::try_days(amount)?,
        "weeks" => TimeDelta::try_weeks(amount)?,
        _ if amount < 0 => return instant.checked_sub_months(months_in(amount, unit)?),
        _ => return instant.checked_add_months(months_in(amount, unit)?),
    };
    instant.checked_add_signed(span)
}

fn epoch(arguments: &Arguments) -> Result<Built, TransformError> {
    let unit = arguments.text("unit");
    if arguments.text("to") == "number" {
        return Ok(Built::new(Output::Fixed(Type::Integer), move |value| {
            let instant = instant(value)?;
            Ok(Value::Integer(match unit.as_str() {
                "milliseconds" => instant.timestamp_millis(),
                "microseconds" => instant.timestamp_micros(),
                _ => instant.timestamp(),
            }))
        }));
    }
    Ok(Built::new(Output::Fixed(Type::Timestamp), move |value| {
        let count = match coerce(value, Type::Integer).map_err(|error| error.to_string())? {
            Value::Integer(count) => count,
            other => return Err(format!("`{}` is not a count", show(&other))),
        };
        match unit.as_str() {
            "milliseconds" => DateTime::from_timestamp_millis(count),
            "microseconds" => DateTime::from_timestamp_micros(count),
            _ => DateTime::from_timestamp(count, 0),
        }
        .map(|instant| Value::Timestamp(instant.fixed_offset()))
        .ok_or_else(|| format!("{count} {unit} since 1970 is outside the calendar"))
    }))
}

#[cfg(test)]
mod tests {
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
}
