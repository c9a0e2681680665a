//! A page: what every one of them answers, and what all do alike.

use std::borrow::Cow;
use std::fmt;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::domain::command::Reply;
use crate::domain::event::Event;
use crate::domain::mapping::FieldMapping;
use crate::domain::problem::Problem;
use crate::domain::schedule::Schedule;
use crate::tui::action::{Action, Entry, Scope};
use crate::tui::available::Refusal;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::state::State;
use crate::tui::widgets::table::Table;

/// What a person wants of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish<A> {
    /// One of the page's own actions.
    Own(A),
    /// One that every screen may have.
    Shared(Action),
}

/// A word by which a page knows again what it asked a person.
pub(crate) type Tag = &'static str;

/// What a page gets to hear.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The core answered.
    Answer {
        token: u64,
        result: Result<Reply, Problem>,
    },
    /// A dialog was confirmed.
    Confirmed(Tag),
    /// A line of a picker was chosen.
    Picked { tag: Tag, value: String },
    /// A line was typed at the foot of the screen.
    Entered { tag: Tag, text: String },
    /// A text came back from the person's own editor.
    Edited(Result<String, String>),
    /// The page that was opened from this one closed with this.
    Handed(Handed),
    /// Something happened in the core that [`Page::shows`] let through.
    Happened(Box<Event>),
}

/// What a page gives to the one beneath it as it closes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Handed {
    /// A model, source or destination was saved under this name.
    Saved { kind: &'static str, name: String },
    /// A mapping for a sync that is being made; `onward` says that the next step is wanted.
    Mapping {
        lines: Vec<FieldMapping>,
        /// Columns of the model that become identifiers.
        identifiers: Vec<String>,
        onward: bool,
    },
    /// A schedule for a sync that is being made.
    Schedule { schedule: Schedule, onward: bool },
}

/// The enum of a page that has no action of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NoAct {}

/// A page of some screen. Its methods get the state without the page in it.
pub(crate) trait Page: fmt::Debug {
    /// Its own actions.
    type Act: Copy;
    /// The entries of its own actions in the action table.
    const ACTIONS: &'static [Entry];

    /// The scopes of the focused pane, the nearest first; what is everywhere follows by itself.
    fn scopes(&self) -> &'static [Scope];

    /// Draws it into `area` and gives the place of the real cursor.
    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position;

    /// Whether something can be done now.
    ///
    /// # Errors
    /// Why not; [`not_here`] for what this page does not have at all.
    fn can(&self, state: &State, wish: Wish<Self::Act>) -> Result<(), Refusal>;

    /// Does what was found possible.
    fn act(&mut self, state: &mut State, wish: Wish<Self::Act>) -> Vec<Effect>;

    /// Brings it up to date; called after every message while it is on top, so it is quick.
    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        let _ = state;
        Vec::new()
    }

    /// Takes an answer, a choice, a text.
    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        let _ = (state, heard);
        Vec::new()
    }

    /// Whether an event changes something on it, as far as the latest state does not tell it.
    fn shows(&self, event: &Event) -> bool {
        let _ = event;
        false
    }

    /// Whether a text field has the focus, which owns the keys.
    fn typing(&self) -> bool {
        false
    }

    /// Takes a key while it is typed into.
    fn key(&mut self, state: &mut State, key: KeyEvent) -> Vec<Effect> {
        let _ = (state, key);
        Vec::new()
    }

    /// Takes pasted text.
    fn paste(&mut self, state: &mut State, text: &str) {
        let _ = (state, text);
    }

    /// Takes one step out within the page; nothing where there is none left.
    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        let _ = state;
        None
    }

    /// Whether [`Self::back`] would take a step.
    fn has_back(&self, state: &State) -> bool {
        let _ = state;
        false
    }

    /// When it must be told the time, in milliseconds of [`Moment::ms`](crate::tui::Moment::ms).
    fn due_ms(&self, state: &State) -> Option<u64> {
        let _ = state;
        None
    }

    /// Whether it holds edits that are not saved.
    fn dirty(&self) -> bool {
        false
    }

    /// The list of the focused pane, through which the shared keys walk.
    fn table(&self) -> Option<&Table> {
        None
    }

    /// The same, to be changed.
    fn table_mut(&mut self) -> Option<&mut Table> {
        None
    }

    /// What an action does now, in a word for the footer.
    fn short(&self, state: &State, entry: &Entry) -> &'static str {
        let _ = state;
        entry.short
    }
}

/// The refusal of what a page does not have: it is neither shown nor said.
pub(crate) fn not_here() -> Result<(), Refusal> {
    Err(Cow::Borrowed(""))
}

/// A refusal in words that follow "not now:".
pub(crate) fn no(why: &'static str) -> Result<(), Refusal> {
    Err(Cow::Borrowed(why))
}

/// Whether something can be done: what a table does is known here, the rest says the page.
pub(super) fn can<P: Page>(page: &P, state: &State, wish: Wish<P::Act>) -> Result<(), Refusal> {
    if let (Wish::Shared(action), Some(table)) = (wish, page.table())
        && let Some(answer) = table.can(action)
    {
        return answer;
    }
    page.can(state, wish)
}

/// Does something: the keys of a table here, the rest by the page.
pub(super) fn act<P: Page>(page: &mut P, state: &mut State, wish: Wish<P::Act>) -> Vec<Effect> {
    if let (Wish::Shared(action), Some(table)) = (wish, page.table_mut())
        && table.act(action)
    {
        return Vec::new();
    }
    page.act(state, wish)
}

/// Takes one step out: of marks and filter first, then what the page knows.
pub(super) fn back<P: Page>(page: &mut P, state: &mut State) -> Option<Vec<Effect>> {
    if page.table_mut().is_some_and(Table::back) {
        return Some(Vec::new());
    }
    page.back(state)
}

/// Whether there is such a step.
pub(super) fn has_back<P: Page>(page: &P, state: &State) -> bool {
    page.table().is_some_and(Table::has_back) || page.has_back(state)
}
