//! Draws a table: columns that fold on narrow widths, and only the rows that are on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::table::{Table, scrolled};
use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'a> {
    pub title: &'a str,
    /// Columns of the screen that it needs.
    pub width: usize,
    /// Whether it takes what is left over.
    pub grows: bool,
    /// 0 stays; the highest folds first.
    pub fold: u8,
    /// Whether it stands at the right, as figures do.
    pub right: bool,
}

impl<'a> Column<'a> {
    /// A column that stays and takes what is left over.
    pub(crate) const fn growing(title: &'a str, width: usize) -> Self {
        Self {
            title,
            width,
            grows: true,
            fold: 0,
            right: false,
        }
    }

    /// A column of a fixed width that folds as the `fold`th from the last.
    pub(crate) const fn fixed(title: &'a str, width: usize, fold: u8) -> Self {
        Self {
            title,
            width,
            grows: false,
            fold,
            right: false,
        }
    }

    /// Lets it fold, as the `fold`th from the last.
    pub(crate) const fn folding(mut self, fold: u8) -> Self {
        self.fold = fold;
        self
    }

    pub(crate) const fn at_right(mut self) -> Self {
        self.right = true;
        self
    }
}

/// What stands in a cell; text from outside is made harmless as it is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub text: String,
    pub role: Role,
}

impl Cell {
    pub(crate) fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            role,
        }
    }
}

/// How a table is drawn.
pub(crate) struct Drawing<'a> {
    pub columns: &'a [Column<'a>],
    pub focus: bool,
    /// Whether each takes two lines: the first with what never folds, the second with the rest.
    pub two_lines: bool,
    /// Gives the cells of a position in the listing, one for each column.
    pub cells: &'a dyn Fn(usize) -> Vec<Cell>,
}

/// Blanks between two columns.
const GAP: usize = 2;
/// Columns before the first: mark and cursor.
const LEAD: usize = 2;

/// Rows that a table has for what it lists in a room of this height.
pub(crate) fn rows(height: u16, two_lines: bool) -> usize {
    match two_lines {
        true => usize::from(height / 2),
        false => usize::from(height.saturating_sub(1)),
    }
}

/// Which columns there is room for, and how wide each is.
pub(crate) fn widths(columns: &[Column<'_>], room: usize) -> Vec<Option<usize>> {
    let mut kept: Vec<bool> = columns.iter().map(|_| true).collect();
    let needed = |kept: &[bool]| -> usize {
        let shown = columns.iter().zip(kept).filter(|(_, kept)| **kept);
        let widths: Vec<usize> = shown.map(|(column, _)| column.width).collect();
        widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
    };
    while needed(&kept) > room {
        let folds = columns.iter().enumerate().zip(&kept);
        let next = folds
            .filter(|((_, column), kept)| **kept && column.fold > 0)
            .max_by_key(|((place, column), _)| (column.fold, *place))
            .map(|((place, _), _)| place);
        match next.and_then(|place| kept.get_mut(place)) {
            Some(slot) => *slot = false,
            None => break,
        }
    }
    let left = room.saturating_sub(needed(&kept));
    let growing = columns
        .iter()
        .zip(&kept)
        .filter(|(column, kept)| column.grows && **kept)
        .count();
    let mut spare = if growing > 0 { left % growing } else { 0 };
    columns
        .iter()
        .zip(&kept)
        .map(|(column, kept)| {
            kept.then(|| {
                if !column.grows {
                    return column.width;
                }
                let extra = usize::from(spare > 0);
                spare -= extra;
                column.width + left / growing.max(1) + extra
            })
        })
        .collect()
}

/// Draws the table into `area` and gives the place of the real cursor.
pub(crate) fn draw(
    table: &Table,
    drawing: &Drawing<'_>,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let room = usize::from(area.width).saturating_sub(LEAD + 1);
    let widths = widths(drawing.columns, room);
    let head = u16::from(!drawing.two_lines);
    if !drawing.two_lines {
        let mut heading = " ".repeat(LEAD);
        let shown = drawing.columns.iter().zip(&widths);
        for (column, width) in shown.filter_map(|(c, width)| width.map(|width| (c, width))) {
            heading.push_str(&fitted(column.title, width, column.right));
            heading.push_str(&" ".repeat(GAP));
        }
        look.put(buf, area, 0, &Line::from(look.span(Role::Dim, heading)));
    }
    let height: u16 = if drawing.two_lines { 2 } else { 1 };
    let visible = rows(area.height, drawing.two_lines);
    let top = scrolled(table.top, table.cursor, table.len(), visible);
    let mut place = area.as_position();
    for (number, row) in (top..top + visible).zip((head..).step_by(usize::from(height))) {
        let Some(at) = table.at(number) else { break };
        let at_cursor = number == table.cursor;
        let cells = (drawing.cells)(at);
        let lead = lead(table, look, number, at_cursor);
        let first = line(drawing, look, table, &widths, &cells, lead, room);
        look.put(buf, area, row, &first);
        if drawing.two_lines {
            look.put(buf, area, row + 1, &second(drawing, look, &cells, room));
        }
        if at_cursor {
            let role = match drawing.focus {
                true => Role::Selected,
                false => Role::SelectedAway,
            };
            let band = Rect::new(area.x, area.y + row, area.width, height).intersection(area);
            buf.set_style(band, look.style(role));
            place = Position::new(area.x + 1, area.y + row);
        }
    }
    place
}

fn lead(table: &Table, look: &Look, number: usize, at_cursor: bool) -> String {
    let mark = if table.is_marked(number) {
        look.glyphs.mark
    } else {
        " "
    };
    let cursor = if at_cursor { look.glyphs.cursor } else { " " };
    format!("{mark}{cursor}")
}

fn fitted(content: &str, width: usize, right: bool) -> String {
    match right {
        true => text::right(content, width),
        false => text::left(content, width),
    }
}

fn line(
    drawing: &Drawing<'_>,
    look: &Look,
    table: &Table,
    widths: &[Option<usize>],
    cells: &[Cell],
    lead: String,
    room: usize,
) -> Line<'static> {
    let mut spans = vec![look.span(Role::Text, lead)];
    if drawing.two_lines {
        let kept = drawing.columns.iter().zip(cells);
        let kept = kept.filter(|(column, _)| column.fold == 0);
        let each = room / kept.clone().count().max(1);
        for (_, cell) in kept {
            spans.extend(hits(look, table, cell, text::line(&cell.text, each)));
            spans.push(Span::raw(" "));
        }
        return Line::from(spans);
    }
    for ((column, width), cell) in drawing.columns.iter().zip(widths).zip(cells) {
        let Some(width) = width else { continue };
        let content = fitted(&cell.text, *width, column.right);
        spans.extend(hits(look, table, cell, content));
        spans.push(Span::raw(" ".repeat(GAP)));
    }
    Line::from(spans)
}

/// What is folded away, in a line of its own.
fn second(drawing: &Drawing<'_>, look: &Look, cells: &[Cell], room: usize) -> Line<'static> {
    let rest: Vec<&str> = drawing
        .columns
        .iter()
        .zip(cells)
        .filter(|(column, cell)| column.fold > 0 && !cell.text.is_empty())
        .map(|(_, cell)| cell.text.as_str())
        .collect();
    let words = rest.join(&format!(" {} ", look.glyphs.dot));
    Line::from(vec![
        Span::raw(" ".repeat(LEAD + 2)),
        look.foreign(Role::Dim, &words, room.saturating_sub(2)),
    ])
}

/// The text of a cell with what is being looked for set off.
fn hits(look: &Look, table: &Table, cell: &Cell, content: String) -> Vec<Span<'static>> {
    crate::tui::screens::syncs::with_hits(look, cell.role, &content, &table.find)
}

/// The head of a list's panel: how many, by what order, which filter, how many marks.
pub(crate) fn title(table: &Table, look: &Look, name: &str) -> String {
    let figure = |number: usize| text::count(u64::try_from(number).unwrap_or(u64::MAX));
    let dot = look.glyphs.dot;
    let mut title = match table.filter() {
        "" => format!("{name} {}", figure(table.total())),
        _ => format!(
            "{name} {} of {}",
            figure(table.len()),
            figure(table.total())
        ),
    };
    if !table.order_word().is_empty() {
        title = format!("{title} {dot} by {}", table.order_word());
    }
    if !table.filter().is_empty() {
        title = format!("{title} {dot} filter: {}", table.filter());
    }
    if table.marks() > 0 {
        title = format!("{title} {dot} {} marked", table.marks());
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<'_>; 3] = [
        Column::growing("Name", 10),
        Column::fixed("Source", 8, 2),
        Column::fixed("Rev", 4, 1).at_right(),
    ];

    #[test]
    fn columns_fold_from_the_least_needed_and_the_rest_grows() {
        assert_eq!(widths(&COLUMNS, 40), [Some(24), Some(8), Some(4)]);
        assert_eq!(widths(&COLUMNS, 25), [Some(19), None, Some(4)]);
        assert_eq!(widths(&COLUMNS, 12), [Some(12), None, None]);
        assert_eq!(widths(&COLUMNS, 3), [Some(10), None, None]);
    }
}
