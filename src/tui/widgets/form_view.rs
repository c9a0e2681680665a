//! Draws a form: a line for each field, what is wrong under it, and help under the focused one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::form::{Form, FormField};
use super::input::{Input, Items, Secret, Way};
use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// The widest that labels get.
const MAX_LABEL: usize = 26;

/// Draws the form into `area` and gives the place of the real cursor.
pub(crate) fn draw(
    form: &Form,
    focus: bool,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let longest = form
        .fields
        .iter()
        .map(|field| text::width(&field.label))
        .max();
    let label = longest
        .unwrap_or(0)
        .min(MAX_LABEL)
        .min(usize::from(area.width) / 3);
    let below: Vec<Vec<Line<'static>>> = form
        .fields
        .iter()
        .enumerate()
        .map(|(place, field)| {
            let focused = focus && place == form.cursor;
            under(field, focused, look, usize::from(area.width), label)
        })
        .collect();
    let height = |place: usize| 1 + below.get(place).map_or(0, Vec::len);
    // The first field from which the focused one is whole.
    let (mut first, mut used) = (form.cursor, height(form.cursor));
    while first > 0 && used + height(first - 1) <= usize::from(area.height) {
        first -= 1;
        used += height(first);
    }
    let mut row: u16 = 0;
    let mut cursor = area.as_position();
    for (place, field) in form.fields.iter().enumerate().skip(first) {
        if row >= area.height {
            break;
        }
        let focused = focus && place == form.cursor;
        let at = Rect {
            y: area.y + row,
            height: 1,
            ..area
        };
        let end = one(field, focused, look, at, label, buf);
        if place == form.cursor {
            cursor = end;
        }
        row += 1;
        for line in below.get(place).into_iter().flatten() {
            look.put(buf, area, row, line);
            row += 1;
        }
    }
    cursor
}

/// What stands under a field.
fn under(
    field: &FormField,
    focused: bool,
    look: &Look,
    columns: usize,
    label: usize,
) -> Vec<Line<'static>> {
    let lead = label + 5;
    let room = columns.saturating_sub(lead + 1);
    let (role, words) = match &field.problem {
        Some(problem) => (Role::Error, format!("{} {problem}", look.glyphs.failed)),
        None if focused => (Role::Dim, help(field, look)),
        None => return Vec::new(),
    };
    text::wrap(&words, room, 2)
        .into_iter()
        .map(|line| Line::from(vec![Span::raw(" ".repeat(lead)), look.span(role, line)]))
        .collect()
}

fn help(field: &FormField, look: &Look) -> String {
    let keys = match &field.input {
        Input::Choice { .. } => "space next",
        Input::Toggle(_) => "space turns it",
        Input::Items(_) => "enter adds it, backspace takes the last one back",
        Input::Secret(_) => "ctrl-t typed, env, file or command",
        Input::Text(_) | Input::Number(_) => "",
    };
    match (field.help.as_str(), keys) {
        (help, "") => help.to_owned(),
        ("", keys) => keys.to_owned(),
        (help, keys) => format!("{help} {} {keys}", look.glyphs.dot),
    }
}

/// Draws one field and gives the place of the cursor in it.
fn one(
    field: &FormField,
    focused: bool,
    look: &Look,
    area: Rect,
    label: usize,
    buf: &mut Buffer,
) -> Position {
    let cursor = if focused { look.glyphs.cursor } else { " " };
    let needed = if field.required { "*" } else { " " };
    let role = if focused { Role::Strong } else { Role::Text };
    let lead = Line::from(vec![
        look.span(Role::Key, format!("{cursor} ")),
        look.span(Role::Warn, needed),
        look.span(role, text::left(&field.label, label)),
    ]);
    look.put(buf, area, 0, &lead);
    let shift = u16::try_from(label + 5)
        .unwrap_or(area.width)
        .min(area.width);
    let at = Rect {
        x: area.x + shift,
        width: area.width - shift,
        ..area
    };
    match &field.input {
        Input::Text(inner) | Input::Number(inner) if focused => inner.draw(look, "", at, buf),
        // What is not typed into is read from its beginning.
        Input::Text(inner) | Input::Number(inner) => {
            let words = look.foreign(Role::Text, inner.text(), usize::from(at.width));
            look.put(buf, at, 0, &Line::from(words));
            at.as_position()
        }
        Input::Choice { words, at: chosen } => {
            let word = chosen.and_then(|chosen| words.get(chosen));
            let (role, word) = match word {
                Some(word) => (Role::Text, word.as_str()),
                None => (Role::Dim, "(not chosen)"),
            };
            let arrows = if focused { ["< ", " >"] } else { ["", ""] };
            let spans = vec![
                look.span(Role::Key, arrows[0]),
                look.foreign(role, word, usize::from(at.width)),
                look.span(Role::Key, arrows[1]),
            ];
            look.put(buf, at, 0, &Line::from(spans));
            at.as_position()
        }
        Input::Toggle(on) => {
            let words = if *on { "[x] yes" } else { "[ ] no" };
            look.put(buf, at, 0, &Line::from(look.span(Role::Text, words)));
            Position::new(at.x + 1, at.y)
        }
        Input::Items(items) => draw_items(items, focused, look, at, buf),
        Input::Secret(secret) => draw_secret(secret, focused, look, at, buf),
    }
}

fn draw_items(items: &Items, focused: bool, look: &Look, at: Rect, buf: &mut Buffer) -> Position {
    let mut lead = String::new();
    if !items.values.is_empty() {
        lead = format!("{}; ", items.values.join("; "));
        let room = usize::from(at.width) / if focused { 2 } else { 1 };
        if text::width(&lead) > room {
            let number = u64::try_from(items.values.len()).unwrap_or(u64::MAX);
            let last = items.values.last().map_or("", String::as_str);
            lead = text::line(
                &format!("{}, last {last}; ", text::counted(number, "item")),
                room,
            );
        }
    }
    items
        .field
        .draw(look, &text::line(&lead, usize::from(at.width)), at, buf)
}

fn draw_secret(
    secret: &Secret,
    focused: bool,
    look: &Look,
    at: Rect,
    buf: &mut Buffer,
) -> Position {
    if secret.way != Way::Typed {
        return secret
            .field
            .draw(look, &format!("{}: ", secret.way.word()), at, buf);
    }
    if !secret.field.text().is_empty() {
        return secret.field.draw_masked(look, "", at, buf);
    }
    let words = match (secret.is_kept(), focused) {
        (true, true) => "kept encrypted; type to replace it, backspace takes it away",
        (true, false) => "********",
        (false, _) if secret.is_removed() => "(taken away)",
        (false, _) if secret.is_missed() => "(give it again)",
        (false, _) => "(not given)",
    };
    look.put(buf, at, 0, &Line::from(look.span(Role::Dim, words)));
    at.as_position()
}
