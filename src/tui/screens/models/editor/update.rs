//! What keys change in the model editor.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::state::{ModelEditor, Pane};
use super::view;
use crate::domain::value::Type;
use crate::tui::action::{Action, Entry, Scope, entry, in_text, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::edits::SAVE;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::picker::{self, Item};
use crate::tui::questions::ask_discard;
use crate::tui::screens::PageAct;
use crate::tui::screens::page::{Heard, Page, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::widgets::table::Table;

/// What the model editor has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Role,
    Key,
    Type,
    CheckKey,
    Complete,
}

const MODEL: Scope = Scope::Page("Model");
const COLUMNS: Scope = Scope::Page("Columns of the model");
pub(super) const DISCARD: &str = "discard";
pub(super) const TYPE: &str = "type";
/// The value of a picker's line that lets a type be inferred.
pub(super) const INFERRED: &str = "inferred";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::ModelEditor(act))
}

impl Page for ModelEditor {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Role), "column_role", &["i"], "Make the column an identifier, or an attribute", "role", COLUMNS)),
        vital(entry(own(Act::Key), "column_key", &["#"], "Take the column into the key, or out of it", "key", COLUMNS)),
        entry(own(Act::Type), "column_type", &["T"], "Declare the type of the column", "type", COLUMNS),
        entry(own(Act::CheckKey), "check_key", &["v"], "Check the key against all rows", "check key", COLUMNS),
        in_text(entry(own(Act::Complete), "complete", &["ctrl-n"], "Complete a table or column", "complete", MODEL)),
    ];

    fn scopes(&self) -> &'static [Scope] {
        match self.pane {
            Pane::Columns => &[COLUMNS, MODEL],
            Pane::Head | Pane::Sql | Pane::Rows => &[MODEL, COLUMNS],
        }
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(Act::Complete) => match self.pane {
                Pane::Sql => Ok(()),
                _ => no("names are completed in the query"),
            },
            Wish::Own(Act::CheckKey) => {
                reachable(state)?;
                match self.columns.key.is_empty() {
                    true => no("no column is in the key: `#` takes one in"),
                    false => Ok(()),
                }
            }
            Wish::Own(_) if self.pane != Pane::Columns => no("`tab` goes to the columns first"),
            Wish::Own(_) if self.columns.rows.is_empty() => {
                no("the columns are not known yet: ctrl-t reads them")
            }
            Wish::Own(_) => Ok(()),
            Wish::Shared(Action::Save | Action::Preview) => reachable(state),
            Wish::Shared(Action::Left | Action::Right) if self.pane == Pane::Rows => Ok(()),
            Wish::Shared(Action::OpenEditor | Action::NextPane | Action::PreviousPane) => Ok(()),
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Complete) => self.complete(state),
            Wish::Own(Act::CheckKey) => return self.ask_check(state),
            Wish::Own(Act::Role) => self.columns.turn_role(),
            Wish::Own(Act::Key) => self.columns.turn_key(),
            Wish::Own(Act::Type) => self.pick_type(state),
            Wish::Shared(Action::NextPane) => self.pane = self.pane.next(true),
            Wish::Shared(Action::PreviousPane) => self.pane = self.pane.next(false),
            Wish::Shared(Action::Left) => self.rows.move_by(false),
            Wish::Shared(Action::Right) => self.rows.move_by(true),
            Wish::Shared(Action::Preview) => return self.ask_preview(state),
            Wish::Shared(Action::Save) => return self.save(state),
            Wish::Shared(Action::OpenEditor) => {
                return vec![Effect::OpenEditor {
                    suffix: "sql",
                    text: self.sql.text(),
                }];
            }
            Wish::Shared(_) => {}
        }
        if matches!(wish, Wish::Own(_)) {
            self.trouble = None;
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Answer { token, result } => return self.answered(state, token, result),
            Heard::Confirmed(DISCARD) => {
                let saving = self.saving.is_busy();
                // What is being saved goes on; only this page goes.
                if !saving {
                    self.before = self.draft();
                }
                state.router.close(None);
            }
            Heard::Confirmed(SAVE) => return self.save_confirmed(state),
            Heard::Picked { tag: TYPE, value } => {
                self.columns.declare(Type::from_word(&value));
                self.trouble = None;
            }
            Heard::Edited(Ok(text)) => {
                self.sql.set_text(text.trim_end());
                self.trouble = None;
            }
            Heard::Edited(Err(why)) => state.fail("could not edit the query", why),
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        let areas = view::Areas::of(self, state, state.areas().body);
        self.columns.settle(areas.column_rows());
        let read = self.preview.here().map(|preview| &preview.table);
        self.rows.settle(read, areas.preview_rows());
        self.ask_catalog(state)
    }

    fn typing(&self) -> bool {
        matches!(self.pane, Pane::Head | Pane::Sql)
    }

    fn key(&mut self, _: &mut State, key: KeyEvent) -> Vec<Effect> {
        match self.pane {
            Pane::Head => {
                let at_end = self.head.cursor + 1 == self.head.fields.len();
                let down = matches!(
                    key.code,
                    crossterm::event::KeyCode::Down | crossterm::event::KeyCode::Enter
                );
                if at_end && down {
                    self.pane = Pane::Sql;
                } else if self.head.key(key) {
                    self.trouble = None;
                }
            }
            Pane::Sql => {
                if self.sql.key(key) {
                    self.trouble = None;
                }
            }
            Pane::Columns | Pane::Rows => {}
        }
        Vec::new()
    }

    fn paste(&mut self, _: &mut State, text: &str) {
        match self.pane {
            Pane::Head => self.head.paste(text),
            Pane::Sql => self.sql.insert(text),
            Pane::Columns | Pane::Rows => {}
        }
        self.trouble = None;
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if let Some(effects) = self.let_go(state) {
            return Some(effects);
        }
        match self.pane {
            Pane::Columns | Pane::Rows => self.pane = Pane::Sql,
            Pane::Head | Pane::Sql if self.dirty() => {
                let name = self.name();
                let what = if name.is_empty() {
                    "the new model"
                } else {
                    &name
                };
                ask_discard(state, what, DISCARD);
            }
            Pane::Head | Pane::Sql => return None,
        }
        Some(Vec::new())
    }

    fn has_back(&self, _: &State) -> bool {
        true
    }

    fn dirty(&self) -> bool {
        self.draft() != self.before
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match entry.action {
            Action::NextPane => "pane",
            _ => entry.short,
        }
    }

    fn table(&self) -> Option<&Table> {
        match self.pane {
            Pane::Columns => Some(&self.columns.table),
            Pane::Rows => Some(&self.rows.table),
            Pane::Head | Pane::Sql => None,
        }
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        match self.pane {
            Pane::Columns => Some(&mut self.columns.table),
            Pane::Rows => Some(&mut self.rows.table),
            Pane::Head | Pane::Sql => None,
        }
    }
}

impl ModelEditor {
    fn pick_type(&mut self, state: &mut State) {
        let Some(row) = self.columns.selected() else {
            return;
        };
        let note = match row.declared {
            true => "by what the source declares, or by all rows".to_owned(),
            false => format!("{} by what the source declares, or by all rows", row.kind),
        };
        let mut items = vec![Item::new(INFERRED, note)];
        items.extend(Type::ALL.map(|kind| Item::new(kind.word(), "declared")));
        let chosen = if row.declared {
            row.kind.word()
        } else {
            INFERRED
        };
        let title = format!("Type of {}", row.name);
        picker::open(state, TYPE, &title, items, chosen);
    }

    /// Completes the name before the cursor: columns of tables that the query names come first.
    fn complete(&mut self, state: &mut State) {
        let Some(tables) = self.catalog.here() else {
            state.note(match self.catalog.is_asked() {
                true => "the tables of the source are still being read",
                false => "the tables of the source are not known",
            });
            return;
        };
        let query = self.sql.text().to_lowercase();
        let (used, others): (Vec<_>, Vec<_>) = tables
            .iter()
            .partition(|table| query.contains(&table.name.to_lowercase()));
        let mut names: Vec<String> = Vec::new();
        let columns = used.iter().flat_map(|table| &table.columns);
        names.extend(columns.map(|column| column.name.clone()));
        names.extend(tables.iter().map(|table| table.name.clone()));
        names.extend(tables.iter().filter_map(|table| table.schema.clone()));
        let columns = others.iter().flat_map(|table| &table.columns);
        names.extend(columns.map(|column| column.name.clone()));
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        if !self.sql.complete(&names) {
            state.note("no table and no column begins like that");
        }
    }
}
