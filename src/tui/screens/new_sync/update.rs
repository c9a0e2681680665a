//! What keys change in the steps of a new sync.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::asks::KIND;
use super::draft::{Draft, Start, Step};
use super::state::NewSync;
use super::view;
use crate::domain::mode::{FirstRun, Mode};
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::prompt;
use crate::tui::questions::{ask_discard, ask_page};
use crate::tui::screens::PageAct;
use crate::tui::screens::mapping::MappingEditor;
use crate::tui::screens::models::editor::ModelEditor;
use crate::tui::screens::modes;
use crate::tui::screens::page::{Handed, Heard, Page, Tag, Wish, no, not_here};
use crate::tui::screens::schedule::ScheduleEditor;
use crate::tui::state::State;
use crate::tui::widgets::table::Table;

/// What the steps have of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Create,
    Previous,
    Refresh,
    FirstRun,
    Discard,
}

const STEPS: Scope = Scope::Page("New sync");
const OBJECT: Tag = "object by name";
const DISCARD: Tag = "discard the draft";
const REPLACE: Tag = "replace the draft";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::NewSync(act))
}

impl Page for NewSync {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Create), "new_sync_create", &["n"], "Make a model, destination or object here", "create one", STEPS)),
        vital(entry(own(Act::Previous), "new_sync_back", &["left", "h"], "Back to the step before", "step back", STEPS)),
        vital(entry(own(Act::FirstRun), "new_sync_first", &["b"], "First run: backfill, or from now", "backfill or from now", STEPS)),
        entry(own(Act::Refresh), "new_sync_refresh", &["R"], "Read the objects again", "refresh", STEPS),
        entry(own(Act::Discard), "new_sync_discard", &["D"], "Discard the draft", "", STEPS),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[STEPS]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        match wish {
            Wish::Shared(Action::Save | Action::NextPane | Action::PreviousPane) => Ok(()),
            Wish::Shared(Action::Enter) => self.may_enter(state),
            Wish::Own(Act::Previous) if self.step() == Step::Name => not_here(),
            Wish::Own(Act::Previous) => Ok(()),
            Wish::Shared(Action::Right) if !self.draft.has(self.step()) => {
                no("this step is not done: `enter` chooses")
            }
            Wish::Shared(Action::Right) => Ok(()),
            Wish::Shared(Action::Up | Action::Down)
                if matches!(self.step(), Step::Mode | Step::Run | Step::Review) =>
            {
                Ok(())
            }
            Wish::Shared(_) => not_here(),
            Wish::Own(Act::Create) => match self.step() {
                Step::Model if state.world.sources.is_empty() => {
                    no("a model queries a source, and there is none yet: `5`, then `n`")
                }
                Step::Model | Step::Object => Ok(()),
                Step::Destination => reachable(state),
                _ => not_here(),
            },
            Wish::Own(Act::Refresh) => match self.step() {
                Step::Object => reachable(state),
                _ => not_here(),
            },
            Wish::Own(Act::FirstRun) => match self.step() {
                Step::Run => Ok(()),
                _ => not_here(),
            },
            Wish::Own(Act::Discard) => Ok(()),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Shared(Action::Save) if !self.kept && state.new_sync.is_some() => ask_page(
                state,
                "Keep this draft in place of the other?".to_owned(),
                vec!["Another sync was begun and is not saved; one draft is kept.".to_owned()],
                ("go on", "keep this one"),
                REPLACE,
            ),
            Wish::Shared(Action::Save) => return self.leave(state),
            Wish::Shared(Action::NextPane | Action::Right) => {
                if self.draft.has(self.step()) {
                    self.go(state, self.step().next(), false);
                }
            }
            Wish::Shared(Action::PreviousPane) | Wish::Own(Act::Previous) => {
                self.go(state, self.step().before(), false);
            }
            Wish::Shared(Action::Up) => self.cursor = self.cursor.saturating_sub(1),
            Wish::Shared(Action::Down) => {
                let last = match self.step() {
                    Step::Mode => Mode::ALL.len(),
                    Step::Review => view::REVIEW_ROWS + self.draft.settings.field_mappings.len(),
                    _ => Start::ALL.len(),
                };
                self.cursor = (self.cursor + 1).min(last - 1);
            }
            Wish::Shared(Action::Enter) => return self.enter(state),
            Wish::Shared(_) => {}
            Wish::Own(Act::Create) => match self.step() {
                Step::Model => state.router.open(ModelEditor::fresh(&state.world)),
                Step::Destination => return self.pick_kind(state),
                _ => prompt::ask_line(state, OBJECT, " new object: ", ""),
            },
            Wish::Own(Act::Refresh) => return self.ask_objects(state),
            Wish::Own(Act::FirstRun) => {
                let first = &mut self.draft.settings.first_run;
                *first = match first {
                    FirstRun::Backfill => FirstRun::FromNow,
                    FirstRun::FromNow => FirstRun::Backfill,
                };
            }
            Wish::Own(Act::Discard) => ask_page(
                state,
                "Discard the draft?".to_owned(),
                vec!["What was chosen for this sync goes. Nothing was saved.".to_owned()],
                ("go on", "discard it"),
                DISCARD,
            ),
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Answer { token, result } => return self.answered(state, token, result),
            Heard::Confirmed(DISCARD) => {
                self.draft = Draft::default();
                let kept = std::mem::replace(&mut self.kept, false);
                state.router.close(None);
                if kept {
                    state.new_sync = None;
                    return vec![Effect::SaveSession(crate::tui::session::keep(state))];
                }
            }
            Heard::Confirmed(REPLACE) => return self.leave(state),
            Heard::Picked { tag: KIND, value } => self.open_destination(state, &value),
            Heard::Entered { tag: OBJECT, text } if !text.trim().is_empty() => {
                self.draft.choose_object(text.trim());
                self.go(state, Step::Mode, true);
            }
            Heard::Handed(handed) => self.handed(state, handed),
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        self.list(state);
        self.table.fit(view::list_rows(state));
        if self.kept && state.new_sync.as_ref() != Some(&self.draft) {
            self.note_name();
            state.new_sync = Some(self.draft.clone());
        }
        self.ask(state)
    }

    fn typing(&self) -> bool {
        self.step() == Step::Name
    }

    fn key(&mut self, state: &mut State, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Enter | KeyCode::Down => return self.enter(state),
            _ => {
                if self.name.key(key) {
                    self.note_name();
                    self.trouble = None;
                }
            }
        }
        Vec::new()
    }

    fn paste(&mut self, _: &mut State, text: &str) {
        if self.step() == Step::Name {
            self.name.paste(text);
            self.note_name();
        }
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if self.saving.is_some() || self.draft == Draft::default() {
            return None;
        }
        if !self.kept {
            let name = self.final_name(state);
            ask_discard(state, &name, DISCARD);
            return Some(Vec::new());
        }
        // One step out never destroys: the draft is there when `n` is pressed again.
        Some(self.leave(state))
    }

    fn has_back(&self, _: &State) -> bool {
        true
    }

    fn dirty(&self) -> bool {
        // What the session keeps is not lost with the page.
        !self.kept && self.draft != Draft::default()
    }

    fn table(&self) -> Option<&Table> {
        self.lists().then_some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        self.lists().then_some(&mut self.table)
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match (entry.action, self.step()) {
            (Action::Enter, Step::Mapping | Step::Schedule) => "edit",
            (Action::Enter, Step::Run) => "save",
            (Action::Enter, _) => "next",
            (Action::Save, _) => "keep draft",
            (Action::Page(PageAct::NewSync(Act::Create)), Step::Object) => "new object",
            _ => entry.short,
        }
    }
}

impl NewSync {
    /// Keeps the draft and goes.
    fn leave(&mut self, state: &mut State) -> Vec<Effect> {
        let effect = self.keep(state);
        state.note("the draft is kept: `n` in Syncs goes on with it");
        state.router.close(None);
        vec![effect]
    }

    fn may_enter(&self, state: &State) -> Result<(), Refusal> {
        match self.step() {
            Step::Model | Step::Destination | Step::Object if self.table.selected().is_none() => {
                no("there is nothing to choose: `n` creates one")
            }
            Step::Mode => match (self.object.here(), Mode::ALL.get(self.cursor)) {
                (Some(object), Some(mode)) => match modes::refused(*mode, &object.capabilities) {
                    Some(why) => Err(format!("{mode} cannot be here: {why}").into()),
                    None => Ok(()),
                },
                (None, _) if self.object.is_asked() => no("what the object can do is being read"),
                _ => no("what the object can do is not known: `left` chooses another"),
            },
            Step::Mapping if self.draft.settings.destination_object.is_empty() => {
                no("the object is not chosen yet")
            }
            Step::Run => reachable(state),
            _ => Ok(()),
        }
    }

    /// Takes what the step has under its cursor, and goes on.
    fn enter(&mut self, state: &mut State) -> Vec<Effect> {
        let step = self.step();
        let chosen = self.table.selected().and_then(|at| self.choices.0.get(at));
        let chosen = chosen.map(|choice| choice.value.clone());
        match (step, chosen) {
            (Step::Name, _) => {
                let name = self.name.text().trim();
                if state.world.syncs.iter().any(|sync| sync.name() == name) {
                    let hint = "choose another name".to_owned();
                    self.trouble = Some((format!("there is a sync called '{name}' already"), hint));
                    return Vec::new();
                }
            }
            (Step::Model, Some(name)) => self.draft.choose_model(&name),
            (Step::Destination, Some(name)) => self.draft.choose_destination(&name),
            (Step::Object, Some(name)) => self.draft.choose_object(&name),
            (Step::Mode, _) => {
                if let Some(mode) = Mode::ALL.get(self.cursor) {
                    self.draft.settings.mode = *mode;
                    self.draft.mode_chosen = true;
                }
            }
            (Step::Mapping | Step::Schedule, _) => {
                self.open_editor(state);
                return Vec::new();
            }
            (Step::Review, _) => {
                if let Some(missing) = self.draft.missing() {
                    state.note(format!("the step {} lacks something", missing.word()));
                    self.go(state, missing, false);
                    return Vec::new();
                }
            }
            (Step::Run, _) => {
                self.draft.start = Start::ALL.get(self.cursor).copied().unwrap_or_default();
                return self.save(state);
            }
            _ => return Vec::new(),
        }
        self.go(state, step.next(), true);
        Vec::new()
    }

    /// Opens the editor of mapping or schedule over the draft.
    pub(super) fn open_editor(&mut self, state: &mut State) {
        let step = self.step();
        let mut sync = self.draft.sync();
        sync.settings.name = self.final_name(state);
        let head = Self::head(step);
        match step {
            Step::Mapping => {
                let identifiers = &self.draft.identifiers;
                let editor = MappingEditor::for_new(&state.world, sync, identifiers, head);
                state.router.open(editor);
            }
            Step::Schedule => state.router.open(ScheduleEditor::for_new(sync, head)),
            _ => {}
        }
    }

    /// Takes what a page gave that was opened from here.
    fn handed(&mut self, state: &mut State, handed: Handed) {
        match handed {
            Handed::Mapping {
                lines,
                identifiers,
                onward,
            } => {
                self.draft.settings.field_mappings = lines;
                self.draft.identifiers = identifiers;
                // What was taken with ctrl-s has no errors.
                self.draft.mapped = onward;
                if onward {
                    self.go(state, Step::Schedule, true);
                }
            }
            Handed::Schedule { schedule, onward } => {
                self.draft.settings.schedule = schedule;
                self.draft.scheduled |= onward;
                if onward {
                    self.go(state, Step::Review, false);
                }
            }
            Handed::Saved {
                kind: "model",
                name,
            } => {
                self.draft.choose_model(&name);
                self.listed = None;
            }
            Handed::Saved {
                kind: "destination",
                name,
            } => {
                self.draft.choose_destination(&name);
                self.listed = None;
            }
            Handed::Saved { .. } => {}
        }
    }
}
