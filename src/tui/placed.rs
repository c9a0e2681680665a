//! A backend that says where each cell is after text that terminals draw at widths of their own.
//!
//! Terminals do not agree on the width of clusters of several characters (Tamil, Devanagari, joined
//! emoji), nor on that of new characters. Where one is drawn wider or narrower than was counted, all
//! that follows on its line would be shifted, and what is shifted is never painted over.

use std::iter::once;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::text;

/// Wraps a backend that moves the cursor only where cells are not neighbours.
#[derive(Debug)]
pub(super) struct Placed<B>(pub B);

impl<B: Backend> Backend for Placed<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Self::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut neighbours = Vec::new();
        for (x, y, cell) in content {
            if is_sure(cell.symbol()) {
                neighbours.push((x, y, cell));
                continue;
            }
            self.0.draw(neighbours.drain(..))?;
            // Where it is drawn narrower, nothing old shows beside it.
            let mut blank = cell.clone();
            blank.set_symbol(" ");
            let columns = u16::try_from(text::width(cell.symbol())).unwrap_or(1);
            self.0
                .draw((0..columns).map(|more| (x.saturating_add(more), y, &blank)))?;
            self.0.draw(once((x, y, cell)))?;
        }
        self.0.draw(neighbours.into_iter())
    }

    fn append_lines(&mut self, lines: u16) -> Result<(), Self::Error> {
        self.0.append_lines(lines)
    }

    fn hide_cursor(&mut self) -> Result<(), Self::Error> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Self::Error> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Self::Error> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Self::Error> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Self::Error> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Self::Error> {
        self.0.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Self::Error> {
        self.0.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Self::Error> {
        self.0.window_size()
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush()
    }
}

/// Whether every terminal draws it at the width that was counted.
fn is_sure(symbol: &str) -> bool {
    let mut all = symbol.chars();
    let (Some(first), None) = (all.next(), all.next()) else {
        return symbol.is_empty();
    };
    matches!(
        first,
        // ASCII, Latin, Greek, Cyrillic; arrows, lines, blocks and marks of this interface.
        ' '..='~' | '\u{a0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{2010}'..='\u{2027}'
        | '\u{2190}'..='\u{21ff}' | '\u{2500}'..='\u{25ff}' | '\u{2800}'..='\u{28ff}'
        // Kana, Chinese, Korean.
        | '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
    )
}

#[cfg(test)]
mod tests {
    use ratatui::backend::CrosstermBackend;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    /// What is sent for a line, without colours.
    fn sent(line: &str) -> String {
        let mut bytes = Vec::new();
        let buffer = {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
            buffer.set_string(0, 0, line, Style::new());
            buffer
        };
        let empty = Buffer::empty(buffer.area);
        let mut backend = Placed(CrosstermBackend::new(&mut bytes));
        backend.draw(empty.diff(&buffer).into_iter()).unwrap();
        let resets = ["\u{1b}[39m", "\u{1b}[49m", "\u{1b}[59m", "\u{1b}[0m"];
        let sent = String::from_utf8(bytes).unwrap();
        resets.iter().fold(sent, |sent, it| sent.replace(it, ""))
    }

    #[test]
    fn what_follows_a_cluster_is_placed_and_all_else_runs_on() {
        assert_eq!(sent("Müller │"), "\u{1b}[1;1HMüller\u{1b}[1;8H│");
        // The cluster is counted as one column; some terminals draw two.
        let sent = sent("e\u{301}x");
        assert_eq!(
            sent, "\u{1b}[1;1H \u{1b}[1;1He\u{301}\u{1b}[1;2Hx",
            "{sent:?}"
        );
    }

    #[test]
    fn no_cluster_shifts_its_line() {
        let sent = sent("\u{b95}\u{bbe}\u{bb5}\u{bcd}\u{baf}\u{bbe} S");
        let place = sent.rfind('H').unwrap();
        assert_eq!(sent.get(place + 1..), Some("S"), "{sent:?}");
    }
}
