//! Draws the history of a key.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::{History, key_text};
use crate::domain::command::HistoryEntry;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes::{self, Split};
use crate::tui::screens::plan::{change_lines, changed};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const COLUMNS: [Column<'static>; 5] = [
    Column::fixed("When", 12, 0),
    Column::growing("Sync", 16),
    Column::fixed("Done", 7, 1),
    Column::fixed("Fields", 9, 2).at_right(),
    Column::fixed("Run", 5, 3),
];

/// Where the history begins, which is never with the record itself.
const BEGINS: &str = "It begins with the oldest plan that is kept: 30 days or 10 runs of a sync. \
                      Days without a line had no accepted write.";

/// Rows that the list has at the present size.
pub(super) fn list_rows(state: &State) -> usize {
    panes::list_rows(state, Split::of(state, state.areas().body).list)
}

/// Draws the page and gives the place of the real cursor.
pub(super) fn draw(
    page: &History,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let split = Split::of(state, area);
    let dot = look.glyphs.dot;
    let mut title = format!("History {dot} {}", text::line(&page.key, 40));
    if page.unmask {
        title = format!("{title} {dot} unmasked");
    }
    let inner = panes::panel(state, look, buf, split.list, &title, true);
    if let Some(detail) = split.detail {
        beside(page, state, look, detail, buf);
    }
    if let Some(line) = page.entries.line(state, look, "reading the history") {
        panes::lines(look, buf, inner, &[Line::default(), line]);
        return inner.as_position();
    }
    if page.table.len() == 0 {
        let (what, hint) = match (page.key.is_empty(), page.table.total()) {
            (true, _) => (
                "No key was given.".to_owned(),
                "`H` asks for one: a primary key or an identifier.".to_owned(),
            ),
            (false, 0) => (
                format!("Nothing on record for {}.", text::line(&page.key, 60)),
                BEGINS.to_owned(),
            ),
            _ => (
                "No line matches the filter.".to_owned(),
                "`esc` clears it, `f` edits it.".to_owned(),
            ),
        };
        return panes::empty(look, buf, inner, &what, &hint);
    }
    let cells = |at: usize| {
        let entries = page.entries.here();
        let entry = entries.and_then(|entries| entries.get(at));
        entry.map_or(Vec::new(), |entry| cells(state, entry))
    };
    let drawing = Drawing {
        columns: &COLUMNS,
        focus: true,
        two_lines: state.class() == Class::Small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, inner, buf)
}

fn cells(state: &State, entry: &HistoryEntry) -> Vec<Cell> {
    let fields = changed(entry.old.as_ref(), entry.new.as_ref());
    let fields = text::counted(u64::try_from(fields).unwrap_or(0), "field");
    vec![
        Cell::new(Role::Text, text::when(state.zone, state.now.wall, entry.at)),
        Cell::new(Role::Text, &entry.sync),
        Cell::new(Role::Text, entry.op.word()),
        Cell::new(Role::Dim, fields),
        Cell::new(Role::Dim, text::short(&entry.run)),
    ]
}

/// The selected write, with its fields.
fn beside(page: &History, state: &State, look: &Look, area: Rect, buf: &mut Buffer) {
    let inner = look.panel(buf, area, "What was written", false);
    let mut out = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    let columns = out.columns;
    if let Some(entry) = page.selected() {
        let at = text::full(state.zone, entry.at);
        out.wrapped(
            Role::Strong,
            &format!("{} {}", entry.op, key_text(&entry.key)),
            2,
        );
        let words = format!(
            "{at}, {}, run {}, rev {}",
            entry.sync,
            text::short(&entry.run),
            entry.revision
        );
        out.wrapped(Role::Dim, &words, 2);
        out.blank();
        out.out.extend(change_lines(
            look,
            entry.old.as_ref(),
            entry.new.as_ref(),
            columns,
        ));
        out.blank();
        out.wrapped(Role::Dim, BEGINS, 4);
    }
    panes::lines(look, buf, inner, &out.out);
}
