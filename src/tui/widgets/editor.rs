//! An editor of several lines, with the words of SQL set off and names that complete.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_textarea::{CursorMove, TextArea};

use super::sql::{Within, parts};
use crate::safe_text;
use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// The longest text, in bytes.
const MAX_BYTES: usize = 256 << 10;
/// Names that are offered at once.
const OFFERED: usize = 8;

/// Names that complete what was typed.
#[derive(Debug)]
struct Offer {
    names: Vec<String>,
    at: usize,
}

/// An editor.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    area: Box<TextArea<'static>>,
    offer: Option<Offer>,
}

impl Editor {
    pub(crate) fn new(text: &str) -> Self {
        let mut editor = Self::default();
        editor.set_text(text);
        editor
    }

    /// The whole text.
    pub(crate) fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Puts another text in the place of the whole; undo brings the old one back.
    pub(crate) fn set_text(&mut self, text: &str) {
        self.area.select_all();
        self.area.cut();
        self.insert(text);
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
        self.offer = None;
    }

    /// Takes text as one piece; control characters but line breaks and tabs are left out.
    pub(crate) fn insert(&mut self, text: &str) {
        let room = MAX_BYTES.saturating_sub(self.bytes());
        let mut clean = String::new();
        for c in text.replace("\r\n", "\n").replace('\r', "\n").chars() {
            let kept = if c == '\t' {
                "    ".to_owned()
            } else {
                c.to_string()
            };
            if (c == '\n' || c == '\t' || !c.is_control()) && clean.len() + kept.len() <= room {
                clean.push_str(&kept);
            }
        }
        self.area.insert_str(clean);
        self.offer = None;
    }

    fn bytes(&self) -> usize {
        self.area.lines().iter().map(|line| line.len() + 1).sum()
    }

    /// Takes a key; says whether the text changed.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        self.offer = None;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab => false,
            KeyCode::Char(c) if !ctrl => {
                let room = self.bytes() < MAX_BYTES;
                if room && !c.is_control() {
                    self.area.insert_char(c);
                }
                room
            }
            _ => {
                let before = self.area.lines().len();
                self.area.input(key) || before != self.area.lines().len()
            }
        }
    }

    /// Where the cursor stands: line and character, from 0.
    pub(crate) fn cursor(&self) -> (usize, usize) {
        let at = self.area.cursor();
        (at.0, at.1)
    }

    /// What stands before the cursor of the name that is being typed.
    pub(crate) fn word(&self) -> String {
        let (row, column) = self.cursor();
        let line = self.area.lines().get(row).map_or("", String::as_str);
        let before: Vec<char> = line.chars().take(column).collect();
        let word: Vec<char> = before
            .into_iter()
            .rev()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        word.into_iter().rev().collect()
    }

    /// Completes the name before the cursor with the next of `names` that begins like it; again
    /// takes the one after. Says whether there is one.
    pub(crate) fn complete(&mut self, names: &[String]) -> bool {
        if let Some(mut offer) = self.offer.take() {
            let old = offer.names.get(offer.at).cloned().unwrap_or_default();
            offer.at = (offer.at + 1) % offer.names.len().max(1);
            let new = offer.names.get(offer.at).cloned().unwrap_or_default();
            self.replace(old.chars().count(), &new);
            self.offer = Some(offer);
            return true;
        }
        let typed = self.word();
        let lower = typed.to_lowercase();
        let mut fitting: Vec<String> = names
            .iter()
            .filter(|name| name.to_lowercase().starts_with(&lower) && **name != typed)
            .cloned()
            .collect();
        fitting.truncate(OFFERED);
        let Some(first) = fitting.first().cloned() else {
            return false;
        };
        self.replace(typed.chars().count(), &first);
        self.offer = Some(Offer {
            names: fitting,
            at: 0,
        });
        true
    }

    fn replace(&mut self, characters: usize, with: &str) {
        for _ in 0..characters {
            self.area.delete_char();
        }
        self.area.insert_str(with);
    }

    /// Draws the text with line numbers and gives the place of the cursor.
    pub(crate) fn draw(&self, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        let lines = self.area.lines();
        let (row, column) = self.cursor();
        let height = usize::from(area.height).max(1);
        let top = (row + 1).saturating_sub(height);
        let gutter = lines.len().to_string().len() + 1;
        let room = usize::from(area.width).saturating_sub(gutter + 1);
        let current = lines.get(row).map_or("", String::as_str);
        let before: String = current.chars().take(column).collect();
        let before = text::width(&safe_text::safe(&before));
        // All lines move to the side together, so that they stay under one another.
        let shift = (before + 1).saturating_sub(room);
        let mut within = Within::Nothing;
        for line in lines.iter().take(top) {
            within = parts(line, within).1;
        }
        let selected = self.area.selection_range();
        for (offset, (number, line)) in (0..area.height).zip(lines.iter().enumerate().skip(top)) {
            let (found, ends) = parts(line, within);
            within = ends;
            let mut spans = vec![look.span(
                Role::Dim,
                text::right(&(number + 1).to_string(), gutter - 1),
            )];
            spans.push(Span::raw(" "));
            spans.extend(coloured(look, line, &found, shift));
            look.put(buf, area, offset, &Line::from(spans));
            if let Some((from, to)) = &selected {
                let from = if from.0 < number { 0 } else { from.1 };
                let to = if to.0 > number { usize::MAX } else { to.1 };
                let inside = selected
                    .as_ref()
                    .is_some_and(|(a, b)| (a.0..=b.0).contains(&number));
                if inside {
                    band(look, line, (from, to), (gutter, shift), area, offset, buf);
                }
            }
        }
        let at = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        let x = area
            .x
            .saturating_add(at(gutter + before - shift.min(before)));
        let y = area.y + at(row - top);
        let place = Position::new(x.min(area.right().saturating_sub(1).max(area.x)), y);
        self.draw_offer(look, place, area, buf);
        place
    }

    /// The names that complete, under the cursor or above it.
    fn draw_offer(&self, look: &Look, place: Position, area: Rect, buf: &mut Buffer) {
        let Some(offer) = self.offer.as_ref().filter(|offer| offer.names.len() > 1) else {
            return;
        };
        let rows = u16::try_from(offer.names.len()).unwrap_or(0);
        let widest = offer.names.iter().map(|name| text::width(name)).max();
        let width = widest.unwrap_or(0).clamp(4, 40) + 2;
        let below = place.y + 1 + rows <= area.bottom();
        let y = match below {
            true => place.y + 1,
            false => place.y.saturating_sub(rows).max(area.y),
        };
        let wide = u16::try_from(width).unwrap_or(40).min(area.width);
        let x = place.x.min(area.right().saturating_sub(wide));
        let room = Rect::new(x, y, wide, rows).intersection(area);
        for (name, row) in offer.names.iter().zip(0..room.height) {
            let role = match usize::from(row) == offer.at {
                true => Role::Selected,
                false => Role::SelectedAway,
            };
            let words = text::left(&format!(" {name}"), usize::from(room.width));
            look.put(buf, room, row, &Line::from(look.span(role, words)));
        }
    }
}

/// A line's parts in their roles, made harmless, without the first `shift` columns.
fn coloured(look: &Look, line: &str, found: &[(usize, Role)], shift: usize) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut rest = line;
    let mut skip = shift;
    for (length, role) in found {
        let (part, tail) = rest.split_at(*length);
        rest = tail;
        let safe = safe_text::safe(part);
        let wide = text::width(&safe);
        if wide <= skip {
            skip -= wide;
            continue;
        }
        spans.push(look.span(*role, without(&safe, skip)));
        skip = 0;
    }
    spans
}

/// Text without its first `columns`; half of a wide symbol leaves a blank.
fn without(content: &str, columns: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    let mut used = 0;
    let mut out = String::new();
    for grapheme in content.graphemes(true) {
        if used >= columns {
            out.push_str(grapheme);
            continue;
        }
        used += text::width(grapheme);
        out.extend(std::iter::repeat_n(' ', used.saturating_sub(columns)));
    }
    out
}

/// Sets off what is selected of a line.
fn band(
    look: &Look,
    line: &str,
    (from, to): (usize, usize),
    (gutter, shift): (usize, usize),
    area: Rect,
    row: u16,
    buf: &mut Buffer,
) {
    let upto = |characters: usize| {
        let head: String = line.chars().take(characters).collect();
        text::width(&safe_text::safe(&head)).saturating_sub(shift)
    };
    let (start, end) = (upto(from), upto(to));
    let at = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
    let x = area.x.saturating_add(at(gutter + start));
    let wide = at((end - start.min(end)).max(1));
    let room = Rect::new(x.min(area.right()), area.y + row, wide, 1).intersection(area);
    buf.set_style(room, look.style(Role::SelectedAway));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["customers", "created_at", "orders"]
            .map(String::from)
            .to_vec()
    }

    #[test]
    fn names_complete_one_after_another_and_typing_ends_it() {
        let mut editor = Editor::new("");
        editor.insert("select * from C");
        assert!(editor.complete(&names()));
        assert_eq!(editor.text(), "select * from customers");
        assert!(editor.complete(&names()));
        assert_eq!(editor.text(), "select * from created_at");
        assert!(editor.offer.is_some());
        editor.key(KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE));
        assert!(editor.offer.is_none());
        editor.insert("zz");
        assert!(!editor.complete(&names()));
    }

    #[test]
    fn pasted_text_keeps_its_lines_and_loses_control_characters() {
        let mut editor = Editor::new("");
        editor.insert("a\r\nb\u{1b}[31m\tc");
        assert_eq!(editor.text(), "a\nb[31m    c");
        editor.set_text("x");
        assert_eq!(editor.text(), "x");
        assert_eq!(editor.cursor(), (0, 0));
        editor.insert(&"y".repeat(MAX_BYTES * 2));
        assert!(editor.text().len() <= MAX_BYTES);
    }

    #[test]
    fn the_cursor_stays_in_sight_on_long_lines_and_far_down() {
        let look = Look::plain();
        let mut editor = Editor::new("");
        editor.insert(&format!("{}\n{}", "one\n".repeat(50), "世".repeat(60)));
        let area = Rect::new(3, 2, 20, 5);
        let mut buf = Buffer::empty(Rect::new(0, 0, 40, 12));
        let place = editor.draw(&look, area, &mut buf);
        assert!(area.contains(place), "{place:?}");
        assert_eq!(place.y, 6);
    }
}
