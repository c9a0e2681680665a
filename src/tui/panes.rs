//! Panes of a screen with a list: the list with a detail beside it, under it, or alone.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::layout::Class;
use super::look::{Lines, Look};
use super::state::State;
use super::theme::Role;
use super::widgets::table_view;

/// Cuts so many rows off the top; gives these and the rest.
pub(crate) fn above(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let upper = Rect {
        height: rows,
        ..area
    };
    let lower = Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    };
    (upper, lower)
}

/// Cuts so many columns off the left; gives these and the rest.
pub(crate) fn beside(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    let left = Rect {
        width: columns,
        ..area
    };
    let right = Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    };
    (left, right)
}

/// A list and, where there is room, a detail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split {
    pub list: Rect,
    pub detail: Option<Rect>,
}

impl Split {
    /// Beside each other where it is wide, one over the other where it is narrow, else the list.
    pub(crate) fn of(state: &State, body: Rect) -> Self {
        match state.class() {
            Class::Wide => {
                let (list, detail) = beside(body, (body.width * 55 / 100).clamp(46, 90));
                Self {
                    list,
                    detail: Some(detail),
                }
            }
            Class::Narrow if body.height >= 16 => {
                let (list, detail) = above(body, body.height / 2);
                Self {
                    list,
                    detail: Some(detail),
                }
            }
            Class::Narrow | Class::Small | Class::Tiny => Self {
                list: body,
                detail: None,
            },
        }
    }
}

/// The room inside a pane: framed, or under its title alone where the screen is small.
pub(crate) fn inside(state: &State, area: Rect) -> Rect {
    match state.class() {
        Class::Small | Class::Tiny => Rect {
            y: area.y + area.height.min(1),
            height: area.height.saturating_sub(1),
            ..area
        },
        Class::Narrow | Class::Wide => Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(2),
        },
    }
}

/// Draws the frame of a pane and gives the room inside.
pub(crate) fn panel(
    state: &State,
    look: &Look,
    buf: &mut Buffer,
    area: Rect,
    title: &str,
    focus: bool,
) -> Rect {
    match state.class() {
        Class::Small | Class::Tiny => {
            let columns = usize::from(area.width);
            look.put(
                buf,
                area,
                0,
                &Line::from(look.foreign(Role::Title, title, columns)),
            );
        }
        Class::Narrow | Class::Wide => {
            look.panel(buf, area, title, focus);
        }
    }
    inside(state, area)
}

/// Rows that a table has in a pane.
pub(crate) fn list_rows(state: &State, area: Rect) -> usize {
    let small = matches!(state.class(), Class::Small | Class::Tiny);
    table_view::rows(inside(state, area).height, small)
}

/// Draws lines into a pane, a blank before each.
pub(crate) fn lines(look: &Look, buf: &mut Buffer, area: Rect, lines: &[Line<'static>]) {
    let inset = Rect {
        x: area.x + area.width.min(1),
        width: area.width.saturating_sub(1),
        ..area
    };
    for (line, row) in lines.iter().zip(0..) {
        look.put(buf, inset, row, line);
    }
}

/// Says that there is nothing, and what to do now.
pub(crate) fn empty(look: &Look, buf: &mut Buffer, area: Rect, what: &str, hint: &str) -> Position {
    let mut out = Lines::new(look, usize::from(area.width.saturating_sub(2)));
    out.blank();
    out.wrapped(Role::Strong, what, 2);
    out.wrapped(Role::Text, hint, 3);
    lines(look, buf, area, &out.out);
    area.as_position()
}
