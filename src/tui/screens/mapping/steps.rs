//! The steps of a line: transforms that are added, edited, ordered and dropped.

use serde_json::Map;

use super::state::{MappingEditor, Pane};
use super::step_form::StepForm;
use crate::domain::transform::{self, TransformCall};
use crate::tui::overlays::picker::{self, Item};
use crate::tui::screens::page::Tag;
use crate::tui::state::State;

/// The question which transform is to be added.
pub(super) const STEP: Tag = "transform";

impl MappingEditor {
    /// Offers all transforms.
    pub(super) fn pick_step(&self, state: &mut State) {
        let items = transform::registry().iter().map(|spec| {
            let example = &spec.example;
            let given = match example.parameters {
                "{}" => String::new(),
                given => format!(" {given}"),
            };
            let note = format!(
                "{}: {}  {}{given} {} {}",
                spec.family.word(),
                spec.help,
                example.input,
                "gives",
                example.output
            );
            Item::new(spec.name, note)
        });
        let field = self.selected().map_or("", |row| &row.field).to_owned();
        let title = format!("Transform for {field}");
        picker::open(state, STEP, &title, items.collect(), "");
    }

    /// Adds a transform: at once where it has no parameters, else its form opens.
    pub(super) fn add_step(&mut self, state: &State, name: &str) {
        let Some(spec) = transform::find(name) else {
            return;
        };
        if spec.parameters.is_empty() {
            let call = TransformCall {
                name: name.to_owned(),
                parameters: Map::new(),
            };
            self.put_step(state, None, call);
        } else {
            self.form = Some(StepForm::new(spec, None, &Map::new()));
        }
    }

    /// Opens the form of the step under the cursor.
    pub(super) fn edit_step(&mut self, state: &mut State) {
        let Some(call) = self
            .selected_line()
            .and_then(|line| line.transforms.get(self.step))
        else {
            self.pick_step(state);
            return;
        };
        match transform::find(&call.name) {
            None => state.note("there is no such transform: `d` drops it, `t` adds another"),
            Some(spec) if spec.parameters.is_empty() => {
                state.note(format!("{} has no parameters: {}", spec.name, spec.help));
            }
            Some(spec) => {
                self.form = Some(StepForm::new(spec, Some(self.step), &call.parameters));
            }
        }
    }

    /// Takes what stands in the form, where it is a call.
    pub(super) fn take_form(&mut self, state: &State) {
        let Some(mut form) = self.form.take() else {
            return;
        };
        match form.call() {
            Ok(call) => self.put_step(state, form.at, call),
            Err(why) => {
                form.trouble = Some(why);
                self.form = Some(form);
            }
        }
    }

    fn put_step(&mut self, state: &State, at: Option<usize>, call: TransformCall) {
        let Some(line) = self.selected().and_then(|row| row.line) else {
            return;
        };
        let mut place = self.step;
        self.draft.change(|mapping| {
            let Some(line) = mapping.lines.get_mut(line) else {
                return;
            };
            match at.and_then(|at| line.transforms.get_mut(at)) {
                Some(step) => *step = call,
                None => {
                    line.transforms.push(call);
                    place = line.transforms.len() - 1;
                }
            }
        });
        self.edited_now(state);
        self.step = place;
    }

    /// Drops the step under the cursor.
    pub(super) fn drop_step(&mut self, state: &State) {
        let Some(line) = self.selected().and_then(|row| row.line) else {
            return;
        };
        let step = self.step;
        self.draft.change(|mapping| {
            if let Some(line) = mapping.lines.get_mut(line)
                && step < line.transforms.len()
            {
                line.transforms.remove(step);
            }
        });
        self.edited_now(state);
    }

    /// Moves the step under the cursor, or the selected line among those beside it.
    pub(super) fn reorder(&mut self, state: &State, later: bool) {
        let Some(line) = self.selected().and_then(|row| row.line) else {
            return;
        };
        let swapped = match self.pane {
            Pane::Steps => self.swap_steps(line, later),
            Pane::Lines => self.swap_lines(line, later),
        };
        if swapped {
            self.edited_now(state);
        }
    }

    fn swap_steps(&mut self, line: usize, later: bool) -> bool {
        let step = self.step;
        let Some(other) = beside(step, later) else {
            return false;
        };
        let swapped = self.draft.change(|mapping| {
            if let Some(line) = mapping.lines.get_mut(line)
                && step.max(other) < line.transforms.len()
            {
                line.transforms.swap(step, other);
            }
        });
        if swapped {
            self.step = other;
        }
        swapped
    }

    fn swap_lines(&mut self, line: usize, later: bool) -> bool {
        // The neighbour in the list, which shows required fields apart.
        let other = self
            .table
            .selected()
            .and_then(|at| beside(at, later))
            .and_then(|at| self.rows.all.get(at))
            .filter(|other| {
                self.selected()
                    .is_some_and(|own| own.required == other.required)
            })
            .and_then(|other| other.line);
        let Some(other) = other else {
            return false;
        };
        self.draft.change(|mapping| {
            if line.max(other) < mapping.lines.len() {
                mapping.lines.swap(line, other);
            }
        })
    }
}

fn beside(place: usize, later: bool) -> Option<usize> {
    match later {
        true => place.checked_add(1),
        false => place.checked_sub(1),
    }
}
