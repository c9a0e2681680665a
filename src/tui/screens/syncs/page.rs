//! The Syncs screen as a page: it is the oldest, and its state stands in the interface's own.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{available, doing, moves};
use crate::tui::action::{Entry, Scope};
use crate::tui::available::Refusal;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::screens::page::{NoAct, Page, Wish};
use crate::tui::state::State;

/// The Syncs screen.
#[derive(Debug)]
pub(crate) struct SyncsPage;

impl Page for SyncsPage {
    type Act = NoAct;
    const ACTIONS: &'static [Entry] = &[];

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Syncs]
    }

    fn view(&self, state: &State, look: &Look, _: Rect, buf: &mut Buffer) -> Position {
        super::view(state, look, &state.areas(), buf)
    }

    fn can(&self, state: &State, wish: Wish<NoAct>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(never) => match never {},
            Wish::Shared(action) => available::available(state, action),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<NoAct>) -> Vec<Effect> {
        match wish {
            Wish::Own(never) => match never {},
            Wish::Shared(action) => doing::act(state, action),
        }
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
