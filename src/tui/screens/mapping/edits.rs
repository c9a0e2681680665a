//! Edits of single lines: identifier, nulls, suggestions, clearing.

use super::draft::line;
use super::lines::Row;
use super::state::MappingEditor;
use super::words;
use crate::domain::mapping::{FieldMapping, Nulls, ValueSource};
use crate::domain::model::{Model, Role as ColumnRole};
use crate::tui::state::State;

impl MappingEditor {
    /// Whether a new line marks the identifier by itself: an identifier column goes to a field by
    /// which records can be matched, and no line is marked yet.
    pub(super) fn marks(&self, row: &Row, source: &ValueSource) -> bool {
        let ValueSource::Column(column) = source else {
            return false;
        };
        let is_identifier = self.model_now().is_some_and(|model| {
            let column = model.column(column);
            column.is_some_and(|column| column.role == ColumnRole::Identifier)
        });
        let takes = self.object.here().is_some_and(|object| match row.known {
            Some(known) => object
                .schema
                .fields
                .get(known)
                .is_some_and(|it| it.identifier),
            None => object.schema.open,
        });
        let free = !self.draft.now.lines.iter().any(|line| line.is_identifier);
        is_identifier && takes && free
    }

    /// Marks the line as identifier and gives its column the role, or takes the mark away.
    pub(super) fn turn_identifier(&mut self, state: &mut State) {
        if self.selected().is_some_and(|row| row.line.is_none()) {
            self.take(state, false);
        }
        let Some(place) = self.selected().and_then(|row| row.line) else {
            return;
        };
        let model = self.model.clone();
        let mut gained = None;
        self.draft.change(|mapping| {
            let Some(line) = mapping.lines.get_mut(place) else {
                return;
            };
            line.is_identifier = !line.is_identifier;
            let ValueSource::Column(column) = &line.source else {
                return;
            };
            let is_attribute = model
                .as_deref()
                .and_then(|model: &Model| model.column(column))
                .is_some_and(|column| column.role == ColumnRole::Attribute);
            if line.is_identifier && is_attribute {
                mapping.identifiers.insert(column.clone());
                gained = Some(column.clone());
            } else if !line.is_identifier {
                let column = column.clone();
                mapping.identifiers.remove(&column);
            }
        });
        self.edited_now(state);
        if let Some(column) = gained {
            let name = model.map_or(String::new(), |model| model.name.clone());
            state.note(format!(
                "{column} becomes an identifier of the model {name} when this is saved"
            ));
        }
    }

    pub(super) fn turn_nulls(&mut self, state: &mut State) {
        let Some(place) = self.selected().and_then(|row| row.line) else {
            return;
        };
        self.draft.change(|mapping| {
            if let Some(line) = mapping.lines.get_mut(place) {
                line.nulls = match line.nulls {
                    Nulls::Send => Nulls::Skip,
                    Nulls::Skip => Nulls::Send,
                };
            }
        });
        self.edited_now(state);
        if let Some(line) = self.selected_line() {
            let words = words::nulls(line.nulls);
            state.note(format!("{}: nulls {words}", line.destination_field));
        }
    }

    /// Takes the suggestion of the selected line, or all of them.
    pub(super) fn take(&mut self, state: &State, all: bool) {
        let here = self.table.selected();
        let rows: Vec<Row> = self
            .rows
            .all
            .iter()
            .enumerate()
            .filter(|(place, row)| row.suggested.is_some() && (all || Some(*place) == here))
            .map(|(_, row)| row.clone())
            .collect();
        let field = self.selected().map(|row| row.field.clone());
        let mut taken: Vec<FieldMapping> = Vec::new();
        for row in &rows {
            let Some(column) = row.suggested.clone() else {
                continue;
            };
            let source = ValueSource::Column(column);
            let marks = self.marks(row, &source) && !taken.iter().any(|line| line.is_identifier);
            taken.push(line(source, &row.field, marks));
        }
        self.draft.change(|mapping| mapping.lines.extend(taken));
        self.edited_now(state);
        if let Some(field) = field {
            self.select_field(&field);
        }
    }

    /// Takes the selected line out of the mapping.
    pub(super) fn clear(&mut self, state: &State) {
        let Some(row) = self.selected().cloned() else {
            return;
        };
        let Some(place) = row.line else { return };
        self.draft.change(|mapping| {
            if place < mapping.lines.len() {
                mapping.lines.remove(place);
            }
        });
        self.edited_now(state);
        self.select_field(&row.field);
    }

    /// Whether someone should look at a line: it is broken, or will not do for a row.
    pub(super) fn needs_look(&self, row: &Row) -> bool {
        let outcome = row.line.and_then(|place| self.outcomes.get(place));
        self.is_broken(row)
            || outcome.is_some_and(|outcome| outcome.invalid > 0)
            || self
                .check_of(row)
                .is_some_and(|check| check.invalid > 0 || row.required && check.missing > 0)
    }
}
