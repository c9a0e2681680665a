//! Saving a sync's settings: what is costly is shown as an exact plan before it is saved.

use super::state::{Saving, SyncEditor};
use crate::domain::command::{Command, Reply};
use crate::domain::edit::{Edit, SyncDraft};
use crate::domain::explore::Explore;
use crate::domain::problem::Problem;
use crate::domain::rehearsal::Rehearsal;
use crate::tui::msg::Effect;
use crate::tui::questions::{ask_name, ask_page};
use crate::tui::requests::{Waiting, misfit};
use crate::tui::screens::page::{Handed, Tag};
use crate::tui::state::State;
use crate::tui::text;

/// The question whether costly settings are to be saved.
pub(super) const SAVE: Tag = "save the settings";

impl SyncEditor {
    pub(super) fn save(&mut self, state: &mut State) -> Vec<Effect> {
        if self.is_busy() {
            state.note("it is being saved already");
            return Vec::new();
        }
        let Some(draft) = self.draft() else {
            return Vec::new();
        };
        if draft.settings == self.before && !self.mapped {
            state.note("there is nothing to save");
            return Vec::new();
        }
        let elsewhere = self.is_elsewhere(&draft.settings);
        if self.known(state) == 0 || !elsewhere && !self.is_mirror_now(&draft.settings) {
            // Nothing was sent yet that could be forgotten.
            return self.save_now(state, draft, elsewhere);
        }
        let command = Command::Explore(Explore::Rehearse {
            sync: Box::new(draft.clone()),
            identifiers: self.identifiers.clone(),
        });
        let (token, effect) = state.ask("counting what the next run would do", command);
        self.rehearsal = Waiting::asked(state, token);
        self.saving = Some(Saving::Counting(draft));
        vec![effect]
    }

    /// Records that the sync has sent.
    fn known(&self, state: &State) -> u64 {
        let own = |sync: &&std::sync::Arc<crate::link::view::SyncView>| {
            Some(sync.id().as_str()) == self.id.as_deref()
        };
        state
            .world
            .syncs
            .iter()
            .find(own)
            .map_or(0, |sync| sync.known)
    }

    /// What the next run would do is known: a person is asked.
    pub(super) fn counted(&mut self, state: &mut State) -> Vec<Effect> {
        let Some(Saving::Counting(draft)) = self.saving.take() else {
            return Vec::new();
        };
        let Some(rehearsal) = self.rehearsal.here() else {
            if let Some(problem) = self.rehearsal.problem() {
                let words = format!(
                    "could not count what the next run would do: {}",
                    problem.text
                );
                self.trouble = Some((words, problem.hint.clone()));
            }
            return Vec::new();
        };
        let elsewhere = self.is_elsewhere(&draft.settings);
        if rehearsal.counters.is_none() {
            // It cannot be saved as it is: the core says why, and changes nothing.
            return self.save_now(state, draft, elsewhere);
        }
        let name = draft.settings.name.clone();
        let title = format!("Save the sync {name}?");
        let mut body = vec![plan(rehearsal)];
        if elsewhere {
            body.insert(
                0,
                "It starts an empty snapshot. What it sent stays where it is; what is known of it is \
                 kept for 30 days, to be put back."
                    .to_owned(),
            );
            ask_name(state, title, body, &name, "save it", SAVE);
        } else {
            body.insert(
                0,
                "From now on it deletes what leaves the model, of what it has sent.".to_owned(),
            );
            ask_page(state, title, body, ("go on editing", "save it"), SAVE);
        }
        self.saving = Some(Saving::Asking(draft));
        Vec::new()
    }

    /// Saves what a person was asked about.
    pub(super) fn confirmed(&mut self, state: &mut State) -> Vec<Effect> {
        match self.saving.take() {
            Some(Saving::Asking(draft)) => {
                let elsewhere = self.is_elsewhere(&draft.settings);
                self.save_now(state, draft, elsewhere)
            }
            other => {
                self.saving = other;
                Vec::new()
            }
        }
    }

    fn save_now(&mut self, state: &mut State, draft: SyncDraft, drops: bool) -> Vec<Effect> {
        let name = draft.settings.name.clone();
        let failed = format!("could not save the sync {name}");
        let done = format!("{name} is saved; it holds from the next run on");
        let command = Command::Edit(Edit::Sync {
            sync: Box::new(draft),
            identifiers: self.identifiers.clone(),
            dry_run: false,
            confirm: match drops {
                true => vec![name],
                false => Vec::new(),
            },
        });
        let (token, effect) = state.order("saving", failed, done, command);
        self.saving = Some(Saving::Sent(token));
        vec![effect]
    }

    pub(super) fn saved(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        if !matches!(self.saving, Some(Saving::Sent(own)) if own == token) {
            return Vec::new();
        }
        self.saving = None;
        match result {
            Ok(Reply::Changes(_)) => {
                let name = self.form.text("name");
                state
                    .router
                    .close(Some(Handed::Saved { kind: "sync", name }));
            }
            Ok(_) => self.trouble = Some((misfit().text, misfit().hint)),
            Err(problem) => {
                let remap = "ctrl-n maps its fields anew";
                let hint = match (problem.hint.is_empty(), self.wants_mapping()) {
                    (_, false) => problem.hint,
                    (true, true) => remap.to_owned(),
                    (false, true) => format!("{}; {remap}", problem.hint),
                };
                self.trouble = Some((problem.text, hint));
            }
        }
        Vec::new()
    }

    /// Whether the mapping is one for other columns or fields.
    fn wants_mapping(&mut self) -> bool {
        match self.draft() {
            Some(draft) => self.is_elsewhere(&draft.settings) && !self.mapped,
            None => false,
        }
    }
}

/// What the next run would do, in a sentence.
fn plan(rehearsal: &Rehearsal) -> String {
    let Some(counters) = &rehearsal.counters else {
        return String::new();
    };
    format!(
        "The next run would create {}, update {} and delete {}; {} unchanged, {} invalid.",
        text::count(counters.create.planned),
        text::count(counters.update.planned),
        text::count(counters.delete.planned),
        text::count(counters.unchanged),
        text::count(counters.invalid),
    )
}
