//! Does the actions of the Syncs screen that concern syncs and their runs.

use super::moves;
use crate::domain::id::SyncId;
use crate::tui::action::Action;
use crate::tui::intents::{Intent, perform};
use crate::tui::layout::Pane;
use crate::tui::msg::Effect;
use crate::tui::overlays::{dialog, menu, prompt};
use crate::tui::screens::plan::Plan;
use crate::tui::state::State;

/// Does an action that was found to be possible.
pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Run => {
            let intent = Intent::Run(targets(state), Default::default());
            return unmarked(state, intent);
        }
        Action::RunMenu => {
            if let Some(sync) = targets(state).pop() {
                menu::open(state, sync);
            }
        }
        Action::TogglePause => return toggle_pause(state),
        Action::Cancel => {
            let syncs = targets(state);
            dialog::ask_cancel(state, &syncs);
        }
        Action::Held => {
            let waiting = state.selected().and_then(|sync| Plan::waiting(sync));
            if let Some(page) = waiting {
                state.router.open(page);
            }
        }
        Action::Plan => {
            if let Some(sync) = state.selected() {
                let page = Plan::fresh(sync.id().clone());
                state.router.open(page);
            }
        }
        Action::Find => prompt::open(
            state,
            by_pane(state, prompt::Kind::Find, prompt::Kind::LogFind),
        ),
        Action::Filter => {
            let kind = by_pane(state, prompt::Kind::Filter, prompt::Kind::LogFilter);
            prompt::open(state, kind);
        }
        _ => return moves::act(state, action),
    }
    Vec::new()
}

fn by_pane(state: &State, list: prompt::Kind, log: prompt::Kind) -> prompt::Kind {
    match state.syncs.pane {
        Pane::Log => log,
        Pane::List | Pane::Detail => list,
    }
}

fn targets(state: &State) -> Vec<SyncId> {
    state
        .targets()
        .iter()
        .map(|sync| sync.id().clone())
        .collect()
}

/// Performs what was meant for the marked syncs and takes the marks away.
fn unmarked(state: &mut State, intent: Intent) -> Vec<Effect> {
    let effects = perform(state, intent);
    state.syncs.marked.clear();
    effects
}

fn toggle_pause(state: &mut State) -> Vec<Effect> {
    let targets = state.targets();
    let running: Vec<SyncId> = targets
        .iter()
        .filter(|sync| !sync.sync.settings.paused)
        .map(|sync| sync.id().clone())
        .collect();
    let intent = if running.is_empty() {
        Intent::Resume(targets.iter().map(|sync| sync.id().clone()).collect())
    } else {
        Intent::Pause(running)
    };
    unmarked(state, intent)
}
