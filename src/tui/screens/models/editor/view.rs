//! Draws the model editor: head, query, columns, rows; one pane alone where the screen is small.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::rows::shown;
use super::state::{ModelEditor, Pane};
use crate::domain::explore::KeyCheck;
use crate::domain::model::Role as ColumnRole;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::screens::page::Page as _;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::form_view;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const COLUMNS: [Column<'static>; 4] = [
    Column::growing("Column", 8),
    Column::fixed("Type", 9, 0),
    Column::fixed("Role", 4, 0),
    Column::fixed("Key", 3, 0),
];
/// Rows of the head with its frame.
const HEAD: u16 = 4;
/// The most lines that tell of trouble or of a check.
const FOOT: usize = 4;

/// Where the panes are; what is not shown is empty.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Areas {
    pub head: Rect,
    pub sql: Rect,
    pub columns: Rect,
    pub rows: Rect,
    small: bool,
}

impl Areas {
    pub(super) fn of(page: &ModelEditor, state: &State, body: Rect) -> Self {
        let mut areas = Self {
            small: matches!(state.class(), Class::Small | Class::Tiny),
            ..Self::default()
        };
        if areas.small {
            *match page.pane {
                Pane::Head => &mut areas.head,
                Pane::Sql => &mut areas.sql,
                Pane::Columns => &mut areas.columns,
                Pane::Rows => &mut areas.rows,
            } = body;
            return areas;
        }
        areas.head = Rect {
            height: HEAD.min(body.height),
            ..body
        };
        let rest = Rect {
            y: body.y + areas.head.height,
            height: body.height - areas.head.height,
            ..body
        };
        // The rows get what the query does not need.
        let middle = (rest.height * 11 / 20).min(rest.height);
        let wide = (rest.width * 11 / 20).min(rest.width);
        areas.sql = Rect {
            width: wide,
            height: middle,
            ..rest
        };
        areas.columns = Rect {
            x: rest.x + wide,
            width: rest.width - wide,
            height: middle,
            ..rest
        };
        areas.rows = Rect {
            y: rest.y + middle,
            height: rest.height - middle,
            ..rest
        };
        areas
    }

    fn inner(&self, area: Rect) -> u16 {
        area.height.saturating_sub(if self.small { 1 } else { 2 })
    }

    pub(super) fn column_rows(&self) -> usize {
        table_view::rows(self.inner(self.columns), false)
    }

    pub(super) fn preview_rows(&self) -> usize {
        table_view::rows(self.inner(self.rows), false)
    }
}

/// Draws the editor and gives the place of the real cursor.
pub(super) fn draw(
    page: &ModelEditor,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let areas = Areas::of(page, state, area);
    let mut place = area.as_position();
    for pane in Pane::ALL {
        let room = match pane {
            Pane::Head => areas.head,
            Pane::Sql => areas.sql,
            Pane::Columns => areas.columns,
            Pane::Rows => areas.rows,
        };
        if room.is_empty() {
            continue;
        }
        let focus = pane == page.pane;
        let title = title(page, state, look, pane, areas.small);
        let inner = panes::panel(state, look, buf, room, &title, focus);
        let inner = match focus {
            true => foot(page, look, inner, buf),
            false => inner,
        };
        let at = match pane {
            Pane::Head => form_view::draw(&page.head, focus, look, inner, buf),
            Pane::Sql => page.sql.draw(look, inner, buf),
            Pane::Columns => columns(page, state, look, inner, focus, buf),
            Pane::Rows => rows(page, state, look, inner, focus, buf),
        };
        if focus {
            place = at;
        }
    }
    place
}

fn title(page: &ModelEditor, state: &State, look: &Look, pane: Pane, small: bool) -> String {
    let dot = look.glyphs.dot;
    let name = page.name();
    let name = if name.is_empty() { "new model" } else { &name };
    match pane {
        Pane::Head => {
            let mut words = match page.revision {
                Some(revision) => format!("Model {dot} {name} {dot} rev {revision}"),
                None => format!("Model {dot} {name}"),
            };
            if page.saving.is_busy() {
                words = format!("{words} {dot} {} saving", look.spinner(state.now.ms));
            } else if page.dirty() {
                words = format!("{words} {dot} edited *");
            }
            words
        }
        Pane::Sql if small => format!("Query {dot} {name} {dot} tab other panes"),
        Pane::Sql => "Query".to_owned(),
        Pane::Columns if page.columns_are_old() => {
            format!("Columns {dot} of an older query, ctrl-t reads them")
        }
        Pane::Columns => "Columns".to_owned(),
        Pane::Rows => rows_title(page, dot),
    }
}

fn rows_title(page: &ModelEditor, dot: &str) -> String {
    let Some(preview) = page.preview.here() else {
        return "Rows".to_owned();
    };
    let number = u64::try_from(preview.table.rows.len()).unwrap_or(u64::MAX);
    let all = match preview.table.more {
        true => format!("first {}", text::count(number)),
        false => format!("all {}", text::count(number)),
    };
    let mut words = format!("Rows {dot} {all} {dot} {}", text::duration(preview.ms));
    if preview.sql != page.sql.text() {
        words = format!("{words} {dot} of an older query");
    }
    words
}

/// Draws what went wrong at the foot of the focused pane, and gives the room above.
fn foot(page: &ModelEditor, look: &Look, inner: Rect, buf: &mut Buffer) -> Rect {
    let Some((what, hint)) = &page.trouble else {
        return inner;
    };
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut lines = Lines::new(look, columns);
    lines.wrapped(
        Role::Error,
        &format!("{} {what}", look.glyphs.failed),
        FOOT - 1,
    );
    lines.wrapped(Role::Text, hint, 2);
    let most = inner.height.saturating_sub(2);
    let height = u16::try_from(lines.out.len()).unwrap_or(most).min(most);
    let room = Rect {
        y: inner.bottom() - height,
        height,
        ..inner
    };
    panes::lines(look, buf, room, &lines.out);
    Rect {
        height: inner.height - height,
        ..inner
    }
}

fn columns(
    page: &ModelEditor,
    state: &State,
    look: &Look,
    inner: Rect,
    focus: bool,
    buf: &mut Buffer,
) -> Position {
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut below = Lines::new(look, columns);
    if let Some(line) = page.check.line(state, look, "checking the key") {
        below.out.push(line);
    } else if let Some(check) = page.check.here() {
        let (role, words) = verdict(page, look, check);
        below.wrapped(role, &words, FOOT);
    }
    let most = inner.height.saturating_sub(3);
    let height = u16::try_from(below.out.len()).unwrap_or(most).min(most);
    let room = Rect {
        height: inner.height - height,
        ..inner
    };
    let foot = Rect {
        y: inner.y + room.height,
        height,
        ..inner
    };
    panes::lines(look, buf, foot, &below.out);
    if page.columns.rows.is_empty() {
        let hint = "ctrl-t reads the query's first rows and columns.";
        return panes::empty(look, buf, room, "No columns yet.", hint);
    }
    let cells = |at: usize| {
        let Some(row) = page.columns.rows.get(at) else {
            return Vec::new();
        };
        let key = page.columns.key.iter().position(|name| *name == row.name);
        // A key of one column needs no figure.
        let key = match (key, page.columns.key.len()) {
            (Some(_), 1) => "#".to_owned(),
            (Some(place), _) => format!("#{}", place + 1),
            (None, _) => String::new(),
        };
        let kind = match row.declared {
            true => format!("{}!", row.kind),
            false => row.kind.to_string(),
        };
        let role = match row.role {
            ColumnRole::Identifier => "id",
            ColumnRole::Attribute => "",
        };
        vec![
            Cell::new(Role::Text, &row.name),
            Cell::new(
                if row.declared {
                    Role::Strong
                } else {
                    Role::Dim
                },
                kind,
            ),
            Cell::new(Role::Ok, role),
            Cell::new(Role::Warn, key),
        ]
    };
    let drawing = Drawing {
        columns: &COLUMNS,
        focus,
        two_lines: false,
        cells: &cells,
    };
    table_view::draw(&page.columns.table, &drawing, look, room, buf)
}

/// What came of a check of the key.
fn verdict(page: &ModelEditor, look: &Look, check: &KeyCheck) -> (Role, String) {
    let key = page.checked.join(", ");
    if check.rows == 0 {
        let words = format!(
            "{} {key}: the query gives no rows now",
            look.glyphs.attention
        );
        return (Role::Warn, words);
    }
    if check.holds() {
        let rows = text::counted(check.rows, "row");
        return (
            Role::Ok,
            format!("{} {key} tells all {rows} apart", look.glyphs.ok),
        );
    }
    let mut faults = Vec::new();
    if check.shared > 0 {
        let examples: Vec<String> = check
            .examples
            .iter()
            .map(|(key, rows)| format!("{key} ({} times)", text::count(*rows)))
            .collect();
        let rows = text::counted(check.shared, "row");
        faults.push(format!("{rows} share their key: {}", examples.join(", ")));
    }
    if check.null > 0 {
        faults.push(format!(
            "{} without a key",
            text::counted(check.null, "row")
        ));
    }
    let words = format!("{} {key}: {}", look.glyphs.failed, faults.join("; "));
    (Role::Error, words)
}

fn rows(
    page: &ModelEditor,
    state: &State,
    look: &Look,
    inner: Rect,
    focus: bool,
    buf: &mut Buffer,
) -> Position {
    if let Some(problem) = page.preview.problem() {
        let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
        lines.wrapped(
            Role::Error,
            &format!("{} {}", look.glyphs.failed, problem.text),
            5,
        );
        lines.wrapped(Role::Text, &problem.hint, 3);
        panes::lines(look, buf, inner, &lines.out);
        return inner.as_position();
    }
    if let Some(mut line) = page.preview.line(state, look, "reading the first rows") {
        line.spans.push(look.span(Role::Dim, "   esc lets it go"));
        panes::lines(look, buf, inner, &[line]);
        return inner.as_position();
    }
    let Some(preview) = page.preview.here() else {
        let hint = "ctrl-t reads the first 100 rows; it changes nothing.";
        return panes::empty(look, buf, inner, "No rows read yet.", hint);
    };
    if preview.table.rows.is_empty() {
        return panes::empty(look, buf, inner, "The query gives no rows.", "");
    }
    let columns: Vec<Column<'_>> = preview
        .table
        .columns
        .iter()
        .zip(&page.rows.widths)
        .enumerate()
        .skip(page.rows.shift)
        .map(|(place, (column, width))| {
            // What there is no room for at the right is left out; the arrows bring it.
            let fold = u8::try_from(place - page.rows.shift).unwrap_or(u8::MAX);
            Column::fixed(&column.name, *width, fold)
        })
        .collect();
    let cells = |at: usize| {
        let row = preview.table.rows.get(at).into_iter().flatten();
        row.skip(page.rows.shift)
            .map(|cell| match cell.is_null() {
                true => Cell::new(Role::Dim, "null"),
                false => Cell::new(Role::Text, shown(cell)),
            })
            .collect()
    };
    let drawing = Drawing {
        columns: &columns,
        focus,
        two_lines: false,
        cells: &cells,
    };
    table_view::draw(&page.rows.table, &drawing, look, inner, buf)
}
