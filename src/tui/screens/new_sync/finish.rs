//! The end of a new sync: it is saved, and its first run begins as was chosen.

use super::draft::{Start, Step};
use super::state::NewSync;
use crate::domain::command::{Command, Reply};
use crate::domain::edit::Edit;
use crate::domain::problem::Problem;
use crate::domain::run::RunOptions;
use crate::tui::msg::Effect;
use crate::tui::requests::misfit;
use crate::tui::screens::page::Handed;
use crate::tui::state::State;

impl NewSync {
    /// Saves the sync, where nothing is missing.
    pub(super) fn save(&mut self, state: &mut State) -> Vec<Effect> {
        if self.saving.is_some() {
            state.note("it is being saved already");
            return Vec::new();
        }
        if let Some(step) = self.draft.missing() {
            self.draft.step = step;
            state.note(format!("not yet: the step {} lacks something", step.word()));
            return Vec::new();
        }
        let name = self.final_name(state);
        let mut sync = self.draft.sync();
        sync.settings.name.clone_from(&name);
        // One row is to be looked at before the schedule goes on by itself.
        sync.settings.paused = matches!(self.draft.start, Start::TryOne | Start::Paused);
        let done = match self.draft.start {
            Start::TryOne => {
                format!("{name} is saved and paused; one row goes now. `P` turns its schedule on")
            }
            Start::RunAll => format!("{name} is saved; its first run begins"),
            Start::Scheduled => format!("{name} is saved; its schedule starts it"),
            Start::Paused => format!("{name} is saved and paused; `P` turns its schedule on"),
        };
        let command = Command::Edit(Edit::Sync {
            sync: Box::new(sync),
            identifiers: self.draft.identifiers.clone(),
            dry_run: false,
            confirm: Vec::new(),
        });
        let failed = format!("could not save the sync {name}");
        let (token, effect) = state.order("saving", failed, done, command);
        self.saving = Some(token);
        vec![effect]
    }

    pub(super) fn saved(
        &mut self,
        state: &mut State,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        match result {
            Ok(Reply::Changes(_)) => {}
            Ok(_) => {
                self.trouble = Some((misfit().text, misfit().hint));
                return Vec::new();
            }
            Err(problem) => {
                self.trouble = Some((problem.text, problem.hint));
                return Vec::new();
            }
        }
        let name = self.final_name(state);
        let mut effects = Vec::new();
        let options = match self.draft.start {
            Start::TryOne => Some(RunOptions {
                limit: Some(1),
                ..RunOptions::default()
            }),
            Start::RunAll => Some(RunOptions::default()),
            Start::Scheduled | Start::Paused => None,
        };
        if let Some(options) = options {
            let sync = name.clone();
            let failed = format!("could not run {name}");
            let command = Command::Run { sync, options };
            effects.push(state.order("starting", failed, "", command).1);
        }
        if self.kept {
            state.new_sync = None;
            effects.push(Effect::SaveSession(crate::tui::session::keep(state)));
        }
        // Nothing is left to be kept.
        self.kept = false;
        state
            .router
            .close(Some(Handed::Saved { kind: "sync", name }));
        effects
    }

    /// Keeps the draft in the session.
    pub(super) fn keep(&mut self, state: &mut State) -> Effect {
        self.kept = true;
        self.note_name();
        state.new_sync = Some(self.draft.clone());
        Effect::SaveSession(crate::tui::session::keep(state))
    }

    pub(super) fn note_name(&mut self) {
        self.name
            .text()
            .trim()
            .clone_into(&mut self.draft.settings.name);
    }

    /// Goes to a step; mapping and schedule open their editors where `onward`.
    pub(super) fn go(&mut self, state: &mut State, step: Step, onward: bool) {
        self.draft.step = step;
        self.trouble = None;
        self.note_name();
        self.cursor = match step {
            Step::Mode => {
                let modes = crate::domain::mode::Mode::ALL.iter();
                let mode = self.draft.settings.mode;
                modes.clone().position(|it| *it == mode).unwrap_or(0)
            }
            Step::Run => {
                let start = self.draft.start;
                Start::ALL.iter().position(|it| *it == start).unwrap_or(0)
            }
            _ => 0,
        };
        if onward && !self.draft.has(step) {
            self.open_editor(state);
        }
    }
}
