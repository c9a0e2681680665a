//! What the steps ask the core for: objects, what an object can do, kinds of destinations.

use super::draft::Step;
use super::listing::Choices;
use super::state::NewSync;
use crate::domain::command::{Command, Reply};
use crate::domain::edit::Side;
use crate::domain::explore::Explore;
use crate::domain::problem::Problem;
use crate::tui::msg::Effect;
use crate::tui::overlays::picker::{self, Item};
use crate::tui::requests::Waiting;
use crate::tui::screens::connections::form::ConnectionForm;
use crate::tui::screens::page::Tag;
use crate::tui::state::State;

/// The question which kind of destination is to be made.
pub(super) const KIND: Tag = "kind of destination";

impl NewSync {
    /// Asks for what the step needs and does not have.
    pub(super) fn ask(&mut self, state: &mut State) -> Vec<Effect> {
        let settings = &self.draft.settings;
        match self.step() {
            Step::Object if self.objects_of != settings.destination => self.ask_objects(state),
            Step::Mode | Step::Review if !settings.destination_object.is_empty() => {
                let wanted = (
                    settings.destination.clone(),
                    settings.destination_object.clone(),
                );
                match wanted == self.object_of {
                    true => Vec::new(),
                    false => self.ask_object(state, wanted),
                }
            }
            _ => Vec::new(),
        }
    }

    /// Asks for the objects, in place of what was asked before.
    pub(super) fn ask_objects(&mut self, state: &mut State) -> Vec<Effect> {
        let destination = self.draft.settings.destination.clone();
        self.objects_of.clone_from(&destination);
        self.objects.ask(
            state,
            "reading the objects",
            Command::Objects { destination },
        )
    }

    fn ask_object(&mut self, state: &mut State, wanted: (String, String)) -> Vec<Effect> {
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

    /// Offers the kinds of destinations, one of which is then made in its form.
    pub(super) fn pick_kind(&mut self, state: &mut State) -> Vec<Effect> {
        if self.kinds.here().is_some() {
            picker::open(state, KIND, "New destination", self.kind_items(), "");
            return Vec::new();
        }
        picker::open_awaited(state, KIND, "New destination", "reading the types");
        let (token, effect) = state.ask("reading the types", Command::Explore(Explore::Connectors));
        self.kinds = Waiting::asked(state, token);
        vec![effect]
    }

    fn kind_items(&self) -> Vec<Item> {
        let kinds = self.kinds.here().map(|kinds| kinds.destinations.iter());
        let kinds = kinds.into_iter().flatten();
        kinds
            .map(|kind| Item::new(&kind.word, kind.label.clone()))
            .collect()
    }

    pub(super) fn open_destination(&self, state: &mut State, word: &str) {
        let kinds = self.kinds.here().map(|kinds| kinds.destinations.iter());
        let found = kinds.into_iter().flatten().find(|kind| kind.word == word);
        if let Some(kind) = found {
            state
                .router
                .open(ConnectionForm::fresh(Side::Destination, kind));
        }
    }

    /// Takes an answer.
    pub(super) fn answered(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        if self.objects.awaits(token) {
            self.objects.take(token, result, |reply| match reply {
                Reply::Objects(objects) => Some(objects),
                _ => None,
            });
        } else if self.object.awaits(token) {
            self.object.take(token, result, |reply| match reply {
                Reply::Object(object) => Some(*object),
                _ => None,
            });
        } else if self.kinds.awaits(token) {
            self.kinds.take(token, result, |reply| match reply {
                Reply::Connectors(kinds) => Some(kinds),
                _ => None,
            });
            let items = match self.kinds.problem() {
                Some(problem) => Err(problem.clone()),
                None => Ok(self.kind_items()),
            };
            picker::fill(state, KIND, items);
        } else if self.saving == Some(token) {
            self.saving = None;
            return self.saved(state, result);
        }
        Vec::new()
    }

    /// Brings the list of the step up to date.
    pub(super) fn list(&mut self, state: &State) {
        let step = self.step();
        let settings = &self.draft.settings;
        let (choices, chosen) = match step {
            Step::Model => (Choices::models(state), &settings.model),
            Step::Destination => (Choices::destinations(state), &settings.destination),
            Step::Object => {
                let objects = self.objects.here().map_or(&[][..], Vec::as_slice);
                let chosen = &settings.destination_object;
                (Choices::objects(objects, chosen), chosen)
            }
            _ => return,
        };
        let chosen = chosen.clone();
        let same = self.listed == Some(step) && self.choices.0 == choices.0;
        self.choices = choices;
        if !same || self.table.wants(0) {
            if self.listed != Some(step) {
                self.table = crate::tui::widgets::table::Table::default();
            }
            self.table.arrange(0, &self.choices);
            if !same {
                self.table.select_id(&chosen);
            }
            self.listed = Some(step);
        }
    }
}
