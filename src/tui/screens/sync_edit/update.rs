//! What keys change in the editor of a sync's settings.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::fields::OBJECT;
use super::saving::SAVE;
use super::state::{Saving, SyncEditor};
use super::view;
use crate::domain::command::{Command, Reply};
use crate::domain::destination::Object;
use crate::domain::explore::Explore;
use crate::domain::problem::Problem;
use crate::tui::action::{Action, Entry, Scope, entry, in_text};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::picker::{self, Item};
use crate::tui::questions::ask_discard;
use crate::tui::requests::Waiting;
use crate::tui::screens::PageAct;
use crate::tui::screens::mapping::MappingEditor;
use crate::tui::screens::page::{Handed, Heard, Page, Tag, Wish, not_here};
use crate::tui::state::State;
use crate::tui::widgets::form::text;

/// What the editor has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Mapping,
}

const SYNC: Scope = Scope::Page("Sync");
const PICKED: Tag = "object";
const DISCARD: Tag = "discard the settings";

impl Page for SyncEditor {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        in_text(entry(Action::Page(PageAct::SyncEditor(Act::Mapping)), "sync_edit_mapping", &["ctrl-n"], "Map the fields anew, as the settings stand here", "mapping", SYNC)),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[SYNC]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(Act::Mapping) | Wish::Shared(Action::Save | Action::Preview) => {
                reachable(state)
            }
            Wish::Shared(Action::NextPane | Action::PreviousPane) => Ok(()),
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Mapping) => self.open_mapping(state),
            Wish::Shared(Action::Save) => return self.save(state),
            Wish::Shared(Action::Preview) => return self.pick_object(state),
            Wish::Shared(Action::NextPane) => {
                self.form.step(true);
            }
            Wish::Shared(Action::PreviousPane) => {
                self.form.step(false);
            }
            Wish::Shared(_) => {}
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Answer { token, result } => return self.answered(state, token, result),
            Heard::Confirmed(SAVE) => return self.confirmed(state),
            Heard::Confirmed(DISCARD) => state.router.close(None),
            Heard::Picked { tag: PICKED, value } => {
                if let Some(field) = self.form.field_mut(OBJECT) {
                    field.input = text(&value);
                    field.problem = None;
                }
                self.form.touched = true;
                self.trouble = None;
            }
            Heard::Handed(Handed::Mapping {
                lines,
                identifiers,
                onward,
            }) => {
                self.mapped |= lines != self.before.field_mappings || !identifiers.is_empty();
                self.before.field_mappings = lines;
                self.identifiers = identifiers;
                self.trouble = None;
                if onward {
                    state.note("the mapping is taken; ctrl-s saves the sync with it");
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        self.ask_object(state)
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &mut State, key: KeyEvent) -> Vec<Effect> {
        if self.form.key(key) {
            self.trouble = None;
        }
        Vec::new()
    }

    fn paste(&mut self, _: &mut State, text: &str) {
        self.form.paste(text);
        self.trouble = None;
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if let Some(token) = self.rehearsal.token() {
            self.rehearsal = Waiting::Not;
            self.saving = None;
            state.note("nothing was saved");
            return Some(state.let_go(token));
        }
        if !self.dirty() {
            return None;
        }
        ask_discard(state, &self.before.name, DISCARD);
        Some(Vec::new())
    }

    fn has_back(&self, _: &State) -> bool {
        true
    }

    fn dirty(&self) -> bool {
        self.form.touched || self.mapped
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match entry.action {
            Action::Preview => "objects",
            _ => entry.short,
        }
    }
}

impl SyncEditor {
    /// Asks what the object can do, once for each destination and object that stays for a while.
    fn ask_object(&mut self, state: &mut State) -> Vec<Effect> {
        let wanted = (self.form.text("destination"), self.form.text(OBJECT));
        let typing = self
            .form
            .focused()
            .is_some_and(|field| field.key == OBJECT && self.form.touched);
        if wanted == self.object_of || wanted.1.is_empty() || typing {
            return Vec::new();
        }
        let command = Command::Explore(Explore::Object {
            destination: wanted.0.clone(),
            object: wanted.1.clone(),
        });
        let effects = self
            .object
            .ask(state, "reading what the object can do", command);
        self.object_of = wanted;
        effects
    }

    fn pick_object(&mut self, state: &mut State) -> Vec<Effect> {
        picker::open_awaited(state, PICKED, "Object", "reading the objects");
        let command = Command::Objects {
            destination: self.form.text("destination"),
        };
        self.objects.ask(state, "reading the objects", command)
    }

    fn answered(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        if self.object.awaits(token) {
            self.object.take(token, result, |reply| match reply {
                Reply::Object(object) => Some(*object),
                _ => None,
            });
        } else if self.objects.awaits(token) {
            self.objects.take(token, result, |reply| match reply {
                Reply::Objects(objects) => Some(objects),
                _ => None,
            });
            let items = match (self.objects.here(), self.objects.problem()) {
                (Some(objects), _) => Ok(objects.iter().map(item).collect()),
                (None, Some(problem)) => Err(problem.clone()),
                (None, None) => return Vec::new(),
            };
            picker::fill(state, PICKED, items);
        } else if self.rehearsal.awaits(token) {
            self.rehearsal.take(token, result, |reply| match reply {
                Reply::Rehearsal(rehearsal) => Some(*rehearsal),
                _ => None,
            });
            return self.counted(state);
        } else {
            return self.saved(state, token, result);
        }
        Vec::new()
    }

    fn open_mapping(&mut self, state: &mut State) {
        if matches!(self.saving, Some(Saving::Sent(_))) {
            state.note("it is being saved");
            return;
        }
        let Some(draft) = self.draft() else { return };
        let head = format!("Mapping of {}", draft.settings.name);
        let editor = MappingEditor::for_new(&state.world, draft, &self.identifiers, head);
        state.router.open(editor);
    }
}

/// An object in a picker.
pub(super) fn item(object: &Object) -> Item {
    let label = match object.label == object.name {
        true => String::new(),
        false => object.label.clone(),
    };
    Item::new(&object.name, label)
}
