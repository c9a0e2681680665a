//! Draws the detail of the selected sync: its tabs and the Overview.

use crate::domain::words;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::cell;
use super::state::Tab;
use crate::domain::run::{Phase, Run, RunStatus, Tally, Trigger};
use crate::domain::sync::Sync;
use crate::link::view::{ActiveRun, RecentRun, SyncState, SyncView};
use crate::tui::layout::{Class, Pane};
use crate::tui::look::{Lines, Look, percent};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// Draws the detail and gives the place of the real cursor.
pub(super) fn draw(state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let focus = state.syncs.pane == Pane::Detail;
    let Some(sync) = state.selected() else {
        let inner = look.panel(buf, area, "Detail", focus);
        let hint = if state.world.syncs.is_empty() {
            "Details of a sync are shown here."
        } else {
            "No sync is selected."
        };
        look.put(buf, inner, 0, &Line::from(look.span(Role::Dim, hint)));
        return inner.as_position();
    };
    let inner = if state.class() == Class::Small {
        let name = look.foreign(Role::Title, sync.name(), usize::from(area.width));
        look.put(buf, area, 0, &Line::from(name));
        below(area, 1)
    } else {
        look.panel(buf, area, sync.name(), focus)
    };
    look.put(buf, inner, 0, &tabs(state, look));
    let room = below(inner, 1);
    match state.syncs.tab {
        Tab::Overview => {
            let columns = usize::from(room.width.saturating_sub(2));
            let inset = Rect {
                x: room.x + 1,
                width: room.width.saturating_sub(1),
                ..room
            };
            let lines = overview(state, look, sync, columns);
            for (line, row) in lines.iter().zip(0..) {
                look.put(buf, inset, row, line);
            }
            Position::new(inner.x + 1, inner.y)
        }
        Tab::Runs => super::runs_view::draw(state, look, sync, room, buf),
    }
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

fn tabs(state: &State, look: &Look) -> Line<'static> {
    let mut spans = Vec::new();
    for tab in Tab::ALL {
        spans.push(Span::raw(if spans.is_empty() { " " } else { "   " }));
        spans.push(if tab == state.syncs.tab {
            look.span(Role::TitleFocus, tab.title().to_uppercase())
        } else {
            look.span(Role::Dim, tab.title())
        });
    }
    Line::from(spans)
}

fn overview(state: &State, look: &Look, sync: &SyncView, columns: usize) -> Vec<Line<'static>> {
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
        (None, Some(last)) => last_run(&mut lines, state, last),
        (None, None) if sync.queued.is_none() => {
            let run = state.keymap.label(crate::tui::action::Action::Run);
            let hint = run.map_or(String::new(), |key| format!(" `{key}` runs it now."));
            lines.wrapped(Role::Dim, &format!("No run yet.{hint}"), 1);
        }
        (None, None) => {}
    }
    history(&mut lines, sync);
    lines.out
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
        let known = format!("{} known", words::counted(sync.known, "record"));
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
    let key = state
        .keymap
        .label(crate::tui::action::Action::Held)
        .unwrap_or(":");
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
    if let Some(held) = &sync.held {
        let count = words::counted(held.count, "delete");
        let verb = if held.count == 1 { "is" } else { "are" };
        let of = if sync.known > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a share for people")]
            let share = held.count as f64 / sync.known as f64;
            format!(
                ", {:.1} % of {} known",
                share * 100.0,
                words::count(sync.known)
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

fn trigger_words(state: &State, trigger: &Trigger) -> String {
    match trigger {
        Trigger::Manual => "by hand".to_owned(),
        Trigger::Schedule {
            slot,
            missed,
            words,
        } => {
            let at = text::when(state.zone, state.now.wall, *slot);
            let missed = match missed {
                0 => String::new(),
                n => format!(", {} missed before", words::counted(u64::from(*n), "slot")),
            };
            format!("by schedule {words}, slot {at}{missed}")
        }
        Trigger::After { sync } => {
            let name = state.sync(sync).map_or(sync.as_str(), |sync| sync.name());
            format!("after {name}")
        }
        Trigger::Recovery => "recovery of an interrupted run".to_owned(),
        Trigger::FollowUp => "when the destination said to come back".to_owned(),
        Trigger::Retry { run } => format!("retry of {}", text::short(run)),
        Trigger::Undo { run } => format!("undo of {}", text::short(run)),
    }
}

fn active_run(lines: &mut Lines<'_>, state: &State, active: &ActiveRun) {
    let look = lines.look;
    let run = &active.run;
    let room = lines.columns;
    let mut head = vec![
        look.span(Role::Strong, format!("run {}", text::short(&run.id))),
        look.foreign(Role::Dim, &trigger_words(state, &run.trigger), room),
    ];
    if let Some(started) = run.started_at {
        let seconds = (state.now.wall - started).num_seconds().max(0);
        let ms = u64::try_from(seconds).unwrap_or(0) * 1000;
        let elapsed = text::duration(ms);
        let elapsed = elapsed
            .strip_suffix(".0 s")
            .map_or(elapsed.clone(), |whole| format!("{whole} s"));
        head.push(look.span(Role::Dim, elapsed));
    }
    lines.flow(head, 3);
    phases(lines, active);
    counters(lines, run);
    let mut pace = vec![look.span(
        Role::Dim,
        format!("{:.0} rows/s", active.rows_per_second.max(0.0)),
    )];
    if let Some(eta) = active.eta_s {
        pace.push(look.span(Role::Dim, format!("eta {}", text::countdown(eta))));
    }
    pace.extend(wire(look, run));
    lines.flow(pace, 2);
}

fn phases(lines: &mut Lines<'_>, active: &ActiveRun) {
    let look = lines.look;
    let run = &active.run;
    let mut pieces: Vec<Span<'static>> = run
        .phases
        .iter()
        .filter(|done| Some(done.name) != run.phase)
        .map(|done| {
            let words = format!(
                "{} {} {}",
                done.name.words(),
                look.glyphs.ok,
                text::duration(done.ms)
            );
            look.span(Role::Dim, words)
        })
        .collect();
    if let Some(phase) = run.phase {
        let share = match phase {
            Phase::Querying => active.expected_rows.filter(|rows| *rows > 0).map(|rows| {
                #[expect(clippy::cast_precision_loss, reason = "a share for people")]
                let share = run.counters.read as f64 / rows as f64;
                share
            }),
            _ => active.progress(),
        };
        let words = match (share, phase) {
            (Some(share), Phase::Querying) => format!(
                "{} {} about {} %",
                phase.words(),
                look.gauge(share, 14),
                percent(share)
            ),
            (Some(share), _) => format!(
                "{} {} {} %",
                phase.words(),
                look.gauge(share, 14),
                percent(share)
            ),
            (None, _) => format!("{} {}", phase.words(), look.glyphs.ellipsis),
        };
        pieces.push(look.span(Role::Running, words));
    }
    lines.flow(pieces, 3);
}

/// `created 812/1,300`, or the whole where nothing is open.
fn tally(word: &str, tally: &Tally, open: bool) -> Option<String> {
    if tally.planned == 0 {
        return None;
    }
    let done = words::count(tally.done);
    Some(if open || tally.done != tally.planned {
        format!("{word} {done}/{}", words::count(tally.planned))
    } else {
        format!("{word} {done}")
    })
}

fn counters(lines: &mut Lines<'_>, run: &Run) {
    let look = lines.look;
    let c = &run.counters;
    let open = run.status == RunStatus::Running;
    let mut pieces = vec![look.span(Role::Text, format!("read {}", words::count(c.read)))];
    let mut plain = |words: Option<String>| {
        pieces.extend(words.map(|words| look.span(Role::Text, words)));
    };
    let some =
        |number: u64, word: &str| (number > 0).then(|| format!("{word} {}", words::count(number)));
    if run.options.plan_only {
        plain(some(c.create.planned, "to create"));
        plain(some(c.update.planned, "to update"));
        plain(some(c.delete.planned, "to delete"));
    } else {
        plain(tally("created", &c.create, open));
        plain(tally("updated", &c.update, open));
        plain(tally("deleted", &c.delete, open));
    }
    plain(some(c.unchanged, "unchanged"));
    plain(some(c.skipped, "skipped"));
    let unsent = c.total(|t| t.unsent);
    if !open && !run.options.plan_only {
        plain(some(unsent, "not sent"));
    }
    plain(some(c.total(|t| t.pending), "outcome open"));
    for (number, word) in [
        (c.invalid, "invalid"),
        (c.total(|t| t.rejected), "rejected"),
        (c.total(|t| t.unknown), "unknown"),
        (c.total(|t| t.held), "held"),
    ] {
        if number > 0 {
            pieces.push(look.span(Role::Warn, format!("{word} {}", words::count(number))));
        }
    }
    lines.flow(pieces, 2);
}

fn wire(look: &Look, run: &Run) -> Vec<Span<'static>> {
    let c = &run.counters;
    let mut out = Vec::new();
    if c.requests > 0 {
        out.push(look.span(Role::Dim, format!("requests {}", words::count(c.requests))));
    }
    if c.retries > 0 {
        out.push(look.span(Role::Warn, format!("retries {}", words::count(c.retries))));
    }
    out
}

/// How long a run took, where it began and ended.
pub(super) fn took(run: &Run) -> Option<u64> {
    let ms = (run.ended_at? - run.started_at?).num_milliseconds();
    u64::try_from(ms).ok()
}

fn last_run(lines: &mut Lines<'_>, state: &State, run: &Run) {
    let look = lines.look;
    let room = lines.columns;
    let cell = cell::of_run(state, run, look);
    let mut head = vec![
        look.span(Role::Strong, format!("last run {}", text::short(&run.id))),
        look.span(cell.role, format!("{} {}", cell.glyph, cell.words)),
    ];
    if let Some(ended) = run.ended_at {
        head.push(look.span(
            Role::Dim,
            format!(
                "{} ({})",
                text::when(state.zone, state.now.wall, ended),
                text::ago(state.now.wall, ended)
            ),
        ));
    }
    if let Some(ms) = took(run) {
        head.push(look.span(Role::Dim, format!("took {}", text::duration(ms))));
    }
    head.push(look.foreign(Role::Dim, &trigger_words(state, &run.trigger), room));
    lines.flow(head, 3);
    if let Some(problem) = &run.error {
        lines.wrapped(Role::Error, &problem.text, 4);
        lines.wrapped(Role::Text, &problem.hint, 3);
    }
    if let Some(at) = run.retry_at {
        let at = text::when(state.zone, state.now.wall, at);
        lines.wrapped(
            Role::Dim,
            &format!("goes on at {at}, as the destination said"),
            1,
        );
    }
    counters(lines, run);
    let wire = wire(look, run);
    lines.flow(wire, 2);
}

/// The last runs as bars of their duration; one that was not right stands as its symbol.
fn history(lines: &mut Lines<'_>, sync: &SyncView) {
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
            words::counted(u64::try_from(sync.recent.len()).unwrap_or(0), "run")
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
