//! Draws the entries of a plan: the list, and the selected one with its fields.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::lines::{self, change_lines, key_words};
use super::state::Plan;
use super::view::Areas;
use crate::domain::browse::{PlanPart, PlanRow};
use crate::domain::plan::OperationKind;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// Rows that an entry's fields take beneath it.
pub(super) fn beneath(row: &PlanRow, rows: usize) -> usize {
    let changes = lines::changes(row.old.as_ref(), row.new.as_ref()).len();
    changes.min(rows / 2)
}

/// Draws the list and gives the place of the real cursor.
pub(super) fn list(
    page: &Plan,
    state: &State,
    look: &Look,
    areas: &Areas,
    buf: &mut Buffer,
) -> Position {
    let area = areas.list;
    if page.list.total() == 0 {
        let words = match page.part {
            PlanPart::All if page.undone.is_some() => {
                "Nothing of it can be taken back. `f` shows why, row by row."
            }
            PlanPart::All => "Nothing to send: the destination has what the model gives.",
            _ => "None of this kind. `f` goes on to the next.",
        };
        look.put(
            buf,
            area,
            0,
            &Line::from(look.span(Role::Dim, format!(" {words}"))),
        );
        return area.as_position();
    }
    let mut place = area.as_position();
    let destination = page
        .view(state)
        .map_or("", |sync| sync.destination.as_str());
    let mut row = 0;
    let mut at = page.list.top;
    while row < area.height && at < page.list.total() {
        let here = at == page.list.cursor;
        let Some(entry) = page.list.get(at) else {
            let words = missing(page, state, look);
            look.put(buf, area, row, &Line::from(words));
            if here || page.list.problem().is_some() || page.list.since_ms().is_some() {
                break;
            }
            (row, at) = (row + 1, at + 1);
            continue;
        };
        let expands = areas.detail.is_none() && page.open && here;
        let undoes = page.undone.is_some();
        let line = entry_line(
            look,
            entry,
            (destination, undoes),
            (here, expands),
            area.width,
        );
        look.put(buf, area, row, &line);
        if here {
            let band = Rect::new(area.x, area.y + row, area.width, 1).intersection(area);
            buf.set_style(band, look.style(Role::Selected));
            place = Position::new(area.x + 1, area.y + row);
        }
        row += 1;
        if expands {
            row += fields(look, entry, area, row, buf);
        }
        at += 1;
    }
    place
}

/// Draws the fields of an entry beneath it; gives the rows that they took.
fn fields(look: &Look, entry: &PlanRow, area: Rect, row: u16, buf: &mut Buffer) -> u16 {
    let most = beneath(entry, usize::from(area.height));
    let columns = usize::from(area.width.saturating_sub(7));
    let all = change_lines(look, entry.old.as_ref(), entry.new.as_ref(), columns);
    let more = all.len().saturating_sub(most);
    let mut used = 0;
    for (number, line) in all.into_iter().take(most).enumerate() {
        let mut line = line;
        if more > 0 && number + 1 == most {
            let more = text::counted(u64::try_from(more + 1).unwrap_or(0), "field");
            line = Line::from(look.span(Role::Dim, format!("and {more} more")));
        }
        line.spans.insert(0, Span::raw("      "));
        look.put(buf, area, row + used, &line);
        used += 1;
    }
    used
}

fn missing(page: &Plan, state: &State, look: &Look) -> Span<'static> {
    match (page.list.problem(), page.list.since_ms()) {
        (Some(problem), _) => look.foreign(Role::Error, &format!(" {}", problem.text), 2_000),
        (None, Some(_)) => {
            let words = format!(" {} reading the entries", look.spinner(state.now.ms));
            look.span(Role::Running, words)
        }
        (None, None) => look.span(Role::Dim, format!(" {}", look.glyphs.ellipsis)),
    }
}

fn entry_line(
    look: &Look,
    entry: &PlanRow,
    (destination, undoes): (&str, bool),
    (here, expands): (bool, bool),
    width: u16,
) -> Line<'static> {
    let room = usize::from(width).saturating_sub(12);
    let (sign, role) = match entry.op {
        Some(OperationKind::Create) => ("+", Role::Ok),
        Some(OperationKind::Update) => ("~", Role::Text),
        Some(OperationKind::Delete) => ("-", Role::Warn),
        None if undoes => ("=", Role::Dim),
        None => ("!", Role::Warn),
    };
    let word = lines::kind_word(entry.op, undoes);
    let cursor = match (here, expands) {
        (true, false) => look.glyphs.cursor,
        (true, true) if !look.glyphs.ascii => "▾",
        (true, true) => "v",
        (false, _) => " ",
    };
    let key = (room / 4).clamp(8, 26);
    let identifier = if entry.identifier.is_empty() {
        0
    } else {
        (room / 3).clamp(10, 34)
    };
    let rest = room.saturating_sub(key + identifier + 2);
    let mut spans = vec![
        look.span(Role::Text, cursor),
        look.span(role, format!("{sign} {word:<8}")),
        look.foreign(Role::Text, &text::left(&key_words(entry), key), key),
        Span::raw("  "),
    ];
    if identifier > 0 {
        spans.push(look.span(Role::Dim, text::left(&entry.identifier, identifier)));
        spans.push(Span::raw("  "));
    }
    let info = lines::info(entry, destination, undoes);
    spans.push(look.foreign(Role::Dim, &info, rest));
    Line::from(spans)
}

/// The whole of the selected entry, beside the list.
pub(super) fn beside(
    page: &Plan,
    state: &State,
    look: &Look,
    entry: &PlanRow,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut out = Lines::new(look, usize::from(area.width.saturating_sub(3)));
    let word = lines::kind_word(entry.op, page.undone.is_some());
    out.wrapped(Role::Strong, &format!("{word} {}", key_words(entry)), 2);
    if !entry.identifier.is_empty() {
        out.wrapped(Role::Dim, &format!("identifier {}", entry.identifier), 2);
    }
    if let Some(id) = &entry.destination_id {
        let at = page
            .view(state)
            .map_or("", |sync| sync.destination.as_str());
        out.wrapped(Role::Dim, &format!("{at} {id}"), 2);
    }
    if let Some(field) = &entry.field {
        out.wrapped(Role::Warn, field, 1);
    }
    if entry.why.is_some() {
        out.wrapped(Role::Warn, lines::why(entry, page.undone.is_some()), 4);
    }
    if entry.op == Some(OperationKind::Update) && entry.old.is_none() {
        out.wrapped(Role::Dim, "What was there is not kept for this sync.", 2);
    }
    out.blank();
    let columns = out.columns;
    out.out.extend(change_lines(
        look,
        entry.old.as_ref(),
        entry.new.as_ref(),
        columns,
    ));
    let bar = match look.glyphs.ascii {
        true => "|",
        false => "│",
    };
    for row in 0..area.height {
        look.put(buf, area, row, &Line::from(look.span(Role::Border, bar)));
    }
    let room = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    };
    panes::lines(look, buf, room, &out.out);
}
