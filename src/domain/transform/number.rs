//! Transforms of numbers: exact on integers and decimals, IEEE 754 on doubles.

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive as _};

use super::arguments::Arguments;
use super::compiled::{Built, Output, TransformError};
use super::spec::{Family, Parameter, ParameterKind as Kind, TransformSpec};
use crate::domain::coerce::number::{decimal_of, is_writable, nearest_double, to_integer};
use crate::domain::coerce::{coerce, json, show};
use crate::domain::value::{Type, Value};

/// The most digits after the point that rounding can be asked for.
const MAX_DIGITS: i64 = 100;

const ROUNDING: Kind = Kind::Choice(&["exact", "half_up", "half_even", "down", "floor", "ceil"]);

pub(super) fn specs() -> Vec<TransformSpec> {
    let spec = Family::Number.specs();
    vec![
        spec(
            "round",
            "rounds to a number of digits after the point",
            const {
                &[
                    Parameter::optional(
                        "digits",
                        Kind::Integer,
                        "0",
                        "digits after the point; negative rounds to tens, hundreds",
                    ),
                    Parameter::optional(
                        "mode",
                        Kind::Choice(&["half_up", "half_even"]),
                        "\"half_up\"",
                        "where a half goes",
                    ),
                ]
            },
            ("12.345", "{\"digits\": 2}", "12.35"),
            round,
        ),
        spec(
            "floor",
            "rounds down to a whole number",
            &[],
            ("-1.5", "{}", "-2"),
            |_| Ok(whole(RoundingMode::Floor)),
        ),
        spec(
            "ceil",
            "rounds up to a whole number",
            &[],
            ("1.2", "{}", "2"),
            |_| Ok(whole(RoundingMode::Ceiling)),
        ),
        spec(
            "abs",
            "takes the sign away",
            &[],
            ("-1.5", "{}", "1.5"),
            |_| Ok(abs()),
        ),
        spec(
            "multiply",
            "multiplies by a number",
            const { &[Parameter::required("by", Kind::Number, "the factor")] },
            ("12.5", "{\"by\": 100}", "1250.0"),
            |arguments| calculate(arguments, "by", Operation::Multiply),
        ),
        spec(
            "add",
            "adds a number",
            const {
                &[Parameter::required(
                    "value",
                    Kind::Number,
                    "the number to add; negative subtracts",
                )]
            },
            ("41", "{\"value\": 1}", "42"),
            |arguments| calculate(arguments, "value", Operation::Add),
        ),
        spec(
            "to_integer",
            "makes a whole number of 64 bits",
            const {
                &[Parameter::optional(
                    "rounding",
                    ROUNDING,
                    "\"exact\"",
                    "what becomes of a fraction; exact refuses it",
                )]
            },
            ("\"41.7\"", "{\"rounding\": \"half_up\"}", "42"),
            convert_to_integer,
        ),
        spec(
            "to_decimal",
            "makes an exact decimal number",
            const {
                &[Parameter::optional(
                    "digits",
                    Kind::Integer,
                    "",
                    "digits after the point, rounded half up; without it, as they are",
                )]
            },
            ("\"41.7\"", "{\"digits\": 2}", "41.70"),
            to_decimal,
        ),
        spec(
            "format_number",
            "writes a number with marks for groups of three and for the point",
            const {
                &[
                    Parameter::optional(
                        "digits",
                        Kind::Integer,
                        "",
                        "digits after the point, rounded half up; without it, as they are",
                    ),
                    Parameter::optional(
                        "group_mark",
                        Kind::Text,
                        "\",\"",
                        "what stands between groups; empty for nothing",
                    ),
                    Parameter::optional(
                        "decimal_mark",
                        Kind::Text,
                        "\".\"",
                        "what stands for the point",
                    ),
                ]
            },
            (
                "1234567.891",
                "{\"digits\": 2, \"group_mark\": \".\", \"decimal_mark\": \",\"}",
                "\"1.234.567,89\"",
            ),
            format_number,
        ),
    ]
}

/// A number as transforms see it.
enum Number {
    Integer(i64),
    Decimal(BigDecimal),
    Double(f64),
}

fn number(value: Value) -> Result<Number, String> {
    let value = match value {
        Value::Json(document) => json::native(&document),
        other => other,
    };
    match value {
        Value::Integer(number) => Ok(Number::Integer(number)),
        Value::Double(number) => Ok(Number::Double(number.get())),
        other => decimal(other).map(Number::Decimal),
    }
}

fn decimal(value: Value) -> Result<BigDecimal, String> {
    match coerce(value, Type::Decimal).map_err(|error| error.to_string())? {
        Value::Decimal(number) if is_writable(&number) => Ok(number),
        other => Err(format!(
            "{} is not a number that can be calculated with",
            show(&other)
        )),
    }
}

fn checked(number: BigDecimal) -> Result<Value, String> {
    if is_writable(&number) {
        Ok(Value::Decimal(number))
    } else {
        Err("the result has more than 1,000 digits".to_owned())
    }
}

const TOO_LARGE: &str = "the result does not fit 64 bits";

/// Rounds, and never adds digits that were not there.
fn rounded(number: &BigDecimal, digits: i64, mode: RoundingMode) -> BigDecimal {
    if number.fractional_digit_count() <= digits {
        return number.clone();
    }
    let rounded = number.with_scale_round(digits, mode);
    if digits < 0 {
        rounded.with_scale(0)
    } else {
        rounded
    }
}

fn round_to(digits: i64, mode: RoundingMode) -> Built {
    Built::new(Output::Number, move |value| match number(value)? {
        Number::Integer(number) if digits >= 0 => Ok(Value::Integer(number)),
        Number::Integer(number) => to_integer(&rounded(&number.into(), digits, mode))
            .map(Value::Integer)
            .map_err(|_| TOO_LARGE.to_owned()),
        Number::Decimal(number) => checked(rounded(&number, digits, mode)),
        Number::Double(number) => match decimal_of(number) {
            Some(exact) => nearest_double(&exact.with_scale_round(digits, mode))
                .map(Value::double)
                .map_err(str::to_owned),
            None => Ok(Value::double(number)),
        },
    })
}

fn round(arguments: &Arguments) -> Result<Built, TransformError> {
    let digits = arguments.within("digits", -18..=MAX_DIGITS)?.unwrap_or(0);
    Ok(round_to(digits, mode_of(&arguments.text("mode"))))
}

fn whole(mode: RoundingMode) -> Built {
    round_to(0, mode)
}

fn mode_of(word: &str) -> RoundingMode {
    match word {
        "half_even" => RoundingMode::HalfEven,
        "down" => RoundingMode::Down,
        "floor" => RoundingMode::Floor,
        "ceil" => RoundingMode::Ceiling,
        _ => RoundingMode::HalfUp,
    }
}

fn abs() -> Built {
    Built::new(Output::Number, |value| match number(value)? {
        Number::Integer(number) => number
            .checked_abs()
            .map(Value::Integer)
            .ok_or_else(|| TOO_LARGE.to_owned()),
        Number::Decimal(number) => Ok(Value::Decimal(number.abs())),
        Number::Double(number) => Ok(Value::double(number.abs())),
    })
}

#[derive(Clone, Copy)]
enum Operation {
    Multiply,
    Add,
}

fn calculate(
    arguments: &Arguments,
    name: &'static str,
    operation: Operation,
) -> Result<Built, TransformError> {
    let Some(operand) = arguments.number(name) else {
        return Err(arguments.invalid(name, "it is not a number".to_owned()));
    };
    let double =
        nearest_double(&operand).map_err(|reason| arguments.invalid(name, reason.to_owned()))?;
    let whole = Some(&operand)
        .filter(|operand| operand.fractional_digit_count() == 0)
        .and_then(|operand| operand.to_i64());
    let output = match whole {
        Some(_) => Output::Number,
        None => Output::Fraction,
    };
    Ok(Built::new(output, move |value| {
        let exact = |number: &BigDecimal| {
            checked(match operation {
                Operation::Multiply => number * &operand,
                Operation::Add => number + &operand,
            })
        };
        match (number(value)?, whole) {
            (Number::Integer(number), Some(whole)) => match operation {
                Operation::Multiply => number.checked_mul(whole),
                Operation::Add => number.checked_add(whole),
            }
            .map(Value::Integer)
            .ok_or_else(|| TOO_LARGE.to_owned()),
            (Number::Integer(number), None) => exact(&BigDecimal::from(number)),
            (Number::Decimal(number), _) => exact(&number),
            (Number::Double(number), _) => Ok(Value::double(match operation {
                Operation::Multiply => number * double,
                Operation::Add => number + double,
            })),
        }
    }))
}

fn convert_to_integer(arguments: &Arguments) -> Result<Built, TransformError> {
    let rounding = arguments.text("rounding");
    let mode = (rounding != "exact").then(|| mode_of(&rounding));
    Ok(Built::new(Output::Fixed(Type::Integer), move |value| {
        let value = match (number(value)?, mode) {
            (Number::Decimal(number), Some(mode)) => Value::Decimal(rounded(&number, 0, mode)),
            (Number::Double(number), Some(mode)) => match decimal_of(number) {
                Some(exact) => Value::Decimal(rounded(&exact, 0, mode)),
                None => Value::double(number),
            },
            (Number::Integer(number), _) => Value::Integer(number),
            (Number::Decimal(number), None) => Value::Decimal(number),
            (Number::Double(number), None) => Value::double(number),
        };
        coerce(value, Type::Integer).map_err(|error| error.to_string())
    }))
}

fn to_decimal(arguments: &Arguments) -> Result<Built, TransformError> {
    let digits = arguments.within("digits", 0..=MAX_DIGITS)?;
    Ok(Built::new(Output::Fixed(Type::Decimal), move |value| {
        let number = decimal(value)?;
        checked(match digits {
            Some(digits) => number.with_scale_round(digits, RoundingMode::HalfUp),
            None => number,
        })
    }))
}

fn format_number(arguments: &Arguments) -> Result<Built, TransformError> {
    let digits = arguments.within("digits", 0..=MAX_DIGITS)?;
    let group_mark = arguments.text("group_mark");
    let decimal_mark = arguments.text("decimal_mark");
    for (name, mark) in [("group_mark", &group_mark), ("decimal_mark", &decimal_mark)] {
        if mark.chars().count() > 4 {
            return Err(arguments.invalid(name, "it is over 4 characters".to_owned()));
        }
    }
    Ok(Built::new(Output::Fixed(Type::Text), move |value| {
        let mut number = decimal(value)?;
        if let Some(digits) = digits {
            number = number.with_scale_round(digits, RoundingMode::HalfUp);
        }
        let plain = number.to_plain_string();
        let (sign, plain) = match plain.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", plain.as_str()),
        };
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let mut text = sign.to_owned();
        for (position, digit) in whole.chars().enumerate() {
            if position > 0 && (whole.len() - position) % 3 == 0 {
                text.push_str(&group_mark);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push_str(&decimal_mark);
            text.push_str(fraction);
        }
        Ok(Value::Text(text))
    }))
}

#[cfg(test)]
mod tests;
