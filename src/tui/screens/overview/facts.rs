//! How the workspace fares: health, what runs, what comes next, rows and failures by day.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Overview;
use super::days::DAYS;
use crate::domain::health;
use crate::domain::run::Phase;
use crate::link::view::SyncView;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look, percent};
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::chart::{Bar, bars, pillars};
use crate::tui::widgets::rule::rule;

/// Columns of a day in the chart with its gap, where there is little room and where there is much.
const DAY: [u16; 2] = [3, 5];
/// Columns from which on there is much room.
const MUCH: u16 = 150;
/// Syncs of the lowest health that are named.
const LOWEST: usize = 3;

/// Draws the facts into `area`, framed where it is wide, under a rule of `inner` where it is narrow.
pub(super) fn draw(
    page: &Overview,
    state: &State,
    look: &Look,
    inner: Rect,
    area: Rect,
    buf: &mut Buffer,
) {
    let syncs = u64::try_from(state.world.syncs.len()).unwrap_or(u64::MAX);
    let title = format!(
        "{} {} rows of the last {DAYS} days",
        text::counted(syncs, "sync"),
        look.glyphs.dot
    );
    let room = match state.class() {
        Class::Small | Class::Tiny => return short(page, state, look, area, buf),
        Class::Wide => look.panel(buf, area, &title, false),
        Class::Narrow => {
            let row = area.y.saturating_sub(inner.y);
            let words = vec![look.span(Role::Title, title)];
            rule(look, state.class(), buf, inner, row, words);
            panes::above(area, 1).1
        }
    };
    let [few, many] = DAY;
    let day = if room.width < MUCH { few } else { many };
    let days = u16::try_from(DAYS).unwrap_or(u16::MAX);
    let wide = days.saturating_mul(day).saturating_add(2).min(room.width);
    let (left, chart) = panes::beside(room, room.width - wide);
    panes::lines(
        look,
        buf,
        chart,
        &by_day(page, state, look, (usize::from(day), room.height)),
    );
    if state.class() == Class::Wide {
        let (first, second) = panes::beside(left, left.width / 2);
        let columns = |area: Rect| usize::from(area.width.saturating_sub(2));
        panes::lines(look, buf, first, &fitness(state, look, columns(first)));
        let rows = usize::from(second.height);
        panes::lines(
            look,
            buf,
            second,
            &going_on(state, look, columns(second), rows),
        );
        return;
    }
    let columns = usize::from(left.width.saturating_sub(2));
    let rows = usize::from(left.height);
    let mut lines = fitness(state, look, columns);
    let going = going_on(state, look, columns, rows);
    // What goes on now comes before the last of the bars.
    lines.truncate(rows.saturating_sub(going.len().min(3)));
    let rest = rows.saturating_sub(lines.len());
    lines.extend(going.into_iter().take(rest));
    panes::lines(look, buf, left, &lines);
}

/// The facts in two lines.
fn short(page: &Overview, state: &State, look: &Look, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width.saturating_sub(2));
    let mut out = Lines::new(look, columns);
    let written = text::count(page.days.written_today(state));
    let failed = page.days.sums.last().map_or(0, |(_, sums)| sums.failed);
    let failed = match failed {
        0 => String::new(),
        1 => ", 1 run failed".to_owned(),
        runs => format!(", {} runs failed", text::count(runs)),
    };
    out.wrapped(
        Role::Text,
        &format!("today {written} rows written{failed}"),
        1,
    );
    let running = state.active_runs();
    let next = soonest(state, 1);
    let next = next.first().map_or(String::new(), |(at, sync)| {
        let at = text::when(state.zone, state.now.wall, *at);
        format!("next {at} {}", sync.name())
    });
    let words = match running {
        0 => next,
        running => format!("{running} running  {next}"),
    };
    out.wrapped(Role::Dim, &words, 1);
    panes::lines(look, buf, area, &out.out);
}

fn band_role(word: &str) -> Role {
    match word {
        "healthy" => Role::Ok,
        "critical" => Role::Error,
        _ => Role::Warn,
    }
}

/// How many syncs there are of each health, then the lowest of them.
fn fitness(state: &State, look: &Look, columns: usize) -> Vec<Line<'static>> {
    let mut numbers = [
        ("healthy", 0),
        ("warning", 0),
        ("degraded", 0),
        ("critical", 0),
    ];
    let mut without = 0;
    for sync in &state.world.syncs {
        let word = sync.health.map(health::word);
        match numbers.iter_mut().find(|(band, _)| Some(*band) == word) {
            Some((_, number)) => *number += 1,
            None => without += 1,
        }
    }
    let mut chart: Vec<Bar> = numbers
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(band, number)| Bar {
            name: (*band).to_owned(),
            value: *number,
            role: band_role(band),
        })
        .collect();
    if without > 0 {
        chart.push(Bar {
            name: "no run yet".to_owned(),
            value: without,
            role: Role::Dim,
        });
    }
    let mut lines = bars(look, &chart, columns);
    for (score, sync) in lowest(state) {
        let role = band_role(health::word(score));
        lines.push(Line::from(vec![
            look.span(role, format!("{score:>3} ")),
            look.foreign(Role::Text, sync.name(), columns.saturating_sub(4)),
        ]));
    }
    lines
}

/// The syncs of the lowest health that is not right.
fn lowest(state: &State) -> Vec<(u8, &SyncView)> {
    let scored = state.world.syncs.iter();
    let scored = scored.filter_map(|sync| Some((sync.health?, &**sync)));
    let mut low: Vec<(u8, &SyncView)> = scored.filter(|(score, _)| *score < 80).collect();
    low.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.name().cmp(other.name())));
    low.truncate(LOWEST);
    low
}

/// The runs that the schedules start next.
fn soonest(state: &State, most: usize) -> Vec<(chrono::DateTime<chrono::Utc>, &SyncView)> {
    let mut soonest: Vec<(chrono::DateTime<chrono::Utc>, &SyncView)> = Vec::new();
    for sync in &state.world.syncs {
        let Some(at) = sync.next_run_at.filter(|_| !sync.sync.settings.paused) else {
            continue;
        };
        let place = soonest.partition_point(|(other, _)| *other <= at);
        if place < most {
            soonest.insert(place, (at, sync));
            soonest.truncate(most);
        }
    }
    soonest
}

/// What runs now, what waits for its turn, and what comes next.
fn going_on(state: &State, look: &Look, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let line = |role, mark: &str, words: String, rest: &str| {
        let mark = format!("{mark} ");
        let used = text::width(&mark) + text::width(&words) + 1;
        Line::from(vec![
            look.span(role, mark),
            look.span(role, words),
            Span::raw(" "),
            look.foreign(Role::Text, rest, columns.saturating_sub(used)),
        ])
    };
    let mut lines = Vec::new();
    let syncs = &state.world.syncs;
    let active = syncs
        .iter()
        .filter_map(|sync| Some((sync, sync.active.as_ref()?)));
    for (sync, active) in active.take(rows.saturating_sub(2).max(1)) {
        let phase = active.run.phase.map_or("running", Phase::words);
        let words = match active.progress() {
            Some(share) => format!("{phase} {} %", percent(share)),
            None => phase.to_owned(),
        };
        let (role, mark) = match active.run.phase {
            Some(Phase::AwaitingApproval) => (Role::Warn, look.glyphs.held),
            _ => (Role::Running, look.spinner(state.now.ms)),
        };
        lines.push(line(role, mark, words, sync.name()));
    }
    if lines.is_empty() {
        lines.push(Line::from(look.span(Role::Dim, "Nothing runs.")));
    }
    let queued = syncs.iter().filter(|sync| sync.queued.is_some()).count();
    if queued > 0 {
        let words = format!("{} {queued} queued", look.glyphs.queued);
        lines.push(Line::from(look.span(Role::Running, words)));
    }
    let left = rows.saturating_sub(lines.len()).max(1);
    for (at, sync) in soonest(state, left) {
        let at = text::when(state.zone, state.now.wall, at);
        lines.push(line(Role::Dim, "next", at, sync.name()));
    }
    lines
}

/// Rows written and runs that failed, by day.
fn by_day(
    page: &Overview,
    state: &State,
    look: &Look,
    (wide, height): (usize, u16),
) -> Vec<Line<'static>> {
    let days = &page.days;
    if let Some(problem) = days.waiting.problem() {
        let room = usize::from(height);
        let mut out = Lines::new(look, (wide * DAYS).max(1));
        let words = format!("{} {}", look.glyphs.failed, problem.text);
        out.wrapped(Role::Error, &words, room.saturating_sub(1).clamp(1, 4));
        out.wrapped(Role::Text, &problem.hint, 2);
        out.out.truncate(room);
        return out.out;
    }
    if days.sums.is_empty() {
        let waiting = days.waiting.line(state, look, "summing up the days");
        return waiting.into_iter().collect();
    }
    let mut written: Vec<u64> = days.sums.iter().map(|(_, sums)| sums.written).collect();
    if let Some(today) = written.last_mut() {
        *today = days.written_today(state);
    }
    let today = written.last().copied().unwrap_or(0);
    let most = written.iter().copied().max().unwrap_or(0);
    let head = format!(
        "written today {}, most on a day {}",
        text::count(today),
        text::count(most)
    );
    let room = usize::from(height);
    let mut lines = vec![Line::from(look.span(Role::Text, head))];
    // Head, days and failures have a line each.
    let rows = room.saturating_sub(3);
    lines.extend(pillars(look, Role::Ok, &written, wide, rows));
    let numbers = days.sums.iter().map(|(day, _)| {
        let day = day.format("%d").to_string();
        look.span(Role::Dim, format!("{day:<wide$}"))
    });
    lines.push(Line::from(numbers.collect::<Vec<_>>()));
    let failed: u64 = days.sums.iter().map(|(_, sums)| sums.failed).sum();
    if failed == 0 {
        let words = format!("no run failed in {DAYS} days");
        lines.push(Line::from(look.span(Role::Dim, words)));
        return lines;
    }
    // The mark says that the number is one of failures.
    let failures = days.sums.iter().map(|(_, sums)| {
        let (role, words) = match sums.failed {
            0 => (Role::Dim, look.glyphs.dot.to_owned()),
            runs @ 1..100 => (Role::Error, format!("{}{runs}", look.glyphs.failed)),
            _ => (Role::Error, format!("{}++", look.glyphs.failed)),
        };
        look.span(role, format!("{words:<wide$}"))
    });
    let failures: Vec<Span<'static>> = failures.collect();
    lines.push(Line::from(failures));
    lines
}
