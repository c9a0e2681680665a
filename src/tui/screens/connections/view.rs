//! Draws the list of sources or destinations, with what the selected one is beside or under it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use serde_json::Value as Json;

use super::listing::{self, Connection};
use super::state::Connections;
use super::testing::Test;
use crate::domain::destination::{Health, StepOutcome};
use crate::domain::edit::Side;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes::{self, Split};
use crate::tui::screens::syncs::state_word;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::chart::{self, Bar};
use crate::tui::widgets::keyvalue::{self, Pair};
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const SOURCES: [Column<'static>; 4] = [
    Column::growing("Name", 16),
    Column::fixed("Type", 9, 1),
    Column::fixed("Tested", 18, 2),
    Column::fixed("Models", 6, 3).at_right(),
];
const DESTINATIONS: [Column<'static>; 4] = [
    Column::growing("Name", 16),
    Column::fixed("Type", 9, 2),
    Column::fixed("Health", 18, 0),
    Column::fixed("Syncs", 6, 1).at_right(),
];

/// Rows that the list has at the present size.
pub(super) fn list_rows(state: &State) -> usize {
    panes::list_rows(state, Split::of(state, state.areas().body).list)
}

/// Draws the screen and gives the place of the real cursor.
pub(super) fn draw(
    page: &Connections,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let mut split = Split::of(state, area);
    if page.inside {
        split.detail = Some(area);
    }
    let selected = page.selected(state);
    if let Some(detail) = split.detail {
        let title = selected.map_or(page.title(), |one| one.name);
        let inner = panes::panel(state, look, buf, detail, title, page.inside);
        if let Some(one) = selected {
            let columns = usize::from(inner.width.saturating_sub(2));
            let lines = detail_lines(page, state, look, &one, columns);
            panes::lines(look, buf, inner, &lines);
        }
        if page.inside {
            return inner.as_position();
        }
    }
    let title = table_view::title(&page.table, look, page.title());
    let inner = panes::panel(state, look, buf, split.list, &title, true);
    if page.table.len() == 0 {
        return match (page.table.total(), page.side) {
            (0, Side::Source) => {
                let hint = "`n` makes one: a database or files that models query.";
                panes::empty(look, buf, inner, "No sources yet.", hint)
            }
            (0, Side::Destination) => {
                let hint = "`n` makes one: a system that syncs write to.";
                panes::empty(look, buf, inner, "No destinations yet.", hint)
            }
            _ => {
                let hint = "`esc` clears it, `f` edits it.";
                panes::empty(look, buf, inner, "None matches the filter.", hint)
            }
        };
    }
    let cells = |place: usize| {
        listing::at(&state.world, page.side, place)
            .map_or(Vec::new(), |one| cells(page, state, look, &one))
    };
    let drawing = Drawing {
        columns: match page.side {
            Side::Source => &SOURCES,
            Side::Destination => &DESTINATIONS,
        },
        focus: true,
        two_lines: state.class() == Class::Small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, inner, buf)
}

fn cells(page: &Connections, state: &State, look: &Look, one: &Connection<'_>) -> Vec<Cell> {
    let used = page.used.get(one.id).copied().unwrap_or(0);
    let what = match page.side {
        Side::Source => "model",
        Side::Destination => "sync",
    };
    let (role, health) = health(page, state, look, one);
    vec![
        Cell::new(Role::Text, one.name),
        Cell::new(Role::Dim, one.connector),
        Cell::new(role, health),
        match (state.class() == Class::Small, used) {
            (true, used) => Cell::new(Role::Dim, text::counted(used, what)),
            (false, 0) => Cell::new(Role::Dim, "-"),
            (false, used) => Cell::new(Role::Dim, text::count(used)),
        },
    ]
}

/// How a connection is, in a few words.
fn health(page: &Connections, state: &State, look: &Look, one: &Connection<'_>) -> (Role, String) {
    let glyphs = look.glyphs;
    let when = |at| text::when(state.zone, state.now.wall, at);
    if let Some(test) = page.tests.of(one.id) {
        if test.under_way.is_some() {
            return (
                Role::Running,
                format!("{} testing", look.spinner(state.now.ms)),
            );
        }
        let at = test.at.map_or(String::new(), when);
        return match test.passed() {
            true => (Role::Ok, format!("{} healthy {at}", glyphs.ok)),
            false => (Role::Error, format!("{} failing {at}", glyphs.failed)),
        };
    }
    match one.health {
        Some(Health::Healthy { at }) => (Role::Ok, format!("{} healthy {}", glyphs.ok, when(*at))),
        Some(Health::Failing { at, .. }) => (
            Role::Error,
            format!("{} failing {}", glyphs.failed, when(*at)),
        ),
        Some(Health::Unchecked) => (Role::Dim, format!("{} unchecked", glyphs.waiting)),
        None => (Role::Dim, format!("{} not tested", glyphs.waiting)),
    }
}

fn detail_lines(
    page: &Connections,
    state: &State,
    look: &Look,
    one: &Connection<'_>,
    columns: usize,
) -> Vec<Line<'static>> {
    let mut lines = Lines::new(look, columns);
    if let Some(test) = page.tests.of(one.id) {
        test_lines(&mut lines, state, test);
        lines.blank();
    } else if let Some(Health::Failing { reason, at }) = one.health {
        let when = text::ago(state.now.wall, *at);
        lines.wrapped(Role::Error, &format!("{} {reason}", look.glyphs.failed), 4);
        lines.wrapped(Role::Dim, &format!("seen {when}; `T` tests it again"), 1);
        lines.blank();
    }
    let users = listing::users(&state.world, page.side, one.id);
    let users = match users.as_slice() {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    };
    let revision = one.revision.to_string();
    let pairs = [
        Pair::new("type", one.connector),
        Pair::new("used by", users),
        Pair::new("revision", revision).role(Role::Dim),
    ];
    lines.out.extend(keyvalue::lines(look, &pairs, columns));
    lines.blank();
    for (key, value) in one.settings {
        let words = format!("{key} = {}", setting(value));
        lines.wrapped(Role::Text, &words, 2);
    }
    if page.side == Side::Destination {
        charts(&mut lines, state, one.id);
    }
    lines.out
}

/// A setting as it is shown: of a secret, where it is kept, and nothing of itself.
fn setting(value: &Json) -> String {
    let word = |key: &str| value.get(key).and_then(Json::as_str);
    match value {
        Json::String(text) => text.clone(),
        Json::Object(map) if map.len() == 1 && map.contains_key("stored") => {
            "******** (kept encrypted)".to_owned()
        }
        Json::Object(map) if map.len() == 1 => match (word("env"), word("file")) {
            (Some(name), _) => format!("from the environment: {name}"),
            (_, Some(path)) => format!("from the file {path}"),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// The steps of a test.
fn test_lines(lines: &mut Lines<'_>, state: &State, test: &Test) {
    let look = lines.look;
    let glyphs = look.glyphs;
    for step in &test.steps {
        let (glyph, role) = match step.outcome {
            StepOutcome::Passed => (glyphs.ok, Role::Ok),
            StepOutcome::Warning => (glyphs.attention, Role::Warn),
            StepOutcome::Failed => (glyphs.failed, Role::Error),
        };
        lines.wrapped(role, &format!("{glyph} {}", step.name), 1);
        let detail = text::wrap(&step.detail, lines.columns.saturating_sub(2), 3);
        for line in detail {
            lines.line(vec![look.span(Role::Text, format!("  {line}"))]);
        }
    }
    match (&test.under_way, &test.problem) {
        (Some((_, since_ms)), _) => {
            let seconds = state.now.ms.saturating_sub(*since_ms) / 1000;
            let spinner = look.spinner(state.now.ms);
            let words = format!("{spinner} testing {}", text::countdown(seconds));
            lines.line(vec![
                look.span(Role::Running, words),
                look.span(Role::Dim, "   esc lets it go"),
            ]);
        }
        (None, Some(problem)) => {
            lines.wrapped(
                Role::Error,
                &format!("{} {}", glyphs.failed, problem.text),
                4,
            );
            lines.wrapped(Role::Text, &problem.hint, 3);
        }
        (None, None) => {}
    }
}

/// How the syncs to a destination are, and what they wrote in their last runs.
fn charts(lines: &mut Lines<'_>, state: &State, id: &str) {
    let look = lines.look;
    let all = state.world.syncs.iter();
    let syncs: Vec<_> = all
        .filter(|sync| sync.sync.settings.destination.as_str() == id)
        .collect();
    if syncs.is_empty() {
        return;
    }
    let mut counted: Vec<Bar> = Vec::new();
    for sync in &syncs {
        let word = state_word(&sync.state);
        match counted.iter_mut().find(|bar| bar.name == word) {
            Some(bar) => bar.value += 1,
            None => counted.push(Bar {
                name: word.to_owned(),
                value: 1,
                role: match word {
                    "failed" | "attention" => Role::Error,
                    "held" | "errors" | "approval" => Role::Warn,
                    "ok" => Role::Ok,
                    _ => Role::Running,
                },
            }),
        }
    }
    lines.blank();
    let room = lines.columns.min(48);
    lines.out.extend(chart::bars(look, &counted, room));
    let longest = syncs
        .iter()
        .map(|sync| sync.recent.len())
        .max()
        .unwrap_or(0);
    let written: Vec<u64> = (0..longest)
        .rev()
        .map(|back| {
            let runs = syncs.iter().filter_map(|sync| {
                let place = sync.recent.len().checked_sub(back + 1)?;
                sync.recent.get(place)
            });
            runs.map(|run| run.written).sum()
        })
        .collect();
    if written.iter().any(|rows| *rows > 0) {
        lines.line(vec![
            look.span(Role::Dim, "rows written, last runs "),
            chart::sparkline(look, Role::Ok, &written, 20),
        ]);
    }
}
