//! Draws the schedule editor: its lines, the schedule in words, and the next times in both zones.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::state::{Host, OFFERED, Row, ScheduleEditor, words, workspace_zone};
use crate::domain::schedule::{Schedule, parse_zone};
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::text::{self, Zone};
use crate::tui::theme::Role;

/// Columns of the labels with their lead.
const LABEL: usize = 11;
/// Times that are shown.
const TIMES: usize = 5;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Draws the editor and gives the place of the real cursor.
pub(super) fn draw(
    page: &ScheduleEditor,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let inner = panes::panel(state, look, buf, area, &title(page, state, look), true);
    let mut place = inner.as_position();
    let mut row = 0;
    for (number, kind) in page.rows().iter().enumerate() {
        let focused = number == page.row;
        let at = Rect {
            y: inner.y
                + u16::try_from(row)
                    .unwrap_or(0)
                    .min(inner.height.saturating_sub(1)),
            height: inner.height.min(1),
            ..inner
        };
        let cursor = one(page, state, look, *kind, focused, at, buf);
        row += 1;
        if focused {
            place = cursor;
            let help = Line::from(vec![
                Span::raw(" ".repeat(LABEL)),
                look.foreign(
                    Role::Dim,
                    &help(page, *kind),
                    usize::from(inner.width).saturating_sub(LABEL + 1),
                ),
            ]);
            look.put(buf, inner, u16::try_from(row).unwrap_or(u16::MAX), &help);
            row += 1;
        }
    }
    let above = u16::try_from(row + 1).unwrap_or(u16::MAX).min(inner.height);
    let rest = Rect {
        y: inner.y + above,
        height: inner.height - above,
        ..inner
    };
    let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    outcome(page, state, look, &mut lines);
    panes::lines(look, buf, rest, &lines.out);
    place
}

fn title(page: &ScheduleEditor, state: &State, look: &Look) -> String {
    let dot = look.glyphs.dot;
    match &page.host {
        Host::New(head) => head.clone(),
        Host::Saved => {
            let name = &page.sync.settings.name;
            let revision = page.sync.revision.unwrap_or_default();
            let mut words = format!("Schedule {dot} {name} {dot} rev {revision}");
            if page.saving.is_some() {
                words = format!("{words} {dot} {} saving", look.spinner(state.now.ms));
            } else if page.is_edited() {
                words = format!("{words}, edited *");
            }
            words
        }
    }
}

fn help(page: &ScheduleEditor, row: Row) -> String {
    match row {
        Row::Kind => page.kind.help().to_owned(),
        Row::Every => "left and right choose; the cadence holds whatever a run takes".to_owned(),
        Row::Minutes => "any whole number of minutes from 1 on".to_owned(),
        Row::When => "words or cron: weekdays 9:00, mon,thu 7:30, 0 9 * * 1-5, @hourly".to_owned(),
        Row::Days => "left and right move, space takes a day in or out".to_owned(),
        Row::Zone => "enter chooses; daylight saving is minded".to_owned(),
        Row::Syncs => "enter chooses, backspace takes the last one out".to_owned(),
    }
}

/// Draws one line and gives the place of the cursor in it.
fn one(
    page: &ScheduleEditor,
    state: &State,
    look: &Look,
    row: Row,
    focused: bool,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let cursor = if focused { look.glyphs.cursor } else { " " };
    let role = if focused { Role::Strong } else { Role::Text };
    let lead = Line::from(vec![
        look.span(Role::Key, format!(" {cursor} ")),
        look.span(role, text::left(row.label(), LABEL - 3)),
    ]);
    look.put(buf, area, 0, &lead);
    let shift = u16::try_from(LABEL).unwrap_or(0).min(area.width);
    let at = Rect {
        x: area.x + shift,
        width: area.width - shift,
        ..area
    };
    let arrows = if focused { ["< ", " >"] } else { ["", ""] };
    let choice = |words: &str, buf: &mut Buffer| {
        let line = Line::from(vec![
            look.span(Role::Key, arrows[0]),
            look.foreign(Role::Text, words, usize::from(at.width)),
            look.span(Role::Key, arrows[1]),
        ]);
        look.put(buf, at, 0, &line);
        at.as_position()
    };
    match row {
        Row::Minutes => page.minutes.draw(look, "", at, buf),
        Row::When => page.when.draw(look, "", at, buf),
        Row::Kind => choice(page.kind.word(), buf),
        Row::Every => {
            let minutes = OFFERED.get(page.every);
            choice(
                &minutes.map_or("another interval".to_owned(), |it| every(*it)),
                buf,
            )
        }
        Row::Zone => {
            let words = match &page.zone {
                Some(zone) => zone.clone(),
                None => format!("the workspace's ({})", workspace_zone(state)),
            };
            choice(&words, buf)
        }
        Row::Syncs => {
            let names: Vec<&str> = page
                .after
                .iter()
                .map(|id| {
                    let found = state.world.syncs.iter().find(|it| it.id().as_str() == id);
                    found.map_or(id.as_str(), |sync| sync.name())
                })
                .collect();
            let words = match names.as_slice() {
                [] => "(none chosen)".to_owned(),
                names => names.join(", "),
            };
            choice(&words, buf)
        }
        Row::Days => days(page, look, focused, at, buf),
    }
}

fn every(minutes: u32) -> String {
    match minutes {
        60 => "60 minutes".to_owned(),
        minutes if minutes > 60 && minutes % 60 == 0 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

fn days(page: &ScheduleEditor, look: &Look, focused: bool, at: Rect, buf: &mut Buffer) -> Position {
    let Some(cron) = page.cron() else {
        let words = "as soon as the line above is understood";
        look.put(buf, at, 0, &Line::from(look.span(Role::Dim, words)));
        return at.as_position();
    };
    let mut spans = Vec::new();
    let mut place = at.as_position();
    let mut used = 0;
    for (number, (name, on)) in DAYS.iter().zip(cron.weekdays()).enumerate() {
        let words = if on {
            format!("[{name}]")
        } else {
            format!(" {name} ")
        };
        let here = focused && number == page.day;
        if here {
            place.x = at.x.saturating_add(used + 1);
        }
        let role = match (here, on) {
            (true, _) => Role::Selected,
            (false, true) => Role::Strong,
            (false, false) => Role::Dim,
        };
        used += 6;
        spans.push(look.span(role, words));
        spans.push(Span::raw(" "));
    }
    look.put(buf, at, 0, &Line::from(spans));
    place
}

/// The schedule in words with its next times, or what is wrong with it.
fn outcome(page: &ScheduleEditor, state: &State, look: &Look, lines: &mut Lines<'_>) {
    let schedule = page.schedule();
    let trouble = page.trouble.as_ref().or(schedule.as_ref().err());
    if let Some((what, hint)) = trouble {
        lines.wrapped(Role::Error, &format!("{} {what}", look.glyphs.failed), 3);
        lines.wrapped(Role::Text, hint, 2);
        return;
    }
    let Ok(schedule) = &schedule else { return };
    lines.wrapped(Role::Strong, &words(state, schedule), 2);
    let zone = page.zone_now(state);
    let times = schedule.next_times(state.now.wall, workspace_zone(state), TIMES);
    if times.is_empty() {
        return;
    }
    lines.blank();
    let here = viewer(state);
    let same = matches!(state.zone, Zone::Named(own) if own == zone);
    let zone_words = if same { String::new() } else { here };
    lines.line(vec![
        look.span(Role::Dim, text::left(&format!("next, {zone}"), 26)),
        look.span(Role::Dim, zone_words),
    ]);
    for at in times {
        let there = at
            .with_timezone(&zone)
            .format("%a %-d %b %H:%M")
            .to_string();
        let own = match same {
            true => String::new(),
            false => state.zone.naive(at).format("%a %-d %b %H:%M").to_string(),
        };
        lines.line(vec![
            look.span(Role::Text, text::left(&there, 26)),
            look.span(
                Role::Text,
                if own.is_empty() {
                    own
                } else {
                    text::left(&own, 20)
                },
            ),
            look.span(Role::Dim, text::ahead(state.now.wall, at)),
        ]);
    }
}

/// The viewer's zone in a word.
fn viewer(state: &State) -> String {
    match state.zone {
        Zone::Named(zone) => zone.name().to_owned(),
        Zone::Local => "your time".to_owned(),
    }
}

/// The zone in which a schedule's times are meant.
pub(super) fn zone_of(state: &State, schedule: &Schedule) -> Tz {
    match schedule {
        Schedule::Cron {
            timezone: Some(zone),
            ..
        } => parse_zone(zone).unwrap_or(Tz::UTC),
        _ => workspace_zone(state),
    }
}

/// A time in its own zone and in the viewer's: `Tue 25 Nov 09:00 (08:00 UTC)`.
pub(super) fn both(state: &State, zone: Tz, at: DateTime<Utc>) -> String {
    let there = at
        .with_timezone(&zone)
        .format("%a %-d %b %H:%M")
        .to_string();
    let own = match state.zone {
        Zone::Named(own) if own == zone => return there,
        Zone::Named(own) => own.name().to_owned(),
        Zone::Local => "your time".to_owned(),
    };
    let here = state.zone.naive(at);
    let same_day = here.date() == at.with_timezone(&zone).date_naive();
    let here = here.format(if same_day { "%H:%M" } else { "%a %H:%M" });
    format!("{there} ({here} {own})")
}
