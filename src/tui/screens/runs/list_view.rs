//! Draws the list of runs, with the selected one beside or under it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::lines::{chart, lasted, live, result_words};
use super::state::Runs;
use crate::domain::run::Run;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes::{self, Split};
use crate::tui::screens::syncs;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

/// Columns of a duration's bar.
const BAR: usize = 10;

const COLUMNS: [Column<'static>; 7] = [
    Column::fixed("State", 16, 0),
    Column::growing("Sync", 16),
    Column::fixed("Started", 10, 1),
    Column::fixed("Took", 10, 2),
    Column::fixed("", BAR, 3),
    Column::fixed("Written", 9, 4).at_right(),
    Column::fixed("Trigger", 9, 5),
];

/// The list over the selected run: beside it the bars would have no room.
fn split(state: &State, body: Rect) -> Split {
    if state.class() != Class::Wide {
        return Split::of(state, body);
    }
    let list = body.height * 3 / 5;
    Split {
        list: Rect {
            height: list,
            ..body
        },
        detail: Some(Rect {
            y: body.y + list,
            height: body.height - list,
            ..body
        }),
    }
}

/// Rows that the list has at the present size.
pub(super) fn list_rows(state: &State) -> usize {
    panes::list_rows(state, split(state, state.areas().body).list)
}

/// Draws the screen and gives the place of the real cursor.
pub(super) fn draw(
    page: &Runs,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let split = split(state, area);
    let mut title = table_view::title(&page.table, look, "Runs");
    if page.more {
        title = format!("{title} {} and older", look.glyphs.dot);
    }
    let inner = panes::panel(state, look, buf, split.list, &title, true);
    if let Some(detail) = split.detail {
        beside(page, state, look, detail, buf);
    }
    if page.table.len() == 0 {
        return empty(page, state, look, inner, buf);
    }
    let cells = |at: usize| {
        let run = page.listed.get(at);
        run.map_or(Vec::new(), |run| cells(page, state, look, run))
    };
    let drawing = Drawing {
        columns: &COLUMNS,
        focus: true,
        two_lines: state.class() == Class::Small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, inner, buf)
}

fn empty(page: &Runs, state: &State, look: &Look, inner: Rect, buf: &mut Buffer) -> Position {
    if let Some(line) = page.waiting.line(state, look, "reading the runs") {
        panes::lines(look, buf, inner, &[Line::default(), line]);
        return inner.as_position();
    }
    let (what, hint) = match page.table.total() {
        0 => (
            "No run yet.",
            "`2` goes to the syncs, where `r` runs the selected one.",
        ),
        _ => (
            "No run matches the filter.",
            "`esc` clears it, `f` edits it.",
        ),
    };
    panes::empty(look, buf, inner, what, hint)
}

fn cells(page: &Runs, state: &State, look: &Look, run: &Run) -> Vec<Cell> {
    let status = syncs::of_run(state, run, look);
    let started = run.started_at.unwrap_or(run.queued_at);
    let lasted = lasted(state, run);
    let c = &run.counters;
    let written = match run.options.plan_only {
        true => c.total(|tally| tally.planned),
        false => c.total(|tally| tally.done),
    };
    let bar = lasted.map_or(0, |ms| {
        let share = u64::try_from(BAR).unwrap_or(0).saturating_mul(ms) / page.longest_ms;
        usize::try_from(share).unwrap_or(0).clamp(1, BAR)
    });
    let small = state.class() == Class::Small;
    let written = match (small, run.options.plan_only) {
        (false, _) => text::count(written),
        (true, false) => format!("{} written", text::count(written)),
        (true, true) => format!("{} planned", text::count(written)),
    };
    vec![
        Cell::new(status.role, format!("{} {}", status.glyph, status.words)),
        Cell::new(Role::Text, page.name(run)),
        Cell::new(Role::Text, text::when(state.zone, state.now.wall, started)),
        Cell::new(Role::Dim, lasted.map_or(String::new(), text::duration)),
        match small {
            true => Cell::new(Role::Dim, ""),
            false => Cell::new(status.role, look.glyphs.gauge_full.repeat(bar)),
        },
        Cell::new(Role::Text, written),
        Cell::new(Role::Dim, run.trigger.word()),
    ]
}

/// The selected run, beside the list.
fn beside(page: &Runs, state: &State, look: &Look, area: Rect, buf: &mut Buffer) {
    let Some(run) = page.selected() else {
        look.panel(buf, area, "Run", false);
        return;
    };
    let title = format!(
        "{} {} {}",
        text::short(&run.id),
        look.glyphs.dot,
        page.name(run)
    );
    let inner = look.panel(buf, area, &title, false);
    let mut out = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    let sync = state.sync(&run.sync);
    let active = sync.and_then(|sync| sync.active.as_ref());
    match active.filter(|active| active.run.id == run.id) {
        Some(active) => live(&mut out, state, active),
        None => syncs::last_run(&mut out, state, run),
    }
    if run.options.plan_only {
        out.wrapped(
            Role::Dim,
            "Only planned: nothing was sent. `p` shows the plan.",
            2,
        );
    } else if run.status.is_final() {
        out.wrapped(Role::Text, &result_words(run), 2);
    }
    out.blank();
    if let Some(sync) = sync {
        chart(&mut out, sync);
    }
    panes::lines(look, buf, inner, &out.out);
}
