//! The history of a key: what was written for it, run by run, over all syncs.

mod update;
mod view;

use std::cmp::Ordering;

use serde_json::{Map, Value as Json};

use super::plan::json_words;
use crate::domain::command::HistoryEntry;
use crate::tui::requests::Waiting;
use crate::tui::widgets::table::{Listing, Table};

/// The history of a key.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The key, identifier or destination id, as text; empty before one was given.
    key: String,
    /// Whether a person was asked for the key.
    asked: bool,
    unmask: bool,
    entries: Waiting<Vec<HistoryEntry>>,
    table: Table,
    version: u64,
}

impl History {
    /// The history of a key by its columns.
    pub(crate) fn of(key: &Map<String, Json>) -> Self {
        Self {
            key: key_text(key),
            asked: true,
            ..Self::default()
        }
    }

    /// Asks for the key first.
    pub(crate) fn asking() -> Self {
        Self::default()
    }

    fn selected(&self) -> Option<&HistoryEntry> {
        self.entries.here()?.get(self.table.selected()?)
    }
}

/// A key as commands take it: its value, or a JSON array of several.
pub(in crate::tui::screens) fn key_text(key: &Map<String, Json>) -> String {
    let values: Vec<&Json> = key.values().collect();
    match values.as_slice() {
        [one] => json_words(one),
        all => serde_json::to_string(all).unwrap_or_default(),
    }
}

struct Entries<'a>(&'a [HistoryEntry]);

impl Listing for Entries<'_> {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn id(&self, at: usize) -> String {
        let entry = self.0.get(at);
        entry.map_or(String::new(), |entry| format!("{} {at}", entry.run))
    }

    fn text(&self, at: usize) -> String {
        self.0.get(at).map_or(String::new(), |entry| {
            format!("{} {} {}", entry.sync, entry.op, entry.run)
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        &["newest", "sync"]
    }

    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        let (Some(one), Some(other)) = (self.0.get(a), self.0.get(b)) else {
            return Ordering::Equal;
        };
        let by = match order {
            1 => one.sync.cmp(&other.sync),
            _ => Ordering::Equal,
        };
        by.then(a.cmp(&b))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_written_as_commands_take_them() {
        let text = |key: Json| key_text(key.as_object().unwrap());
        assert_eq!(text(json!({"id": 7})), "7");
        assert_eq!(text(json!({"id": "a,b"})), "a,b");
        assert_eq!(text(json!({"shop": "x, y", "id": 7})), r#"["x, y",7]"#);
    }
}
