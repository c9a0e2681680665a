//! The picker: one of a list, found by typing some of it; the list may still be on its way.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::Overlay;
use crate::domain::problem::Problem;
use crate::tui::look::{Lines, Look};
use crate::tui::msg::Effect;
use crate::tui::router::with_top;
use crate::tui::screens::page::{Heard, Tag};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::fuzzy::score;
use crate::tui::widgets::popup;
use crate::tui::widgets::table::scrolled;

const WIDTH: u16 = 84;

/// A line of a picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// What choosing it gives.
    pub value: String,
    pub label: String,
    /// What is to be known of it, after the label.
    pub note: String,
    /// Why it cannot be chosen.
    pub refused: Option<String>,
}

impl Item {
    pub(crate) fn new(value: &str, note: impl Into<String>) -> Self {
        Self {
            value: value.to_owned(),
            label: value.to_owned(),
            note: note.into(),
            refused: None,
        }
    }
}

#[derive(Debug)]
enum Items {
    Awaited { doing: &'static str, since_ms: u64 },
    Here(Vec<Item>),
    Failed(Problem),
}

/// An open picker.
#[derive(Debug)]
pub(crate) struct Picker {
    tag: Tag,
    title: String,
    field: Field,
    items: Items,
    cursor: usize,
    top: usize,
}

impl Picker {
    /// Positions of what fits the typed text, the best first.
    fn hits(&self) -> Vec<usize> {
        let Items::Here(items) = &self.items else {
            return Vec::new();
        };
        let typed = self.field.text();
        if typed.trim().is_empty() {
            return (0..items.len()).collect();
        }
        let mut found: Vec<(u32, usize)> = items
            .iter()
            .enumerate()
            .filter_map(|(place, item)| {
                let by_label = score(&item.label, typed);
                let by_note = score(&item.note, typed)
                    .filter(|far| *far < 3)
                    .map(|far| far + 3);
                Some((by_label.into_iter().chain(by_note).min()?, place))
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, place)| place).collect()
    }

    fn item(&self, hits: &[usize]) -> Option<&Item> {
        let Items::Here(items) = &self.items else {
            return None;
        };
        hits.get(self.cursor).and_then(|place| items.get(*place))
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.field.paste(text);
        self.cursor = 0;
    }
}

/// Opens a picker over `items`, with the cursor on `value` where it is one of them.
pub(crate) fn open(state: &mut State, tag: Tag, title: &str, items: Vec<Item>, value: &str) {
    let cursor = items.iter().position(|item| item.value == value);
    state.overlay = Some(Overlay::Picker(Picker {
        tag,
        title: title.to_owned(),
        field: Field::default(),
        items: Items::Here(items),
        cursor: cursor.unwrap_or(0),
        top: 0,
    }));
}

/// Opens a picker over what is asked for just now; [`fill`] brings it.
pub(crate) fn open_awaited(state: &mut State, tag: Tag, title: &str, doing: &'static str) {
    open(state, tag, title, Vec::new(), "");
    if let Some(Overlay::Picker(picker)) = &mut state.overlay {
        picker.items = Items::Awaited {
            doing,
            since_ms: state.now.ms,
        };
    }
}

/// Brings what an open picker awaits; one that was left meanwhile stays closed.
pub(crate) fn fill(state: &mut State, tag: Tag, items: Result<Vec<Item>, Problem>) {
    if let Some(Overlay::Picker(picker)) = &mut state.overlay
        && picker.tag == tag
    {
        picker.items = match items {
            Ok(items) => Items::Here(items),
            Err(problem) => Items::Failed(problem),
        };
    }
}

pub(super) fn key(state: &mut State, mut picker: Picker, key: KeyEvent) -> Vec<Effect> {
    let hits = picker.hits();
    let last = hits.len().saturating_sub(1);
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Char('c') if ctrl => return Vec::new(),
        KeyCode::Enter => match picker.item(&hits) {
            Some(Item {
                refused: Some(why), ..
            }) => state.note(format!("not now: {why}")),
            Some(item) => {
                let (tag, value) = (picker.tag, item.value.clone());
                return with_top(state, |page, state| {
                    page.hear(state, Heard::Picked { tag, value })
                });
            }
            None => {}
        },
        KeyCode::Up => picker.cursor = picker.cursor.saturating_sub(1),
        KeyCode::Char('p') if ctrl => picker.cursor = picker.cursor.saturating_sub(1),
        KeyCode::Down => picker.cursor = (picker.cursor + 1).min(last),
        KeyCode::Char('n') if ctrl => picker.cursor = (picker.cursor + 1).min(last),
        KeyCode::PageUp => picker.cursor = picker.cursor.saturating_sub(rows(state.size.1)),
        KeyCode::PageDown => picker.cursor = (picker.cursor + rows(state.size.1)).min(last),
        _ => {
            if picker.field.key(key) {
                picker.cursor = 0;
            }
        }
    }
    picker.top = scrolled(picker.top, picker.cursor, hits.len(), rows(state.size.1));
    state.overlay = Some(Overlay::Picker(picker));
    Vec::new()
}

fn rows(height: u16) -> usize {
    usize::from(height.saturating_sub(6).min(16))
}

pub(super) fn draw(
    state: &State,
    picker: &Picker,
    look: &Look,
    screen: Rect,
    buf: &mut Buffer,
) -> Position {
    let height = u16::try_from(rows(screen.height) + 3).unwrap_or(u16::MAX);
    let inner = popup::centred(look, &picker.title, (WIDTH, height), screen, buf);
    let list = Rect {
        y: inner.y + 1,
        height: inner.height.saturating_sub(1),
        ..inner
    };
    let first = Rect {
        height: inner.height.min(1),
        ..inner
    };
    let columns = usize::from(list.width);
    let mut lines = Lines::new(look, columns.saturating_sub(2));
    let hits = picker.hits();
    match &picker.items {
        Items::Awaited { doing, since_ms } => {
            let seconds = state.now.ms.saturating_sub(*since_ms) / 1000;
            let words = format!(
                "{} {doing} {}; esc leaves it",
                look.spinner(state.now.ms),
                text::countdown(seconds)
            );
            lines.wrapped(Role::Running, &words, 1);
        }
        Items::Failed(problem) => {
            lines.wrapped(Role::Error, &problem.text, 4);
            lines.wrapped(Role::Text, &problem.hint, 3);
        }
        Items::Here(items) if items.is_empty() => {
            lines.wrapped(Role::Dim, "there is nothing to choose from; esc closes", 1);
        }
        Items::Here(_) if hits.is_empty() => {
            lines.wrapped(Role::Dim, "nothing fits; esc closes", 1);
        }
        Items::Here(items) => {
            let top = scrolled(
                picker.top,
                picker.cursor,
                hits.len(),
                usize::from(list.height),
            );
            let shown = hits.iter().enumerate().skip(top).zip(0..list.height);
            for ((number, place), row) in shown {
                let Some(item) = items.get(*place) else {
                    continue;
                };
                look.put(buf, list, row, &line(item, look, columns));
                if number == picker.cursor {
                    let band = Rect::new(list.x, list.y + row, list.width, 1).intersection(list);
                    buf.set_style(band, look.style(Role::Selected));
                }
            }
        }
    }
    for (line, row) in lines.out.iter().zip(0..) {
        let mut line = line.clone();
        line.spans.insert(0, Span::raw(" "));
        look.put(buf, list, row, &line);
    }
    picker.field.draw(look, " / ", first, buf)
}

fn line(item: &Item, look: &Look, columns: usize) -> Line<'static> {
    let role = match item.refused {
        None => Role::Text,
        Some(_) => Role::Dim,
    };
    let label = look.foreign(role, &item.label, columns.saturating_sub(2));
    let used = text::width(&label.content) + 3;
    let note = item.refused.as_deref().unwrap_or(&item.note);
    Line::from(vec![
        Span::raw(" "),
        label,
        Span::raw("  "),
        look.foreign(Role::Dim, note, columns.saturating_sub(used)),
    ])
}
