//! Draws the log of a run.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::runs::Reading;
use crate::domain::event::LogLine;
use crate::tui::action::Action;
use crate::tui::layout::{Class, Pane};
use crate::tui::look::{Lines, Look};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// Columns before the text: a blank, the time, a blank, the word, a blank.
const LEAD_COLUMNS: usize = 1 + 8 + 1 + 11 + 1;
/// The most rows that one wrapped line takes.
const MAX_WRAPPED: usize = 8;

/// Rows and columns that the log has for lines in `area`.
pub(crate) fn room(class: Class, area: Rect) -> (usize, usize) {
    match class {
        Class::Small | Class::Tiny => (
            usize::from(area.height.saturating_sub(1)),
            usize::from(area.width),
        ),
        Class::Narrow | Class::Wide => (
            usize::from(area.height.saturating_sub(2)),
            usize::from(area.width.saturating_sub(2)),
        ),
    }
}

/// Rows that one line takes.
pub(crate) fn rows_of(line: &LogLine, columns: usize, wrap: bool) -> usize {
    if !wrap {
        return 1;
    }
    let room = columns.saturating_sub(LEAD_COLUMNS).max(1);
    text::wrap(&line.text, room, MAX_WRAPPED).len().max(1)
}

/// Draws the log and gives the place of the real cursor.
pub(super) fn draw(state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let log = &state.syncs.log;
    let focus = state.syncs.pane == Pane::Log;
    let title = title(state, look);
    let inner = if state.class() == Class::Small {
        let columns = usize::from(area.width);
        look.put(
            buf,
            area,
            0,
            &Line::from(look.foreign(Role::Title, &title, columns)),
        );
        Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        }
    } else {
        look.panel(buf, area, &title, focus)
    };
    if log.len() == 0 {
        draw_empty(state, look, inner, buf);
        return inner.as_position();
    }
    let columns = usize::from(inner.width);
    let mut place = inner.as_position();
    let mut row: u16 = 0;
    for number in log.top..log.len() {
        if row >= inner.height {
            break;
        }
        let Some(line) = log.line(number) else { break };
        let lines = lines_of(state, look, line, columns);
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        for (line, offset) in lines.iter().zip(0..) {
            look.put(buf, inner, row + offset, line);
        }
        if number == log.cursor && focus {
            let band = Rect::new(inner.x, inner.y + row, inner.width, height).intersection(inner);
            buf.set_style(band, look.style(Role::Selected));
            place = Position::new(inner.x, inner.y + row);
        }
        row = row.saturating_add(height);
    }
    place
}

fn title(state: &State, look: &Look) -> String {
    let log = &state.syncs.log;
    let dot = look.glyphs.dot;
    let mut parts = vec!["Run log".to_owned()];
    if let Some(run) = &log.run {
        parts.push(text::short(run).to_owned());
        let live = state.selected().is_some_and(|sync| {
            sync.active
                .as_ref()
                .is_some_and(|active| active.run.id == *run)
        });
        if log.paused {
            parts.push(format!("paused, {} new", text::count(log.unseen())));
        } else if live {
            parts.push("following".to_owned());
        }
        if !matches!(log.reading, Reading::Done) {
            parts.push(format!("reading{}", look.glyphs.ellipsis));
        } else if let Some(problem) = &log.problem {
            parts.push(format!("not complete: {}", problem.text));
        }
        if let Some((bytes, share)) = log.position() {
            parts.push(format!("{share} % of {}", text::bytes(bytes)));
        }
    }
    if !log.filter.is_empty() {
        parts.push(format!("filter: {}", log.filter));
    }
    if !log.find.is_empty() {
        parts.push(format!("find: {}", log.find));
    }
    parts.join(&format!(" {dot} "))
}

fn draw_empty(state: &State, look: &Look, inner: Rect, buf: &mut Buffer) {
    let log = &state.syncs.log;
    let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(1)));
    match (&log.run, log.reading, &log.problem) {
        (None, ..) => {
            let words = match state.keymap.label(Action::Run) {
                Some(key) if state.selected().is_some() => {
                    format!("No run yet. `{key}` runs the sync; what it does is told here.")
                }
                _ => "What a run does is told here.".to_owned(),
            };
            lines.wrapped(Role::Dim, &words, 2);
        }
        (Some(_), Reading::Done, Some(problem)) => {
            let words = format!("could not read the log: {}", problem.text);
            lines.wrapped(Role::Error, &words, 2);
            lines.wrapped(Role::Text, &problem.hint, 2);
        }
        (Some(_), Reading::Done, None) if !log.filter.is_empty() => {
            let words = format!("No line has `{}`. `esc` clears the filter.", log.filter);
            lines.wrapped(Role::Dim, &words, 2);
        }
        (Some(_), Reading::Done, None) => {
            lines.wrapped(Role::Dim, "No line in this log as yet.", 1);
        }
        (Some(_), ..) => {
            let words = format!("reading the log {}", look.glyphs.ellipsis);
            lines.wrapped(Role::Dim, &words, 1);
        }
    }
    for (line, row) in lines.out.iter().zip(0..) {
        let mut line = line.clone();
        line.spans.insert(0, Span::raw(" "));
        look.put(buf, inner, row, &line);
    }
}

/// How a line of this kind stands out.
pub(in crate::tui::screens) fn role_of(word: &str) -> Role {
    match word {
        "failed" | "error" => Role::Error,
        "rejected" | "invalid" | "unknown" | "retry" | "guard" | "held" => Role::Warn,
        "run" => Role::Strong,
        _ => Role::Text,
    }
}

fn lines_of(state: &State, look: &Look, line: &LogLine, columns: usize) -> Vec<Line<'static>> {
    let log = &state.syncs.log;
    let room = columns.saturating_sub(LEAD_COLUMNS);
    let role = role_of(&line.word);
    let texts = if log.wrap {
        text::wrap(&line.text, room.max(1), MAX_WRAPPED)
    } else {
        let shifted: String = line
            .text
            .chars()
            .skip(log.shift)
            .take(4 * room + 4)
            .collect();
        vec![text::line(&shifted, room)]
    };
    let mut out = Vec::new();
    for content in texts {
        let mut spans = if out.is_empty() {
            vec![
                look.span(Role::Dim, format!(" {} ", text::clock(state.zone, line.at))),
                look.span(role, text::left(&line.word, 11)),
                Span::raw(" "),
            ]
        } else {
            vec![Span::raw(" ".repeat(LEAD_COLUMNS))]
        };
        spans.extend(with_hits(look, role, &content, &log.find));
        out.push(Line::from(spans));
    }
    if out.is_empty() {
        out.push(Line::from(vec![
            look.span(Role::Dim, format!(" {} ", text::clock(state.zone, line.at))),
            look.span(role, text::left(&line.word, 11)),
        ]));
    }
    out
}

/// Harmless text with each occurrence of `find` set off, whatever the case.
pub(crate) fn with_hits(look: &Look, role: Role, content: &str, find: &str) -> Vec<Span<'static>> {
    let (lower, wanted) = (content.to_lowercase(), find.to_lowercase());
    // Where lower case takes other bytes, places in the two texts do not correspond.
    if wanted.is_empty() || lower.len() != content.len() {
        return vec![look.span(role, content)];
    }
    let mut spans = Vec::new();
    let mut from = 0;
    for (at, hit) in lower.match_indices(&wanted) {
        let (Some(before), Some(found)) = (content.get(from..at), content.get(at..at + hit.len()))
        else {
            continue;
        };
        spans.push(look.span(role, before));
        spans.push(Span::styled(
            found.to_owned(),
            look.style(role).patch(look.style(Role::Hit)),
        ));
        from = at + hit.len();
    }
    spans.push(look.span(role, content.get(from..).unwrap_or_default()));
    spans
}
