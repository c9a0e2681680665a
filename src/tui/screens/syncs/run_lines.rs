//! Draws a run in lines: what made it, how far it is, what it counted.

use ratatui::text::Span;

use super::cell;
use crate::domain::run::{Phase, Run, RunStatus, Tally, Trigger};
use crate::link::Connection;
use crate::link::view::ActiveRun;
use crate::tui::look::{Lines, Look, percent};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// What made a run.
pub(in crate::tui::screens) fn trigger_words(state: &State, trigger: &Trigger) -> String {
    match trigger {
        Trigger::Manual => "started by hand".to_owned(),
        Trigger::Schedule {
            slot,
            missed,
            words,
        } => {
            let at = text::when(state.zone, state.now.wall, *slot);
            let missed = match missed {
                0 => String::new(),
                n => format!(", {} missed before", text::counted(u64::from(*n), "slot")),
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

/// A run under way.
pub(in crate::tui::screens) fn active_run(
    lines: &mut Lines<'_>,
    state: &State,
    active: &ActiveRun,
) {
    let look = lines.look;
    let run = &active.run;
    let room = lines.columns;
    let mut head = vec![
        look.span(Role::Strong, format!("run {}", text::short(&run.id))),
        look.foreign(Role::Dim, &trigger_words(state, &run.trigger), room),
    ];
    if let Some(started) = run.started_at {
        let known = match state.connection {
            Connection::Lost { .. } => state.seen.wall,
            Connection::Local | Connection::Attached => state.now.wall,
        };
        let seconds = (known - started).num_seconds().max(0);
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
    let mut pace = Vec::new();
    // By way of text: what is no number, or beyond all bounds, is left out.
    if let Ok(rows @ 1..) = format!("{:.0}", active.rows_per_second).parse::<u64>() {
        pace.push(look.span(Role::Dim, format!("{} rows/s", text::count(rows))));
    }
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
    let done = text::count(tally.done);
    Some(if open || tally.done != tally.planned {
        format!("{word} {done}/{}", text::count(tally.planned))
    } else {
        format!("{word} {done}")
    })
}

fn counters(lines: &mut Lines<'_>, run: &Run) {
    let look = lines.look;
    let c = &run.counters;
    let open = run.status == RunStatus::Running;
    let mut pieces = vec![look.span(Role::Text, format!("read {}", text::count(c.read)))];
    let mut plain = |words: Option<String>| {
        pieces.extend(words.map(|words| look.span(Role::Text, words)));
    };
    let some =
        |number: u64, word: &str| (number > 0).then(|| format!("{word} {}", text::count(number)));
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
            pieces.push(look.span(Role::Warn, format!("{word} {}", text::count(number))));
        }
    }
    lines.flow(pieces, 2);
}

fn wire(look: &Look, run: &Run) -> Vec<Span<'static>> {
    let c = &run.counters;
    let mut out = Vec::new();
    if c.requests > 0 {
        out.push(look.span(Role::Dim, format!("requests {}", text::count(c.requests))));
    }
    if c.retries > 0 {
        out.push(look.span(Role::Warn, format!("retries {}", text::count(c.retries))));
    }
    out
}

/// How long a run took, where it began and ended.
pub(super) fn took(run: &Run) -> Option<u64> {
    let ms = (run.ended_at? - run.started_at?).num_milliseconds();
    u64::try_from(ms).ok()
}

/// A run that ended.
pub(in crate::tui::screens) fn last_run(lines: &mut Lines<'_>, state: &State, run: &Run) {
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
