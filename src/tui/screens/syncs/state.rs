//! What the Syncs screen remembers: selection, marks, order, filter, panes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::log::Log;
use super::order::{self, Order};
use super::runs::Runs;
use crate::domain::id::{RunId, SyncId};
use crate::link::WorkspaceView;
use crate::tui::layout::Pane;
pub(crate) use crate::tui::widgets::table::scrolled;

/// The tabs of the detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tab {
    #[default]
    Overview,
    Runs,
}

impl Tab {
    pub(crate) const ALL: [Self; 2] = [Self::Overview, Self::Runs];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Runs => "Runs",
        }
    }
}

/// The state of the Syncs screen.
#[derive(Debug)]
pub(crate) struct Syncs {
    pub pane: Pane,
    pub tab: Tab,
    pub log_shown: bool,
    /// The sync on which the cursor stands; it keeps it when the order changes.
    pub selected: Option<SyncId>,
    /// The name of a sync on which the cursor is to stand once it is listed.
    pub wanted: Option<String>,
    /// Positions in the workspace's syncs, filtered and in order.
    pub shown: Vec<usize>,
    /// Where in `shown` the cursor stands.
    pub cursor: usize,
    /// The first of `shown` that is on the screen.
    pub top: usize,
    pub marked: BTreeSet<SyncId>,
    pub order: Order,
    pub filter: String,
    /// What is looked for while a person types it.
    pub find: String,
    /// A run that was opened from the Runs tab; else the log is that of the latest run.
    pub opened: Option<RunId>,
    pub runs: Runs,
    pub log: Log,
}

impl Default for Syncs {
    fn default() -> Self {
        Self {
            pane: Pane::List,
            tab: Tab::Overview,
            log_shown: true,
            selected: None,
            wanted: None,
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            marked: BTreeSet::new(),
            order: Order::State,
            filter: String::new(),
            find: String::new(),
            opened: None,
            runs: Runs::default(),
            log: Log::default(),
        }
    }
}

impl Syncs {
    /// Filters and orders anew; the cursor stays on its sync, or near where it was.
    pub(crate) fn arrange(&mut self, world: &WorkspaceView) {
        self.shown = order::arrange(world, self.order, &self.filter);
        let wanted = self.wanted.as_deref();
        if let Some(sync) = world.syncs.iter().find(|sync| Some(sync.name()) == wanted) {
            self.selected = Some(sync.id().clone());
            self.wanted = None;
        }
        let id_at = |place: usize| {
            self.shown
                .get(place)
                .and_then(|position| world.syncs.get(*position))
                .map(|sync| sync.id())
        };
        let held = self.selected.as_ref();
        if held.is_none() || id_at(self.cursor) != held {
            let found = held.and_then(|id| (0..self.shown.len()).find(|p| id_at(*p) == Some(id)));
            self.cursor = found.unwrap_or(self.cursor.min(self.shown.len().saturating_sub(1)));
        }
        let known: BTreeSet<&SyncId> = if self.marked.is_empty() {
            BTreeSet::new()
        } else {
            world.syncs.iter().map(|sync| sync.id()).collect()
        };
        self.marked.retain(|id| known.contains(id));
        self.select(world, self.cursor);
    }

    /// Puts the cursor on a place of the list.
    pub(crate) fn select(&mut self, world: &WorkspaceView, place: usize) {
        self.cursor = place.min(self.shown.len().saturating_sub(1));
        let id = self
            .position()
            .and_then(|position| world.syncs.get(position))
            .map(|sync| sync.id().clone());
        if id != self.selected {
            self.opened = None;
        }
        // An empty list keeps the selection for when the filter lets it in again.
        if id.is_some() {
            self.selected = id;
        }
    }

    /// The cursor's position in the workspace's syncs.
    pub(crate) fn position(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// Scrolls so that the cursor is among `rows` rows.
    pub(crate) fn scroll(&mut self, rows: usize) {
        self.top = scrolled(self.top, self.cursor, self.shown.len(), rows);
    }
}
