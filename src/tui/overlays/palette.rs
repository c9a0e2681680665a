//! The palette: every action of the table by its words, and every sync by its name.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::Overlay;
use crate::domain::id::SyncId;
use crate::tui::act;
use crate::tui::action::{self, Action};
use crate::tui::available::{available, offered};
use crate::tui::layout::Pane;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::router;
use crate::tui::state::{SYNCS_TAB, State};
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::fuzzy::score;
use crate::tui::widgets::popup;

/// The most syncs among the hits.
const MAX_SYNCS: usize = 50;
const KEY_COLUMNS: usize = 10;

/// A line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hit {
    Do(Action),
    Go(SyncId),
}

/// The open palette.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    field: Field,
    cursor: usize,
    /// The first line that is on the screen.
    top: usize,
}

impl Palette {
    pub(super) fn paste(&mut self, text: &str) {
        self.field.paste(text);
        self.cursor = 0;
        self.top = 0;
    }
}

pub(super) fn key(state: &mut State, mut palette: Palette, key: KeyEvent) -> Vec<Effect> {
    let hits = hits(state, palette.field.text());
    let last = hits.len().saturating_sub(1);
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Char('c') if ctrl => return Vec::new(),
        KeyCode::Enter => {
            return match hits.get(palette.cursor.min(last)) {
                Some(hit) => choose(state, hit),
                None => {
                    state.overlay = Some(Overlay::Palette(palette));
                    Vec::new()
                }
            };
        }
        KeyCode::Up => palette.cursor = palette.cursor.min(last).saturating_sub(1),
        KeyCode::Char('p') if ctrl => palette.cursor = palette.cursor.min(last).saturating_sub(1),
        KeyCode::Down => palette.cursor = (palette.cursor + 1).min(last),
        KeyCode::Char('n') if ctrl => palette.cursor = (palette.cursor + 1).min(last),
        _ => {
            if palette.field.key(key) {
                palette.cursor = 0;
            }
        }
    }
    let rows = rows(state.size.1);
    palette.top = crate::tui::widgets::table::scrolled(palette.top, palette.cursor, last + 1, rows);
    state.overlay = Some(Overlay::Palette(palette));
    Vec::new()
}

fn choose(state: &mut State, hit: &Hit) -> Vec<Effect> {
    match hit {
        Hit::Do(action) => act::act(state, *action),
        Hit::Go(sync) => {
            let world = state.world.clone();
            let shown = |state: &State| {
                state.syncs.shown.iter().position(|position| {
                    world
                        .syncs
                        .get(*position)
                        .is_some_and(|other| other.id() == sync)
                })
            };
            if shown(state).is_none() {
                state.syncs.filter.clear();
                state.syncs.arrange(&world);
            }
            if let Some(place) = shown(state) {
                state.syncs.select(&world, place);
                state.syncs.pane = Pane::List;
            }
            state.router.go(SYNCS_TAB);
            let mut effects = router::travel(state);
            effects.extend(router::to_first(state).1);
            effects
        }
    }
}

/// What fits the typed text, the best first; without a text all actions in the table's order.
fn hits(state: &State, typed: &str) -> Vec<Hit> {
    let scopes = state.scopes();
    let actions = action::all()
        .filter(|entry| scopes.contains(&entry.scope) && offered(state, entry.action))
        // Moving about is not what one looks for here.
        .filter(|entry| {
            !matches!(
                entry.action,
                Action::Up | Action::Down | Action::Left | Action::Right | Action::Palette
            )
        });
    if typed.trim().is_empty() {
        return actions.map(|entry| Hit::Do(entry.action)).collect();
    }
    let mut found: Vec<(u32, Hit)> = actions
        .filter_map(|entry| {
            let by_title = score(entry.title, typed);
            let by_name = score(entry.name, typed);
            let best = by_title.into_iter().chain(by_name).min()?;
            Some((best, Hit::Do(entry.action)))
        })
        .collect();
    let mut syncs: Vec<(u32, Hit)> = state
        .world
        .syncs
        .iter()
        .filter_map(|sync| Some((score(sync.name(), typed)?, Hit::Go(sync.id().clone()))))
        .collect();
    syncs.sort_by_key(|(score, _)| *score);
    syncs.truncate(MAX_SYNCS);
    found.extend(syncs);
    found.sort_by_key(|(score, _)| *score);
    found.into_iter().map(|(_, hit)| hit).collect()
}

fn rows(height: u16) -> usize {
    usize::from(height.saturating_sub(6).min(16))
}

pub(super) fn draw(
    state: &State,
    palette: &Palette,
    look: &Look,
    screen: Rect,
    buf: &mut Buffer,
) -> Position {
    let hits = hits(state, palette.field.text());
    let shown = rows(screen.height);
    let height = u16::try_from(shown + 3).unwrap_or(u16::MAX);
    let inner = popup::centred(look, "Command", (84, height), screen, buf);
    let list = Rect {
        y: inner.y + 1,
        height: inner.height.saturating_sub(1),
        ..inner
    };
    if hits.is_empty() {
        let line = Line::from(look.span(Role::Dim, " nothing fits; esc closes"));
        look.put(buf, list, 0, &line);
    }
    for ((hit, number), row) in hits.iter().zip(0..).skip(palette.top).zip(0..list.height) {
        look.put(
            buf,
            list,
            row,
            &line_of(state, look, hit, usize::from(list.width)),
        );
        if number == palette.cursor.min(hits.len() - 1) {
            let band = Rect::new(list.x, list.y + row, list.width, 1).intersection(list);
            buf.set_style(band, look.style(Role::Selected));
        }
    }
    let first = Rect {
        height: inner.height.min(1),
        ..inner
    };
    palette.field.draw(look, " : ", first, buf)
}

fn line_of(state: &State, look: &Look, hit: &Hit, columns: usize) -> Line<'static> {
    let room = columns.saturating_sub(KEY_COLUMNS + 2);
    let (key, role, words) = match hit {
        Hit::Do(action) => {
            let title = action::of(*action).map_or("", |entry| entry.title);
            let key = state.keymap.label(*action).unwrap_or("");
            match available(state, *action) {
                Ok(()) => (key, Role::Text, title.to_owned()),
                Err(why) => (key, Role::Dim, format!("{title} ({why})")),
            }
        }
        Hit::Go(sync) => {
            let name = state.sync(sync).map_or("", |sync| sync.name());
            ("", Role::Text, format!("go to {name}"))
        }
    };
    Line::from(vec![
        look.span(Role::Key, format!(" {}", text::left(key, KEY_COLUMNS))),
        look.foreign(role, &words, room),
    ])
}
