//! What keys change in the list of sources or destinations.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::browser::Browser;
use super::form::ConnectionForm;
use super::listing::{self, ConnectionListing};
use super::state::Connections;
use super::view;
use crate::domain::command::{Command, Reply};
use crate::domain::edit::{Edit, Side};
use crate::domain::event::{Event, EventKind};
use crate::domain::explore::{ConnectorKind, Connectors, Explore};
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::layout::Class;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::picker::{self, Item};
use crate::tui::questions::ask_page;
use crate::tui::requests::Waiting;
use crate::tui::screens::PageAct;
use crate::tui::screens::models::in_use;
use crate::tui::screens::page::{Handed, Heard, Page, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::Table;

/// What the list has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    New,
    Edit,
    Delete,
    Test,
    Refresh,
    Browse,
}

const LIST: Scope = Scope::Page("Connections");
const DELETE: &str = "delete";
const KIND: &str = "kind";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::Connections(act))
}

impl Page for Connections {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Test), "connection_test", &["T"], "Test the connection, step by step", "test", LIST)),
        vital(entry(own(Act::Edit), "connection_edit", &["e"], "Edit the connection", "edit", LIST)),
        entry(own(Act::New), "connection_new", &["n"], "Make a connection", "new", LIST),
        vital(entry(own(Act::Browse), "connection_browse", &["b"], "Browse tables and columns, or objects and fields", "browse", LIST)),
        entry(own(Act::Refresh), "connection_refresh", &["R"], "Test all that are shown", "", LIST),
        entry(own(Act::Delete), "connection_delete", &["D"], "Delete the connection", "delete", LIST),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[LIST]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        let selected = self.selected(state);
        match wish {
            Wish::Own(Act::New) => reachable(state),
            Wish::Own(_) if selected.is_none() => no("nothing is selected"),
            Wish::Own(Act::Edit) => Ok(()),
            Wish::Own(Act::Test | Act::Refresh | Act::Browse) => reachable(state),
            Wish::Own(Act::Delete) => {
                reachable(state)?;
                let Some(one) = selected else {
                    return no("nothing is selected");
                };
                match listing::users(&state.world, self.side, one.id).as_slice() {
                    [] => Ok(()),
                    users => Err(in_use(one.name, users).into()),
                }
            }
            Wish::Shared(Action::Enter | Action::Copy | Action::CopyCommand) => match selected {
                Some(_) => Ok(()),
                None => no("nothing is selected"),
            },
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        if wish == Wish::Own(Act::New) {
            return self.pick_kind(state);
        }
        let world = state.world.clone();
        let Some(one) = self
            .table
            .selected()
            .and_then(|place| listing::at(&world, self.side, place))
        else {
            return Vec::new();
        };
        match wish {
            Wish::Own(Act::Test) => return self.test(state),
            Wish::Own(Act::Refresh) => {
                let ids = self.table.shown_ids().map(str::to_owned).collect();
                return self.tests.start_all(state, ids);
            }
            Wish::Own(Act::Browse) => {
                state.router.open(Browser::of(self.side, one.id, one.name));
            }
            Wish::Shared(Action::Enter) if state.class() == Class::Small && !self.inside => {
                self.inside = true;
            }
            Wish::Own(Act::Edit) | Wish::Shared(Action::Enter) => {
                state.router.open(ConnectionForm::of(self.side, &one));
            }
            Wish::Own(Act::Delete) => {
                let word = self.side.word();
                ask_page(
                    state,
                    format!("Delete the {word} {}?", one.name),
                    vec![format!(
                        "Nothing uses it. Its settings and its secrets go; what is in the {word} itself stays."
                    )],
                    ("keep it", "delete it"),
                    DELETE,
                );
            }
            Wish::Shared(Action::Copy) => return vec![Effect::Copy(text::harmless(one.name))],
            Wish::Shared(Action::CopyCommand) => {
                let line = format!("signalsmith test {}", text::quoted(one.name));
                return vec![Effect::Copy(line)];
            }
            Wish::Own(Act::New) | Wish::Shared(_) => {}
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
                match (&self.kinds, self.kinds.problem().cloned()) {
                    (Waiting::Here(kinds), _) => {
                        let items = items(kinds, self.side);
                        picker::fill(state, KIND, Ok(items));
                    }
                    (_, Some(problem)) => picker::fill(state, KIND, Err(problem)),
                    _ => {}
                }
            }
            Heard::Answer { token, result } => {
                if let Some((_, name)) = self.deleting.take_if(|(own, _)| *own == token) {
                    if let Err(problem) = result {
                        let words = format!("could not delete {name}: {}", problem.text);
                        state.fail(words, problem.hint);
                    }
                    return Vec::new();
                }
                self.tests.take(token, state.now.wall, result);
                return self.tests.start_next(state);
            }
            Heard::Picked { tag: KIND, value } => {
                if let Waiting::Here(kinds) = &self.kinds
                    && let Some(kind) = of_side(kinds, self.side).iter().find(|k| k.word == value)
                {
                    state.router.open(ConnectionForm::fresh(self.side, kind));
                }
            }
            Heard::Confirmed(DELETE) => {
                let world = state.world.clone();
                let place = self.table.selected();
                if let Some(one) = place.and_then(|place| listing::at(&world, self.side, place)) {
                    let command = Command::Edit(Edit::Delete {
                        kind: self.side.into(),
                        name: one.id.to_owned(),
                    });
                    let failed = format!("could not delete {}", one.name);
                    let done = format!("{} is deleted", one.name);
                    let (token, effect) = state.order("deleting", failed, done, command);
                    self.deleting = Some((token, one.name.to_owned()));
                    return vec![effect];
                }
            }
            Heard::Handed(Handed::Saved { name, .. }) => self.saved = Some(name),
            Heard::Happened(event) => {
                if let EventKind::TestStep { connection, step } = &event.kind {
                    self.tests.step(connection, step);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        if self.table.wants(state.world.sequence) {
            self.used = listing::uses(&state.world, self.side);
            let listing = ConnectionListing {
                world: &state.world,
                side: self.side,
            };
            self.table.arrange(state.world.sequence, &listing);
        }
        let mut effects = Vec::new();
        if let Some(name) = &self.saved {
            let all = listing::all(&state.world, self.side);
            let id = all.into_iter().find(|one| one.name == name);
            let id = id.map(|one| one.id.to_owned());
            if let Some(id) = id
                && self.table.select_id(&id)
            {
                self.saved = None;
                effects.extend(self.tests.start(state, &id));
            }
        }
        self.inside &= state.class() == Class::Small;
        self.table.fit(view::list_rows(state));
        effects
    }

    fn shows(&self, event: &Event) -> bool {
        match &event.kind {
            EventKind::TestStep { connection, .. } => self.tests.is_under_way(connection),
            _ => false,
        }
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        let id = self.selected(state).map(|one| one.id.to_owned());
        if let Some(effects) = id.and_then(|id| self.tests.let_go(state, &id)) {
            state.note("the test was let go");
            return Some(effects);
        }
        if !self.inside {
            return None;
        }
        self.inside = false;
        Some(Vec::new())
    }

    fn has_back(&self, state: &State) -> bool {
        let selected = self.selected(state);
        self.inside || selected.is_some_and(|one| self.tests.is_under_way(one.id))
    }

    fn table(&self) -> Option<&Table> {
        Some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        Some(&mut self.table)
    }
}

impl Connections {
    /// Asks of which kind a new one is to be.
    fn pick_kind(&mut self, state: &mut State) -> Vec<Effect> {
        let title = format!("Type of the new {}", self.side.word());
        if let Waiting::Here(kinds) = &self.kinds {
            picker::open(state, KIND, &title, items(kinds, self.side), "");
            return Vec::new();
        }
        picker::open_awaited(state, KIND, &title, "reading the types");
        let command = Command::Explore(Explore::Connectors);
        let (token, effect) = state.ask("reading the types", command);
        self.kinds = Waiting::asked(state, token);
        vec![effect]
    }

    /// Tests the marked ones, else the selected one.
    fn test(&mut self, state: &mut State) -> Vec<Effect> {
        let targets = self.table.targets();
        let effects = self.tests.start_all(state, targets);
        // Where the detail has no room beside the list, it takes its place.
        self.inside = state.class() == Class::Small;
        effects
    }
}

/// The kinds of one side.
pub(super) fn of_side(kinds: &Connectors, side: Side) -> &[ConnectorKind] {
    match side {
        Side::Source => &kinds.sources,
        Side::Destination => &kinds.destinations,
    }
}

fn items(kinds: &Connectors, side: Side) -> Vec<Item> {
    let all = of_side(kinds, side).iter();
    all.map(|kind| Item::new(&kind.word, kind.label.clone()))
        .collect()
}
