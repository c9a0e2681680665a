//! What keys change in the form of a connection.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::update::of_side;
use super::state::ConnectionForm;
use super::view;
use crate::domain::command::{Command, Reply};
use crate::domain::edit::{Edit, Side};
use crate::domain::explore::Explore;
use crate::domain::problem::{Problem, ProblemKind};
use crate::tui::action::{Action, Entry, Scope};
use crate::tui::available::{Refusal, reachable};
use crate::tui::edits::{Outcome, SAVE, What};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::questions::ask_discard;
use crate::tui::requests::Waiting;
use crate::tui::screens::page::{Handed, Heard, NoAct, Page, Wish, not_here};
use crate::tui::state::State;

const FORM: Scope = Scope::Page("Connection");
const DISCARD: &str = "discard";

impl Page for ConnectionForm {
    type Act = NoAct;
    const ACTIONS: &'static [Entry] = &[];

    fn scopes(&self) -> &'static [Scope] {
        &[FORM]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<NoAct>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(never) => match never {},
            Wish::Shared(Action::Save) => reachable(state),
            Wish::Shared(Action::NextPane | Action::PreviousPane | Action::Preview) => Ok(()),
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<NoAct>) -> Vec<Effect> {
        match wish {
            Wish::Shared(Action::Save) => return self.save(state),
            Wish::Shared(Action::NextPane) => {
                self.form.step(true);
            }
            Wish::Shared(Action::PreviousPane) => {
                self.form.step(false);
            }
            Wish::Shared(Action::Preview) => {
                if !self.form.turn_secret() {
                    state.note("this is no secret; ctrl-t says where a secret comes from");
                }
            }
            Wish::Own(_) | Wish::Shared(_) => {}
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Answer { token, result } if self.kinds.awaits(token) => {
                self.kinds.take(token, result, |reply| match reply {
                    Reply::Connectors(kinds) => Some(kinds),
                    _ => None,
                });
                self.take_kind();
            }
            Heard::Answer { token, result } => return self.take_saving(state, token, result),
            Heard::Confirmed(SAVE) => {
                return match self.saving.confirmed() {
                    Some(_) => self.save_now(state),
                    None => Vec::new(),
                };
            }
            Heard::Confirmed(DISCARD) => {
                self.form.touched = false;
                state.router.close(None);
            }
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        if self.kind.is_some() || !matches!(self.kinds, Waiting::Not) {
            return Vec::new();
        }
        let command = Command::Explore(Explore::Connectors);
        let (token, effect) = state.ask("reading the settings", command);
        self.kinds = Waiting::asked(state, token);
        vec![effect]
    }

    fn typing(&self) -> bool {
        self.kind.is_some()
    }

    fn key(&mut self, _: &mut State, key: KeyEvent) -> Vec<Effect> {
        if self.form.key(key) {
            self.trouble = None;
            self.watch_place();
        }
        Vec::new()
    }

    fn paste(&mut self, _: &mut State, text: &str) {
        self.form.paste(text);
        self.trouble = None;
        self.watch_place();
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if !self.dirty() {
            return None;
        }
        let name = self.name();
        let new = format!("the new {}", self.side.word());
        let what = if name.is_empty() { &new } else { &name };
        ask_discard(state, what, DISCARD);
        Some(Vec::new())
    }

    fn has_back(&self, _: &State) -> bool {
        true
    }

    fn dirty(&self) -> bool {
        self.form.touched
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match entry.action {
            Action::NextPane => "next",
            // It says where a secret comes from, which is of use only on one.
            Action::Preview if !view::on_secret(self) => "",
            Action::Preview => "secret from",
            _ => entry.short,
        }
    }
}

impl ConnectionForm {
    /// Draws the form from its kind, once that is known.
    fn take_kind(&mut self) {
        let Some(kinds) = self.kinds.here() else {
            return;
        };
        let all = of_side(kinds, self.side);
        match all.iter().find(|kind| kind.word == self.connector).cloned() {
            Some(kind) => self.draw_from(kind),
            None => {
                let text = format!("this core knows no type '{}'", self.connector);
                let problem = Problem::new(ProblemKind::Config, text)
                    .hint("it may be of a newer version of SignalSmith");
                self.kinds = Waiting::Failed(problem);
            }
        }
    }

    fn command(&self, dry_run: bool) -> Command {
        Command::Edit(Edit::Connection {
            side: self.side,
            connection: self.draft(),
            dry_run,
        })
    }

    fn save(&mut self, state: &mut State) -> Vec<Effect> {
        if self.saving.is_busy() {
            state.note("it is being saved already");
            return Vec::new();
        }
        if self.kind.is_none() || !self.check() {
            return Vec::new();
        }
        match self.is_used(state) {
            true => {
                let command = self.command(true);
                self.saving.look(state, command)
            }
            false => self.save_now(state),
        }
    }

    /// Whether a sync depends on it, by a model or at once.
    fn is_used(&self, state: &State) -> bool {
        let Some(id) = self.id.as_deref() else {
            return false;
        };
        state.world.syncs.iter().any(|sync| match self.side {
            Side::Destination => sync.sync.settings.destination.as_str() == id,
            Side::Source => sync.source == self.name_before,
        })
    }

    fn save_now(&mut self, state: &mut State) -> Vec<Effect> {
        let (name, command) = (self.name(), self.command(false));
        let what = What {
            kind: self.side.word(),
            name: &name,
        };
        self.saving.save(state, &what, command)
    }

    fn take_saving(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        let name = self.name();
        let what = What {
            kind: self.side.word(),
            name: &name,
        };
        match self.saving.take(state, &what, token, result) {
            Outcome::Free => return self.save_now(state),
            Outcome::Saved => {
                self.form.touched = false;
                let kind = self.side.word();
                state.router.close(Some(Handed::Saved { kind, name }));
            }
            Outcome::Trouble(problem) => {
                self.form.blame(&problem.text);
                self.trouble = Some(problem);
            }
            Outcome::Asked | Outcome::NotOurs => {}
        }
        Vec::new()
    }
}
