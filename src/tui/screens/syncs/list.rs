//! Draws the list of syncs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::cell;
use crate::link::view::{SyncState, SyncView};
use crate::tui::layout::{Class, Pane};
use crate::tui::look::{Lines, Look};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

const STATE_COLUMNS: usize = 14;
const NEXT_COLUMNS: usize = 9;

/// Rows that the list has for syncs in `area`.
pub(crate) fn rows(class: Class, area: Rect) -> usize {
    match class {
        Class::Small | Class::Tiny => usize::from(area.height.saturating_sub(1) / 2),
        Class::Narrow | Class::Wide => usize::from(area.height.saturating_sub(3)),
    }
}

/// The place of the list at a screen position, for the mouse.
pub(crate) fn place_at(state: &State, area: Rect, at: Position) -> Option<usize> {
    if !area.contains(at) {
        return None;
    }
    let row = usize::from(at.y - area.y);
    let row = match state.class() {
        Class::Small | Class::Tiny => row.checked_sub(1)? / 2,
        Class::Narrow | Class::Wide => row.checked_sub(2)?,
    };
    let place = state.syncs.top + row;
    (row < rows(state.class(), area) && place < state.syncs.shown.len()).then_some(place)
}

/// Draws the list and gives the place of the real cursor.
pub(super) fn draw(state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let small = state.class() == Class::Small;
    let focus = state.syncs.pane == Pane::List;
    let title = title(state, look);
    let inner = if small {
        let columns = usize::from(area.width);
        look.put(
            buf,
            area,
            0,
            &Line::from(look.foreign(Role::Title, &title, columns)),
        );
        Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        }
    } else {
        look.panel(buf, area, &title, focus)
    };
    if state.syncs.shown.is_empty() {
        draw_empty(state, look, inner, buf);
        return inner.as_position();
    }
    let head = u16::from(!small);
    if !small {
        let name = usize::from(inner.width).saturating_sub(STATE_COLUMNS + NEXT_COLUMNS + 6);
        let heading = format!(
            "    {:<STATE_COLUMNS$} {:<name$} {:<NEXT_COLUMNS$}",
            "State", "Name", "Next"
        );
        look.put(buf, inner, 0, &Line::from(look.span(Role::Dim, heading)));
    }
    let height: u16 = if small { 2 } else { 1 };
    let mut cursor = inner.as_position();
    let places = state.syncs.top..state.syncs.top + rows(state.class(), area);
    for (place, row) in places.zip((head..).step_by(usize::from(height))) {
        let Some(sync) = state
            .syncs
            .shown
            .get(place)
            .and_then(|position| state.world.syncs.get(*position))
        else {
            break;
        };
        let at_cursor = place == state.syncs.cursor;
        let lines = if small {
            small_row(state, look, sync, at_cursor, inner.width)
        } else {
            vec![row_line(state, look, sync, at_cursor, inner.width)]
        };
        for (line, offset) in lines.iter().zip(0..) {
            look.put(buf, inner, row + offset, line);
        }
        if at_cursor {
            let role = if focus {
                Role::Selected
            } else {
                Role::SelectedAway
            };
            let band = Rect::new(inner.x, inner.y + row, inner.width, height).intersection(inner);
            buf.set_style(band, look.style(role));
            cursor = Position::new(inner.x + 1, inner.y + row);
        }
    }
    cursor
}

fn title(state: &State, look: &Look) -> String {
    let syncs = &state.syncs;
    let all = text::count(u64::try_from(state.world.syncs.len()).unwrap_or(u64::MAX));
    let dot = look.glyphs.dot;
    let mut title = if syncs.filter.is_empty() {
        format!("Syncs {all} {dot} by {}", syncs.order.word())
    } else {
        let shown = text::count(u64::try_from(syncs.shown.len()).unwrap_or(u64::MAX));
        format!(
            "Syncs {shown} of {all} {dot} by {} {dot} filter: {}",
            syncs.order.word(),
            syncs.filter
        )
    };
    if !syncs.marked.is_empty() {
        title = format!("{title} {dot} {} marked", syncs.marked.len());
    }
    title
}

fn draw_empty(state: &State, look: &Look, inner: Rect, buf: &mut Buffer) {
    let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    lines.blank();
    if state.world.syncs.is_empty() {
        lines.wrapped(Role::Strong, "No syncs yet.", 1);
        lines.wrapped(
            Role::Text,
            "`n` makes one; `signalsmith apply FILE` brings them in.",
            3,
        );
    } else {
        lines.wrapped(Role::Strong, "No sync matches the filter.", 1);
        lines.wrapped(
            Role::Text,
            "`esc` clears it, `f` edits it: words, state:failed tag:crm dest:sales model:orders, -word.",
            3,
        );
    }
    let inset = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(1),
        ..inner
    };
    for (line, row) in lines.out.iter().zip(0..) {
        look.put(buf, inset, row, line);
    }
}

fn lead(state: &State, look: &Look, sync: &SyncView, at_cursor: bool) -> String {
    let mark = if state.syncs.marked.contains(sync.id()) {
        look.glyphs.mark
    } else {
        " "
    };
    let cursor = if at_cursor { look.glyphs.cursor } else { " " };
    format!("{mark}{cursor}")
}

fn row_line(
    state: &State,
    look: &Look,
    sync: &SyncView,
    at_cursor: bool,
    columns: u16,
) -> Line<'static> {
    let cell = cell::of_sync(state, sync, look);
    let name = usize::from(columns).saturating_sub(STATE_COLUMNS + NEXT_COLUMNS + 6);
    let mut spans = vec![
        look.span(Role::Text, lead(state, look, sync, at_cursor)),
        look.span(cell.role, format!("{} ", cell.glyph)),
        look.span(cell.role, text::left(&cell.words, STATE_COLUMNS)),
        Span::raw(" "),
    ];
    spans.extend(name_spans(state, look, sync, name));
    spans.push(Span::raw(" "));
    spans.push(look.span(
        Role::Dim,
        text::left(&cell::next(state, sync), NEXT_COLUMNS),
    ));
    Line::from(spans)
}

/// The name with what is being looked for set off.
fn name_spans(state: &State, look: &Look, sync: &SyncView, columns: usize) -> Vec<Span<'static>> {
    let name = text::left(sync.name(), columns);
    super::log_view::with_hits(look, Role::Text, &name, &state.syncs.find)
}

fn small_row(
    state: &State,
    look: &Look,
    sync: &SyncView,
    at_cursor: bool,
    columns: u16,
) -> Vec<Line<'static>> {
    let cell = cell::of_sync(state, sync, look);
    let name = usize::from(columns).saturating_sub(4);
    let mut first = vec![
        look.span(Role::Text, lead(state, look, sync, at_cursor)),
        look.span(cell.role, format!("{} ", cell.glyph)),
    ];
    first.extend(name_spans(state, look, sync, name));
    let mut second = vec![look.span(cell.role, format!("    {}", cell.words))];
    let next = match (&sync.state, sync.next_run_at) {
        (SyncState::Paused | SyncState::Manual, _) => String::new(),
        _ if sync.sync.settings.paused => "schedule paused".to_owned(),
        (_, Some(_)) => format!("next {}", cell::next(state, sync)),
        (_, None) => cell::next(state, sync),
    };
    if !next.is_empty() {
        second.push(look.span(Role::Dim, format!(" {} {next}", look.glyphs.dot)));
    }
    vec![Line::from(first), Line::from(second)]
}
