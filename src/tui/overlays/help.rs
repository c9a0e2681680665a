//! Help: the keys of the focused pane, with the reason where one cannot be used now, and the words.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::Overlay;
use crate::tui::action;
use crate::tui::available::{available, offered};
use crate::tui::look::{Lines, Look};
use crate::tui::msg::Effect;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::popup;

const SIZE: (u16, u16) = (92, 60);

/// The open help.
#[derive(Debug, Default)]
pub(crate) struct Help {
    top: usize,
}

pub(super) fn key(state: &mut State, mut help: Help, key: KeyEvent) -> Vec<Effect> {
    let total = content(state, &Look::plain(), columns(state)).len();
    let rows = usize::from(SIZE.1.min(state.size.1).saturating_sub(2));
    let most = total.saturating_sub(rows);
    match key.code {
        KeyCode::Esc | KeyCode::Char('q' | '?') | KeyCode::F(1) | KeyCode::Enter => {
            return Vec::new();
        }
        KeyCode::Up | KeyCode::Char('k') => help.top = help.top.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => help.top += 1,
        KeyCode::PageUp | KeyCode::Char('u') => help.top = help.top.saturating_sub(rows / 2),
        KeyCode::PageDown | KeyCode::Char('d' | ' ') => help.top += rows / 2,
        KeyCode::Home | KeyCode::Char('g') => help.top = 0,
        KeyCode::End | KeyCode::Char('G') => help.top = most,
        _ => {}
    }
    help.top = help.top.min(most);
    state.overlay = Some(Overlay::Help(help));
    Vec::new()
}

fn columns(state: &State) -> usize {
    usize::from(SIZE.0.min(state.size.0).saturating_sub(4))
}

pub(super) fn draw(
    state: &State,
    help: &Help,
    look: &Look,
    screen: Rect,
    buf: &mut Buffer,
) -> Position {
    let lines = content(state, look, columns(state));
    let rows = usize::from(SIZE.1.min(screen.height).saturating_sub(2));
    let height = u16::try_from(lines.len() + 2).unwrap_or(SIZE.1).min(SIZE.1);
    let title = if lines.len() > rows {
        "Help · up down scroll · esc closes".replace('·', look.glyphs.dot)
    } else {
        "Help · esc closes".replace('·', look.glyphs.dot)
    };
    let inner = popup::centred(look, &title, (SIZE.0, height), screen, buf);
    let inset = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    for (line, row) in lines.iter().skip(help.top).zip(0..inset.height) {
        look.put(buf, inset, row, line);
    }
    inset.as_position()
}

/// Columns for keys and words, in help of so many columns.
fn lead(columns: usize) -> usize {
    if columns < 70 { 12 } else { 17 }
}

fn content(state: &State, look: &Look, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Lines::new(look, columns);
    for scope in state.scopes() {
        if !lines.out.is_empty() {
            lines.blank();
        }
        lines.line(vec![look.span(Role::Title, scope.title())]);
        let entries = action::all().filter(|entry| entry.scope == scope);
        for entry in entries.filter(|entry| offered(state, entry.action)) {
            let keys = state.keymap.labels(entry.action);
            let keys = if keys.is_empty() {
                "-".to_owned()
            } else {
                keys
            };
            let keys = text::left(&keys, lead(columns));
            match available(state, entry.action) {
                Ok(()) => lines.line(vec![
                    look.span(Role::Key, keys),
                    look.span(Role::Text, entry.title),
                ]),
                Err(why) => {
                    let room = columns.saturating_sub(lead(columns));
                    lines.line(vec![
                        look.span(Role::Dim, keys),
                        look.foreign(Role::Dim, &format!("{} ({why})", entry.title), room),
                    ]);
                }
            }
        }
    }
    words(&mut lines);
    lines.out
}

/// The states and modes in a line each.
fn words(lines: &mut Lines<'_>) {
    let look = lines.look;
    let glyphs = look.glyphs;
    let states = [
        (
            glyphs.attention,
            "attention",
            "a model, mapping or object changed; it does not run until that is mended",
        ),
        (
            glyphs.failed,
            "failed",
            "the last run ended before it could do its work, or was cancelled",
        ),
        (
            glyphs.held,
            "held",
            "deletes wait for a person; creates and updates went through",
        ),
        (
            glyphs.attention,
            "rejected",
            "the last run completed, some rows were refused or invalid",
        ),
        (glyphs.ok, "ok", "the last run did all it had to"),
        (glyphs.queued, "queued", "a run waits for its turn"),
        (
            glyphs.paused,
            "paused",
            "its schedule is off; `r` still runs it",
        ),
        (
            glyphs.waiting,
            "waiting",
            "it has a schedule and has not run yet",
        ),
        (
            glyphs.manual,
            "manual",
            "it has no schedule and has not run yet",
        ),
    ];
    let modes = [
        (
            "upsert",
            "creates new records, updates changed ones, never deletes",
        ),
        (
            "mirror",
            "as upsert, and deletes what left the model: only what this sync sent",
        ),
        ("append", "adds each key once; never updates, never deletes"),
        ("update", "updates what exists; never creates"),
        ("insert", "creates what does not exist; never updates"),
    ];
    let lead = lead(lines.columns);
    let room = lines.columns.saturating_sub(lead);
    lines.blank();
    lines.line(vec![look.span(Role::Title, "States")]);
    for (glyph, word, what) in states {
        lines.line(vec![
            look.span(Role::Strong, text::left(&format!("{glyph} {word}"), lead)),
            look.foreign(Role::Text, what, room),
        ]);
    }
    lines.blank();
    lines.line(vec![look.span(Role::Title, "Modes")]);
    for (word, what) in modes {
        lines.line(vec![
            look.span(Role::Strong, text::left(word, lead)),
            look.foreign(Role::Text, what, room),
        ]);
    }
}
