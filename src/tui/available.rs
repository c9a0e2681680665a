//! Which actions can be done now, and why the others cannot.

use std::borrow::Cow;

use super::action::{Action, Entry};
use super::layout::{Class, Pane};
use super::screens::page::{no, not_here};
use super::state::State;
use crate::link::Connection;

/// Why an action cannot be done now, in words that follow "not now:"; empty where the page that is
/// shown does not have it at all.
pub(crate) type Refusal = Cow<'static, str>;

/// Whether `action` can be done now.
///
/// # Errors
/// Why it cannot.
pub(crate) fn available(state: &State, action: Action) -> Result<(), Refusal> {
    match action {
        Action::Palette
        | Action::Help
        | Action::ToggleMouse
        | Action::Redraw
        | Action::Suspend
        | Action::Go(_) => Ok(()),
        Action::History => reachable(state),
        Action::Back => match has_back(state) {
            true => Ok(()),
            false => no("this is the outermost step; `q` leaves"),
        },
        Action::Quit => match state.router.depth() > 1 || inside_syncs(state) {
            true => no("`esc` goes back first"),
            false => Ok(()),
        },
        other => match state.page() {
            Some(page) => page.can(state, other),
            None => not_here(),
        },
    }
}

/// Whether esc has somewhere to go.
fn has_back(state: &State) -> bool {
    state.toasts.iter().any(|toast| toast.failure)
        || state.router.depth() > 1
        || state.page().is_some_and(|page| page.has_back(state))
}

/// Whether the detail of a sync covers the list.
fn inside_syncs(state: &State) -> bool {
    state.on_syncs()
        && matches!(state.class(), Class::Narrow | Class::Small)
        && state.syncs.pane != Pane::List
}

/// Whether the core can be asked for anything.
///
/// # Errors
/// That it does not answer.
pub(crate) fn reachable(state: &State) -> Result<(), Refusal> {
    match state.connection {
        Connection::Lost { .. } => no("the core does not answer"),
        Connection::Local | Connection::Attached => Ok(()),
    }
}

/// Whether the page that is shown has the action at all, possible now or not.
pub(crate) fn offered(state: &State, action: Action) -> bool {
    available(state, action)
        .err()
        .is_none_or(|why| !why.is_empty())
}

/// What an action does now, in a word for the footer.
pub(crate) fn short(state: &State, entry: &Entry) -> &'static str {
    state
        .page()
        .map_or(entry.short, |page| page.short(state, entry))
}
