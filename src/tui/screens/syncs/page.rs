//! The Syncs screen as a page: it is the oldest, and its state stands in the interface's own.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::own::{self, Act};
use super::{available, doing, moves};
use crate::domain::id::SyncId;
use crate::tui::action::{Entry, Scope};
use crate::tui::available::Refusal;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::screens::page::{Heard, Page, Wish};
use crate::tui::state::State;

/// The Syncs screen.
#[derive(Debug, Default)]
pub(crate) struct SyncsPage {
    /// The sync that a person is asked about before it is deleted.
    pub(super) deleting: Option<SyncId>,
}

impl Page for SyncsPage {
    type Act = Act;
    const ACTIONS: &'static [Entry] = &[];

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Syncs]
    }

    fn view(&self, state: &State, look: &Look, _: Rect, buf: &mut Buffer) -> Position {
        super::view(state, look, &state.areas(), buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(act) => own::can(state, act),
            Wish::Shared(action) => available::available(state, action),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(act) => self.own(state, act),
            Wish::Shared(action) => doing::act(state, action),
        }
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        self.heard(state, heard)
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if !available::may_go_back(state) {
            return None;
        }
        moves::back(state);
        Some(Vec::new())
    }

    fn has_back(&self, state: &State) -> bool {
        available::may_go_back(state)
    }

    fn short(&self, state: &State, entry: &Entry) -> &'static str {
        available::short(state, entry)
    }
}
