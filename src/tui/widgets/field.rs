//! A field of one line, in which a person types.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_textarea::{CursorMove, TextArea};

use crate::safe_text;
use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// The longest text that a field takes, in characters.
const MAX_CHARS: usize = 1_000;

/// A field of one line.
#[derive(Debug, Default)]
pub(crate) struct Field {
    area: Box<TextArea<'static>>,
}

impl Field {
    pub(crate) fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.paste(text);
        field
    }

    pub(crate) fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Takes a key; true where the text changed.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter | KeyCode::Tab | KeyCode::BackTab | KeyCode::Esc => false,
            // Would break the line.
            KeyCode::Char('m') if ctrl => false,
            KeyCode::Char(c) if !ctrl => {
                let room = self.text().chars().count() < MAX_CHARS;
                if room && !c.is_control() {
                    self.area.insert_char(c);
                }
                room
            }
            _ => self.area.input(key),
        }
    }

    /// Takes pasted text: line breaks become blanks, other control characters are left out.
    pub(crate) fn paste(&mut self, text: &str) {
        let room = MAX_CHARS.saturating_sub(self.text().chars().count());
        let clean: String = text
            .chars()
            .map(|c| {
                if matches!(c, '\n' | '\r' | '\t') {
                    ' '
                } else {
                    c
                }
            })
            .filter(|c| !c.is_control())
            .take(room)
            .collect();
        self.area.insert_str(clean);
    }

    pub(crate) fn clear(&mut self) {
        self.area.move_cursor(CursorMove::End);
        self.area.delete_line_by_head();
    }

    /// Draws the text with a label before it and gives the place of the cursor.
    pub(crate) fn draw(&self, look: &Look, label: &str, area: Rect, buf: &mut Buffer) -> Position {
        self.draw_text(look, label, self.text(), area, buf)
    }

    /// As [`Self::draw`], with a star for each character, for what nobody may read.
    pub(crate) fn draw_masked(
        &self,
        look: &Look,
        label: &str,
        area: Rect,
        buf: &mut Buffer,
    ) -> Position {
        let stars = "*".repeat(self.text().chars().count());
        self.draw_text(look, label, &stars, area, buf)
    }

    fn draw_text(
        &self,
        look: &Look,
        label: &str,
        content: &str,
        area: Rect,
        buf: &mut Buffer,
    ) -> Position {
        let lead = text::width(label);
        let room = usize::from(area.width).saturating_sub(lead + 1);
        let before: String = content.chars().take(self.area.cursor().1).collect();
        let before = safe_text::safe(&before).into_owned();
        let after: String = content.chars().skip(self.area.cursor().1).collect();
        // What is left of the cursor is cut at its beginning, so that the cursor stays in sight.
        let shown = tail(&before, room);
        let place = lead + text::width(shown);
        let rest = text::line(&after, room.saturating_sub(text::width(shown)));
        let line = Line::from(vec![
            look.span(Role::Key, label),
            look.span(Role::Text, shown),
            look.span(Role::Text, rest),
        ]);
        look.put(buf, area, 0, &line);
        let column = u16::try_from(place).unwrap_or(u16::MAX);
        let last = area.width.saturating_sub(1);
        Position::new(area.x + column.min(last), area.y)
    }
}

/// The longest end of harmless text that takes at most `columns`.
fn tail(content: &str, columns: usize) -> &str {
    use unicode_segmentation::UnicodeSegmentation;
    let mut used = 0;
    let mut start = content.len();
    for (at, grapheme) in content.grapheme_indices(true).rev() {
        used += text::width(grapheme);
        if used > columns {
            break;
        }
        start = at;
    }
    content.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_text_stays_on_one_line_without_control_characters() {
        let mut field = Field::new("a");
        field.paste("b\nc\u{1b}[31md\r\n");
        assert_eq!(field.text(), "ab c[31md  ");
        field.paste(&"x".repeat(5_000));
        assert_eq!(field.text().chars().count(), MAX_CHARS);
        field.clear();
        assert_eq!(field.text(), "");
    }

    #[test]
    fn no_key_breaks_the_line() {
        let mut field = Field::new("text");
        for code in [
            KeyCode::Enter,
            KeyCode::Char('m'),
            KeyCode::Char('j'),
            KeyCode::PageDown,
        ] {
            field.key(KeyEvent::new(code, KeyModifiers::CONTROL));
        }
        assert_eq!(field.area.lines().len(), 1);
    }
}
