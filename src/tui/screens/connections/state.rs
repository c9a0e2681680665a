//! What the list of sources or destinations remembers.

use std::collections::HashMap;

use super::listing::{self, Connection};
use super::testing::Tests;
use crate::domain::edit::Side;
use crate::domain::explore::Connectors;
use crate::tui::requests::Waiting;
use crate::tui::state::State;
use crate::tui::widgets::table::Table;

/// The list of sources, or that of destinations.
#[derive(Debug)]
pub(crate) struct Connections {
    pub(super) side: Side,
    pub(super) table: Table,
    /// What uses each, by its id.
    pub(super) used: HashMap<String, u64>,
    pub(super) tests: Tests,
    /// The kinds that a new one can be of.
    pub(super) kinds: Waiting<Connectors>,
    /// The one that is being deleted, with the token of that.
    pub(super) deleting: Option<(u64, String)>,
    /// The name of one that was just saved: the cursor goes there, and it is tested.
    pub(super) saved: Option<String>,
    /// Whether the detail covers the list, where the screen is small.
    pub(super) inside: bool,
}

impl Connections {
    pub(crate) fn of(side: Side) -> Self {
        Self {
            side,
            table: Table::markable(),
            used: HashMap::new(),
            tests: Tests::default(),
            kinds: Waiting::Not,
            deleting: None,
            saved: None,
            inside: false,
        }
    }

    /// The list with the cursor on the one of this name, which is tested at once.
    pub(crate) fn testing(side: Side, name: String) -> Self {
        Self {
            saved: Some(name),
            ..Self::of(side)
        }
    }

    /// The one on which the cursor stands.
    pub(super) fn selected<'a>(&self, state: &'a State) -> Option<Connection<'a>> {
        listing::at(&state.world, self.side, self.table.selected()?)
    }

    /// The word for several of them.
    pub(super) fn title(&self) -> &'static str {
        match self.side {
            Side::Source => "Sources",
            Side::Destination => "Destinations",
        }
    }
}
