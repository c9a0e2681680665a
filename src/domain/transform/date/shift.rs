//! Moving dates and instants along the calendar.

use chrono::{DateTime, Days, FixedOffset, Months, NaiveDate, TimeDelta};

use super::{Temporal, temporal};
use crate::domain::transform::arguments::Arguments;
use crate::domain::transform::compiled::{Built, Output, TransformError};
use crate::domain::value::Value;

pub(super) fn date_add(arguments: &Arguments) -> Result<Built, TransformError> {
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
