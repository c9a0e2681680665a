//! What keys and answers change on the page of a key's history.

use super::{Entries, History, key_text, view};
use crate::domain::command::{Command, Reply};
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::prompt;
use crate::tui::requests::Waiting;
use crate::tui::screens::PageAct;
use crate::tui::screens::page::{Heard, Page, Tag, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::Table;

/// What the history of a key has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Unmask,
    Key,
}

const HISTORY: Scope = Scope::Page("History");
const KEY: Tag = "key";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::History(act))
}

impl Page for History {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Key), "history_key", &["H"], "History of another key", "another key", HISTORY)),
        entry(own(Act::Unmask), "history_unmask", &["X"], "Show personal values, which is audited", "unmask", HISTORY),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[HISTORY]
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
        match wish {
            Wish::Own(Act::Key) => reachable(state),
            Wish::Own(Act::Unmask) => {
                reachable(state)?;
                match (self.unmask, self.entries.here()) {
                    (true, _) => no("personal values are shown already"),
                    (false, Some(entries)) if !entries.is_empty() => Ok(()),
                    (false, _) => no("there is nothing to show"),
                }
            }
            Wish::Shared(Action::Copy | Action::CopyCommand) => match self.key.is_empty() {
                true => no("no key was given"),
                false => Ok(()),
            },
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Key) => self.ask_key(state),
            Wish::Own(Act::Unmask) => {
                self.unmask = true;
                self.entries = Waiting::Not;
                state.note("personal values are shown; that is on record in the audit trail");
            }
            Wish::Shared(Action::Copy) => {
                let key = self.selected().map(|entry| key_text(&entry.key));
                let key = key.unwrap_or_else(|| self.key.clone());
                return vec![Effect::Copy(text::harmless(&key))];
            }
            Wish::Shared(Action::CopyCommand) => {
                let line = format!("signalsmith history {}", text::quoted(&self.key));
                return vec![Effect::Copy(line)];
            }
            Wish::Shared(_) => {}
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Entered { tag: KEY, text } if !text.trim().is_empty() => {
                let effects = self.entries.token().map(|token| state.let_go(token));
                // What was allowed for one key is not allowed for the next.
                *self = Self {
                    key: text.trim().to_owned(),
                    asked: true,
                    version: self.version,
                    ..Self::default()
                };
                effects.unwrap_or_default()
            }
            Heard::Answer { token, result } => {
                let taken = self.entries.take(token, result, |reply| match reply {
                    Reply::History(entries) => Some(entries),
                    _ => None,
                });
                if taken {
                    self.version += 1;
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.key.is_empty() && !self.asked {
            self.asked = true;
            self.ask_key(state);
        }
        if matches!(self.entries, Waiting::Not) && !self.key.is_empty() {
            let command = Command::History {
                key: self.key.clone(),
                sync: None,
                unmask: self.unmask,
            };
            let (token, effect) = state.ask("reading the history", command);
            self.entries = Waiting::asked(state, token);
            effects.push(effect);
        }
        if self.table.wants(self.version) {
            let entries = self.entries.here().map_or(&[][..], Vec::as_slice);
            self.table.arrange(self.version, &Entries(entries));
        }
        self.table.fit(view::list_rows(state));
        effects
    }

    fn table(&self) -> Option<&Table> {
        Some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        Some(&mut self.table)
    }
}

impl History {
    fn ask_key(&self, state: &mut State) {
        prompt::ask_line(state, KEY, " history of key: ", &self.key);
    }
}
