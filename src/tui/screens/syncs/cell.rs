//! A sync's or run's state as people see it: symbol, words and role together.

use crate::domain::run::{Phase, Run, RunStatus};
use crate::domain::schedule::Schedule;
use crate::link::Connection;
use crate::link::view::{ActiveRun, SyncState, SyncView};
use crate::tui::look::{Look, percent};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// A state as people see it.
pub(in crate::tui::screens) struct Cell {
    pub glyph: &'static str,
    pub words: String,
    pub role: Role,
}

fn cell(glyph: &'static str, words: impl Into<String>, role: Role) -> Cell {
    Cell {
        glyph,
        words: words.into(),
        role,
    }
}

/// The word by which a state is filtered.
pub(crate) fn state_word(state: &SyncState) -> &'static str {
    match state {
        SyncState::NeedsAttention { .. } => "attention",
        SyncState::Running => "running",
        SyncState::AwaitingApproval => "approval",
        SyncState::Queued => "queued",
        SyncState::Held => "held",
        SyncState::Failed => "failed",
        SyncState::Errors => "errors",
        SyncState::Ok => "ok",
        SyncState::Paused => "paused",
        SyncState::Manual => "manual",
        SyncState::Waiting => "waiting",
    }
}

/// The state of a sync.
pub(super) fn of_sync(state: &State, sync: &SyncView, look: &Look) -> Cell {
    let glyphs = look.glyphs;
    if let Some(doing) = state.doing(sync.id()) {
        return cell(glyphs.pending, doing, Role::Dim);
    }
    match &sync.state {
        SyncState::NeedsAttention { .. } => cell(glyphs.attention, "attention", Role::Error),
        SyncState::Running => running(state, sync, look),
        SyncState::AwaitingApproval => cell(glyphs.held, "needs approval", Role::Warn),
        SyncState::Queued => cell(glyphs.queued, "queued", Role::Running),
        SyncState::Held => {
            let words = match &sync.held {
                Some(held) => format!("{} held", text::count(held.count)),
                None => "deletes held".to_owned(),
            };
            cell(glyphs.held, words, Role::Warn)
        }
        SyncState::Failed => match &sync.last {
            Some(run) => cell(glyphs.failed, run.status.words(), Role::Error),
            None => cell(glyphs.failed, "failed", Role::Error),
        },
        SyncState::Errors => cell(glyphs.attention, errors(sync), Role::Warn),
        SyncState::Ok => cell(glyphs.ok, "ok", Role::Ok),
        SyncState::Paused => cell(glyphs.paused, "paused", Role::Dim),
        SyncState::Manual => cell(glyphs.manual, "manual", Role::Dim),
        SyncState::Waiting => cell(glyphs.waiting, "waiting", Role::Dim),
    }
}

fn running(state: &State, sync: &SyncView, look: &Look) -> Cell {
    let words = match &sync.active {
        Some(active) => progress_words(active),
        None => "running".to_owned(),
    };
    cell(look.spinner(spin(state)), words, Role::Running)
}

/// The time by which the spinner turns; it stands still while nobody knows how the run fares.
fn spin(state: &State) -> u64 {
    match state.connection {
        Connection::Lost { .. } => 0,
        Connection::Local | Connection::Attached => state.now.ms,
    }
}

/// `writing 62 %`, `querying`.
fn progress_words(active: &ActiveRun) -> String {
    let phase = active.run.phase.map_or("running", Phase::words);
    match active.progress() {
        Some(share) => format!("{phase} {} %", percent(share)),
        None => phase.to_owned(),
    }
}

/// What was wrong with the last run, which completed, the worst first: `41 rejected`. Rows that are
/// ignored are left out.
fn errors(sync: &SyncView) -> String {
    let Some(run) = &sync.last else {
        return "errors".to_owned();
    };
    let (counters, ignored) = (&run.counters, sync.ignored);
    [
        (counters.total(|t| t.rejected), ignored.rejected, "rejected"),
        (counters.total(|t| t.unknown), ignored.unknown, "unknown"),
        (counters.invalid, ignored.invalid, "invalid"),
    ]
    .into_iter()
    .map(|(number, ignored, word)| (number.saturating_sub(ignored), word))
    .find(|(number, _)| *number > 0)
    .map_or("errors".to_owned(), |(number, word)| {
        format!("{} {word}", text::count(number))
    })
}

/// The status of a run.
pub(in crate::tui::screens) fn of_run(state: &State, run: &Run, look: &Look) -> Cell {
    let glyphs = look.glyphs;
    match run.status {
        RunStatus::Queued => cell(glyphs.queued, "queued", Role::Running),
        RunStatus::Running if run.phase == Some(Phase::AwaitingApproval) => {
            cell(glyphs.held, "needs approval", Role::Warn)
        }
        RunStatus::Running => cell(look.spinner(spin(state)), "running", Role::Running),
        RunStatus::Completed | RunStatus::CompletedWithErrors if run.options.plan_only => {
            cell(glyphs.ok, "planned", Role::Ok)
        }
        RunStatus::Completed => cell(glyphs.ok, "completed", Role::Ok),
        RunStatus::CompletedWithErrors => cell(glyphs.attention, "with errors", Role::Warn),
        RunStatus::Failed => cell(glyphs.failed, "failed", Role::Error),
        RunStatus::Cancelled => cell(glyphs.failed, "cancelled", Role::Warn),
        RunStatus::Interrupted => cell(glyphs.failed, "interrupted", Role::Error),
    }
}

/// When a sync runs next: `15:00`, `paused`, `by hand`.
pub(super) fn next(state: &State, sync: &SyncView) -> String {
    if sync.sync.settings.paused {
        return "paused".to_owned();
    }
    match (sync.next_run_at, &sync.sync.settings.schedule) {
        (Some(at), _) => text::when(state.zone, state.now.wall, at),
        (None, Schedule::Manual) => "by hand".to_owned(),
        (None, Schedule::After { .. }) => "after".to_owned(),
        (None, _) => "-".to_owned(),
    }
}
