//! Draws the detail of the selected sync: its tabs and what the chosen one shows.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::state::Tab;
use crate::tui::layout::{Class, Pane};
use crate::tui::look::Look;
use crate::tui::state::State;
use crate::tui::theme::Role;

/// Draws the detail and gives the place of the real cursor.
pub(super) fn draw(state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let focus = state.syncs.pane == Pane::Detail;
    let Some(sync) = state.selected() else {
        let inner = look.panel(buf, area, "Detail", focus);
        let hint = if state.world.syncs.is_empty() {
            "Details of a sync are shown here."
        } else {
            "No sync is selected."
        };
        look.put(
            buf,
            inner,
            0,
            &Line::from(look.span(Role::Dim, format!(" {hint}"))),
        );
        return inner.as_position();
    };
    let inner = if state.class() == Class::Small {
        let name = look.foreign(Role::Title, sync.name(), usize::from(area.width));
        look.put(buf, area, 0, &Line::from(name));
        below(area, 1)
    } else {
        look.panel(buf, area, sync.name(), focus)
    };
    look.put(buf, inner, 0, &tabs(state, look));
    let room = below(inner, 1);
    match state.syncs.tab {
        Tab::Overview => {
            let columns = usize::from(room.width.saturating_sub(2));
            let inset = Rect {
                x: room.x + 1,
                width: room.width.saturating_sub(1),
                ..room
            };
            let lines = super::overview::overview(state, look, sync, columns);
            for (line, row) in lines.iter().zip(0..) {
                look.put(buf, inset, row, line);
            }
            Position::new(inner.x + 1, inner.y)
        }
        Tab::Runs => super::runs_view::draw(state, look, sync, room, buf),
    }
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

fn tabs(state: &State, look: &Look) -> Line<'static> {
    let mut spans = Vec::new();
    for tab in Tab::ALL {
        spans.push(Span::raw(if spans.is_empty() { " " } else { "   " }));
        spans.push(if tab == state.syncs.tab {
            look.span(Role::TitleFocus, tab.title().to_uppercase())
        } else {
            look.span(Role::Dim, tab.title())
        });
    }
    Line::from(spans)
}
