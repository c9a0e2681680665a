//! The page of one run: what keys and answers change on it.

use super::asking::{RESEND, ask_resend, resend};
use super::list::{may_cancel, may_resend, may_see_plan, may_see_rows, may_undo};
use super::run_view;
use super::tail::{PAGE, Tail};
use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::run::{Phase, Run};
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::Refusal;
use crate::tui::layout::Class;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::questions::ask_cancel;
use crate::tui::requests::{Waiting, misfit};
use crate::tui::screens::PageAct;
use crate::tui::screens::page::{Heard, Page, Wish, no, not_here};
use crate::tui::screens::plan::Plan;
use crate::tui::screens::rows::Rows;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::window::Window;

/// What the page of a run has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Cancel,
    Held,
    Resend,
    Undo,
    Plan,
}

/// The least time between two readings of the run, in milliseconds.
const PACE_MS: u64 = 1_000;
const RUN: Scope = Scope::Page("Run");

const fn own(act: Act) -> Action {
    Action::Page(PageAct::Run(act))
}

/// The page of one run.
#[derive(Debug)]
pub(crate) struct RunPage {
    /// The run as it was last seen.
    pub(super) run: Run,
    /// Whether the world last knew it as under way.
    pub(super) live: bool,
    pub(super) reading: Waiting<()>,
    /// When it was last read, for what the world does not know yet.
    read_ms: Option<u64>,
    pub(super) tail: Tail,
    /// Whether the smallest layout shows the log.
    pub(super) log_shown: bool,
    /// What was ordered and not answered, with its token.
    pub(super) doing: Option<(u64, &'static str)>,
}

impl RunPage {
    pub(crate) fn of(run: &Run) -> Self {
        Self {
            run: run.clone(),
            live: !run.status.is_final(),
            reading: Waiting::Not,
            read_ms: None,
            tail: Tail::default(),
            log_shown: false,
            doing: None,
        }
    }

    /// Takes the run's latest state from the world; true where it left it and must be read.
    fn look(&mut self, state: &State) -> bool {
        let sync = state.sync(&self.run.sync);
        let active = sync.and_then(|sync| sync.active.as_ref());
        let active = active.map(|active| &active.run);
        let queued = sync.and_then(|sync| sync.queued.as_ref());
        let mut live = active.into_iter().chain(queued);
        if let Some(run) = live.find(|run| run.id == self.run.id) {
            if self.run != *run {
                self.run = run.clone();
            }
            self.live = true;
            return false;
        }
        let last = sync.and_then(|sync| sync.last.as_ref());
        if let Some(run) = last.filter(|run| run.id == self.run.id) {
            if self.run != *run {
                self.run = run.clone();
            }
            self.live = false;
            return false;
        }
        let rested = self
            .read_ms
            .is_none_or(|read| state.now.ms >= read + PACE_MS);
        self.live && rested && !self.reading.is_asked() && self.reading.problem().is_none()
    }
}

impl Page for RunPage {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Cancel), "run_cancel", &["c"], "Cancel the run", "cancel", RUN)),
        vital(entry(own(Act::Held), "run_held", &["A"], "See and approve what waits", "approve", RUN)),
        vital(entry(own(Act::Resend), "run_resend", &["R"], "Send the refused rows again", "re-send", RUN)),
        entry(own(Act::Undo), "run_undo", &["U"], "Undo the run: see what is taken back", "undo", RUN),
        entry(own(Act::Plan), "run_plan", &["p"], "See the run's plan", "plan", RUN),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[RUN]
    }

    fn view(
        &self,
        state: &State,
        look: &Look,
        area: ratatui::layout::Rect,
        buf: &mut ratatui::buffer::Buffer,
    ) -> ratatui::layout::Position {
        run_view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        let free = || match self.doing {
            Some((_, doing)) => Err(Refusal::Owned(format!("{doing} already"))),
            None => Ok(()),
        };
        match wish {
            Wish::Own(Act::Cancel) => may_cancel(state, &self.run),
            Wish::Own(Act::Held) => match self.waits(state) {
                true => Ok(()),
                false => no("nothing of it waits for approval"),
            },
            Wish::Own(Act::Resend) => {
                free()?;
                may_resend(state, &self.run)
            }
            Wish::Own(Act::Undo) => {
                free()?;
                may_undo(state, &self.run)
            }
            Wish::Own(Act::Plan) => may_see_plan(&self.run),
            Wish::Shared(Action::Enter) => may_see_rows(&self.run),
            Wish::Shared(Action::Copy | Action::CopyCommand) => Ok(()),
            Wish::Shared(Action::NextPane | Action::PreviousPane) => match state.class() {
                Class::Small => Ok(()),
                _ => not_here(),
            },
            Wish::Shared(action) if Window::<()>::moves(action) => Ok(()),
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Cancel) => ask_cancel(state, std::slice::from_ref(&self.run.sync)),
            Wish::Own(Act::Held | Act::Plan) => {
                let page = Plan::of(self.run.sync.clone(), self.run.id.clone());
                state.router.open(page);
            }
            Wish::Own(Act::Resend) => return ask_resend(state, &self.run),
            Wish::Own(Act::Undo) => {
                let page = Plan::undoing(self.run.sync.clone(), self.run.id.clone());
                state.router.open(page);
            }
            Wish::Shared(Action::Enter) => state.router.open(Rows::of(&self.run)),
            Wish::Shared(Action::Copy) => {
                let line = self.tail.line(self.tail.cursor);
                let words = line.map_or_else(
                    || self.run.id.to_string(),
                    |line| {
                        let at = text::clock(state.zone, line.at);
                        format!("{at} {} {}", line.word, line.text)
                    },
                );
                return vec![Effect::Copy(text::harmless(&words))];
            }
            Wish::Shared(Action::CopyCommand) => {
                let line = format!("signalsmith show run {}", self.run.id);
                return vec![Effect::Copy(line)];
            }
            Wish::Shared(Action::NextPane | Action::PreviousPane) => {
                self.log_shown = !self.log_shown;
            }
            Wish::Shared(action) => self.tail.act(action),
        }
        Vec::new()
    }

    fn short(&self, state: &State, entry: &Entry) -> &'static str {
        match entry.action {
            Action::Enter => "rows",
            Action::NextPane if state.class() == Class::Small && self.log_shown => "the run",
            Action::NextPane if state.class() == Class::Small => "log",
            _ => entry.short,
        }
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Happened(_) => {
                self.tail.grown(state.now.ms);
                Vec::new()
            }
            Heard::Confirmed(RESEND) => {
                let effects = resend(state, &self.run);
                if let Some(Effect::Send { token, .. }) = effects.first() {
                    self.doing = Some((*token, "re-sending"));
                }
                effects
            }
            Heard::Answer { token, result } if self.tail.awaits(token) => {
                let lines = result.and_then(|reply| match reply {
                    Reply::LogPage(page) => Ok(page),
                    _ => Err(misfit()),
                });
                self.tail.take(lines, state.now.ms, self.live);
                Vec::new()
            }
            Heard::Answer { token, result } if self.reading.awaits(token) => {
                let mut read = None;
                self.reading.take(token, result, |reply| match reply {
                    Reply::Run(run) => {
                        read = Some(*run);
                        Some(())
                    }
                    _ => None,
                });
                if let Some(run) = read {
                    self.live = !run.status.is_final();
                    self.tail.grown(state.now.ms);
                    self.run = run;
                    self.reading = Waiting::Not;
                }
                Vec::new()
            }
            Heard::Answer { result, .. } => {
                self.doing = None;
                match result {
                    Ok(Reply::Run(run)) => state.router.open(Self::of(&run)),
                    Ok(_) => {}
                    Err(problem) => state.fail(problem.text, problem.hint),
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn shows(&self, event: &Event) -> bool {
        event.run.as_ref() == Some(&self.run.id)
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        let mut effects = Vec::new();
        let was_live = self.live;
        let gone = self.look(state);
        if was_live && !self.live {
            self.tail.grown(state.now.ms);
        }
        if gone {
            let run = self.run.id.clone();
            let (token, effect) = state.ask("reading the run", Command::ShowRun { run });
            self.reading = Waiting::asked(state, token);
            self.read_ms = Some(state.now.ms);
            effects.push(effect);
        }
        if self.tail.is_due(state.now.ms) {
            let command = Command::LogPage {
                run: self.run.id.clone(),
                from: self.tail.from(),
                limit: PAGE,
                text: None,
            };
            let (token, effect) = state.ask("reading the log", command);
            self.tail.asked(token);
            effects.push(effect);
        }
        self.tail.fit(run_view::log_rows(self, state));
        effects
    }

    fn due_ms(&self, state: &State) -> Option<u64> {
        let second = (self.live && state.focused).then_some((state.now.ms / 1_000 + 1) * 1_000);
        let tail = self.tail.due_ms();
        second.into_iter().chain(tail).min()
    }
}

impl RunPage {
    /// Whether a person is waited for.
    pub(super) fn waits(&self, state: &State) -> bool {
        let held = state
            .sync(&self.run.sync)
            .and_then(|sync| sync.held.as_ref());
        held.is_some_and(|held| held.run == self.run.id)
            || self.live && self.run.phase == Some(Phase::AwaitingApproval)
    }
}
