//! The columns of the query that is edited: their types, roles, and which make up the key.

use std::cmp::Ordering;

use crate::domain::model::{Column, Role};
use crate::domain::value::Type;
use crate::tui::widgets::table::{Listing, Table};

/// A column as the editor holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnDraftRow {
    pub name: String,
    pub kind: Type,
    /// Whether a person declared the type.
    pub declared: bool,
    pub role: Role,
}

/// The columns, in the query's order.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub rows: Vec<ColumnDraftRow>,
    /// Names of the key's columns, in the key's order.
    pub key: Vec<String>,
    pub table: Table,
}

impl Columns {
    pub(super) fn new(rows: Vec<ColumnDraftRow>, key: Vec<String>) -> Self {
        let mut columns = Self {
            rows,
            key,
            table: Table::default(),
        };
        columns.arrange();
        columns
    }

    fn arrange(&mut self) {
        self.table.arrange(0, &Names(&self.rows));
    }

    /// Brings a filter to bear that was typed since, and tells how many rows are on the screen.
    pub(super) fn settle(&mut self, rows: usize) {
        if self.table.wants(0) {
            self.arrange();
        }
        self.table.fit(rows);
    }

    /// Takes the columns of a query; what a person said of one of that name stays.
    pub(super) fn take(&mut self, columns: &[Column]) {
        let rows = columns.iter().map(|column| {
            let known = self.rows.iter().find(|row| row.name == column.name);
            let declared = known.filter(|row| row.declared);
            ColumnDraftRow {
                name: column.name.clone(),
                kind: declared.map_or(column.kind, |row| row.kind),
                declared: declared.is_some(),
                role: known.map_or(Role::Attribute, |row| row.role),
            }
        });
        self.rows = rows.collect();
        let rows = &self.rows;
        self.key
            .retain(|name| rows.iter().any(|row| row.name == *name));
        self.arrange();
    }

    pub(super) fn selected(&self) -> Option<&ColumnDraftRow> {
        self.rows.get(self.table.selected()?)
    }

    pub(super) fn selected_mut(&mut self) -> Option<&mut ColumnDraftRow> {
        let at = self.table.selected()?;
        self.rows.get_mut(at)
    }

    /// Makes the selected column an identifier, or an attribute again.
    pub(super) fn turn_role(&mut self) {
        if let Some(row) = self.selected_mut() {
            row.role = match row.role {
                Role::Identifier => Role::Attribute,
                Role::Attribute => Role::Identifier,
            };
        }
    }

    /// Takes the selected column into the key as its last, or out of it.
    pub(super) fn turn_key(&mut self) {
        let Some(name) = self.selected().map(|row| row.name.clone()) else {
            return;
        };
        match self.key.iter().position(|other| *other == name) {
            Some(place) => {
                self.key.remove(place);
            }
            None => self.key.push(name),
        }
    }

    /// Declares the type of the selected column, or lets it be inferred.
    pub(super) fn declare(&mut self, kind: Option<Type>) {
        if let Some(row) = self.selected_mut() {
            row.declared = kind.is_some();
            row.kind = kind.unwrap_or(row.kind);
        }
    }

    fn as_columns<'a>(rows: impl Iterator<Item = &'a ColumnDraftRow>) -> Vec<Column> {
        rows.map(|row| Column {
            name: row.name.clone(),
            kind: row.kind,
            role: row.role,
            declared: row.declared,
            database_type: None,
        })
        .collect()
    }

    /// The columns whose types a person declared.
    pub(super) fn declared(&self) -> Vec<Column> {
        Self::as_columns(self.rows.iter().filter(|row| row.declared))
    }

    /// The key's columns in the key's order.
    pub(super) fn key_columns(&self) -> Vec<Column> {
        let found = |name: &String| self.rows.iter().find(|row| row.name == *name);
        Self::as_columns(self.key.iter().filter_map(found))
    }
}

struct Names<'a>(&'a [ColumnDraftRow]);

impl Listing for Names<'_> {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn id(&self, at: usize) -> String {
        self.text(at)
    }

    fn text(&self, at: usize) -> String {
        self.0.get(at).map_or(String::new(), |row| row.name.clone())
    }

    fn orders(&self) -> &'static [&'static str] {
        &[]
    }

    fn compare(&self, _: usize, a: usize, b: usize) -> Ordering {
        a.cmp(&b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: Type) -> Column {
        Column {
            name: name.to_owned(),
            kind,
            role: Role::default(),
            declared: false,
            database_type: None,
        }
    }

    #[test]
    fn what_was_said_of_a_column_outlives_another_query() {
        let mut columns = Columns::default();
        columns.take(&[column("id", Type::Integer), column("note", Type::Text)]);
        columns.turn_key();
        columns.turn_role();
        columns.declare(Some(Type::Text));
        columns.take(&[column("at", Type::Date), column("id", Type::Integer)]);
        assert_eq!(columns.key, ["id"]);
        let id = &columns.rows[1];
        assert_eq!(
            (id.kind, id.declared, id.role),
            (Type::Text, true, Role::Identifier)
        );
        assert_eq!(columns.selected().unwrap().name, "id");
        columns.take(&[column("at", Type::Date)]);
        assert!(columns.key.is_empty());
    }

    #[test]
    fn the_key_keeps_the_order_in_which_it_was_made() {
        let mut columns = Columns::default();
        columns.take(&[column("a", Type::Text), column("b", Type::Text)]);
        columns.table.cursor = 1;
        columns.turn_key();
        columns.table.cursor = 0;
        columns.turn_key();
        let names: Vec<String> = columns.key_columns().into_iter().map(|c| c.name).collect();
        assert_eq!(names, ["b", "a"]);
        columns.table.cursor = 1;
        columns.turn_key();
        assert_eq!(columns.key, ["a"]);
    }
}
