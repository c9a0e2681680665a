//! The prompt at the foot of the screen: find and filter, with effect while a person types.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Overlay;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::router::with_top;
use crate::tui::screens::Screen;
use crate::tui::screens::page::{Heard, Tag};
use crate::tui::state::State;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::table::Table;

/// How long after a typed letter a long log is read for it, in milliseconds.
const TYPING_MS: u64 = 80;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Find,
    Filter,
    LogFind,
    LogFilter,
    /// In the table of the page that is shown.
    TableFind,
    TableFilter,
    /// A line that a page asks for, with its label.
    Line(Tag, &'static str),
}

impl Kind {
    fn label(self) -> &'static str {
        match self {
            Self::Find | Self::TableFind => " find: ",
            Self::Filter | Self::TableFilter => " filter: ",
            Self::Line(_, label) => label,
            Self::LogFind => " find in the log: ",
            Self::LogFilter => " lines with: ",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Find | Self::TableFind => "up down next hit   esc goes back",
            Self::TableFilter => "words   -word   esc undoes",
            Self::Line(..) => "enter takes it   esc leaves it",
            Self::Filter => "state: tag: dest: model: -word   esc undoes",
            Self::LogFind | Self::LogFilter => "enter keeps it   esc undoes",
        }
    }
}

/// An open prompt.
#[derive(Debug)]
pub(crate) struct Prompt {
    kind: Kind,
    field: Field,
    /// The text to go back to.
    before: String,
    /// The cursor's place to go back to.
    cursor: usize,
}

/// Opens a prompt on the text that holds.
pub(crate) fn open(state: &mut State, kind: Kind) {
    let syncs = &state.syncs;
    let (before, cursor) = match kind {
        Kind::Find => (String::new(), syncs.cursor),
        Kind::Filter => (syncs.filter.clone(), syncs.cursor),
        Kind::LogFind => (syncs.log.find.clone(), syncs.log.cursor),
        Kind::LogFilter => (syncs.log.filter.clone(), syncs.log.cursor),
        Kind::TableFind | Kind::TableFilter => {
            let table = state.page().and_then(Screen::table);
            let cursor = table.map_or(0, |table| table.cursor);
            let filter = table.map_or(String::new(), |table| table.filter().to_owned());
            match kind {
                Kind::TableFilter => (filter, cursor),
                _ => (String::new(), cursor),
            }
        }
        Kind::Line(..) => (String::new(), 0),
    };
    let field = match kind {
        Kind::LogFind => Field::default(),
        _ => Field::new(&before),
    };
    state.overlay = Some(Overlay::Prompt(Prompt {
        kind,
        field,
        before,
        cursor,
    }));
}

/// Asks for a line that begins as `text`; it comes to the page as [`Heard::Entered`].
pub(crate) fn ask_line(state: &mut State, tag: Tag, label: &'static str, text: &str) {
    state.overlay = Some(Overlay::Prompt(Prompt {
        kind: Kind::Line(tag, label),
        field: Field::new(text),
        before: String::new(),
        cursor: 0,
    }));
}

pub(super) fn key(state: &mut State, mut prompt: Prompt, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => {
            let before = prompt.before.clone();
            apply(state, prompt.kind, &before, prompt.cursor);
            match prompt.kind {
                Kind::Find => state.syncs.select(&state.world.clone(), prompt.cursor),
                Kind::Filter => state.syncs.arrange(&state.world.clone()),
                Kind::TableFind => {
                    if let Some(table) = table(state) {
                        table.cursor = prompt.cursor;
                    }
                }
                Kind::LogFind | Kind::LogFilter | Kind::TableFilter | Kind::Line(..) => {}
            }
            return Vec::new();
        }
        KeyCode::Enter => {
            match prompt.kind {
                Kind::Find => state.syncs.find.clear(),
                Kind::TableFind => {
                    if let Some(table) = table(state) {
                        table.find.clear();
                    }
                }
                Kind::Line(tag, _) => {
                    let text = prompt.field.text().to_owned();
                    return with_top(state, |page, state| {
                        page.hear(state, Heard::Entered { tag, text })
                    });
                }
                Kind::Filter | Kind::LogFind | Kind::LogFilter | Kind::TableFilter => {}
            }
            return Vec::new();
        }
        KeyCode::Up | KeyCode::Down if prompt.kind == Kind::Find => {
            let forward = key.code == KeyCode::Down;
            step(state, forward);
        }
        KeyCode::Up | KeyCode::Down if prompt.kind == Kind::TableFind => {
            if let Some(table) = table(state) {
                table.search(table.cursor, key.code == KeyCode::Down, false);
            }
        }
        _ => {
            if prompt.field.key(key) {
                let text = prompt.field.text().to_owned();
                apply(state, prompt.kind, &text, prompt.cursor);
            }
        }
    }
    state.overlay = Some(Overlay::Prompt(prompt));
    Vec::new()
}

pub(super) fn paste(state: &mut State, text: &str) {
    let Some(Overlay::Prompt(mut prompt)) = state.overlay.take() else {
        return;
    };
    prompt.field.paste(text);
    let text = prompt.field.text().to_owned();
    apply(state, prompt.kind, &text, prompt.cursor);
    state.overlay = Some(Overlay::Prompt(prompt));
}

/// Makes the typed text hold at once.
fn apply(state: &mut State, kind: Kind, text: &str, cursor: usize) {
    let world = state.world.clone();
    match kind {
        Kind::Find => {
            text.clone_into(&mut state.syncs.find);
            if let Some(place) = next_hit(state, cursor, true, true) {
                state.syncs.select(&world, place);
            }
        }
        Kind::Filter => {
            text.clone_into(&mut state.syncs.filter);
            state.syncs.arrange(&world);
        }
        Kind::LogFind => {
            text.clone_into(&mut state.syncs.log.find);
            if let Some(place) = state.syncs.log.hit(true, true) {
                state.syncs.log.move_to(place);
            }
        }
        Kind::LogFilter => state.syncs.log.set_filter(text, state.now.ms + TYPING_MS),
        Kind::TableFind => {
            if let Some(table) = table(state) {
                text.clone_into(&mut table.find);
                table.search(cursor, true, true);
            }
        }
        Kind::TableFilter => {
            if let Some(table) = table(state) {
                table.set_filter(text);
            }
        }
        Kind::Line(..) => {}
    }
}

/// The table of the page that is shown.
fn table(state: &mut State) -> Option<&mut Table> {
    state.router.top_mut().and_then(Screen::table_mut)
}

fn step(state: &mut State, forward: bool) {
    let world = state.world.clone();
    if let Some(place) = next_hit(state, state.syncs.cursor, forward, false) {
        state.syncs.select(&world, place);
    }
}

/// The next place of the list whose name has the text, around the end.
fn next_hit(state: &State, from: usize, forward: bool, from_here: bool) -> Option<usize> {
    let syncs = &state.syncs;
    let wanted = syncs.find.to_lowercase();
    let len = syncs.shown.len();
    if wanted.is_empty() || len == 0 {
        return None;
    }
    (usize::from(!from_here)..=len).find_map(|step| {
        let place = if forward {
            (from + step) % len
        } else {
            (from + len - step % len) % len
        };
        let sync = state.world.syncs.get(*syncs.shown.get(place)?)?;
        sync.name()
            .to_lowercase()
            .contains(&wanted)
            .then_some(place)
    })
}

pub(super) fn draw(
    state: &State,
    prompt: &Prompt,
    look: &Look,
    screen: Rect,
    buf: &mut Buffer,
) -> Position {
    use crate::tui::text;
    use crate::tui::theme::Role;
    let row = Rect {
        y: screen.bottom().saturating_sub(1),
        height: screen.height.min(1),
        ..screen
    };
    ratatui::widgets::Widget::render(ratatui::widgets::Clear, row, buf);
    buf.set_style(row, look.base());
    let nothing = match prompt.kind {
        Kind::Find => {
            !state.syncs.find.is_empty()
                && next_hit(state, state.syncs.cursor, true, true).is_none()
        }
        Kind::LogFind => {
            !state.syncs.log.find.is_empty() && state.syncs.log.hit(true, true).is_none()
        }
        Kind::TableFind => state
            .page()
            .and_then(Screen::table)
            .is_some_and(|table| !table.find.is_empty() && !table.has_hit()),
        Kind::Filter | Kind::LogFilter | Kind::TableFilter | Kind::Line(..) => false,
    };
    let (role, hint) = if nothing {
        (Role::Warn, "no hit")
    } else {
        (Role::Dim, prompt.kind.hint())
    };
    let wide = u16::try_from(text::width(hint) + 1).unwrap_or(0);
    let mut room = row;
    if row.width > wide + 30 {
        room.width -= wide;
        let at = Rect {
            x: row.x + room.width,
            width: wide,
            ..row
        };
        look.put(
            buf,
            at,
            0,
            &ratatui::text::Line::from(look.span(role, hint)),
        );
    }
    prompt.field.draw(look, prompt.kind.label(), room, buf)
}
