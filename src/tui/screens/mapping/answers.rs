//! What the mapping editor asks the core for, and what it makes of the answers.

use super::sample::Sample;
use super::state::{MappingEditor, Saving};
use crate::domain::command::{Command, Reply};
use crate::domain::explore::Explore;
use crate::domain::problem::Problem;
use crate::tui::msg::Effect;
use crate::tui::requests::Waiting;
use crate::tui::state::State;

/// Sample rows.
const ROWS: u32 = 100;
/// How long edits must rest before their cost is counted.
const REST_MS: u64 = 1_000;

impl MappingEditor {
    /// Asks for the object's fields and for sample rows, once.
    pub(super) fn begin(&mut self, state: &mut State) -> Vec<Effect> {
        if std::mem::replace(&mut self.begun, true) {
            return Vec::new();
        }
        let settings = &self.sync.settings;
        let object = Command::Explore(Explore::Object {
            destination: settings.destination.clone(),
            object: settings.destination_object.clone(),
        });
        let sample = Command::Preview {
            model: settings.model.clone(),
            limit: ROWS,
        };
        let (token, object) = state.ask("reading the fields", object);
        self.object = Waiting::asked(state, token);
        let (token, sample) = state.ask("reading sample rows", sample);
        self.sample = Waiting::asked(state, token);
        vec![object, sample]
    }

    /// Takes an edit that was made: all that follows is worked out, and the cost is due.
    pub(super) fn edited_now(&mut self, state: &State) {
        self.settle(state, false);
        let counts = self.is_edited() && self.known(state) > 0 && self.errors().next().is_none();
        self.due = counts.then(|| state.now.ms.saturating_add(REST_MS));
    }

    /// Counts the cost where that is due.
    pub(super) fn count_due(&mut self, state: &mut State) -> Vec<Effect> {
        match self.due {
            Some(due) if due <= state.now.ms => self.rehearse(state),
            _ => Vec::new(),
        }
    }

    /// Reads all rows to see what the mapping gives and costs, in place of what was asked before.
    pub(super) fn rehearse(&mut self, state: &mut State) -> Vec<Effect> {
        self.due = None;
        if self.is_rehearsed() && !matches!(self.rehearsal, Waiting::Not | Waiting::Failed(_)) {
            return Vec::new();
        }
        let command = Command::Explore(Explore::Rehearse {
            sync: Box::new(self.edited()),
            identifiers: self.identifiers(),
        });
        let effects = self.rehearsal.ask(state, "checking all rows", command);
        self.rehearsed = Some(self.draft.now.clone());
        effects
    }

    /// Goes to the row with a key: among those that are here, else it is looked up.
    pub(super) fn seek(&mut self, state: &mut State, key: &str) -> Vec<Effect> {
        if key.trim().is_empty() {
            return Vec::new();
        }
        let here = self.sample.here().and_then(|sample| sample.find(key));
        if let Some(place) = here {
            self.at = place;
            return Vec::new();
        }
        let mut effects = match self.lookup.take() {
            Some((token, _)) => state.let_go(token),
            None => Vec::new(),
        };
        let command = Command::Explore(Explore::Row {
            model: self.sync.settings.model.clone(),
            key: key.trim().to_owned(),
        });
        let (token, effect) = state.ask("looking for the row", command);
        self.lookup = Some((token, key.trim().to_owned()));
        effects.push(effect);
        effects
    }

    /// Lets go of what is under way for the eye; nothing where there was none.
    pub(super) fn let_go(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if let Some((token, _)) = self.lookup.take() {
            state.note("the search was let go");
            return Some(state.let_go(token));
        }
        let token = self.rehearsal.token()?;
        self.rehearsal = Waiting::Not;
        self.rehearsed = None;
        if matches!(self.saving, Some(Saving::Counting)) {
            self.saving = None;
        }
        state.note("the check was let go");
        Some(state.let_go(token))
    }

    /// Takes an answer.
    pub(super) fn answered(
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
            self.settle(state, true);
            self.place();
        } else if self.sample.awaits(token) {
            let model = self.model.clone();
            self.sample
                .take(token, result, |reply| match (reply, model) {
                    (Reply::Table(table), Some(model)) => Some(Sample::of(&model, &table)),
                    _ => None,
                });
            self.settle(state, true);
            self.place();
        } else if self.rehearsal.awaits(token) {
            self.rehearsal.take(token, result, |reply| match reply {
                Reply::Rehearsal(rehearsal) => Some(*rehearsal),
                _ => None,
            });
            return self.counted(state);
        } else if self.lookup.as_ref().is_some_and(|(own, _)| *own == token) {
            self.found(state, result);
        } else {
            return self.saved(state, token, result);
        }
        Vec::new()
    }

    /// Puts the cursor on the field that is wanted, else on the first line that is broken.
    fn place(&mut self) {
        if self.object.here().is_none() {
            return;
        }
        let wanted = self.wanted.take();
        let find = |row: &super::lines::Row| match &wanted {
            Some(field) => row.field == *field,
            None => self.is_broken(row),
        };
        let row = self.rows.all.iter().find(|row| find(row));
        if let Some(field) = row.map(|row| row.field.clone()) {
            self.select_field(&field);
        }
    }

    fn found(&mut self, state: &mut State, result: Result<Reply, Problem>) {
        let key = self.lookup.take().map(|(_, key)| key).unwrap_or_default();
        let row = match result {
            Ok(Reply::Table(table)) => {
                let model = self.model.clone();
                let sample = self.sample.here_mut();
                model
                    .zip(sample)
                    .and_then(|(model, sample)| sample.add(&model, &table))
            }
            Ok(_) => None,
            Err(problem) => {
                state.fail(
                    format!("could not look for {key}: {}", problem.text),
                    problem.hint,
                );
                return;
            }
        };
        match row {
            Some(place) => self.at = place,
            None => state.note(format!("no row has the key {key}")),
        }
        self.settle(state, true);
    }
}
