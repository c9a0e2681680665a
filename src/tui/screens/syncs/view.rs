//! Draws the Syncs screen: the panes for which there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::{detail, list, log_view};
use crate::tui::layout::{Areas, Pane};
use crate::tui::look::Look;
use crate::tui::state::State;

/// Draws the panes and gives the place of the real cursor, in the pane that has the focus.
pub(crate) fn view(state: &State, look: &Look, areas: &Areas, buf: &mut Buffer) -> Position {
    let mut place = Position::ORIGIN;
    // The log comes last: its title stands on the border that it shares with what is above.
    for pane in [Pane::List, Pane::Detail, Pane::Log] {
        let at = match pane {
            Pane::List => areas.list.map(|area| list::draw(state, look, area, buf)),
            Pane::Detail => areas
                .detail
                .map(|area| detail::draw(state, look, area, buf)),
            Pane::Log => areas.log.map(|area| log_view::draw(state, look, area, buf)),
        };
        if pane == state.syncs.pane
            && let Some(at) = at
        {
            place = at;
        }
    }
    place
}
