//! Where values come from: columns, constants, run variables, templates; and which row is shown.

use serde_json::Value as Json;

use super::draft::line;
use super::state::MappingEditor;
use super::{step_form, view, words};
use crate::domain::mapping::{ValueSource, Write};
use crate::domain::value::Type;
use crate::tui::overlays::picker::{self, Item};
use crate::tui::screens::page::Tag;
use crate::tui::state::State;

/// The question which column goes to a field.
pub(super) const SOURCE: Tag = "source";
/// Run variables, as they are offered beside columns.
pub(super) const VARIABLES: [(&str, &str); 3] = [
    ("run.id", "run variable: the run's id"),
    ("run.started_at", "run variable: when the run started"),
    ("sync.name", "run variable: the name of this sync"),
];

impl MappingEditor {
    pub(super) fn pick_source(&mut self, state: &mut State) {
        let Some(row) = self.selected() else { return };
        let title = format!("Value of {}", row.field);
        let chosen = match self.selected_line().map(|line| &line.source) {
            Some(ValueSource::Column(name) | ValueSource::Variable(name)) => name.clone(),
            _ => row.suggested.clone().unwrap_or_default(),
        };
        let mut items = Vec::new();
        for (place, column) in self
            .model_now()
            .iter()
            .flat_map(|it| it.columns.iter().enumerate())
        {
            let cell = self.sample_row().and_then(|row| row.get(place));
            let shown = cell.map_or(String::new(), view::cell_text);
            let role = view::role_word(column.role);
            items.push(Item::new(
                &column.name,
                format!("{}{role}  {shown}", column.kind),
            ));
            if column.kind == Type::Json {
                items.extend(view::paths(&column.name, cell));
            }
        }
        items.extend(VARIABLES.map(|(name, note)| Item::new(name, note)));
        picker::open(state, SOURCE, &title, items, &chosen);
    }

    /// A constant as it was typed: a text, but where the field's type says otherwise.
    pub(super) fn constant(&self, typed: &str) -> Json {
        let known = self.selected().and_then(|row| row.known);
        let kind = known.and_then(|known| {
            let object = self.object.here()?;
            object.schema.fields.get(known).map(|field| field.kind)
        });
        match kind {
            Some(Type::Json) => serde_json::from_str(typed).unwrap_or_else(|_| typed.into()),
            None | Some(Type::Boolean | Type::Integer | Type::Double) => step_form::single(typed),
            Some(_) => typed.into(),
        }
    }

    pub(super) fn next_error(&mut self) {
        let from = self.table.cursor + 1;
        let len = self.table.len();
        let found = (from..from + len)
            .map(|place| place % len.max(1))
            .find(|place| {
                let row = self.table.at(*place).and_then(|at| self.rows.all.get(at));
                row.is_some_and(|row| self.needs_look(row))
            });
        if let Some(place) = found {
            self.table.cursor = place;
        }
    }

    /// Writes a source into the selected field.
    pub(super) fn put_source(&mut self, state: &State, source: ValueSource) {
        let Some(row) = self.selected().cloned() else {
            return;
        };
        let marks = self.marks(&row, &source);
        self.draft.change(|mapping| match row.line {
            Some(place) => {
                if let Some(line) = mapping.lines.get_mut(place) {
                    line.source = source;
                }
            }
            None => mapping.lines.push(line(source, &row.field, marks)),
        });
        self.edited_now(state);
        self.select_field(&row.field);
    }

    pub(super) fn other_field(&mut self, state: &State, field: &str) {
        if field.is_empty() || self.rows.all.iter().any(|row| row.field == field) {
            self.select_field(field);
            return;
        }
        let source = ValueSource::Constant("".into());
        self.draft
            .change(|mapping| mapping.lines.push(line(source, field, false)));
        self.edited_now(state);
        self.select_field(field);
    }

    pub(super) fn select_field(&mut self, field: &str) {
        let is_it = |place: &usize| {
            let row = self.table.at(*place).and_then(|at| self.rows.all.get(at));
            row.is_some_and(|row| row.field == field)
        };
        if let Some(place) = (0..self.table.len()).find(is_it) {
            self.table.cursor = place;
        }
    }

    pub(super) fn turn_row(&mut self, next: bool) {
        let rows = self.sample.here().map_or(0, |sample| sample.rows.len());
        self.at = match (next, self.at) {
            (true, at) if at + 1 < rows => at + 1,
            (true, _) => 0,
            (false, 0) => rows.saturating_sub(1),
            (false, at) => at - 1,
        };
    }

    pub(super) fn turn_write(&mut self, state: &mut State) {
        let Some(place) = self.selected().and_then(|row| row.line) else {
            return;
        };
        let next = |write| match write {
            Write::Always => Write::OnCreate,
            Write::OnCreate => Write::IfEmpty,
            Write::IfEmpty => Write::Always,
        };
        self.draft.change(|mapping| {
            if let Some(line) = mapping.lines.get_mut(place) {
                line.write = next(line.write);
            }
        });
        self.edited_now(state);
        if let Some(line) = self.selected_line() {
            let words = words::write(line.write);
            state.note(format!("{}: written {words}", line.destination_field));
        }
    }
}
