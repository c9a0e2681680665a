//! A rule across a framed pane, with words in it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::layout::Class;
use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// Draws a rule with words at `row` of the room inside a frame; without frames the words alone.
pub(crate) fn rule(
    look: &Look,
    class: Class,
    buf: &mut Buffer,
    inner: Rect,
    row: u16,
    words: Vec<Span<'static>>,
) {
    if row >= inner.height {
        return;
    }
    let mut spans = vec![Span::raw(" ")];
    spans.extend(words);
    if matches!(class, Class::Small | Class::Tiny) {
        look.put(buf, inner, row, &Line::from(spans));
        return;
    }
    let (left, right) = match look.glyphs.ascii {
        true => ("+", "+"),
        false => ("├", "┤"),
    };
    let line = look.glyphs.border.horizontal_top;
    let area = Rect {
        x: inner.x.saturating_sub(1),
        width: inner.width + 2,
        ..inner
    };
    let used: usize = spans.iter().map(|span| text::width(&span.content)).sum();
    let room = usize::from(inner.width).saturating_sub(used + 1);
    spans.insert(0, look.span(Role::Border, left));
    spans.push(look.span(Role::Border, format!(" {}", line.repeat(room))));
    look.put(buf, area, row, &Line::from(spans));
    let corner = Rect {
        x: area.right().saturating_sub(1),
        width: 1,
        ..area
    };
    look.put(
        buf,
        corner,
        row,
        &Line::from(look.span(Role::Border, right)),
    );
}
