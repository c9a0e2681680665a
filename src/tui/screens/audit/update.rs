//! What keys and answers change on the Audit screen.

use super::{Audit, PACE_MS, PAGE, view};
use crate::domain::browse::{Browse, Browsed};
use crate::domain::command::Command;
use crate::tui::action::{Action, Entry, Scope};
use crate::tui::available::Refusal;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::requests::Waiting;
use crate::tui::screens::page::{Heard, NoAct, Page, Wish, no, not_here};
use crate::tui::screens::plan::browsed;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::Table;

impl Page for Audit {
    type Act = NoAct;
    const ACTIONS: &'static [Entry] = &[];

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Page("Audit")]
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

    fn can(&self, _: &State, wish: Wish<NoAct>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(never) => match never {},
            Wish::Shared(Action::Copy) => match self.selected() {
                Some(_) => Ok(()),
                None => no("no entry is selected"),
            },
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<NoAct>) -> Vec<Effect> {
        match wish {
            Wish::Own(never) => match never {},
            Wish::Shared(_) => {
                let words = self.selected().map(|line| view::in_words(state, line));
                words
                    .map(|words| Effect::Copy(text::harmless(&words)))
                    .into_iter()
                    .collect()
            }
        }
    }

    fn hear(&mut self, _: &mut State, heard: Heard) -> Vec<Effect> {
        let Heard::Answer { token, result } = heard else {
            return Vec::new();
        };
        let mut read = None;
        self.waiting
            .take(token, result, |reply| match browsed(reply) {
                Some(Browsed::Audit(lines)) => {
                    read = Some(lines);
                    Some(())
                }
                _ => None,
            });
        if let Some(lines) = read {
            self.take(lines);
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        if self.table.wants(self.version) {
            let mut table = std::mem::take(&mut self.table);
            table.arrange(self.version, &*self);
            self.table = table;
        }
        if let Some(number) = self.wanted
            && self.table.select_id(&number.to_string())
        {
            self.wanted = None;
        }
        self.table.fit(view::list_rows(state));
        let Some(before) = self.due(state) else {
            return Vec::new();
        };
        if before.is_none() {
            self.seen = Some(state.world.sequence);
            self.read_ms = state.now.ms;
        }
        self.before = before;
        let command = Command::Browse(Browse::Audit {
            before,
            limit: PAGE,
        });
        let (token, effect) = state.ask("reading the audit trail", command);
        self.waiting = Waiting::asked(state, token);
        vec![effect]
    }

    fn due_ms(&self, state: &State) -> Option<u64> {
        let stale = self.seen.is_some() && self.seen != Some(state.world.sequence);
        (stale && !self.waiting.is_asked()).then_some(self.read_ms + PACE_MS)
    }

    fn table(&self) -> Option<&Table> {
        Some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        Some(&mut self.table)
    }
}

impl Audit {
    /// What is to be read now, where anything is: entries before a number, or the newest.
    fn due(&self, state: &State) -> Option<Option<u64>> {
        if self.waiting.is_asked() {
            return None;
        }
        let rested = self.seen.is_none() || state.now.ms >= self.read_ms + PACE_MS;
        if self.seen != Some(state.world.sequence) && rested {
            return Some(None);
        }
        let at_end = self.table.cursor + 1 >= self.table.len() || self.wanted.is_some();
        let reach = self.more && at_end && self.waiting.problem().is_none();
        let oldest = self.lines.last().filter(|_| reach)?;
        Some(Some(oldest.number))
    }
}
