//! Tabs with their keys: with titles where there is room, else by number, the shown one by its title.

use ratatui::text::Span;

use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// Tabs by number and title.
pub(crate) struct Tabs {
    pub all: Vec<(u8, &'static str)>,
    /// The number of the one that is shown.
    pub shown: u8,
}

impl Tabs {
    /// Columns that they take with all titles.
    pub(crate) fn width(&self) -> usize {
        let each = self.all.iter().map(|(_, title)| text::width(title) + 4);
        each.sum::<usize>().saturating_sub(2)
    }

    /// The tabs in at most `room` columns.
    pub(crate) fn spans(&self, look: &Look, room: usize) -> Vec<Span<'static>> {
        let titles = self.width() <= room;
        let mut spans = Vec::new();
        let mut used = 0;
        for (number, title) in &self.all {
            let here = *number == self.shown;
            let words = match (here, titles) {
                (true, _) => format!(" {}", title.to_uppercase()),
                (false, true) => format!(" {title}"),
                (false, false) => String::new(),
            };
            let gap = match (spans.is_empty(), titles) {
                (true, _) => 0,
                (false, true) => 2,
                (false, false) => 1,
            };
            let wide = gap + 1 + text::width(&words);
            if used + wide > room {
                break;
            }
            used += wide;
            spans.push(Span::raw(" ".repeat(gap)));
            spans.push(look.span(Role::Key, number.to_string()));
            let role = if here { Role::TitleFocus } else { Role::Text };
            spans.push(look.span(role, words));
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(room: usize) -> String {
        let tabs = Tabs {
            all: vec![(1, "Overview"), (2, "Syncs"), (4, "Models")],
            shown: 2,
        };
        let spans = tabs.spans(&Look::plain(), room);
        spans.iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn titles_fold_to_numbers_where_there_is_no_room() {
        assert_eq!(drawn(40), "1 Overview  2 SYNCS  4 Models");
        assert_eq!(drawn(29), "1 Overview  2 SYNCS  4 Models");
        assert_eq!(drawn(28), "1 2 SYNCS 4");
        assert_eq!(drawn(4), "1");
    }
}
