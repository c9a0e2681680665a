//! Which actions of the Syncs screen can be done now, and why the others cannot.

use super::Tab;
use crate::domain::schedule::Schedule;
use crate::link::view::SyncState;
use crate::tui::action::{Action, Entry};
use crate::tui::available::{Refusal, reachable};
use crate::tui::layout::{Class, Pane};
use crate::tui::questions::waiting;
use crate::tui::screens::page::{no, not_here};
use crate::tui::state::State;

/// Whether `action` can be done now.
///
/// # Errors
/// Why it cannot.
pub(super) fn available(state: &State, action: Action) -> Result<(), Refusal> {
    match action {
        Action::Run | Action::RunMenu | Action::Plan => may_run(state, action),
        Action::TogglePause => may_pause(state),
        Action::Cancel => may_cancel(state),
        Action::Held => may_approve(state),
        Action::Enter => may_enter(state),
        Action::Find | Action::Filter if state.syncs.pane == Pane::Log => log_lines(state),
        Action::Find | Action::Filter | Action::Order => match state.world.syncs.is_empty() {
            true => no("there are no syncs yet"),
            false => Ok(()),
        },
        Action::Mark | Action::MarkAll => match state.syncs.pane {
            Pane::List if !state.syncs.shown.is_empty() => Ok(()),
            Pane::List => no("no sync is shown"),
            _ => no("marks are set in the list"),
        },
        Action::PreviousTab | Action::NextTab => match state.areas().detail {
            Some(_) if state.selected().is_none() => no("no sync is selected"),
            Some(_) => Ok(()),
            None => no("`enter` opens the detail first"),
        },
        Action::ToggleLog => match state.class() {
            Class::Narrow if state.syncs.pane == Pane::List => no("`enter` opens the detail first"),
            _ => Ok(()),
        },
        Action::LogFollow | Action::LogWrap | Action::LogSave => log_lines(state),
        Action::LogNextHit | Action::LogPreviousHit => match state.syncs.log.find.is_empty() {
            true => no("nothing is searched for; `/` does"),
            false => Ok(()),
        },
        Action::Copy | Action::CopyCommand => match state.selected() {
            Some(_) => Ok(()),
            None => no("nothing is selected"),
        },
        Action::Up
        | Action::Down
        | Action::Left
        | Action::Right
        | Action::First
        | Action::Last
        | Action::HalfUp
        | Action::HalfDown
        | Action::NextPane
        | Action::PreviousPane => Ok(()),
        _ => not_here(),
    }
}

fn may_run(state: &State, action: Action) -> Result<(), Refusal> {
    reachable(state)?;
    if let Some(reason) = &state.world.halted {
        return Err(format!("nothing is sent: {reason}").into());
    }
    let targets = state.targets();
    if targets.is_empty() {
        return no("no sync is selected");
    }
    if action == Action::Plan && targets.iter().any(|sync| sync.active.is_some()) {
        return no("a run is under way; its plan is in Runs");
    }
    if action == Action::Plan && targets.len() > 1 {
        return no("a plan is made of one sync; `*` twice takes the marks away");
    }
    if action == Action::RunMenu && targets.len() > 1 {
        return no("the menu is for one sync; `*` twice takes the marks away");
    }
    let broken = targets.iter().find_map(|sync| match &sync.state {
        SyncState::NeedsAttention { reason } => Some((sync.name(), reason)),
        _ => None,
    });
    match broken {
        Some((name, reason)) => Err(format!("{name} needs attention first: {reason}").into()),
        None => Ok(()),
    }
}

fn may_pause(state: &State) -> Result<(), Refusal> {
    reachable(state)?;
    let targets = state.targets();
    if targets.is_empty() {
        return no("no sync is selected");
    }
    let scheduled = targets.iter().any(|sync| {
        sync.sync.settings.paused || !matches!(sync.sync.settings.schedule, Schedule::Manual)
    });
    match scheduled {
        true => Ok(()),
        false => no("it has no schedule to pause"),
    }
}

fn may_cancel(state: &State) -> Result<(), Refusal> {
    reachable(state)?;
    let open = |sync: &&std::sync::Arc<crate::link::view::SyncView>| {
        sync.active.is_some() || sync.queued.is_some()
    };
    match state.targets().iter().any(open) {
        true => Ok(()),
        false => no("no run is under way"),
    }
}

fn may_approve(state: &State) -> Result<(), Refusal> {
    reachable(state)?;
    match state.selected().and_then(|sync| waiting(sync)) {
        Some(_) => Ok(()),
        None => no("nothing waits for approval"),
    }
}

fn may_enter(state: &State) -> Result<(), Refusal> {
    if state.selected().is_none() {
        return no("no sync is selected");
    }
    match state.syncs.pane {
        Pane::List => Ok(()),
        Pane::Detail if state.syncs.tab == Tab::Runs => {
            let listed = state
                .selected()
                .is_some_and(|sync| !state.syncs.runs.listed(sync).is_empty());
            match listed {
                true => Ok(()),
                false => no("there is no run to open"),
            }
        }
        Pane::Detail => Ok(()),
        Pane::Log => no("this is the innermost step"),
    }
}

/// Whether esc has somewhere to go.
pub(super) fn may_go_back(state: &State) -> bool {
    state.syncs.pane != Pane::List
        || !state.syncs.marked.is_empty()
        || !state.syncs.filter.is_empty()
}

fn log_lines(state: &State) -> Result<(), Refusal> {
    match state.syncs.log.len() {
        0 => no("the log has no lines"),
        _ => Ok(()),
    }
}

/// What an action does now, in a word for the footer.
pub(super) fn short(state: &State, entry: &Entry) -> &'static str {
    match entry.action {
        Action::TogglePause => {
            let targets = state.targets();
            let all_paused = !targets.is_empty() && targets.iter().all(|s| s.sync.settings.paused);
            if all_paused { "resume" } else { entry.short }
        }
        Action::ToggleLog if state.syncs.log_shown && state.class() != Class::Small => "hide log",
        _ => entry.short,
    }
}
