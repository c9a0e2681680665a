//! Coercion among booleans, integers, decimals and doubles, and numbers read from text.

use bigdecimal::{BigDecimal, One, ToPrimitive, Zero};

use crate::domain::value::{Type, Value};

/// Digits that a decimal may have in plain form, before and after the point each; more would let
/// `1e999999999` fill the memory.
const MAX_DIGITS: u64 = 1_000;

const INEXACT: &str = "a double cannot hold it exactly";
const NOT_FINITE: &str = "it is not a finite number";
const NOT_WHOLE: &str = "it is not a whole number";
const NOT_A_NUMBER: &str = "it is not a number";
const TOO_LARGE: &str = "an integer holds at most 64 bits";
const TOO_LONG: &str = "it has more than 1,000 digits";

/// Whether the plain form of `number` is short enough to be written.
pub(crate) fn is_writable(number: &BigDecimal) -> bool {
    number.fractional_digit_count().unsigned_abs() <= MAX_DIGITS && number.digits() <= MAX_DIGITS
}

/// Converts among the four kinds of number; `None` where either side is none of them.
pub(super) fn convert(value: &Value, to: Type) -> Option<Result<Value, &'static str>> {
    Some(match (value, to) {
        (Value::Boolean(flag), Type::Integer) => Ok(Value::Integer(i64::from(*flag))),
        (Value::Boolean(flag), Type::Decimal) => {
            Ok(Value::Decimal(BigDecimal::from(i64::from(*flag))))
        }
        (Value::Boolean(flag), Type::Double) => Ok(Value::double(f64::from(u8::from(*flag)))),
        (Value::Integer(number), Type::Boolean) => boolean(*number == 0, *number == 1),
        (Value::Integer(number), Type::Decimal) => Ok(Value::Decimal(BigDecimal::from(*number))),
        (Value::Integer(number), Type::Double) => number
            .to_f64()
            .filter(|double| double.to_i64() == Some(*number))
            .map(Value::double)
            .ok_or(INEXACT),
        (Value::Decimal(number), Type::Boolean) => boolean(number.is_zero(), number.is_one()),
        (Value::Decimal(number), Type::Integer) => to_integer(number).map(Value::Integer),
        (Value::Decimal(number), Type::Double) => to_double(number).map(Value::double),
        (Value::Double(number), Type::Boolean) => boolean(number.get() == 0.0, number.get() == 1.0),
        (Value::Double(number), Type::Integer) => {
            let number = number.get();
            if !number.is_finite() {
                Err(NOT_FINITE)
            } else if number.fract() != 0.0 {
                Err(NOT_WHOLE)
            } else {
                number.to_i64().map(Value::Integer).ok_or(TOO_LARGE)
            }
        }
        (Value::Double(number), Type::Decimal) => decimal_of(number.get())
            .map(Value::Decimal)
            .ok_or(NOT_FINITE),
        _ => return None,
    })
}

fn boolean(is_zero: bool, is_one: bool) -> Result<Value, &'static str> {
    match (is_zero, is_one) {
        (true, _) => Ok(Value::Boolean(false)),
        (_, true) => Ok(Value::Boolean(true)),
        _ => Err("only 0 and 1 are truth values"),
    }
}

/// The decimal of the shortest digits that read back as the same double.
pub(crate) fn decimal_of(number: f64) -> Option<BigDecimal> {
    if number.is_finite() {
        number.to_string().parse().ok()
    } else {
        None
    }
}

/// The integer equal to `number`.
pub(crate) fn to_integer(number: &BigDecimal) -> Result<i64, &'static str> {
    if !is_writable(number) {
        return Err(TOO_LONG);
    }
    if !number.is_integer() {
        return Err(NOT_WHOLE);
    }
    number.to_i64().ok_or(TOO_LARGE)
}

fn to_double(number: &BigDecimal) -> Result<f64, &'static str> {
    let double = nearest_double(number)?;
    match decimal_of(double) {
        Some(back) if back == *number => Ok(double),
        _ => Err(INEXACT),
    }
}

/// The double nearest to `number`.
pub(crate) fn nearest_double(number: &BigDecimal) -> Result<f64, &'static str> {
    if !is_writable(number) {
        return Err(TOO_LONG);
    }
    number.to_plain_string().parse().map_err(|_| NOT_A_NUMBER)
}

/// Reads `12`, `-1.50`, `+2e3`; nothing else: no grouping, no underscores, no words.
pub(crate) fn read_decimal(text: &str) -> Result<BigDecimal, &'static str> {
    let (mantissa, exponent) = split(text).ok_or(NOT_A_NUMBER)?;
    if mantissa.len() > 1_010 || exponent.len() > 6 {
        return Err(TOO_LONG);
    }
    let number: BigDecimal = text
        .strip_prefix('+')
        .unwrap_or(text)
        .parse()
        .map_err(|_| NOT_A_NUMBER)?;
    if !is_writable(&number) {
        return Err(TOO_LONG);
    }
    // A negative scale would print the same and compare as another spelling.
    Ok(if number.fractional_digit_count() < 0 {
        number.with_scale(0)
    } else {
        number
    })
}

/// Reads an integer, also from a decimal spelling of a whole number.
pub(super) fn read_integer(text: &str) -> Result<i64, &'static str> {
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) => to_integer(&read_decimal(text)?),
    }
}

/// Reads a double. Written in its shortest digits, or with as many digits as `text` has, it must
/// be `text` again: so the seventeen digits that many programs print are taken, and digits that a
/// double drops are not.
pub(super) fn read_double(text: &str) -> Result<f64, &'static str> {
    let Some((mantissa, _)) = split(text) else {
        return named_double(text).ok_or(NOT_A_NUMBER);
    };
    let number: f64 = text.parse().map_err(|_| NOT_A_NUMBER)?;
    if !number.is_finite() {
        return Err("it is out of the range of a double");
    }
    let digits = mantissa
        .bytes()
        .filter(u8::is_ascii_digit)
        .skip_while(|digit| *digit == b'0')
        .count();
    let always_exact = number.is_normal() && digits <= 15;
    if always_exact || digits == 0 {
        return Ok(number);
    }
    let wanted = read_decimal(text)?;
    if decimal_of(number).as_ref() == Some(&wanted) {
        return Ok(number);
    }
    let written: BigDecimal = format!("{number:.*e}", digits - 1)
        .parse()
        .map_err(|_| INEXACT)?;
    if written == wanted {
        Ok(number)
    } else {
        Err(INEXACT)
    }
}

fn named_double(text: &str) -> Option<f64> {
    let letters = text.trim_start_matches(['+', '-']);
    let known = ["nan", "inf", "infinity"];
    if text.len() - letters.len() <= 1
        && known.iter().any(|name| letters.eq_ignore_ascii_case(name))
    {
        text.parse().ok()
    } else {
        None
    }
}

/// Splits a plain number into mantissa and exponent; nothing where it is not one.
fn split(text: &str) -> Option<(&str, &str)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    match exponent {
        None => Some((mantissa, "")),
        Some(exponent) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            (!digits.is_empty() && is_digits(digits)).then_some((mantissa, exponent))
        }
    }
}
