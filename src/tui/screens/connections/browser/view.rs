//! Draws the browser: what there is, and beside it what the selected one is made of.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::state::{Browser, Things};
use crate::domain::edit::Side;
use crate::domain::problem::{Problem, ProblemKind};
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::requests::Waiting;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const PARTS: [Column<'static>; 3] = [
    Column::growing("Name", 12),
    Column::fixed("Type", 10, 0),
    Column::growing("", 14).folding(1),
];

/// Where the two panes are; what is not shown is empty.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Areas {
    pub things: Rect,
    pub parts: Rect,
}

impl Areas {
    pub(super) fn of(page: &Browser, state: &State, body: Rect) -> Self {
        if matches!(state.class(), Class::Small | Class::Tiny) {
            let none = Rect::default();
            return match page.inside {
                true => Self {
                    things: none,
                    parts: body,
                },
                false => Self {
                    things: body,
                    parts: none,
                },
            };
        }
        let left = (body.width * 4 / 10).min(60);
        Self {
            things: Rect {
                width: left,
                ..body
            },
            parts: Rect {
                x: body.x + left,
                width: body.width - left,
                ..body
            },
        }
    }
}

/// Rows that a pane has for what it lists.
pub(super) fn rows(state: &State, area: Rect) -> usize {
    table_view::rows(panes::inside(state, area).height, false)
}

/// What is told where a person let go of the reading.
pub(super) fn let_go() -> Problem {
    Problem::new(ProblemKind::Interrupted, "the reading was let go").hint("`R` reads it again")
}

/// Draws the browser and gives the place of the real cursor.
pub(super) fn draw(
    page: &Browser,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let areas = Areas::of(page, state, area);
    let mut place = area.as_position();
    if !areas.things.is_empty() {
        let at = things(page, state, look, areas.things, buf);
        if !page.inside {
            place = at;
        }
    }
    if !areas.parts.is_empty() {
        let at = parts(page, state, look, areas.parts, buf);
        if page.inside {
            place = at;
        }
    }
    place
}

fn things(page: &Browser, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let (what, doing) = match page.side {
        Side::Source => ("Tables", "reading the tables"),
        Side::Destination => ("Objects", "reading the objects"),
    };
    let name = format!("{} {} {what}", page.name, look.glyphs.dot);
    let title = match page.things.here() {
        Some(_) => table_view::title(&page.table, look, &name),
        None => name,
    };
    let inner = panes::panel(state, look, buf, area, &title, !page.inside);
    let Some(list) = page.things.here() else {
        waiting(&page.things, state, look, inner, doing, buf);
        return inner.as_position();
    };
    if page.table.len() == 0 {
        let (what, hint) = match page.table.total() {
            0 => ("There is nothing here.", "`R` reads it again."),
            _ => ("None matches the filter.", "`esc` clears it."),
        };
        return panes::empty(look, buf, inner, what, hint);
    }
    let columns = [
        Column::growing("Name", 12),
        Column::fixed("", 10, 1).at_right(),
    ];
    let cells = |at: usize| {
        let name = list.name(at).unwrap_or_default();
        let note = match list {
            Things::Tables(tables) => tables.get(at).map_or(String::new(), |table| {
                let number = u64::try_from(table.columns.len()).unwrap_or(0);
                text::counted(number, "column")
            }),
            Things::Objects(objects) => objects
                .get(at)
                .filter(|object| object.label != object.name)
                .map_or(String::new(), |object| object.label.clone()),
        };
        vec![Cell::new(Role::Text, name), Cell::new(Role::Dim, note)]
    };
    let drawing = Drawing {
        columns: &columns,
        focus: !page.inside,
        two_lines: false,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, inner, buf)
}

/// Why it is not here yet, or will not come.
fn waiting<T>(
    what: &Waiting<T>,
    state: &State,
    look: &Look,
    inner: Rect,
    doing: &str,
    buf: &mut Buffer,
) {
    let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    match what.problem() {
        Some(problem) => {
            lines.wrapped(
                Role::Error,
                &format!("{} {}", look.glyphs.failed, problem.text),
                6,
            );
            lines.wrapped(Role::Text, &problem.hint, 4);
        }
        None => lines.out.extend(what.line(state, look, doing)),
    }
    panes::lines(look, buf, inner, &lines.out);
}

fn parts(page: &Browser, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let selected = page.selected();
    let title = match &selected {
        Some(name) => table_view::title(&page.parts, look, name),
        None => String::new(),
    };
    let inner = panes::panel(state, look, buf, area, &title, page.inside);
    let Some(name) = selected else {
        return inner.as_position();
    };
    let Some(all) = page.selected_parts() else {
        if let Some(schema) = page.schemas.get(&name) {
            waiting(schema, state, look, inner, "reading the fields", buf);
        }
        return inner.as_position();
    };
    if all.is_empty() {
        let open = page
            .schemas
            .get(&name)
            .and_then(Waiting::here)
            .is_some_and(|schema| schema.open);
        let (what, hint) = match open {
            true => (
                "Any field can be mapped here.",
                "It takes the type of what is mapped to it.",
            ),
            false => ("There are no fields.", ""),
        };
        return panes::empty(look, buf, inner, what, hint);
    }
    let cells = |at: usize| {
        all.get(at).map_or(Vec::new(), |part| {
            vec![
                Cell::new(Role::Text, &part.name),
                Cell::new(Role::Dim, &part.kind),
                Cell::new(Role::Dim, &part.note),
            ]
        })
    };
    let drawing = Drawing {
        columns: &PARTS,
        focus: page.inside,
        two_lines: false,
        cells: &cells,
    };
    table_view::draw(&page.parts, &drawing, look, inner, buf)
}
