//! The type of a column of texts, from all of its cells.

use chrono::DateTime;

use crate::connectors::sources::cells;
use crate::domain::value::Type;

/// What the cells of a column may still be, after those that were seen.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    empty: bool,
    boolean: bool,
    integer: bool,
    double: bool,
    date: bool,
    timestamp: bool,
    /// An integer that a double cannot hold exactly.
    wide: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            empty: true,
            boolean: true,
            integer: true,
            double: true,
            date: true,
            timestamp: true,
            wide: false,
        }
    }
}

impl Guess {
    /// Looks at one more cell that is not null.
    pub(super) fn look(&mut self, field: &[u8]) {
        self.empty = false;
        if self.is_text() {
            return;
        }
        let Ok(text) = std::str::from_utf8(field) else {
            return self.settle_for_text();
        };
        if self.integer || self.double {
            self.look_for_number(text);
        }
        self.boolean = self.boolean && cells::boolean(text).is_some();
        self.date = self.date && cells::date(text).is_some();
        self.timestamp = self.timestamp && DateTime::parse_from_rfc3339(text).is_ok();
    }

    fn look_for_number(&mut self, text: &str) {
        match cells::integer(text) {
            Some(number) => self.wide |= number.unsigned_abs() > 1 << 53,
            None => {
                self.integer = false;
                // Longer numbers are codes, or would lose digits: they stay as they are written.
                self.double = self.double
                    && cells::significant_digits(text) <= 17
                    && cells::double(text).is_some();
            }
        }
    }

    fn is_text(&self) -> bool {
        !(self.boolean || self.integer || self.double || self.date || self.timestamp)
    }

    fn settle_for_text(&mut self) {
        *self = Self {
            empty: false,
            boolean: false,
            integer: false,
            double: false,
            date: false,
            timestamp: false,
            wide: false,
        };
    }

    /// The type that holds all that was seen; text where nothing was.
    pub(super) fn kind(&self) -> Type {
        if self.empty {
            Type::Text
        } else if self.boolean {
            Type::Boolean
        } else if self.integer {
            Type::Integer
        } else if self.double && !self.wide {
            Type::Double
        } else if self.date {
            Type::Date
        } else if self.timestamp {
            Type::Timestamp
        } else {
            Type::Text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(cells: &[&str]) -> Type {
        let mut guess = Guess::default();
        for cell in cells {
            guess.look(cell.as_bytes());
        }
        guess.kind()
    }

    #[test]
    fn a_column_has_the_type_that_holds_all_its_cells() {
        assert_eq!(kind(&[]), Type::Text);
        assert_eq!(kind(&["1", "-20", "0"]), Type::Integer);
        assert_eq!(kind(&["1", "2.5"]), Type::Double);
        assert_eq!(kind(&["2.5", "1e3", "7"]), Type::Double);
        assert_eq!(kind(&["true", "false"]), Type::Boolean);
        assert_eq!(kind(&["true", "1"]), Type::Text);
        assert_eq!(kind(&["2013-01-01"]), Type::Date);
        assert_eq!(
            kind(&["2013-01-01T10:00:00Z", "2013-01-01T10:00:00+02:00"]),
            Type::Timestamp
        );
        assert_eq!(kind(&["2013-01-01", "2013-01-01T10:00:00Z"]), Type::Text);
        assert_eq!(kind(&["1", "x"]), Type::Text);
        assert_eq!(kind(&["x", "1"]), Type::Text);
    }

    #[test]
    fn what_would_lose_digits_stays_text() {
        assert_eq!(kind(&["007", "12"]), Type::Text);
        assert_eq!(kind(&["12345678901234567890"]), Type::Text);
        assert_eq!(kind(&["9007199254740993", "0.5"]), Type::Text);
        assert_eq!(kind(&["0.123456789012345678"]), Type::Text);
        assert_eq!(kind(&["10.357019999999999"]), Type::Double);
    }
}
