//! What keys change in the mapping editor.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use serde_json::Value as Json;

use super::save::SAVE;
use super::sources::{SOURCE, VARIABLES};
use super::state::{Host, MappingEditor, Pane};
use super::steps::STEP;
use super::view;
use crate::domain::mapping::ValueSource;
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::prompt;
use crate::tui::questions::ask_discard;
use crate::tui::screens::PageAct;
use crate::tui::screens::page::{Heard, Page, Tag, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::widgets::table::Table;

/// What the mapping editor has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Choose,
    Constant,
    Template,
    AddStep,
    Earlier,
    Later,
    Identifier,
    Nulls,
    Write,
    Take,
    TakeAll,
    Clear,
    PreviousRow,
    NextRow,
    RowByKey,
    Check,
    NextError,
    Undo,
    Redo,
    OtherField,
}

const MAPPING: Scope = Scope::Page("Mapping");
const CONSTANT: Tag = "constant";
const TEMPLATE: Tag = "template";
const KEY: Tag = "row by key";
const FIELD: Tag = "field";
const DISCARD: Tag = "discard the mapping";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::MappingEditor(act))
}

impl Page for MappingEditor {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Choose), "mapping_choose", &["enter"], "Choose a column, or edit the transform", "column", MAPPING)),
        vital(entry(own(Act::Constant), "mapping_constant", &["="], "Write a constant into the field", "fix", MAPPING)),
        entry(own(Act::Template), "mapping_template", &["x"], "Write a template over the row", "", MAPPING),
        vital(entry(own(Act::AddStep), "mapping_transform", &["t"], "Add a transform", "add", MAPPING)),
        vital(entry(own(Act::Identifier), "mapping_identifier", &["i"], "Match records by this field; gives the column its role", "id", MAPPING)),
        vital(entry(own(Act::Take), "mapping_take", &["a"], "Take the suggestion", "take", MAPPING)),
        entry(own(Act::TakeAll), "mapping_take_all", &["A"], "Take all suggestions", "all", MAPPING),
        entry(own(Act::NextError), "mapping_error", &["e"], "To the next error", "error", MAPPING),
        entry(own(Act::Check), "mapping_check", &["v"], "Check all rows, and count what saving costs", "check", MAPPING),
        entry(own(Act::Undo), "mapping_undo", &["u"], "Take the last edit back", "undo", MAPPING),
        entry(own(Act::Redo), "mapping_redo", &["ctrl-r"], "Make the edit again", "", MAPPING),
        entry(own(Act::Clear), "mapping_clear", &["d"], "Clear the line, or drop the transform", "clear", MAPPING),
        entry(own(Act::Nulls), "mapping_nulls", &["n"], "Send nulls, or skip them", "", MAPPING),
        entry(own(Act::Write), "mapping_write", &["w"], "When the field is written", "", MAPPING),
        entry(own(Act::PreviousRow), "mapping_row_back", &[","], "Previous sample row", "", MAPPING),
        entry(own(Act::NextRow), "mapping_row", &["."], "Next sample row", "row", MAPPING),
        entry(own(Act::RowByKey), "mapping_key", &["#"], "Sample row by its key", "row by key", MAPPING),
        entry(own(Act::Later), "mapping_later", &["J"], "Line or transform one down", "", MAPPING),
        entry(own(Act::Earlier), "mapping_earlier", &["K"], "Line or transform one up", "", MAPPING),
        entry(own(Act::OtherField), "mapping_field", &["+"], "Map a field that is not listed", "", MAPPING),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[MAPPING]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        match wish {
            Wish::Shared(Action::NextPane | Action::PreviousPane) => Ok(()),
            Wish::Shared(Action::Save) => reachable(state),
            Wish::Shared(Action::Up | Action::Down) if self.form.is_none() => self.ready(),
            Wish::Shared(_) => not_here(),
            Wish::Own(act) => {
                self.ready()?;
                self.may(state, act)
            }
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Shared(Action::NextPane | Action::PreviousPane) => {
                if let Some(form) = &mut self.form {
                    form.form.step(wish == Wish::Shared(Action::NextPane));
                } else {
                    self.pane = match self.pane {
                        Pane::Lines => Pane::Steps,
                        Pane::Steps => Pane::Lines,
                    };
                }
            }
            Wish::Shared(Action::Save) if self.form.is_some() => self.take_form(state),
            Wish::Shared(Action::Save) => return self.save(state),
            Wish::Shared(Action::Up) => self.step = self.step.saturating_sub(1),
            Wish::Shared(Action::Down) => {
                let steps = self.selected_line().map_or(0, |line| line.transforms.len());
                self.step = (self.step + 1).min(steps.saturating_sub(1));
            }
            Wish::Shared(_) => {}
            Wish::Own(act) => return self.own(state, act),
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Answer { token, result } => return self.answered(state, token, result),
            Heard::Confirmed(SAVE) => return self.save_now(state),
            Heard::Confirmed(DISCARD) => {
                self.draft.now = self.before.clone();
                state.router.close(None);
            }
            Heard::Picked { tag: STEP, value } => self.add_step(state, &value),
            Heard::Picked { tag: SOURCE, value } => {
                let variable = VARIABLES.iter().any(|(name, _)| *name == value);
                self.put_source(
                    state,
                    match variable {
                        true => ValueSource::Variable(value),
                        false => ValueSource::Column(value),
                    },
                );
            }
            Heard::Entered {
                tag: CONSTANT,
                text,
            } => {
                let value = self.constant(&text);
                self.put_source(state, ValueSource::Constant(value));
            }
            Heard::Entered {
                tag: TEMPLATE,
                text,
            } if !text.is_empty() => {
                self.put_source(state, ValueSource::Template(text));
            }
            Heard::Entered { tag: KEY, text } => return self.seek(state, &text),
            Heard::Entered { tag: FIELD, text } => self.other_field(state, text.trim()),
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        if self.table.wants(self.version) {
            self.table.arrange(self.version, &self.rows);
        }
        self.table.fit(view::list_rows(self, state));
        let mut effects = self.begin(state);
        effects.extend(self.count_due(state));
        effects
    }

    fn due_ms(&self, _: &State) -> Option<u64> {
        self.due
    }

    fn typing(&self) -> bool {
        self.form.is_some()
    }

    fn key(&mut self, state: &mut State, key: KeyEvent) -> Vec<Effect> {
        let Some(form) = &mut self.form else {
            return Vec::new();
        };
        let last = form.form.cursor + 1 == form.form.fields.len();
        let adds = form
            .form
            .focused()
            .is_some_and(|field| field.input.takes_enter());
        if key.code == KeyCode::Enter && last && !adds {
            self.take_form(state);
        } else if form.form.key(key) {
            form.check();
        }
        Vec::new()
    }

    fn paste(&mut self, _: &mut State, text: &str) {
        if let Some(form) = &mut self.form {
            form.form.paste(text);
            form.check();
        }
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if self.form.take().is_some() {
            return Some(Vec::new());
        }
        if let Some(effects) = self.let_go(state) {
            return Some(effects);
        }
        if self.pane == Pane::Steps {
            self.pane = Pane::Lines;
            return Some(Vec::new());
        }
        match self.host {
            Host::New(_) => self.hand_back(state, false),
            Host::Saved if self.is_edited() => {
                let what = format!("the mapping of {}", self.sync.settings.name);
                ask_discard(state, &what, DISCARD);
            }
            Host::Saved => return None,
        }
        Some(Vec::new())
    }

    fn has_back(&self, _: &State) -> bool {
        true
    }

    fn dirty(&self) -> bool {
        self.is_edited()
    }

    fn table(&self) -> Option<&Table> {
        (self.pane == Pane::Lines && self.form.is_none()).then_some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        (self.pane == Pane::Lines && self.form.is_none()).then_some(&mut self.table)
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match (entry.action, self.pane, &self.host) {
            (Action::Page(PageAct::MappingEditor(Act::Choose)), Pane::Steps, _) => "edit",
            (Action::Save, _, Host::New(_)) => "take",
            _ => entry.short,
        }
    }
}

impl MappingEditor {
    /// Whether the fields are here, without which nothing can be mapped.
    fn ready(&self) -> Result<(), Refusal> {
        match (self.object.here(), &self.model) {
            (Some(_), Some(_)) => Ok(()),
            (_, None) => no("the model is not there any more"),
            (None, _) if self.object.is_asked() => no("the fields are still being read"),
            (None, _) => no("the fields of the object are not known"),
        }
    }

    fn may(&self, state: &State, act: Act) -> Result<(), Refusal> {
        let row = self.selected();
        let is_mapped = row.is_some_and(|row| row.line.is_some());
        match act {
            Act::Undo if !self.draft.can_undo() => no("there is no edit to take back"),
            Act::Redo if !self.draft.can_redo() => no("no edit was taken back"),
            Act::Undo | Act::Redo => Ok(()),
            Act::TakeAll if self.rows.suggested() == 0 => no("nothing is suggested"),
            Act::Take if row.is_none_or(|row| row.suggested.is_none()) => {
                no("nothing is suggested for this field")
            }
            Act::Take | Act::TakeAll => Ok(()),
            Act::AddStep | Act::Nulls | Act::Write | Act::Earlier | Act::Later | Act::Clear
                if !is_mapped =>
            {
                no("the field is not mapped yet: `enter` column, `=` constant, `x` template")
            }
            Act::Identifier if !is_mapped && row.is_none_or(|row| row.suggested.is_none()) => {
                no("the field is not mapped yet: `enter` chooses a column")
            }
            Act::NextRow | Act::PreviousRow if self.sample_row().is_none() => {
                no("there are no sample rows")
            }
            Act::RowByKey | Act::Check => reachable(state),
            Act::NextError if !self.rows.all.iter().any(|row| self.needs_look(row)) => {
                no("no line has an error")
            }
            Act::OtherField => match self.object.here().is_some_and(|it| it.schema.open) {
                true => Ok(()),
                false => no("this object takes no other fields"),
            },
            Act::Choose | Act::Constant | Act::Template if row.is_none() => {
                no("no field is selected")
            }
            _ => Ok(()),
        }
    }

    fn own(&mut self, state: &mut State, act: Act) -> Vec<Effect> {
        match act {
            Act::Choose => match self.pane {
                Pane::Lines => self.pick_source(state),
                Pane::Steps => self.edit_step(state),
            },
            Act::Constant => {
                let text = match self.selected_line().map(|line| &line.source) {
                    Some(ValueSource::Constant(Json::String(text))) => text.clone(),
                    Some(ValueSource::Constant(value)) => value.to_string(),
                    _ => String::new(),
                };
                prompt::ask_line(state, CONSTANT, " constant: ", &text);
            }
            Act::Template => {
                let text = match self.selected_line().map(|line| &line.source) {
                    Some(ValueSource::Template(text)) => text.clone(),
                    Some(ValueSource::Column(column)) => format!("{{{{ row.{column} }}}}"),
                    _ => "{{ row. }}".to_owned(),
                };
                prompt::ask_line(state, TEMPLATE, " template: ", &text);
            }
            Act::RowByKey => prompt::ask_line(state, KEY, " row with the key: ", ""),
            Act::OtherField => prompt::ask_line(state, FIELD, " field: ", ""),
            Act::AddStep => self.pick_step(state),
            Act::Earlier => self.reorder(state, false),
            Act::Later => self.reorder(state, true),
            Act::Identifier => self.turn_identifier(state),
            Act::Nulls => self.turn_nulls(state),
            Act::Write => self.turn_write(state),
            Act::Take => self.take(state, false),
            Act::TakeAll => self.take(state, true),
            Act::Clear => match self.pane {
                Pane::Lines => self.clear(state),
                Pane::Steps => self.drop_step(state),
            },
            Act::PreviousRow | Act::NextRow => self.turn_row(act == Act::NextRow),
            Act::Check => return self.rehearse(state),
            Act::NextError => self.next_error(),
            Act::Undo => {
                self.draft.undo();
                self.edited_now(state);
            }
            Act::Redo => {
                self.draft.redo();
                self.edited_now(state);
            }
        }
        Vec::new()
    }
}
