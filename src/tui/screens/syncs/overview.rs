//! Draws the Overview of a sync: its way, its schedule, its run, its last runs.

use ratatui::text::{Line, Span};

use super::Act;
use super::run_lines::{active_run, last_run, trigger_words};
use crate::domain::run::{Run, RunStatus};
use crate::domain::schedule::Schedule;
use crate::domain::sync::Sync;
use crate::link::view::{RecentRun, SyncState, SyncView};
use crate::tui::action::Action;
use crate::tui::look::{Lines, Look};
use crate::tui::screens::PageAct;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// The lines of the Overview.
pub(super) fn overview(
    state: &State,
    look: &Look,
    sync: &SyncView,
    columns: usize,
) -> Vec<Line<'static>> {
    let mut lines = Lines::new(look, columns);
    route(&mut lines, state, sync);
    schedule(&mut lines, state, sync);
    trouble(&mut lines, state, sync);
    lines.blank();
    if let Some(queued) = &sync.queued {
        let why = trigger_words(state, &queued.trigger);
        lines.wrapped(Role::Running, &format!("queued: {why}"), 1);
    }
    match (&sync.active, &sync.last) {
        (Some(active), _) => active_run(&mut lines, state, active),
        (None, Some(last)) => {
            last_run(&mut lines, state, last);
            no_rows(&mut lines, state, sync, last);
        }
        (None, None) if sync.queued.is_none() => not_yet(&mut lines, state, sync),
        (None, None) => {}
    }
    history(&mut lines, sync);
    if let Some(at) = sync.kept {
        let at = text::when(state.zone, state.now.wall, at);
        let words = format!("An earlier state for this object is kept ({at}): `:put back`.");
        lines.wrapped(Role::Dim, &words, 2);
    }
    lines.out
}

/// Why a sync has no run yet, and the keys that change it.
fn not_yet(lines: &mut Lines<'_>, state: &State, sync: &SyncView) {
    let key = |action| state.keymap.label(action).unwrap_or(":");
    let run = key(Action::Run);
    let words = if sync.sync.settings.paused {
        let resume = key(Action::TogglePause);
        format!("No run yet: the sync is paused. `{resume}` resumes it, `{run}` runs it once now.")
    } else if sync.sync.settings.schedule == Schedule::Manual {
        let edit = key(Action::Page(PageAct::Syncs(Act::Schedule)));
        format!("No run yet: it runs by hand only. `{run}` runs it now, `{edit}` sets a schedule.")
    } else {
        format!("No run yet. `{run}` runs it now.")
    };
    lines.wrapped(Role::Dim, &words, 2);
}

/// Says where to look when a run met no rows although none has been sent before.
fn no_rows(lines: &mut Lines<'_>, state: &State, sync: &SyncView, last: &Run) {
    let empty = last.status == RunStatus::Completed && last.counters.read == 0;
    if !empty || sync.known > 0 {
        return;
    }
    let key = |action| state.keymap.label(action).unwrap_or(":");
    let words = format!(
        "{} gave no rows, so nothing was sent. `{}` Models: there `{}` opens it and `{}` previews it.",
        sync.model,
        key(Action::Go(4)),
        key(Action::Enter),
        key(Action::Preview),
    );
    lines.wrapped(Role::Warn, &words, 2);
}

fn route(lines: &mut Lines<'_>, state: &State, sync: &SyncView) {
    let look = lines.look;
    let room = lines.columns;
    let settings = &sync.sync.settings;
    let connector = state
        .world
        .sources
        .iter()
        .find(|source| source.name == sync.source)
        .map_or(String::new(), |source| format!("{}:", source.connector));
    let mut pieces = vec![
        look.foreign(
            Role::Text,
            &format!("{} ({connector}{})", sync.model, sync.source),
            room,
        ),
        look.foreign(
            Role::Text,
            &format!(
                "{} {} {} {}",
                look.glyphs.arrow, sync.destination, look.glyphs.into, settings.destination_object
            ),
            room,
        ),
        look.span(Role::Strong, settings.mode.word()),
    ];
    if let Some(health) = sync.health {
        let (word, role) = health_words(health);
        pieces.push(look.span(role, format!("health {health} {word}")));
    }
    lines.flow(pieces, 2);
    if !settings.tags.is_empty() {
        lines.wrapped(Role::Dim, &format!("tags {}", settings.tags.join(", ")), 1);
    }
}

/// The bands of product.md.
fn health_words(health: u8) -> (&'static str, Role) {
    match health {
        80.. => ("healthy", Role::Ok),
        60.. => ("warning", Role::Warn),
        40.. => ("degraded", Role::Warn),
        _ => ("critical", Role::Error),
    }
}

fn schedule(lines: &mut Lines<'_>, state: &State, sync: &SyncView) {
    let look = lines.look;
    let room = lines.columns;
    let mut pieces = vec![look.foreign(Role::Text, &sync.schedule_words, room)];
    if sync.sync.settings.paused {
        pieces.push(look.span(Role::Warn, format!("{} paused", look.glyphs.paused)));
    } else if let Some(at) = sync.next_run_at {
        let now = state.now.wall;
        pieces.push(look.span(
            Role::Dim,
            format!(
                "next {} ({})",
                text::when(state.zone, now, at),
                text::ahead(now, at)
            ),
        ));
    }
    pieces.push(look.span(Role::Dim, revision(&sync.sync)));
    if sync.known > 0 {
        let known = format!("{} known", text::counted(sync.known, "record"));
        pieces.push(look.span(Role::Dim, known));
    }
    lines.flow(pieces, 3);
}

fn revision(sync: &Sync) -> String {
    format!("rev {}", sync.revision)
}

/// What keeps this sync from doing its work, and the key that helps.
fn trouble(lines: &mut Lines<'_>, state: &State, sync: &SyncView) {
    let look = lines.look;
    let key = state.keymap.label(Action::Held).unwrap_or(":");
    match &sync.state {
        SyncState::NeedsAttention { reason } => {
            let words = format!("{} does not run: {reason}", look.glyphs.attention);
            lines.wrapped(Role::Error, &words, 3);
        }
        SyncState::AwaitingApproval => {
            let words = format!("the run waits for approval; `{key}` shows what it would do");
            lines.wrapped(Role::Warn, &words, 2);
        }
        _ => {}
    }
    let ignored = sync.ignored.total();
    if ignored > 0 {
        let verb = if ignored == 1 { "is" } else { "are" };
        let rows = text::counted(ignored, "failing row");
        lines.wrapped(Role::Dim, &format!("{rows} {verb} ignored"), 1);
    }
    if let Some(held) = &sync.held {
        let count = text::counted(held.count, "delete");
        let verb = if held.count == 1 { "is" } else { "are" };
        let of = if sync.known > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a share for people")]
            let share = held.count as f64 / sync.known as f64;
            format!(
                ", {:.1} % of {} known",
                share * 100.0,
                text::count(sync.known)
            )
        } else {
            String::new()
        };
        let words = format!(
            "{} {count} {verb} held{of}; nothing is deleted until you approve: `{key}`",
            look.glyphs.held
        );
        lines.wrapped(Role::Warn, &words, 3);
    }
}

/// The last runs as bars of their duration; one that was not right stands as its symbol.
pub(in crate::tui::screens) fn history(lines: &mut Lines<'_>, sync: &SyncView) {
    if sync.recent.is_empty() {
        return;
    }
    let look = lines.look;
    let longest = sync
        .recent
        .iter()
        .map(|run| run.ms)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut spans = vec![look.span(
        Role::Dim,
        format!(
            "last {} ",
            text::counted(u64::try_from(sync.recent.len()).unwrap_or(0), "run")
        ),
    )];
    for run in &sync.recent {
        spans.push(bar(look, run, longest));
    }
    let good = |run: &&RecentRun| run.status == RunStatus::Completed;
    let mut times: Vec<u64> = sync.recent.iter().filter(good).map(|run| run.ms).collect();
    times.sort_unstable();
    let ok = times.len();
    if let Some(median) = times.get(ok / 2) {
        spans.push(look.span(Role::Dim, format!("  p50 {}", text::duration(*median))));
    }
    spans.push(look.span(Role::Dim, format!("  {ok} of {} ok", sync.recent.len())));
    lines.line(spans);
}

fn bar(look: &Look, run: &RecentRun, longest: u64) -> Span<'static> {
    match run.status {
        RunStatus::Completed => {
            let steps = look.glyphs.spark;
            let last = u64::try_from(steps.len().saturating_sub(1)).unwrap_or(0);
            let step = usize::try_from(run.ms.saturating_mul(last) / longest).unwrap_or(0);
            look.span(Role::Ok, steps.get(step).copied().unwrap_or(" "))
        }
        RunStatus::CompletedWithErrors => look.span(Role::Warn, look.glyphs.attention),
        _ => look.span(Role::Error, look.glyphs.failed),
    }
}
