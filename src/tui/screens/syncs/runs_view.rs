//! Draws the Runs tab: the runs of one sync, newest first, and why the selected one failed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::cell;
use super::run_lines::took;
use super::runs::Reading;
use crate::domain::run::Run;
use crate::link::view::SyncView;
use crate::tui::layout::Pane;
use crate::tui::look::Look;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

const STATUS_COLUMNS: usize = 14;
const TOOK_COLUMNS: usize = 12;
const TRIGGER_COLUMNS: usize = 10;
/// Rows beneath the table that tell why the selected run failed.
const FOOT_ROWS: u16 = 2;

/// Rows that the table has for runs in a detail of `height` rows without its borders and tabs.
pub(crate) fn rows(height: u16) -> usize {
    usize::from(height.saturating_sub(1 + foot(height)))
}

fn foot(height: u16) -> u16 {
    if height >= 7 { FOOT_ROWS } else { 0 }
}

/// Draws the runs and gives the place of the real cursor.
pub(super) fn draw(
    state: &State,
    look: &Look,
    sync: &SyncView,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let runs = &state.syncs.runs;
    let listed = runs.listed(sync);
    let start = Position::new(area.x + 1, area.y);
    if listed.is_empty() {
        look.put(buf, area, 1, &Line::from(empty(state, look)));
        return start;
    }
    let columns = usize::from(area.width);
    look.put(buf, area, 0, &heading(look, columns));
    let mut place = start;
    let visible = listed
        .iter()
        .enumerate()
        .skip(runs.top)
        .take(rows(area.height));
    for ((number, run), row) in visible.zip(1..) {
        look.put(buf, area, row, &line(state, look, run, number, columns));
        if number == runs.cursor {
            let role = if state.syncs.pane == Pane::Detail {
                Role::Selected
            } else {
                Role::SelectedAway
            };
            let band = Rect::new(area.x, area.y + row, area.width, 1).intersection(area);
            buf.set_style(band, look.style(role));
            place = Position::new(area.x + 1, area.y + row);
        }
    }
    if let Some(run) = listed.get(runs.cursor)
        && foot(area.height) > 0
    {
        draw_foot(look, run, area, buf);
    }
    place
}

fn empty(state: &State, look: &Look) -> Span<'static> {
    let runs = &state.syncs.runs;
    match (&runs.problem, runs.reading) {
        (Some(problem), _) => look.foreign(
            Role::Error,
            &format!(" could not read the runs: {}", problem.text),
            usize::from(state.size.0),
        ),
        (None, Reading::Done) => look.span(Role::Dim, " No run yet."),
        (None, _) => look.span(
            Role::Dim,
            format!(" reading the runs {}", look.glyphs.ellipsis),
        ),
    }
}

/// Which columns there is room for; figures come before what the foot tells as well.
struct Columns {
    started: usize,
    took: bool,
    trigger: bool,
    figures: usize,
    figure: usize,
}

impl Columns {
    fn of(columns: usize) -> Self {
        let (started, figure) = if columns >= 64 { (10, 9) } else { (9, 8) };
        let fixed = 4 + STATUS_COLUMNS + started;
        let figures = (columns.saturating_sub(fixed) / figure).min(4);
        let spare = columns.saturating_sub(fixed + figures * figure);
        Self {
            started,
            took: spare >= TOOK_COLUMNS,
            trigger: spare >= TOOK_COLUMNS + TRIGGER_COLUMNS,
            figures,
            figure,
        }
    }
}

fn heading(look: &Look, columns: usize) -> Line<'static> {
    let room = Columns::of(columns);
    let mut words = format!(
        "    {:<STATUS_COLUMNS$}{:<2$}",
        "State", "Started", room.started
    );
    if room.took {
        words.push_str(&text::left("Took", TOOK_COLUMNS));
    }
    if room.trigger {
        words.push_str(&text::left("Trigger", TRIGGER_COLUMNS));
    }
    for figure in ["Created", "Updated", "Deleted", "Refused"]
        .into_iter()
        .take(room.figures)
    {
        words.push_str(&text::right(figure, room.figure));
    }
    Line::from(look.span(Role::Dim, words))
}

fn line(state: &State, look: &Look, run: &Run, number: usize, columns: usize) -> Line<'static> {
    let room = Columns::of(columns);
    let cell = cell::of_run(state, run, look);
    let cursor = if number == state.syncs.runs.cursor {
        look.glyphs.cursor
    } else {
        " "
    };
    let started = run.started_at.unwrap_or(run.queued_at);
    let started = text::when(state.zone, state.now.wall, started);
    let c = &run.counters;
    let figures = if run.options.plan_only {
        [
            c.create.planned,
            c.update.planned,
            c.delete.planned,
            c.invalid,
        ]
    } else {
        let refused = c.invalid + c.total(|t| t.rejected + t.unknown);
        [c.create.done, c.update.done, c.delete.done, refused]
    };
    let mut spans = vec![
        look.span(Role::Text, format!(" {cursor}")),
        look.span(cell.role, format!("{} ", cell.glyph)),
        look.span(cell.role, text::left(&cell.words, STATUS_COLUMNS)),
        look.span(Role::Text, text::left(&started, room.started)),
    ];
    if room.took {
        let took = took(run).map_or(String::new(), text::duration);
        spans.push(look.span(Role::Text, text::left(&took, TOOK_COLUMNS)));
    }
    if room.trigger {
        spans.push(look.span(Role::Dim, text::left(run.trigger.word(), TRIGGER_COLUMNS)));
    }
    for figure in figures.into_iter().take(room.figures) {
        let role = if figure == 0 { Role::Dim } else { Role::Text };
        spans.push(look.span(role, text::right(&text::count(figure), room.figure)));
    }
    Line::from(spans)
}

fn draw_foot(look: &Look, run: &Run, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width.saturating_sub(2));
    let (role, words) = match &run.error {
        Some(problem) if problem.hint.is_empty() => (Role::Error, problem.text.clone()),
        Some(problem) => (Role::Error, format!("{}; {}", problem.text, problem.hint)),
        None => {
            let c = &run.counters;
            let plan = if run.options.plan_only {
                "plan only, nothing sent; "
            } else {
                ""
            };
            let took =
                took(run).map_or(String::new(), |ms| format!("took {}, ", text::duration(ms)));
            let words = format!(
                "run {} {} {plan}{took}read {}, unchanged {}, rev {}",
                text::short(&run.id),
                look.glyphs.dot,
                text::count(c.read),
                text::count(c.unchanged),
                run.revision
            );
            (Role::Dim, words)
        }
    };
    let rows = (area.height - FOOT_ROWS)..area.height;
    for (line, row) in text::wrap(&words, columns, usize::from(FOOT_ROWS))
        .into_iter()
        .zip(rows)
    {
        look.put(
            buf,
            area,
            row,
            &Line::from(look.span(role, format!(" {line}"))),
        );
    }
}
