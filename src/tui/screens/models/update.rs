//! What keys change in the list of models.

use super::editor::ModelEditor;
use super::state::{ModelListing, Models, users, uses};
use super::view;
use crate::domain::command::Command;
use crate::domain::edit::{Edit, ResourceKind};
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::prompt::ask_line;
use crate::tui::questions::ask_page;
use crate::tui::screens::PageAct;
use crate::tui::screens::page::{Handed, Heard, Page, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::Table;

/// What the list of models has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    New,
    Edit,
    Clone,
    Delete,
}

const LIST: Scope = Scope::Page("Models");
const DELETE: &str = "delete";
const COPY: &str = "copy";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::Models(act))
}

impl Page for Models {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Edit), "model_edit", &["e"], "Edit the model", "edit", LIST)),
        entry(own(Act::New), "model_new", &["n"], "Make a model", "new", LIST),
        entry(own(Act::Clone), "model_clone", &["N"], "Make a model from a copy of this one", "clone", LIST),
        entry(own(Act::Delete), "model_delete", &["D"], "Delete the model", "delete", LIST),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[LIST]
    }

    fn view(
        &self,
        state: &State,
        look: &Look,
        area: ratatui::layout::Rect,
        buf: &mut ratatui::buffer::Buffer,
    ) -> ratatui::layout::Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        let model = self.selected(state);
        match wish {
            Wish::Own(Act::New) => match state.world.sources.is_empty() {
                true => no("a model queries a source, and there is none yet: `5`, then `n`"),
                false => Ok(()),
            },
            Wish::Own(Act::Edit | Act::Clone)
            | Wish::Shared(Action::Enter | Action::Copy | Action::CopyCommand) => match model {
                Some(_) => Ok(()),
                None => no("no model is selected"),
            },
            Wish::Own(Act::Delete) => {
                reachable(state)?;
                let Some(model) = model else {
                    return no("no model is selected");
                };
                let names: Vec<&str> = users(&state.world, model).map(|sync| sync.name()).collect();
                match names.as_slice() {
                    [] => Ok(()),
                    names => Err(in_use(&model.name, names).into()),
                }
            }
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        let Some(model) = self.selected(state).cloned() else {
            if wish == Wish::Own(Act::New) {
                state.router.open(ModelEditor::fresh(&state.world));
            }
            return Vec::new();
        };
        match wish {
            Wish::Own(Act::New) => state.router.open(ModelEditor::fresh(&state.world)),
            Wish::Own(Act::Edit) | Wish::Shared(Action::Enter) => {
                state.router.open(ModelEditor::of(&state.world, &model));
            }
            Wish::Own(Act::Clone) => {
                let name = format!("{} copy", model.name);
                ask_line(state, COPY, " name of the copy: ", &name);
            }
            Wish::Own(Act::Delete) => ask_page(
                state,
                format!("Delete the model {}?", model.name),
                vec![
                    "No sync uses it. Its query and its columns go; the source keeps its rows."
                        .to_owned(),
                ],
                ("keep it", "delete it"),
                DELETE,
            ),
            Wish::Shared(Action::Copy) => return vec![Effect::Copy(text::harmless(&model.name))],
            Wish::Shared(Action::CopyCommand) => {
                let line = format!("signalsmith preview {}", text::quoted(&model.name));
                return vec![Effect::Copy(line)];
            }
            Wish::Shared(_) => {}
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Confirmed(DELETE) => {
                let Some(model) = self.selected(state).cloned() else {
                    return Vec::new();
                };
                let command = Command::Edit(Edit::Delete {
                    kind: ResourceKind::Model,
                    name: model.id.to_string(),
                });
                let failed = format!("could not delete {}", model.name);
                let done = format!("{} is deleted", model.name);
                let (token, effect) = state.order("deleting", failed, done, command);
                self.deleting = Some((token, model.id.to_string()));
                return vec![effect];
            }
            Heard::Answer { token, result } => {
                if let Some((_, id)) = self.deleting.take_if(|(own, _)| *own == token)
                    && let Err(problem) = result
                {
                    let models = &state.world.models;
                    let name = models.iter().find(|model| model.id.as_str() == id);
                    let name = name.map_or(id, |model| model.name.clone());
                    let words = format!("could not delete {name}: {}", problem.text);
                    state.fail(words, problem.hint);
                }
            }
            Heard::Entered { tag: COPY, text } => {
                if let Some(model) = self.selected(state) {
                    let page = ModelEditor::copy_of(&state.world, model, text.trim());
                    state.router.open(page);
                }
            }
            Heard::Handed(Handed::Saved { name, .. }) => self.wanted = Some(name),
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        if self.table.wants(state.world.sequence) {
            self.used = uses(&state.world);
            let listing = ModelListing(&state.world, &self.used);
            self.table.arrange(state.world.sequence, &listing);
        }
        if let Some(name) = &self.wanted {
            let found = state.world.models.iter().find(|model| model.name == *name);
            if let Some(model) = found
                && self.table.select_id(model.id.as_str())
            {
                self.wanted = None;
            }
        }
        self.table.fit(view::list_rows(state));
        Vec::new()
    }

    fn table(&self) -> Option<&Table> {
        Some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        Some(&mut self.table)
    }
}

/// Why what syncs use is not deleted: all of them by name, as far as there is room.
pub(in crate::tui::screens) fn in_use(name: &str, users: &[&str]) -> String {
    const SHOWN: usize = 3;
    let mut words: Vec<String> = users
        .iter()
        .take(SHOWN)
        .map(|user| (*user).to_owned())
        .collect();
    if users.len() > SHOWN {
        words.push(format!("{} more", users.len() - SHOWN));
    }
    format!("{name} is used by {}", words.join(", "))
}
