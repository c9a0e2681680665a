//! Draws the page of a run's rows: causes above, the rows of the selected one beneath.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::words::{code_words, edit_words, rows_words, seen_words};
use super::{Pane, Rows};
use crate::domain::browse::Cause;
use crate::domain::command::RowEntry;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::screens::plan::json_words;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::rule;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const COLUMNS: [Column<'static>; 6] = [
    Column::fixed("Rows", 9, 0).at_right(),
    Column::fixed("Kind", 8, 4),
    Column::growing("Cause", 20),
    Column::fixed("Field", 14, 1),
    Column::fixed("Since", 10, 2),
    Column::fixed("Seen", 8, 3),
];

/// Where the parts of the page are; what is not shown is absent.
struct Areas {
    inner: Rect,
    causes: Option<Rect>,
    /// From the rule over the rows down.
    lower: Option<Rect>,
}

fn areas(page: &Rows, state: &State, area: Rect) -> Areas {
    let inner = panes::inside(state, area);
    let body = Rect {
        y: inner.y + inner.height.min(1),
        height: inner.height.saturating_sub(1),
        ..inner
    };
    if matches!(state.class(), Class::Small | Class::Tiny) {
        let (causes, lower) = match page.pane {
            Pane::Causes => (Some(body), None),
            Pane::Rows => (None, Some(body)),
        };
        return Areas {
            inner,
            causes,
            lower,
        };
    }
    let listed = u16::try_from(page.table.len()).unwrap_or(u16::MAX);
    let upper = listed.saturating_add(1).clamp(4, (body.height / 2).max(4));
    let upper = upper.min(body.height);
    Areas {
        inner,
        causes: Some(Rect {
            height: upper,
            ..body
        }),
        lower: Some(Rect {
            y: body.y + upper,
            height: body.height - upper,
            ..body
        }),
    }
}

/// Rows of the list of rows in the lower part: without rule, edit, payload and foot.
fn entry_rows(lower: Rect) -> u16 {
    lower.height.saturating_sub(2 + PAYLOAD_ROWS + 1).max(1)
}

/// Rows that tell what the selected row carried and what came back.
const PAYLOAD_ROWS: u16 = 4;

/// Rows that the causes have, and those that the rows have.
pub(super) fn room(page: &Rows, state: &State) -> (usize, usize) {
    let areas = areas(page, state, state.areas().body);
    let small = state.class() == Class::Small;
    let causes = areas
        .causes
        .map_or(1, |area| table_view::rows(area.height, small));
    let rows = areas.lower.map_or(1, |area| usize::from(entry_rows(area)));
    (causes, rows)
}

/// Draws the page and gives the place of the real cursor.
pub(super) fn draw(
    page: &Rows,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let areas = areas(page, state, area);
    let inner = panes::panel(state, look, buf, area, &title(page, state, look), true);
    if let Some(line) = page.causes.line(state, look, "reading the causes") {
        panes::lines(look, buf, inner, &[Line::default(), line]);
        return inner.as_position();
    }
    panes::lines(look, buf, areas.inner, &[counts(page, look)]);
    let mut place = inner.as_position();
    if let Some(area) = areas.causes {
        let at = causes(page, state, look, area, buf);
        if page.pane == Pane::Causes {
            place = at;
        }
    }
    if let (Some(area), Some(cause)) = (areas.lower, page.cause()) {
        let at = lower(page, state, look, cause, area, buf);
        if page.pane == Pane::Rows {
            place = at;
        }
    }
    place
}

fn title(page: &Rows, state: &State, look: &Look) -> String {
    let dot = look.glyphs.dot;
    let run = &page.run;
    let name = state
        .sync(&run.sync)
        .map_or(run.sync.as_str(), |sync| sync.name());
    let at = run.started_at.unwrap_or(run.queued_at);
    let unmasked = match page.unmask {
        true => format!(" {dot} unmasked"),
        false => String::new(),
    };
    format!(
        "Rows by cause {dot} {} {dot} {name} {dot} {} {dot} rev {}{unmasked}",
        text::short(&run.id),
        text::when(state.zone, state.now.wall, at),
        run.revision
    )
}

fn counts(page: &Rows, look: &Look) -> Line<'static> {
    let c = &page.run.counters;
    let all = [
        ("rejected", c.total(|tally| tally.rejected)),
        ("unsent", c.total(|tally| tally.unsent)),
        ("invalid", c.invalid),
        ("unknown", c.total(|tally| tally.unknown)),
        ("held", c.total(|tally| tally.held)),
    ];
    let mut spans = Vec::new();
    for (word, number) in all {
        if number == 0 && word == "held" {
            continue;
        }
        let role = if number > 0 { Role::Warn } else { Role::Dim };
        spans.push(look.span(role, format!("{word} {}", text::count(number))));
        spans.push(Span::raw("   "));
    }
    let causes = page.causes.here().into_iter().flatten();
    let ignored: u64 = causes.map(|cause| cause.ignored).sum();
    if ignored > 0 {
        let words = format!("{} ignored   ", text::count(ignored));
        spans.push(look.span(Role::Dim, words));
    }
    if !page.table.filter().is_empty() {
        let words = format!("filter: {}", text::line(page.table.filter(), 30));
        spans.push(look.span(Role::Text, words));
    }
    Line::from(spans)
}

fn causes(page: &Rows, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    if page.table.len() == 0 {
        let (what, hint) = match page.table.total() {
            0 => (
                "No row of this run is on record.",
                "Rows are kept as long as the run's plan: 30 days and 10 runs.",
            ),
            _ => (
                "No cause matches the filter.",
                "`esc` clears it, `f` edits it.",
            ),
        };
        return panes::empty(look, buf, area, what, hint);
    }
    let small = state.class() == Class::Small;
    let cells = |at: usize| {
        let causes = page.causes.here();
        let cause = causes.and_then(|causes| causes.get(at));
        cause.map_or(Vec::new(), |cause| cells(state, cause, small))
    };
    let drawing = Drawing {
        columns: &COLUMNS,
        focus: page.pane == Pane::Causes,
        two_lines: small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, area, buf)
}

fn cells(state: &State, cause: &Cause, small: bool) -> Vec<Cell> {
    let role = match cause.verdict.as_str() {
        _ if cause.ignored >= cause.rows => Role::Dim,
        "rejected" | "unknown" => Role::Error,
        _ => Role::Warn,
    };
    let rows = match small {
        true => text::counted(cause.rows, "row"),
        false => text::count(cause.rows),
    };
    let since = text::when(state.zone, state.now.wall, cause.since);
    vec![
        Cell::new(Role::Strong, rows),
        Cell::new(role, &cause.verdict),
        Cell::new(Role::Text, code_words(cause)),
        Cell::new(Role::Text, cause.field.as_deref().unwrap_or("-")),
        Cell::new(
            Role::Dim,
            match small {
                true => format!("since {since}"),
                false => since,
            },
        ),
        Cell::new(Role::Dim, seen_words(cause)),
    ]
}

/// The rows of a cause: the edit that came before, the rows, what the selected one carried.
fn lower(
    page: &Rows,
    state: &State,
    look: &Look,
    cause: &Cause,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let columns = usize::from(area.width.saturating_sub(2));
    let dot = look.glyphs.dot;
    let field = cause
        .field
        .as_ref()
        .map_or(String::new(), |field| format!(" {dot} {field}"));
    let heading = format!(
        "{}{field} {dot} {} {dot} first seen {}",
        cause.code,
        rows_words(cause),
        text::when(state.zone, state.now.wall, cause.since)
    );
    let role = match page.pane {
        Pane::Rows => Role::TitleFocus,
        Pane::Causes => Role::Title,
    };
    rule(
        look,
        state.class(),
        buf,
        area,
        0,
        vec![look.foreign(role, &heading, columns)],
    );
    let likely = match &cause.edit {
        Some(edit) => Line::from(vec![
            look.span(Role::Dim, " Likely: "),
            look.foreign(
                Role::Text,
                &edit_words(state, edit, cause),
                columns.saturating_sub(22),
            ),
            look.span(Role::Key, "   e"),
            look.span(Role::Dim, " see edit"),
        ]),
        None => Line::from(look.span(
            Role::Dim,
            " No edit came between the run before and this cause.",
        )),
    };
    look.put(buf, area, 1, &likely);
    let rows = entry_rows(area);
    let list = Rect {
        y: area.y + area.height.min(2),
        height: rows.min(area.height.saturating_sub(2)),
        ..area
    };
    let place = entries(page, state, look, list, buf);
    let below = Rect {
        y: list.bottom(),
        height: area.bottom().saturating_sub(list.bottom()),
        ..area
    };
    carried(page, state, look, cause, below, buf);
    place
}

/// A key as people read it.
fn key_words(row: &RowEntry) -> String {
    if row.key.is_empty() {
        return "(no key)".to_owned();
    }
    let values: Vec<String> = row.key.values().map(json_words).collect();
    values.join(" · ")
}

fn entries(page: &Rows, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let entries = &page.entries;
    let width = usize::from(area.width);
    if entries.rows.is_empty() {
        let line = entries.waiting.line(state, look, "reading the rows");
        let line = line.unwrap_or_else(|| {
            let words = match page.key.is_empty() {
                true => "its rows are no longer on record".to_owned(),
                false => format!(
                    "no key has '{}'; `esc` clears it",
                    text::line(&page.key, 30)
                ),
            };
            Line::from(look.span(Role::Dim, words))
        });
        panes::lines(look, buf, area, &[line]);
        return area.as_position();
    }
    let mut place = area.as_position();
    let key = (width / 3).clamp(10, 30);
    let shown = entries.rows.iter().enumerate().skip(entries.top);
    for ((at, row), line) in shown.zip(0..area.height) {
        let here = at == entries.cursor;
        let focus = page.pane == Pane::Rows;
        let cursor = if here { look.glyphs.cursor } else { " " };
        let runs = match row.attempts {
            10.. => format!("{} stuck", row.attempts),
            attempts => text::counted(u64::from(attempts), "run"),
        };
        let op = row.op.as_deref().unwrap_or("-");
        let spans = vec![
            look.span(Role::Text, format!(" {cursor}")),
            look.foreign(Role::Text, &text::left(&key_words(row), key), key),
            look.span(
                Role::Dim,
                format!("  {}  {}  ", text::left(op, 6), text::left(&runs, 8)),
            ),
            look.foreign(Role::Dim, &row.reason, width.saturating_sub(key + 22)),
        ];
        look.put(buf, area, line, &Line::from(spans));
        if here {
            let role = match focus {
                true => Role::Selected,
                false => Role::SelectedAway,
            };
            let band = Rect::new(area.x, area.y + line, area.width, 1).intersection(area);
            buf.set_style(band, look.style(role));
            place = Position::new(area.x + 1, area.y + line);
        }
    }
    place
}

/// What the selected row carried and what came back, and when these rows go again by themselves.
fn carried(page: &Rows, state: &State, look: &Look, cause: &Cause, area: Rect, buf: &mut Buffer) {
    let rows = area.height.saturating_sub(1);
    let mut out = Lines::new(look, usize::from(area.width.saturating_sub(2)));
    if let Some(row) = page.row() {
        let sent = match (cause.verdict.as_str(), &row.payload) {
            (_, None) => String::new(),
            ("held", Some(payload)) => format!("held {payload}"),
            (_, Some(payload)) => format!("sent {payload}"),
        };
        out.wrapped(Role::Text, &sent, 2);
        let got = match cause.verdict.as_str() {
            "invalid" => format!("not sent: {}", row.reason),
            "held" => format!("held: {}", row.reason),
            _ => format!("got {}: {}", row.code, row.reason),
        };
        out.wrapped(Role::Warn, &got, 2);
    }
    out.out.truncate(usize::from(rows));
    panes::lines(look, buf, area, &out.out);
    let words = match (&page.doing, cause.verdict.as_str()) {
        (Some((_, doing)), _) => format!("{} {doing}", look.spinner(state.now.ms)),
        (None, _) if page.is_ignored() => {
            "Ignored until their cause changes; they are tried as before. `I` heeds them."
                .to_owned()
        }
        (None, "held") => "Held deletes wait for approval: `A` in Syncs shows them.".to_owned(),
        (None, _) => {
            let next = state
                .sync(&page.run.sync)
                .and_then(|sync| sync.next_run_at)
                .map_or(String::new(), |at| {
                    format!(" ({})", text::when(state.zone, state.now.wall, at))
                });
            format!("These rows go again by themselves in the next run{next}; `R`: now.")
        }
    };
    let words = look.foreign(Role::Dim, &format!(" {words}"), usize::from(area.width));
    look.put(buf, area, rows, &Line::from(words));
}
