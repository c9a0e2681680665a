//! Draws the mapping editor: the lines, and under them what is known of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::lines::Row;
use super::sample::Given;
use super::state::{Host, MappingEditor, Pane, Saving};
use super::{view_detail, words};
use crate::domain::model::Role as ColumnRole;
use crate::domain::row::Cell as RowCell;
use crate::domain::value::Value;
use crate::tui::action::Action;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::overlays::picker::Item;
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

/// Rows of the detail with its frame.
const DETAIL: u16 = 9;
/// Keys of a document that are offered as paths.
const PATHS: usize = 20;
/// The longest value that is worked with for the screen, in characters.
const SHOWN: usize = 300;

/// Where the two panes are; what is not shown is empty.
fn areas(page: &MappingEditor, state: &State, body: Rect) -> (Rect, Rect) {
    if matches!(state.class(), Class::Small | Class::Tiny) {
        return match page.pane {
            Pane::Lines => (body, Rect::default()),
            Pane::Steps => (Rect::default(), body),
        };
    }
    let detail = DETAIL.min(body.height / 2);
    let lines = Rect {
        height: body.height - detail,
        ..body
    };
    let detail = Rect {
        y: body.y + lines.height,
        height: detail,
        ..body
    };
    (lines, detail)
}

/// Rows that the list has at the present size.
pub(super) fn list_rows(page: &MappingEditor, state: &State) -> usize {
    panes::list_rows(state, areas(page, state, state.areas().body).0)
}

/// Draws the editor and gives the place of the real cursor.
pub(super) fn draw(
    page: &MappingEditor,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let (lines, detail) = areas(page, state, area);
    let mut place = area.as_position();
    if !lines.is_empty() {
        let focus = page.pane == Pane::Lines;
        let inner = panes::panel(state, look, buf, lines, &title(page, state, look), focus);
        let at = list(page, state, look, inner, focus, buf);
        if focus {
            place = at;
        }
    }
    if !detail.is_empty() {
        let focus = page.pane == Pane::Steps;
        let title = view_detail::title(page, look);
        let inner = panes::panel(state, look, buf, detail, &title, focus);
        let at = view_detail::draw(page, state, look, inner, focus, buf);
        if focus {
            place = at;
        }
    }
    match &page.form {
        Some(form) => view_detail::draw_form(page, form, look, area, buf),
        None => place,
    }
}

fn title(page: &MappingEditor, state: &State, look: &Look) -> String {
    let dot = look.glyphs.dot;
    let settings = &page.sync.settings;
    let world = &state.world.destinations;
    let destination = world
        .iter()
        .find(|it| it.id.as_str() == settings.destination);
    let destination = destination.map_or(&settings.destination, |it| &it.name);
    let head = match &page.host {
        Host::New(head) => head.clone(),
        Host::Saved => format!("Mapping {dot} {}", settings.name),
    };
    let object = format!(
        "{destination} {} {}",
        look.glyphs.into, settings.destination_object
    );
    let state_word = match (&page.saving, &page.host) {
        (Some(Saving::Sent(_) | Saving::Counting), _) => {
            format!("{} saving", look.spinner(state.now.ms))
        }
        (_, Host::Saved) => {
            let revision = page.sync.revision.unwrap_or_default();
            let edited = if page.is_edited() { ", edited *" } else { "" };
            format!("rev {revision}{edited}")
        }
        (_, Host::New(_)) if page.is_edited() => "edited *".to_owned(),
        (_, Host::New(_)) => return format!("{head} {dot} {object}"),
    };
    format!("{head} {dot} {object} {dot} {state_word}")
}

fn list(
    page: &MappingEditor,
    state: &State,
    look: &Look,
    inner: Rect,
    focus: bool,
    buf: &mut Buffer,
) -> Position {
    if page.model.is_none() {
        let hint = "Choose another one: `e` on the sync.";
        return panes::empty(look, buf, inner, "The model of this sync is gone.", hint);
    }
    if page.object.here().is_none() {
        let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
        if let Some(problem) = page.object.problem() {
            let words = format!("{} {}", look.glyphs.failed, problem.text);
            lines.wrapped(Role::Error, &words, 4);
            lines.wrapped(Role::Text, &problem.hint, 3);
        } else if let Some(line) = page.object.line(state, look, "reading the fields") {
            lines.out.push(line);
        }
        panes::lines(look, buf, inner, &lines.out);
        return inner.as_position();
    }
    if page.table.len() == 0 {
        let (what, hint) = match page.table.total() {
            0 => ("The object has no fields yet.", "`+` maps one of any name."),
            _ => (
                "No field matches the filter.",
                "`esc` clears it, `f` edits it.",
            ),
        };
        return panes::empty(look, buf, inner, what, hint);
    }
    let heading = row_heading(page, state, look);
    let columns = [
        Column::growing("Field", 16),
        Column::fixed("", 6, 2),
        Column::fixed("", 1, 0),
        Column::growing("Value", 18),
        Column::growing(&heading, 18),
    ];
    let small = state.class() == Class::Small;
    let cells = |at: usize| {
        let row = page.rows.all.get(at);
        row.map_or(Vec::new(), |row| cells(page, state, look, row, small))
    };
    let mut columns = columns;
    if small {
        // The second line takes value and result.
        for column in columns.iter_mut().skip(2) {
            column.fold = 1;
        }
    }
    let drawing = Drawing {
        columns: &columns,
        focus,
        two_lines: small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, inner, buf)
}

fn row_heading(page: &MappingEditor, state: &State, look: &Look) -> String {
    let Some(sample) = page.sample.here() else {
        return match page.sample.problem() {
            Some(_) => "no sample rows".to_owned(),
            None => format!("{} reading rows", look.spinner(state.now.ms)),
        };
    };
    match sample.rows.len() {
        0 => "the model gives no rows".to_owned(),
        rows => format!("Row {} of {rows}, . next", page.at + 1),
    }
}

fn cells(page: &MappingEditor, state: &State, look: &Look, row: &Row, small: bool) -> Vec<Cell> {
    let line = row.line.and_then(|place| page.draft.now.lines.get(place));
    let known = row.known.and_then(|place| {
        let object = page.object.here()?;
        object.schema.fields.get(place)
    });
    let star = if row.required { "*" } else { " " };
    let field = Cell::new(
        if row.required {
            Role::Strong
        } else {
            Role::Text
        },
        format!("{star} {}", row.field),
    );
    let tag = match (line.is_some_and(|line| line.is_identifier), known) {
        (true, _) => Cell::new(Role::Ok, "id"),
        (false, Some(field)) if field.custom => Cell::new(Role::Dim, "custom"),
        _ => Cell::new(Role::Dim, ""),
    };
    let glyphs = look.glyphs;
    let mark = if page.is_broken(row) {
        Cell::new(Role::Error, glyphs.failed)
    } else if page.needs_look(row) || page.problems_of(row).next().is_some() {
        Cell::new(Role::Warn, glyphs.attention)
    } else if row.suggested.is_some() {
        Cell::new(Role::Dim, "~")
    } else if line.is_some_and(|line| line.is_identifier) {
        Cell::new(Role::Ok, glyphs.mark)
    } else {
        Cell::new(Role::Dim, "")
    };
    let value = match (line, &row.suggested) {
        (Some(line), _) => Cell::new(Role::Text, words::line(line)),
        (None, Some(column)) => Cell::new(Role::Dim, format!("{column}  suggested")),
        (None, None) => Cell::new(Role::Dim, "(none)"),
    };
    let mut given = given(page, look, row);
    if small && !matches!(page.sample.here(), Some(sample) if !sample.rows.is_empty()) {
        given = Cell::new(Role::Dim, row_heading(page, state, look));
    }
    vec![field, tag, mark, value, given]
}

/// What a line gives for the row that is shown.
fn given(page: &MappingEditor, look: &Look, row: &Row) -> Cell {
    let sample = page.sample_row();
    if let Some(place) = row.line {
        let outcome = page.outcomes.get(place);
        if let Some(Err(problems)) = outcome.map(|outcome| &outcome.trial) {
            let text = problems.first().map_or("", |problem| problem.text.as_str());
            return Cell::new(Role::Error, text);
        }
        return match outcome
            .zip(sample)
            .and_then(|(outcome, row)| outcome.given(row))
        {
            Some(given) => shown(look, &given),
            None => Cell::new(Role::Dim, ""),
        };
    }
    if let Some(column) = &row.suggested {
        let place = page.model.as_ref().and_then(|model| model.position(column));
        let cell = place.zip(sample).and_then(|(place, row)| row.get(place));
        return Cell::new(Role::Dim, cell.map_or(String::new(), cell_text));
    }
    match row.required {
        true => Cell::new(Role::Error, "required, no column"),
        false => Cell::new(Role::Dim, ""),
    }
}

/// A result in a cell of the list.
pub(super) fn shown(look: &Look, given: &Given) -> Cell {
    match given {
        Ok(None) => Cell::new(Role::Dim, "left out"),
        Ok(Some(Value::Null)) => Cell::new(Role::Dim, "null"),
        Ok(Some(value)) => Cell::new(Role::Text, value_text(value)),
        Err(reason) => Cell::new(
            Role::Error,
            format!("{} {}", look.glyphs.failed, reason.text),
        ),
    }
}

/// A value for the screen; the rest of a long one is not looked at.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Json(text) => text.chars().take(SHOWN).collect(),
        Value::Bytes(bytes) => {
            let head: Vec<u8> = bytes.iter().take(SHOWN).copied().collect();
            Value::Bytes(head).to_plain()
        }
        other => other.to_plain().chars().take(SHOWN).collect(),
    }
}

/// A cell of a sample row as text.
pub(super) fn cell_text(cell: &RowCell) -> String {
    match cell {
        RowCell::Value(Value::Null) => "null".to_owned(),
        RowCell::Value(value) => value_text(value),
        RowCell::Misfit(text) => {
            let head: String = text.chars().take(SHOWN).collect();
            format!("{head} (does not fit)")
        }
        RowCell::LeftOut => String::new(),
    }
}

/// The paths into a document that a sample row shows.
pub(super) fn paths(column: &str, cell: Option<&RowCell>) -> Vec<Item> {
    let Some(RowCell::Value(Value::Json(document))) = cell else {
        return Vec::new();
    };
    let Ok(serde_json::Value::Object(keys)) = serde_json::from_str(document) else {
        return Vec::new();
    };
    let keys = keys.iter().take(PATHS);
    keys.map(|(key, value)| {
        let plain = key.chars().all(|c| c.is_alphanumeric() || c == '_');
        let path = match plain {
            true => format!("{column}.{key}"),
            false => format!("{column}[\"{key}\"]"),
        };
        let shown: String = value.to_string().chars().take(SHOWN).collect();
        Item::new(&path, format!("in {column}  {shown}"))
    })
    .collect()
}

/// The line under the detail: errors, suggestions, and what saving costs.
pub(super) fn status(page: &MappingEditor, state: &State, look: &Look) -> Line<'static> {
    let dot = format!(" {} ", look.glyphs.dot);
    let errors = page.errors().count();
    let warnings = page.problems.len().saturating_sub(errors);
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let mut spans = vec![look.span(
        if errors > 0 { Role::Error } else { Role::Ok },
        text::counted(wide(errors), "error"),
    )];
    let mut add = |role: Role, words: String| {
        spans.push(look.span(Role::Dim, dot.clone()));
        spans.push(look.span(role, words));
    };
    if warnings > 0 {
        add(Role::Warn, text::counted(wide(warnings), "warning"));
    }
    let suggested = page.rows.suggested();
    if suggested > 0 {
        add(
            Role::Text,
            format!("{} suggested", text::count(wide(suggested))),
        );
    }
    if let Some((role, words)) = view_detail::cost_words(page, state, look) {
        add(role, words);
    }
    if errors == 0 && (page.is_edited() || matches!(page.host, Host::New(_))) {
        let key = state.keymap.label(Action::Save).unwrap_or("ctrl-s");
        let verb = if page.host == Host::Saved {
            "saves"
        } else {
            "goes on"
        };
        add(Role::Key, format!("{key} {verb}"));
    }
    Line::from(spans)
}

/// The word for a column's role, for the picker of columns.
pub(super) fn role_word(role: ColumnRole) -> &'static str {
    match role {
        ColumnRole::Identifier => ", identifier",
        ColumnRole::Attribute => "",
    }
}
