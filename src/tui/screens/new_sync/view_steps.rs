//! Draws single steps: the name, what is known of a choice, the modes, the review, the first run.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::draft::{Start, Step};
use super::state::NewSync;
use crate::domain::mode::{FirstRun, Mode};
use crate::domain::model::{Model, Role as ColumnRole};
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::screens::mapping::line_words;
use crate::tui::screens::{modes, schedule};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::keyvalue::{self, Pair};

/// The step with the name; gives the place of the cursor.
pub(super) fn name(
    page: &NewSync,
    state: &State,
    look: &Look,
    inner: Rect,
    buf: &mut Buffer,
) -> Position {
    let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    lines.wrapped(
        Role::Text,
        "A name that says data, destination and cadence: CRM Contacts - Hourly.",
        2,
    );
    lines.blank();
    let row = u16::try_from(lines.out.len()).unwrap_or(0);
    lines.blank();
    lines.blank();
    if page.name.text().trim().is_empty() {
        let words = format!(
            "Empty, it is named after what you choose: {}. `enter` goes on.",
            page.final_name(state)
        );
        lines.wrapped(Role::Dim, &words, 2);
    }
    panes::lines(look, buf, inner, &lines.out);
    let at = Rect {
        y: inner.y + row.min(inner.height.saturating_sub(1)),
        height: inner.height.min(1),
        ..inner
    };
    page.name.draw(look, " name: ", at, buf)
}

/// What is known of the choice under the cursor.
pub(super) fn known(page: &NewSync, state: &State, look: &Look, area: Rect) -> Vec<Line<'static>> {
    let mut lines = Lines::new(look, usize::from(area.width.saturating_sub(2)));
    let chosen = page.table.selected().and_then(|at| page.choices.0.get(at));
    let Some(chosen) = chosen else {
        return Vec::new();
    };
    lines.blank();
    match page.step() {
        Step::Model => {
            let models = state.world.models.iter();
            let mut models = models.filter(|model| model.name == chosen.value);
            if let Some(model) = models.next() {
                columns(model, &mut lines);
            }
        }
        Step::Destination => {
            let users = state.world.syncs.iter();
            let users = users
                .filter(|sync| sync.destination == chosen.value)
                .count();
            let users = u64::try_from(users).unwrap_or(u64::MAX);
            let words = format!("{} writes there already", text::counted(users, "sync"));
            let words = match users {
                0 => "no sync writes there yet".to_owned(),
                1 => words,
                _ => format!("{} write there already", text::counted(users, "sync")),
            };
            lines.wrapped(Role::Dim, &words, 1);
            let [_, health] = &chosen.notes;
            if health.starts_with("failing") {
                lines.wrapped(Role::Warn, health, 3);
            }
        }
        _ => lines.wrapped(
            Role::Dim,
            "`n` names one that is not there yet; the first run makes it where the destination \
             allows.",
            2,
        ),
    }
    lines.out
}

/// The columns of a model with types and roles.
fn columns(model: &Model, lines: &mut Lines<'_>) {
    let look = lines.look;
    let key = format!("key {}", model.primary_key.join(", "));
    lines.wrapped(Role::Dim, &key, 1);
    let pieces = model.columns.iter().map(|column| {
        let (role, mark) = match column.role {
            ColumnRole::Identifier => (Role::Ok, " id"),
            ColumnRole::Attribute => (Role::Text, ""),
        };
        let words = format!("{} {}{mark}", column.name, column.kind);
        look.foreign(role, &words, 60)
    });
    let pieces: Vec<Span<'static>> = pieces.collect();
    lines.flow(pieces, 3);
}

/// The step with the modes; gives the place of the cursor.
pub(super) fn modes(
    page: &NewSync,
    state: &State,
    look: &Look,
    inner: Rect,
    buf: &mut Buffer,
) -> Position {
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut lines = Lines::new(look, columns);
    if let Some(line) = page
        .object
        .line(state, look, "reading what the object can do")
    {
        lines.out.push(line);
        if let Some(problem) = page.object.problem() {
            lines.wrapped(Role::Text, &problem.hint, 2);
            lines.wrapped(Role::Dim, "`left` chooses another object", 1);
        }
        panes::lines(look, buf, inner, &lines.out);
        return inner.as_position();
    }
    let Some(object) = page.object.here() else {
        return inner.as_position();
    };
    let destination = &page.draft.settings.destination;
    let deletion = Some(object.capabilities.deletion);
    let mut cursor = 0;
    for (place, mode) in Mode::ALL.into_iter().enumerate() {
        let here = place == page.cursor;
        if here {
            cursor = lines.out.len();
        }
        let refused = modes::refused(mode, &object.capabilities);
        let role = match (refused.is_some(), here) {
            (true, _) => Role::Dim,
            (false, true) => Role::Strong,
            (false, false) => Role::Text,
        };
        let mut told = modes::lines(mode, destination, deletion);
        if let Some(why) = refused {
            told = vec![format!("cannot be here: {why}")];
        }
        let mark = if here { look.glyphs.cursor } else { " " };
        let mut lead = format!("{mark} {}", text::left(&mode.word().to_uppercase(), 8));
        for line in told {
            for line in text::wrap(&line, columns.saturating_sub(10), 2) {
                lines.line(vec![look.span(role, format!("{lead}{line}"))]);
                lead = " ".repeat(10);
            }
        }
    }
    scroll_to(look, buf, inner, &lines, cursor)
}

/// Draws lines so that the one under the cursor is in sight, and gives its place.
fn scroll_to(
    look: &Look,
    buf: &mut Buffer,
    inner: Rect,
    lines: &Lines<'_>,
    cursor: usize,
) -> Position {
    let height = usize::from(inner.height);
    // Two lines more are the rest of what the cursor stands on.
    let top = (cursor + 3).saturating_sub(height);
    let shown = lines.out.get(top..).unwrap_or_default();
    panes::lines(look, buf, inner, shown);
    let row = u16::try_from(cursor - top.min(cursor)).unwrap_or(0);
    Position::new(inner.x + 1, inner.y + row)
}

/// What was chosen so far, for the steps that show it.
pub(super) fn review(page: &NewSync, state: &State, look: &Look, lines: &mut Lines<'_>) {
    let step = page.step();
    match step {
        Step::Mapping => {
            mapping(page, look, lines);
            lines.blank();
            let hint = match page.draft.mapped {
                true => "`enter` edits the mapping, `right` goes on.",
                false => "`enter` opens the mapping; ctrl-s there takes it.",
            };
            lines.wrapped(Role::Dim, hint, 2);
            return;
        }
        Step::Schedule => {
            let words = schedule::words(state, &page.draft.settings.schedule);
            lines.wrapped(Role::Text, &words, 2);
            lines.blank();
            let hint = match page.draft.scheduled {
                true => "`enter` edits the schedule, `right` goes on.",
                false => "`enter` opens the schedule; ctrl-s there takes it.",
            };
            lines.wrapped(Role::Dim, hint, 2);
            return;
        }
        _ => {}
    }
    let settings = &page.draft.settings;
    let model = page.model(state).map_or(settings.model.clone(), |model| {
        let columns = u64::try_from(model.columns.len()).unwrap_or(u64::MAX);
        let key = model.primary_key.join(", ");
        format!(
            "{}, {}, key {key}",
            model.name,
            text::counted(columns, "column")
        )
    });
    let object = format!(
        "{} {} {}",
        settings.destination, look.glyphs.into, settings.destination_object
    );
    let exists = page
        .object
        .here()
        .is_some_and(|object| !object.schema.exists);
    let object = if exists {
        format!("{object}, made by the first run")
    } else {
        object
    };
    let deletion = page
        .object
        .here()
        .map(|object| object.capabilities.deletion);
    let mode = modes::lines(settings.mode, &settings.destination, deletion);
    let pairs = [
        Pair::new("name", page.final_name(state)).role(Role::Strong),
        Pair::new("model", model),
        Pair::new("destination", object),
        Pair::new("mode", format!("{}: {}", settings.mode, mode.join(" "))),
        Pair::new("schedule", schedule::words(state, &settings.schedule)),
        Pair::new(
            "guards",
            "the workspace's: many deletes are held, a shrunken model or many invalid rows stop a \
             run",
        ),
    ];
    let columns = lines.columns;
    lines.out.extend(keyvalue::lines(look, &pairs, columns));
    lines.blank();
    mapping(page, look, lines);
    lines.blank();
    match page.draft.missing() {
        Some(step) => {
            let words = format!(
                "the step {} lacks something: `enter` goes there",
                step.word()
            );
            lines.wrapped(Role::Warn, &words, 1);
        }
        None => lines.wrapped(Role::Dim, "`enter` goes on to the first run.", 1),
    }
}

/// The mapping, line by line.
fn mapping(page: &NewSync, look: &Look, lines: &mut Lines<'_>) {
    let mapped = &page.draft.settings.field_mappings;
    if mapped.is_empty() {
        lines.wrapped(Role::Dim, "nothing is mapped yet", 1);
    }
    let widest = mapped
        .iter()
        .map(|line| text::width(&line.destination_field))
        .max();
    let widest = widest.unwrap_or(0).min(lines.columns / 3);
    for line in mapped {
        let mark = if line.is_identifier { " id" } else { "" };
        let field = text::left(&line.destination_field, widest);
        let room = lines.columns.saturating_sub(widest + 8);
        let value = text::line(&line_words(line), room);
        lines.line(vec![
            look.span(Role::Text, field),
            look.span(Role::Dim, " <- "),
            look.span(Role::Text, value),
            look.span(Role::Ok, mark),
        ]);
    }
}

/// The step with the first run; gives the place of the cursor.
pub(super) fn runs(page: &NewSync, look: &Look, inner: Rect, buf: &mut Buffer) -> Position {
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut lines = Lines::new(look, columns);
    let mut cursor = 0;
    for (place, start) in Start::ALL.into_iter().enumerate() {
        let here = place == page.cursor;
        if here {
            cursor = lines.out.len();
        }
        let (word, told) = start_words(start, page.draft.settings.first_run);
        let mark = if here { look.glyphs.cursor } else { " " };
        let role = if here { Role::Strong } else { Role::Text };
        let mut lead = format!("{mark} {}", text::left(word, 14));
        for line in text::wrap(told, columns.saturating_sub(16), 2) {
            lines.line(vec![look.span(role, format!("{lead}{line}"))]);
            lead = " ".repeat(16);
        }
    }
    lines.blank();
    let first = match page.draft.settings.first_run {
        FirstRun::Backfill => "backfill: the first run sends every row that the model has.",
        FirstRun::FromNow => {
            "from now: the first run records every row and sends none; later ones send what changes."
        }
    };
    lines.wrapped(Role::Text, first, 2);
    lines.wrapped(Role::Dim, "`b` turns between backfill and from now", 1);
    scroll_to(look, buf, inner, &lines, cursor)
}

fn start_words(start: Start, first: FirstRun) -> (&'static str, &'static str) {
    match (start, first) {
        (Start::TryOne, _) => (
            "try 1 row",
            "saves it paused and sends one row, to look at before the rest goes",
        ),
        (Start::RunAll, FirstRun::Backfill) => ("run all", "saves it and sends all rows now"),
        (Start::RunAll, FirstRun::FromNow) => ("run all", "saves it and records all rows now"),
        (Start::Scheduled, _) => (
            "by schedule",
            "saves it; its first run comes by its schedule",
        ),
        (Start::Paused, _) => (
            "start paused",
            "saves it; nothing runs until you turn it on",
        ),
    }
}
