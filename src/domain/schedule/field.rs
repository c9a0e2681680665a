//! One field of a cron expression: which numbers it takes, by the rules of standard crontab.

use super::error::{Quoted, ScheduleError, closest};

/// What a field may hold.
pub(super) struct FieldKind {
    name: &'static str,
    min: u8,
    max: u8,
    /// Full names; the first three letters do as well.
    names: &'static [&'static str],
    /// The number of the first name.
    first_name: u8,
    allowed: &'static str,
}

pub(super) const SECOND: FieldKind = FieldKind {
    name: "second",
    min: 0,
    max: 59,
    names: &[],
    first_name: 0,
    allowed: "0 to 59, *, lists (0,30), ranges (10-20), steps (*/15)",
};
pub(super) const MINUTE: FieldKind = FieldKind {
    name: "minute",
    ..SECOND
};
pub(super) const HOUR: FieldKind = FieldKind {
    name: "hour",
    max: 23,
    allowed: "0 to 23, *, lists (9,17), ranges (8-18), steps (*/6)",
    ..SECOND
};
pub(super) const DAY_OF_MONTH: FieldKind = FieldKind {
    name: "day of month",
    min: 1,
    max: 31,
    allowed: "1 to 31, *, lists (1,15), ranges (1-7), steps (*/2)",
    ..SECOND
};
pub(super) const MONTH: FieldKind = FieldKind {
    name: "month",
    min: 1,
    max: 12,
    names: &MONTHS,
    first_name: 1,
    allowed: "1 to 12, jan to dec, *, lists (1,7), ranges (jan-mar), steps (*/3)",
};
pub(super) const DAY_OF_WEEK: FieldKind = FieldKind {
    name: "day of week",
    min: 0,
    max: 7,
    names: &DAYS,
    first_name: 0,
    allowed: "0 to 7 (0 and 7 are Sunday), sun to sat, *, lists (mon,thu), ranges (1-5), steps (*/2)",
};

/// The months, from 1.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// The days of the week, from 0.
pub(super) const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The numbers that a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    /// Begins with `*`: the field does not restrict the day, even with a step (Vixie's rule).
    pub(super) star: bool,
}

impl Field {
    /// Takes one number only.
    pub(super) const fn one(number: u8) -> Self {
        Self {
            bits: 1 << number,
            star: false,
        }
    }

    /// Whether the field takes one number only, however that is written.
    pub(super) fn is_single(self) -> bool {
        self.bits.count_ones() == 1
    }

    /// Whether the field takes `number`.
    pub(super) fn has(self, number: u8) -> bool {
        number < 64 && self.bits & (1 << number) != 0
    }

    /// All numbers that the field takes, in order.
    pub(super) fn numbers(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |number| self.has(*number))
    }

    /// Whether the field takes every number from `min` to `max`.
    pub(super) fn is_all(self, min: u8, max: u8) -> bool {
        (min..=max).all(|number| self.has(number))
    }
}

/// Reads one field.
pub(super) fn parse(kind: &FieldKind, text: &str) -> Result<Field, ScheduleError> {
    let mut bits = 0;
    for part in text.split(',') {
        bits |= parse_part(kind, part)?;
    }
    Ok(Field {
        bits,
        star: text.starts_with('*'),
    })
}

fn parse_part(kind: &FieldKind, part: &str) -> Result<u64, ScheduleError> {
    let fault = |fault: &str| fault_in(kind, part, fault, None);
    let (base, step) = match part.split_once('/') {
        Some((base, step)) => (base, Some(step)),
        None => (part, None),
    };
    let (from, to) = if base == "*" {
        (kind.min, kind.max)
    } else if let Some((from, to)) = base.split_once('-') {
        let from = number(kind, part, from)?;
        let mut to_number = number(kind, part, to)?;
        // Sunday ends a week as well as it begins one: `fri-sun`.
        if kind.max == 7 && to_number == 0 && from > 0 {
            to_number = 7;
        }
        if from > to_number {
            return Err(fault("runs backwards"));
        }
        (from, to_number)
    } else {
        let only = number(kind, part, base)?;
        if step.is_some() {
            let meant = format!("{base}-{}/{}", kind.max, step.unwrap_or_default());
            let text = "has a step but no range";
            return Err(fault_in(kind, part, text, Some(meant)));
        }
        (only, only)
    };
    let step = match step {
        None => 1,
        Some(step) => digits(step).ok_or_else(|| fault("has a step that is no number"))?,
    };
    if step == 0 {
        return Err(fault("has a step of 0"));
    }
    if step > kind.max {
        return Err(fault("has a step that is larger than the field"));
    }
    let bits = (from..=to)
        .step_by(usize::from(step))
        .fold(0_u64, |bits, number| {
            let folded = if kind.max == 7 { number % 7 } else { number };
            bits | 1 << folded
        });
    Ok(bits)
}

fn number(kind: &FieldKind, part: &str, text: &str) -> Result<u8, ScheduleError> {
    if text.is_empty() {
        return Err(fault_in(kind, part, "has a part missing", None));
    }
    if let Some(number) = digits(text) {
        if (kind.min..=kind.max).contains(&number) {
            return Ok(number);
        }
        return Err(fault_in(kind, text, "is out of range", None));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault_in(kind, text, "is out of range", None));
    }
    named(kind, text).ok_or_else(|| {
        let meant = closest(text, kind.names.iter().copied())
            .map(short)
            .or_else(|| closest(text, kind.names.iter().copied().map(short)))
            .map(str::to_lowercase);
        fault_in(kind, text, "is not known", meant)
    })
}

/// Looks a name up, in full or by its first three letters, in any letter case.
pub(super) fn named(kind: &FieldKind, text: &str) -> Option<u8> {
    (kind.first_name..)
        .zip(kind.names)
        .find(|(_, name)| name.eq_ignore_ascii_case(text) || short(name).eq_ignore_ascii_case(text))
        .map(|(number, _)| number)
}

/// The first three letters of a name.
pub(super) fn short(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

fn digits(text: &str) -> Option<u8> {
    // `u8::from_str` alone would take a sign.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn fault_in(
    kind: &FieldKind,
    found: &str,
    fault: &str,
    suggestion: Option<String>,
) -> ScheduleError {
    ScheduleError::Field {
        field: kind.name,
        found: Quoted::new(found),
        fault: fault.to_owned(),
        allowed: kind.allowed,
        suggestion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(kind: &FieldKind, text: &str) -> Vec<u8> {
        parse(kind, text).unwrap().numbers().collect()
    }

    #[test]
    fn a_field_takes_lists_ranges_steps_and_names() {
        assert_eq!(numbers(&MINUTE, "5"), [5]);
        assert_eq!(numbers(&MINUTE, "*/15"), [0, 15, 30, 45]);
        assert_eq!(numbers(&MINUTE, "10-20/5,3"), [3, 10, 15, 20]);
        assert_eq!(numbers(&MONTH, "jan-MAR,December"), [1, 2, 3, 12]);
        assert_eq!(numbers(&DAY_OF_MONTH, "*").len(), 31);
    }

    #[test]
    fn sunday_is_0_and_7() {
        for text in ["0", "7", "sun", "Sunday", "0,7", "*/7"] {
            assert_eq!(numbers(&DAY_OF_WEEK, text), [0], "{text}");
        }
        assert_eq!(numbers(&DAY_OF_WEEK, "5-7"), [0, 5, 6]);
        assert_eq!(numbers(&DAY_OF_WEEK, "fri-sun"), [0, 5, 6]);
        assert_eq!(numbers(&DAY_OF_WEEK, "1-5"), [1, 2, 3, 4, 5]);
        assert!(parse(&DAY_OF_WEEK, "0-6").unwrap().is_all(0, 6));
    }

    #[test]
    fn what_a_field_cannot_hold_is_refused_by_name() {
        for (kind, text) in [
            (&MINUTE, "60"),
            (&HOUR, "24"),
            (&DAY_OF_MONTH, "0"),
            (&DAY_OF_MONTH, "32"),
            (&MONTH, "13"),
            (&DAY_OF_WEEK, "8"),
            (&MINUTE, ""),
            (&MINUTE, ","),
            (&MINUTE, "1,"),
            (&MINUTE, "1-"),
            (&MINUTE, "-1"),
            (&MINUTE, "+1"),
            (&MINUTE, "5-1"),
            (&MINUTE, "*/0"),
            (&MINUTE, "*/60"),
            (&MINUTE, "*/x"),
            (&MINUTE, "*5"),
            (&MINUTE, "5/15"),
            (&MINUTE, "mon"),
            (&MINUTE, "99999999999999999999"),
            (&DAY_OF_MONTH, "L"),
            (&DAY_OF_WEEK, "mon#2"),
            (&DAY_OF_WEEK, "möö"),
        ] {
            let error = parse(kind, text).unwrap_err().to_string();
            assert!(error.starts_with(kind.name), "{text}: {error}");
            assert!(error.contains(kind.allowed), "{text}: {error}");
        }
    }

    #[test]
    fn a_slip_in_a_name_is_recognised() {
        for (text, meant) in [("mno", "mon"), ("thrusday", "thu"), ("sta", "sat")] {
            let hint = parse(&DAY_OF_WEEK, text).unwrap_err().hint();
            assert_eq!(hint, format!("did you mean `{meant}`?"), "{text}");
        }
        let hint = parse(&MINUTE, "5/15").unwrap_err().hint();
        assert_eq!(hint, "did you mean `5-59/15`?");
    }
}
