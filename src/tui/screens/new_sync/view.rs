//! Draws a new sync: the rail of its steps, and the step that is shown.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::draft::Step;
use super::state::NewSync;
use super::view_steps;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::theme::Role;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

/// Lines that the review has besides those of the mapping, at the most.
pub(super) const REVIEW_ROWS: usize = 20;

/// Rows that the list of a step has at the present size.
pub(super) fn list_rows(state: &State) -> usize {
    let body = state.areas().body;
    let above = Rect {
        height: body.height.saturating_sub(details(state)),
        ..body
    };
    panes::list_rows(state, above)
}

/// Rows under a list for what is known of the selected one.
fn details(state: &State) -> u16 {
    match state.class() {
        Class::Small | Class::Tiny => 0,
        Class::Narrow => 7,
        Class::Wide => 10,
    }
}

/// Draws the step and gives the place of the real cursor.
pub(super) fn draw(
    page: &NewSync,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let title = rail(page, look, usize::from(area.width.saturating_sub(4)));
    let inner = panes::panel(state, look, buf, area, &title, true);
    let mut foot = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    if let Some((what, hint)) = &page.trouble {
        foot.wrapped(Role::Error, &format!("{} {what}", look.glyphs.failed), 3);
        foot.wrapped(Role::Text, hint, 2);
    } else if page.saving.is_some() {
        let words = format!("{} saving", look.spinner(state.now.ms));
        foot.line(vec![look.span(Role::Running, words)]);
    }
    let most = inner.height / 2;
    let height = u16::try_from(foot.out.len()).unwrap_or(most).min(most);
    let room = Rect {
        height: inner.height - height,
        ..inner
    };
    let below = Rect {
        y: inner.y + room.height,
        height,
        ..inner
    };
    panes::lines(look, buf, below, &foot.out);
    match page.step() {
        Step::Name => view_steps::name(page, state, look, room, buf),
        Step::Model | Step::Destination | Step::Object => list(page, state, look, room, buf),
        Step::Mode => view_steps::modes(page, state, look, room, buf),
        Step::Run => view_steps::runs(page, look, room, buf),
        Step::Mapping | Step::Schedule | Step::Review => {
            let mut lines = Lines::new(look, usize::from(room.width.saturating_sub(2)));
            view_steps::review(page, state, look, &mut lines);
            let most = lines.out.len().saturating_sub(usize::from(room.height));
            let top = match page.step() {
                Step::Review => page.cursor.min(most),
                _ => 0,
            };
            panes::lines(look, buf, room, lines.out.get(top..).unwrap_or_default());
            room.as_position()
        }
    }
}

/// The rail: done steps are ticked, the present one is in capitals.
fn rail(page: &NewSync, look: &Look, columns: usize) -> String {
    let number = page.step().place() + 1;
    let head = format!("New sync {number}/{}", Step::ALL.len());
    let steps: Vec<String> = Step::ALL
        .iter()
        .map(|step| {
            if *step == page.step() {
                format!("{}{}", look.glyphs.cursor, step.word().to_uppercase())
            } else if page.draft.has(*step) && (*step != Step::Review || page.step() == Step::Run) {
                format!("{}{}", look.glyphs.ok, step.word())
            } else {
                format!("{}{}", look.glyphs.dot, step.word())
            }
        })
        .collect();
    let whole = format!("{head} {} {}", look.glyphs.dot, steps.join(" "));
    match crate::tui::text::width(&whole) <= columns {
        true => whole,
        false => format!(
            "{head} {} {}",
            look.glyphs.dot,
            page.step().word().to_uppercase()
        ),
    }
}

fn list(page: &NewSync, state: &State, look: &Look, inner: Rect, buf: &mut Buffer) -> Position {
    let detail = details(state).min(inner.height / 2);
    let above = Rect {
        height: inner.height - detail,
        ..inner
    };
    let below = Rect {
        y: inner.y + above.height,
        height: detail,
        ..inner
    };
    if page.step() == Step::Object
        && let Some(line) = page.objects.line(state, look, "reading the objects")
    {
        let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
        lines.out.push(line);
        if let Some(problem) = page.objects.problem() {
            lines.wrapped(Role::Text, &problem.hint, 2);
            lines.wrapped(Role::Dim, "`n` names an object, `R` reads them again", 1);
        }
        panes::lines(look, buf, inner, &lines.out);
        return inner.as_position();
    }
    if page.table.len() == 0 {
        let (what, hint) = match page.step() {
            _ if page.table.total() > 0 => (
                "Nothing matches the filter.",
                "`esc` clears it, `f` edits it.",
            ),
            Step::Model => ("No models yet.", "`n` makes one."),
            Step::Destination => ("No destinations yet.", "`n` makes one."),
            _ => ("No objects yet.", "`n` names one; the first run makes it."),
        };
        return panes::empty(look, buf, inner, what, hint);
    }
    let titles = match page.step() {
        Step::Model => ["Model", "Source", "Columns"],
        Step::Destination => ["Destination", "Type", "Health"],
        _ => ["Object", "", ""],
    };
    let second = match page.step() {
        // An object's label may be a sentence; types and sources are words.
        Step::Object => Column::growing(titles[1], 14),
        _ => Column::fixed(titles[1], 14, 2),
    };
    let columns = [
        Column::growing(titles[0], 20),
        second,
        Column::growing(titles[2], 14),
    ];
    let cells = |at: usize| {
        page.choices.0.get(at).map_or(Vec::new(), |choice| {
            let [first, second] = &choice.notes;
            vec![
                Cell::new(Role::Text, &choice.value),
                Cell::new(Role::Dim, first),
                Cell::new(Role::Dim, second),
            ]
        })
    };
    let drawing = Drawing {
        columns: &columns,
        focus: true,
        two_lines: state.class() == Class::Small,
        cells: &cells,
    };
    let place = table_view::draw(&page.table, &drawing, look, above, buf);
    let lines: Vec<Line<'static>> = view_steps::known(page, state, look, below);
    panes::lines(look, buf, below, &lines);
    place
}
