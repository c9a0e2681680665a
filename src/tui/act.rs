//! Does an action of the table.

use super::action::Action;
use super::available::available;
use super::intents::{Intent, perform};
use super::layout::Class;
use super::msg::{Effect, Leave};
use super::overlays::{Overlay, dialog, help, palette, prompt};
use super::questions;
use super::router::{to_first, travel, with_top};
use super::screens::history::History;
use super::state::State;
use crate::link::Connection;

/// Does `action`, or says why it cannot be done now.
pub(crate) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if let Err(why) = available(state, action) {
        if !why.is_empty() {
            state.note(format!("not now: {why}"));
        }
        return Vec::new();
    }
    match action {
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
        Action::History => {
            state.router.open(History::asking());
            return travel(state);
        }
        Action::Suspend => return suspend(state),
        Action::Quit => return quit(state),
        Action::Go(number) => return go(state, number),
        Action::Back => return back(state),
        Action::Find | Action::Filter if state.page().is_some_and(|p| p.table().is_some()) => {
            prompt::open(
                state,
                match action {
                    Action::Find => prompt::Kind::TableFind,
                    _ => prompt::Kind::TableFilter,
                },
            );
        }
        _ => return with_top(state, |page, state| page.act(state, action)),
    }
    Vec::new()
}

/// Shows a tab as it was left; the number of the tab that is shown leads back to its first page.
fn go(state: &mut State, number: u8) -> Vec<Effect> {
    if state.router.tab() != number {
        state.router.go(number);
        return travel(state);
    }
    let (there, effects) = to_first(state);
    if !there {
        state.note("there are edits here that are not saved: `esc` asks, ctrl-s saves");
    }
    if state.on_syncs() {
        state.syncs.pane = super::layout::Pane::List;
    }
    effects
}

/// One step out: a failure that is told, a step within the page, the page.
fn back(state: &mut State) -> Vec<Effect> {
    if state.toasts.iter().any(|toast| toast.failure) {
        state.toasts.retain(|toast| !toast.failure);
        return Vec::new();
    }
    with_top(state, |page, state| match page.back(state) {
        Some(effects) => effects,
        None => {
            state.router.close(None);
            Vec::new()
        }
    })
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
    if state.router.dirty() {
        questions::ask_leave_edits(state);
        return Vec::new();
    }
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
