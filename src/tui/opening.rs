//! Where the interface opens when it was asked to show one thing: a run or a sync.

use super::layout::Pane;
use super::router::travel;
use super::screens::runs::RunPage;
use super::state::{SYNCS_TAB, State};
use crate::domain::id::SyncId;
use crate::domain::run::Run;

/// The number of the tab with the runs of all syncs.
const RUNS_TAB: u8 = 3;

/// What the interface is to show first.
#[derive(Debug, Clone)]
pub enum Opening {
    /// The page of a run.
    Run(Box<Run>),
    /// A sync in the list, with its detail.
    Sync(SyncId),
}

/// Shows what is to be shown first.
pub(super) fn open(state: &mut State, opening: &Opening) {
    match opening {
        Opening::Run(run) => {
            state.router.go(RUNS_TAB);
            // Nothing closes by this, so nothing is to be let go.
            let _ = travel(state);
            state.router.open(RunPage::of(run));
        }
        Opening::Sync(id) => {
            state.router.go(SYNCS_TAB);
            state.syncs.filter.clear();
            state.syncs.selected = Some(id.clone());
            state.syncs.pane = Pane::Detail;
        }
    }
    let _ = travel(state);
}
