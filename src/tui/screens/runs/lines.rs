//! Runs in words and lines, as pages about a run share them.

use ratatui::text::{Line, Span};

use crate::domain::run::{Phase, Run};
use crate::link::Connection;
use crate::link::view::{ActiveRun, SyncView};
use crate::tui::look::{Lines, Look};
use crate::tui::screens::syncs;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// A run under way.
pub(in crate::tui::screens) fn live(out: &mut Lines<'_>, state: &State, active: &ActiveRun) {
    syncs::active_run(out, state, active);
}

/// What a run came to, in words: `created 812, rejected 3, 47,710 not sent`.
pub(in crate::tui::screens) fn result_words(run: &Run) -> String {
    let c = &run.counters;
    let all = [
        (c.create.done, "created"),
        (c.update.done, "updated"),
        (c.delete.done, "deleted"),
        (c.total(|t| t.rejected), "rejected"),
        (c.total(|t| t.unknown), "unknown"),
        (c.total(|t| t.held), "held"),
        (c.total(|t| t.unsent), "not sent"),
    ];
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    let words: Vec<String> = some
        .map(|(number, word)| match word {
            "not sent" => format!("{} {word}", text::count(number)),
            _ => format!("{word} {}", text::count(number)),
        })
        .collect();
    match words.is_empty() {
        true => "nothing was sent".to_owned(),
        false => words.join(", "),
    }
}

/// Rows of a run that a retry would take.
pub(in crate::tui::screens) fn refused(run: &Run) -> u64 {
    let c = &run.counters;
    c.invalid + c.total(|tally| tally.rejected + tally.unknown)
}

/// How long a run takes or took, in milliseconds.
pub(super) fn lasted(state: &State, run: &Run) -> Option<u64> {
    let known = match state.connection {
        Connection::Lost { .. } => state.seen.wall,
        Connection::Local | Connection::Attached => state.now.wall,
    };
    let ended = match run.status.is_final() {
        true => run.ended_at?,
        false => known,
    };
    u64::try_from((ended - run.started_at?).num_milliseconds()).ok()
}

/// The phases of a run as bars beneath each other, each with its time.
pub(super) fn timeline(
    look: &Look,
    state: &State,
    run: &Run,
    columns: usize,
) -> Vec<Line<'static>> {
    let past: u64 = run.phases.iter().map(|time| time.ms).sum();
    let mut all: Vec<(Phase, u64, bool)> = run
        .phases
        .iter()
        .map(|time| (time.name, time.ms, false))
        .collect();
    if !run.status.is_final()
        && let Some(phase) = run.phase
    {
        all.retain(|(name, _, _)| *name != phase);
        let ms = lasted(state, run).unwrap_or(0).saturating_sub(past);
        all.push((phase, ms, true));
    }
    let longest = all.iter().map(|(_, ms, _)| *ms).max().unwrap_or(0).max(1);
    let name = 18;
    let room = columns.saturating_sub(name + 14).clamp(4, 40);
    all.into_iter()
        .map(|(phase, ms, open)| {
            let share = u64::try_from(room).unwrap_or(0).saturating_mul(ms) / longest;
            let bar = usize::try_from(share).unwrap_or(0).clamp(1, room);
            let role = if open { Role::Running } else { Role::Ok };
            Line::from(vec![
                look.span(Role::Dim, text::left(phase.words(), name)),
                look.span(role, text::left(&look.glyphs.gauge_full.repeat(bar), room)),
                Span::raw("  "),
                look.span(Role::Text, text::duration(ms)),
            ])
        })
        .collect()
}

/// The last runs of a sync as bars of their duration, with their outcome.
pub(super) fn chart(out: &mut Lines<'_>, sync: &SyncView) {
    syncs::history(out, sync);
}
