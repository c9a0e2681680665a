//! Names with their values, one under the other.

use ratatui::text::{Line, Span};

use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// A name and its value.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub name: &'static str,
    pub value: String,
    pub role: Role,
}

impl Pair {
    pub(crate) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
            role: Role::Text,
        }
    }

    pub(crate) fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

/// Lines a value may take.
const MOST_LINES: usize = 3;

/// The lines of the pairs; an empty value is left out.
pub(crate) fn lines(look: &Look, pairs: &[Pair], columns: usize) -> Vec<Line<'static>> {
    let shown = || pairs.iter().filter(|pair| !pair.value.is_empty());
    let name = shown()
        .map(|pair| text::width(pair.name))
        .max()
        .unwrap_or(0);
    let room = columns.saturating_sub(name + 2);
    let mut out = Vec::new();
    for pair in shown() {
        for (number, line) in text::wrap(&pair.value, room, MOST_LINES)
            .into_iter()
            .enumerate()
        {
            let lead = if number == 0 { pair.name } else { "" };
            out.push(Line::from(vec![
                look.span(Role::Dim, text::left(lead, name)),
                Span::raw("  "),
                look.span(pair.role, line),
            ]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_a_column_and_wrap_in_it() {
        let pairs = [
            Pair::new("key", "id"),
            Pair::new("nothing", ""),
            Pair::new("query", "select one, two"),
        ];
        let lines = lines(&Look::plain(), &pairs, 17);
        let lines: Vec<String> = lines.iter().map(Line::to_string).collect();
        assert_eq!(lines, ["key    id", "query  select", "       one, two"]);
    }
}
