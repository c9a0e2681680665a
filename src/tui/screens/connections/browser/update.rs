//! What keys change in the browser, and what it asks for by itself.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::state::{Browser, PartListing, ThingListing, Things};
use super::view;
use crate::domain::command::{Command, Reply};
use crate::domain::edit::Side;
use crate::domain::explore::Explore;
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::requests::Waiting;
use crate::tui::screens::PageAct;
use crate::tui::screens::page::{Heard, Page, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::Table;

/// How long the cursor must rest on an object before its fields are asked for, in milliseconds.
const PATIENCE_MS: u64 = 120;

/// What the browser has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Refresh,
}

const BROWSER: Scope = Scope::Page("Browser");

impl Page for Browser {
    type Act = Act;
    const ACTIONS: &'static [Entry] = &[vital(entry(
        Action::Page(PageAct::Browser(Act::Refresh)),
        "browser_refresh",
        &["R"],
        "Read it again",
        "refresh",
        BROWSER,
    ))];

    fn scopes(&self) -> &'static [Scope] {
        &[BROWSER]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(Act::Refresh) => reachable(state),
            Wish::Shared(Action::Enter | Action::Right) if self.inside => not_here(),
            Wish::Shared(Action::Left) if !self.inside => not_here(),
            Wish::Shared(
                Action::Enter
                | Action::Left
                | Action::Right
                | Action::NextPane
                | Action::PreviousPane
                | Action::Copy,
            ) => match self.selected() {
                Some(_) => Ok(()),
                None => no("nothing is selected"),
            },
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Refresh) => return self.read(state),
            Wish::Shared(Action::Enter | Action::Right) => self.inside = true,
            Wish::Shared(Action::Left) => self.inside = false,
            Wish::Shared(Action::NextPane | Action::PreviousPane) => self.inside = !self.inside,
            Wish::Shared(Action::Copy) => {
                let part = match self.inside {
                    true => self.parts.selected_id().map(str::to_owned),
                    false => None,
                };
                let name = part.or_else(|| self.selected());
                return name
                    .map(|name| Effect::Copy(text::harmless(&name)))
                    .into_iter()
                    .collect();
            }
            Wish::Shared(_) => {}
        }
        Vec::new()
    }

    fn hear(&mut self, _: &mut State, heard: Heard) -> Vec<Effect> {
        let Heard::Answer { token, result } = heard else {
            return Vec::new();
        };
        if self.things.awaits(token) {
            self.things.take(token, result, |reply| match reply {
                Reply::Tables(tables) => Some(Things::Tables(tables)),
                Reply::Objects(objects) => Some(Things::Objects(objects)),
                _ => None,
            });
            self.version += 1;
            return Vec::new();
        }
        let asked = self
            .schemas
            .values_mut()
            .find(|schema| schema.awaits(token));
        if let Some(schema) = asked {
            schema.take(token, result, |reply| match reply {
                Reply::Schema(schema) => Some(schema),
                _ => None,
            });
            self.version += 1;
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        let mut effects = Vec::new();
        if matches!(self.things, Waiting::Not) {
            effects.extend(self.read(state));
        }
        if let Some(things) = self.things.here()
            && self.table.wants(self.version)
        {
            self.table.arrange(self.version, &ThingListing(things));
        }
        effects.extend(self.ask_fields(state));
        let selected = self.selected();
        if self.parts_of != selected || self.parts.wants(self.version) {
            if self.parts_of != selected {
                self.parts = Table::default();
            }
            self.parts_of = selected;
            let parts = self.selected_parts().unwrap_or_default();
            self.parts.arrange(self.version, &PartListing(&parts));
        }
        let areas = view::Areas::of(self, state, state.areas().body);
        self.table.fit(view::rows(state, areas.things));
        self.parts.fit(view::rows(state, areas.parts));
        effects
    }

    fn due_ms(&self, _: &State) -> Option<u64> {
        self.resting.as_ref().map(|(_, due)| *due)
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if let Some(token) = self.things.token() {
            self.things = Waiting::Failed(view::let_go());
            return Some(state.let_go(token));
        }
        if !self.inside {
            return None;
        }
        self.inside = false;
        Some(Vec::new())
    }

    fn has_back(&self, _: &State) -> bool {
        true
    }

    fn table(&self) -> Option<&Table> {
        Some(match self.inside {
            true => &self.parts,
            false => &self.table,
        })
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        Some(match self.inside {
            true => &mut self.parts,
            false => &mut self.table,
        })
    }
}

impl Browser {
    /// Reads what there is, anew.
    fn read(&mut self, state: &mut State) -> Vec<Effect> {
        let open = self.schemas.values().filter_map(Waiting::token);
        let open: Vec<u64> = open.chain(self.things.token()).collect();
        let mut effects: Vec<Effect> = open
            .into_iter()
            .flat_map(|token| state.let_go(token))
            .collect();
        self.schemas.clear();
        self.resting = None;
        let (doing, command) = match self.side {
            Side::Source => (
                "reading the tables",
                Command::Explore(Explore::Tables {
                    source: self.id.clone(),
                }),
            ),
            Side::Destination => (
                "reading the objects",
                Command::Objects {
                    destination: self.id.clone(),
                },
            ),
        };
        let (token, effect) = state.ask(doing, command);
        self.things = Waiting::asked(state, token);
        effects.push(effect);
        effects
    }

    /// Asks for the fields of the object on which the cursor rests, once.
    fn ask_fields(&mut self, state: &mut State) -> Vec<Effect> {
        if !matches!(self.things.here(), Some(Things::Objects(_))) {
            return Vec::new();
        }
        let Some(name) = self
            .selected()
            .filter(|name| !self.schemas.contains_key(name))
        else {
            self.resting = None;
            return Vec::new();
        };
        let now = state.now.ms;
        let due = match &self.resting {
            Some((resting, due)) if *resting == name => *due,
            _ => now + PATIENCE_MS,
        };
        self.resting = Some((name.clone(), due));
        if now < due {
            return Vec::new();
        }
        self.resting = None;
        let command = Command::Fields {
            destination: self.id.clone(),
            object: name.clone(),
        };
        let (token, effect) = state.ask("reading the fields", command);
        self.schemas.insert(name, Waiting::asked(state, token));
        vec![effect]
    }
}
