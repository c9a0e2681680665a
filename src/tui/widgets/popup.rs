//! A box above everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::tui::look::Look;

/// Clears a centred box of at most this size and gives the room inside its frame.
pub(crate) fn centred(
    look: &Look,
    title: &str,
    size: (u16, u16),
    screen: Rect,
    buf: &mut Buffer,
) -> Rect {
    let width = size.0.min(screen.width);
    let height = size.1.min(screen.height);
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    };
    framed(look, title, area, buf)
}

/// Clears `area`, draws a frame around it and gives the room inside.
pub(crate) fn framed(look: &Look, title: &str, area: Rect, buf: &mut Buffer) -> Rect {
    uncover(area, buf);
    Clear.render(area, buf);
    buf.set_style(area, look.base());
    look.panel(buf, area, title, true)
}

/// Takes away the first half of a wide symbol whose second half the box covers.
fn uncover(area: Rect, buf: &mut Buffer) {
    let Some(left) = area.x.checked_sub(1) else {
        return;
    };
    for y in area.y..area.bottom() {
        if let Some(cell) = buf.cell_mut((left, y))
            && unicode_width::UnicodeWidthStr::width(cell.symbol()) > 1
        {
            cell.reset();
            cell.set_style(ratatui::style::Style::new());
        }
    }
}

/// Clears `area`, draws a frame without a title around it and gives the room inside.
pub(crate) fn plain(look: &Look, area: Rect, buf: &mut Buffer) -> Rect {
    uncover(area, buf);
    Clear.render(area, buf);
    buf.set_style(area, look.base());
    look.frame(buf, area)
}
