//! Does an action of the table.

use super::action::Action;
use super::available::available;
use super::intents::{Intent, perform};
use super::layout::{Class, Pane};
use super::msg::{Effect, Leave};
use super::overlays::{Overlay, dialog, help, menu, palette, prompt};
use super::screens::syncs::moves;
use super::state::State;
use crate::domain::id::SyncId;
use crate::link::Connection;

/// Does `action`, or says why it cannot be done now.
pub(crate) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if let Err(why) = available(state, action) {
        state.note(format!("not now: {why}"));
        return Vec::new();
    }
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
            if let Some(sync) = state.syncs.selected.clone() {
                dialog::ask_held(state, &sync);
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
        Action::Palette => state.overlay = Some(Overlay::Palette(palette::Palette::default())),
        Action::Help => state.overlay = Some(Overlay::Help(help::Help::default())),
        Action::Redraw => return vec![Effect::Redraw],
        Action::ToggleMouse => {
            state.mouse = !state.mouse;
            let words = if state.mouse {
                "mouse on: hold shift to select text"
            } else {
                "mouse off: the terminal selects text"
            };
            state.note(words);
            return vec![Effect::Mouse(state.mouse)];
        }
        Action::Suspend => return suspend(state),
        Action::Quit => return quit(state),
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

/// Stops the process until `fg`; asks where runs would stand still with it.
pub(crate) fn suspend(state: &mut State) -> Vec<Effect> {
    match (&state.connection, state.active_runs()) {
        (Connection::Local, runs) if runs > 0 => {
            dialog::ask_suspend(state, runs);
            Vec::new()
        }
        _ => vec![Effect::Suspend],
    }
}

fn quit(state: &mut State) -> Vec<Effect> {
    match (&state.connection, state.active_runs()) {
        (Connection::Local, runs) if runs > 0 => {
            dialog::ask_leave(state, runs);
            Vec::new()
        }
        _ => perform(state, Intent::Leave(Leave::Quit)),
    }
}

/// Whether an action is heard at this size: where nothing can be shown, only leaving is.
pub(crate) fn heard(state: &State, action: Action) -> bool {
    state.class() != Class::Tiny
        || matches!(
            action,
            Action::Quit | Action::Suspend | Action::Redraw | Action::Back
        )
}
