//! Draws the list of models, with what the selected one is beside or under it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::state::{Models, source_name, users};
use crate::domain::model::{Model, Role as ColumnRole};
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes::{self, Split};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::keyvalue::{self, Pair};
use crate::tui::widgets::sql;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const COLUMNS: [Column<'static>; 5] = [
    Column::growing("Name", 18),
    Column::fixed("Source", 14, 2),
    Column::fixed("Key", 12, 3),
    Column::fixed("Columns", 7, 4).at_right(),
    Column::fixed("Syncs", 5, 1).at_right(),
];

/// Rows that the list has at the present size.
pub(super) fn list_rows(state: &State) -> usize {
    panes::list_rows(state, Split::of(state, state.areas().body).list)
}

/// Draws the screen and gives the place of the real cursor.
pub(super) fn draw(
    page: &Models,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let split = Split::of(state, area);
    let title = table_view::title(&page.table, look, "Models");
    let inner = panes::panel(state, look, buf, split.list, &title, true);
    if let (Some(detail), Some(model)) = (split.detail, page.selected(state)) {
        let inner = look.panel(buf, detail, &model.name, false);
        let lines = detail_lines(
            state,
            look,
            model,
            usize::from(inner.width.saturating_sub(2)),
        );
        panes::lines(look, buf, inner, &lines);
    } else if let Some(detail) = split.detail {
        look.panel(buf, detail, "Model", false);
    }
    if page.table.len() == 0 {
        let (what, hint) = match (page.table.total(), state.world.sources.is_empty()) {
            (0, true) => (
                "No models yet.",
                "A model queries a source: `5`, then `n` makes one.",
            ),
            (0, false) => ("No models yet.", "`n` makes one."),
            _ => (
                "No model matches the filter.",
                "`esc` clears it, `f` edits it.",
            ),
        };
        return panes::empty(look, buf, inner, what, hint);
    }
    let cells = |at: usize| {
        let models = &state.world.models;
        models
            .get(at)
            .map_or(Vec::new(), |model| cells(page, state, look, model))
    };
    let drawing = Drawing {
        columns: &COLUMNS,
        focus: true,
        two_lines: state.class() == Class::Small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, inner, buf)
}

fn cells(page: &Models, state: &State, look: &Look, model: &Model) -> Vec<Cell> {
    let going = page
        .deleting
        .as_ref()
        .is_some_and(|(_, id)| id == model.id.as_str());
    let small = state.class() == Class::Small;
    let used = page.used.get(model.id.as_str()).copied().unwrap_or(0);
    let number = u64::try_from(model.columns.len()).unwrap_or(0);
    let name = match going {
        true => Cell::new(
            Role::Dim,
            format!("{} deleting {}", look.glyphs.pending, model.name),
        ),
        false => Cell::new(Role::Text, &model.name),
    };
    let key = model.primary_key.join(", ");
    vec![
        name,
        Cell::new(Role::Dim, source_name(&state.world, model)),
        Cell::new(Role::Dim, if small { format!("key {key}") } else { key }),
        match small {
            true => Cell::new(Role::Dim, text::counted(number, "column")),
            false => Cell::new(Role::Dim, text::count(number)),
        },
        match (small, used) {
            (true, 0) => Cell::new(Role::Dim, ""),
            (true, used) => Cell::new(Role::Dim, text::counted(used, "sync")),
            (false, 0) => Cell::new(Role::Dim, "-"),
            (false, used) => Cell::new(Role::Dim, text::count(used)),
        },
    ]
}

fn detail_lines(state: &State, look: &Look, model: &Model, columns: usize) -> Vec<Line<'static>> {
    let names: Vec<&str> = users(&state.world, model).map(|sync| sync.name()).collect();
    let used = match names.as_slice() {
        [] => "no sync".to_owned(),
        names => names.join(", "),
    };
    let identifiers: Vec<&str> = model
        .columns
        .iter()
        .filter(|column| column.role == ColumnRole::Identifier)
        .map(|column| column.name.as_str())
        .collect();
    let identifiers = match identifiers.as_slice() {
        [] => "none, so no sync can map one; `e` marks it".to_owned(),
        names => names.join(", "),
    };
    let pairs = [
        Pair::new("source", source_name(&state.world, model)),
        Pair::new("key", model.primary_key.join(", ")),
        Pair::new("identifiers", identifiers),
        Pair::new("used by", used),
        Pair::new("revision", model.revision.to_string()).role(Role::Dim),
    ];
    let mut lines = Lines::new(look, columns);
    lines.out = keyvalue::lines(look, &pairs, columns);
    lines.blank();
    let types: Vec<_> = model
        .columns
        .iter()
        .map(|column| {
            let words = format!("{} {}", column.name, column.kind);
            let role = if model.primary_key.contains(&column.name) {
                Role::Strong
            } else {
                Role::Text
            };
            look.foreign(role, &words, columns)
        })
        .collect();
    lines.flow(types, 3);
    lines.blank();
    lines.out.extend(query(look, &model.sql, columns));
    lines.out
}

/// The first lines of a query with its words set off.
fn query(look: &Look, content: &str, columns: usize) -> Vec<Line<'static>> {
    const MOST: usize = 30;
    let mut within = sql::Within::default();
    let mut out = Vec::new();
    for line in content.trim().lines().take(MOST) {
        for piece in text::wrap(line, columns, 4) {
            let (parts, ends) = sql::parts(&piece, within);
            within = ends;
            let mut rest = piece.as_str();
            let mut spans = Vec::new();
            for (length, role) in parts {
                let (part, tail) = rest.split_at(length);
                rest = tail;
                spans.push(look.span(role, part));
            }
            out.push(Line::from(spans));
        }
    }
    out
}
