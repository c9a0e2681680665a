//! Transforms of dates and instants.

mod shift;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::arguments::Arguments;
use super::compiled::{Built, Output, TransformError, text_of};
use super::spec::{Family, Parameter, ParameterKind as Kind, TransformSpec};
use crate::domain::coerce::{coerce, json, shorten, show};
use crate::domain::near::{did_you_mean, nearest};
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
            shift::date_add,
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
    // A date alone stays a date; only a time of day has colons.
    let kind = match &value {
        Value::Text(text) if !text.contains(':') => Type::Date,
        Value::Text(text) if !text.contains('-') => Type::Time,
        Value::Text(_) => Type::Timestamp,
        other => other.kind().unwrap_or(Type::Date),
    };
    match coerce(value, kind) {
        Ok(Value::Date(date)) => Ok(Temporal::Date(date)),
        Ok(Value::Time(time)) => Ok(Temporal::Time(time)),
        Ok(Value::Timestamp(instant)) => Ok(Temporal::Instant(instant)),
        _ => Err(format!("`{shown}` is not a date, a time or an instant")),
    }
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
