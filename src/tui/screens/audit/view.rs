//! Draws the Audit screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::Audit;
use crate::domain::browse::AuditLine;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes::{self, Split};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const COLUMNS: [Column<'static>; 5] = [
    Column::fixed("When", 10, 0),
    Column::fixed("Who", 10, 2),
    Column::fixed("Did", 9, 0),
    Column::fixed("What", 11, 1),
    Column::growing("Name", 14),
];

/// Rows that the list has at the present size.
pub(super) fn list_rows(state: &State) -> usize {
    panes::list_rows(state, Split::of(state, state.areas().body).list)
}

/// Draws the screen and gives the place of the real cursor.
pub(super) fn draw(
    page: &Audit,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let split = Split::of(state, area);
    let mut title = table_view::title(&page.table, look, "Audit");
    if page.more {
        title = format!("{title} {} and older", look.glyphs.dot);
    }
    let inner = panes::panel(state, look, buf, split.list, &title, true);
    if let Some(detail) = split.detail {
        beside(page, state, look, detail, buf);
    }
    if page.table.len() == 0 {
        if let Some(line) = page.waiting.line(state, look, "reading the audit trail") {
            panes::lines(look, buf, inner, &[Line::default(), line]);
            return inner.as_position();
        }
        let (what, hint) = match page.table.total() {
            0 => (
                "No entry yet.",
                "Every change of the configuration stands here.",
            ),
            _ => (
                "No entry matches the filter.",
                "`esc` clears it, `f` edits it.",
            ),
        };
        return panes::empty(look, buf, inner, what, hint);
    }
    let cells = |at: usize| {
        let line = page.lines.get(at);
        line.map_or(Vec::new(), |line| cells(state, line))
    };
    let drawing = Drawing {
        columns: &COLUMNS,
        focus: true,
        two_lines: state.class() == Class::Small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, inner, buf)
}

/// The name, or what stands for one.
fn name(line: &AuditLine) -> &str {
    match line.name.is_empty() {
        true => &line.resource,
        false => &line.name,
    }
}

fn cells(state: &State, line: &AuditLine) -> Vec<Cell> {
    let role = match line.action.as_str() {
        "delete" | "unmask" => Role::Warn,
        _ => Role::Text,
    };
    vec![
        Cell::new(Role::Text, text::when(state.zone, state.now.wall, line.at)),
        Cell::new(Role::Dim, &line.actor),
        Cell::new(role, &line.action),
        Cell::new(Role::Dim, &line.kind),
        Cell::new(Role::Text, name(line)),
    ]
}

/// An entry in one line, as it is copied.
pub(super) fn in_words(state: &State, line: &AuditLine) -> String {
    let at = text::full(state.zone, line.at);
    let fields: Vec<String> = line
        .fields
        .iter()
        .map(|(name, old, new)| format!("{name}: {old} → {new}"))
        .collect();
    format!(
        "{} {at} {} {} {} {}; {}",
        line.number,
        line.actor,
        line.action,
        line.kind,
        name(line),
        fields.join("; ")
    )
}

/// The selected entry, field by field.
fn beside(page: &Audit, state: &State, look: &Look, area: Rect, buf: &mut Buffer) {
    let Some(line) = page.selected() else {
        look.panel(buf, area, "Entry", false);
        return;
    };
    let title = format!("Entry {}", text::count(line.number));
    let inner = look.panel(buf, area, &title, false);
    let mut out = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    let head = format!(
        "{} {} {} {}",
        line.actor,
        line.action,
        line.kind,
        name(line)
    );
    out.wrapped(Role::Strong, &head, 3);
    let revision = match line.revision {
        0 => String::new(),
        revision => format!(", rev {revision}"),
    };
    let at = format!("{}{revision}", text::full(state.zone, line.at));
    out.wrapped(Role::Dim, &at, 1);
    out.blank();
    for (name, old, new) in &line.fields {
        out.wrapped(Role::Dim, name, 1);
        if !old.is_empty() {
            out.wrapped(Role::Text, &format!("- {old}"), 3);
        }
        if !new.is_empty() {
            out.wrapped(Role::Strong, &format!("+ {new}"), 3);
        }
    }
    if line.fields.is_empty() {
        out.wrapped(Role::Dim, "No field changed by it.", 1);
    }
    panes::lines(look, buf, inner, &out.out);
}
