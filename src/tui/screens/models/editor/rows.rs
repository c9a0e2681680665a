//! The rows of a preview as a table: as wide as what stands in them, moved to the side at will.

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::domain::command::Table as PreviewTable;
use crate::tui::text;
use crate::tui::widgets::table::{Listing, Table};

/// The widest that a column gets.
const WIDEST: usize = 28;

/// How the rows are looked at.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub table: Table,
    /// Columns that are moved out of sight at the left.
    pub shift: usize,
    /// How wide each column is.
    pub widths: Vec<usize>,
}

impl Rows {
    /// Takes the rows of a new reading.
    pub(super) fn take(&mut self, read: &PreviewTable) {
        self.widths = (0..read.columns.len())
            .map(|column| {
                let title = read.columns.get(column).map_or(0, |c| text::width(&c.name));
                let cells = read.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| text::width(&shown(cell))).max();
                widest.unwrap_or(0).max(title).clamp(4, WIDEST)
            })
            .collect();
        self.table = Table::default();
        self.table.arrange(0, &Listed(read));
        self.shift = self.shift.min(read.columns.len().saturating_sub(1));
    }

    /// Brings a filter to bear that was typed since, and tells how many rows are on the screen.
    pub(super) fn settle(&mut self, read: Option<&PreviewTable>, rows: usize) {
        if let Some(read) = read.filter(|_| self.table.wants(0)) {
            self.table.arrange(0, &Listed(read));
        }
        self.table.fit(rows);
    }

    pub(super) fn move_by(&mut self, right: bool) {
        let last = self.widths.len().saturating_sub(1);
        self.shift = match right {
            true => (self.shift + 1).min(last),
            false => self.shift.saturating_sub(1),
        };
    }
}

/// A cell as it is shown: text as it is, everything else as JSON.
pub(super) fn shown(cell: &Json) -> String {
    let full = match cell {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    full.chars().take(WIDEST * 4).collect()
}

struct Listed<'a>(&'a PreviewTable);

impl Listing for Listed<'_> {
    fn total(&self) -> usize {
        self.0.rows.len()
    }

    fn id(&self, at: usize) -> String {
        at.to_string()
    }

    fn text(&self, at: usize) -> String {
        let cells = self.0.rows.get(at).into_iter().flatten();
        let words: Vec<String> = cells.map(shown).collect();
        words.join(" ")
    }

    fn orders(&self) -> &'static [&'static str] {
        &[]
    }

    fn compare(&self, _: usize, a: usize, b: usize) -> Ordering {
        a.cmp(&b)
    }
}
