//! Draws the form of a connection.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::state::ConnectionForm;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::theme::Role;
use crate::tui::widgets::form_view;
use crate::tui::widgets::input::Input;

/// The widest that the form gets: longer lines read badly.
const WIDEST: u16 = 110;

/// Whether a secret has the focus.
pub(super) fn on_secret(page: &ConnectionForm) -> bool {
    let focused = page.form.focused();
    focused.is_some_and(|field| matches!(field.input, Input::Secret(_)))
}

/// Draws the form and gives the place of the real cursor.
pub(super) fn draw(
    page: &ConnectionForm,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let inner = panes::panel(state, look, buf, area, &title(page, state, look), true);
    let inner = Rect {
        width: inner.width.min(WIDEST),
        ..inner
    };
    if page.kind.is_none() {
        let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
        if let Some(problem) = page.kinds.problem() {
            lines.wrapped(Role::Error, &problem.text, 3);
            lines.wrapped(Role::Text, &problem.hint, 3);
        } else if let Some(line) = page.kinds.line(state, look, "reading the settings") {
            lines.out.push(line);
        }
        panes::lines(look, buf, inner, &lines.out);
        return inner.as_position();
    }
    let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    if let Some(problem) = &page.trouble {
        lines.wrapped(
            Role::Error,
            &format!("{} {}", look.glyphs.failed, problem.text),
            3,
        );
        lines.wrapped(Role::Text, &problem.hint, 2);
    }
    let most = inner.height / 2;
    let height = u16::try_from(lines.out.len()).unwrap_or(most).min(most);
    let room = Rect {
        height: inner.height - height,
        ..inner
    };
    let foot = Rect {
        y: inner.y + room.height,
        height,
        ..inner
    };
    panes::lines(look, buf, foot, &lines.out);
    form_view::draw(&page.form, true, look, room, buf)
}

fn title(page: &ConnectionForm, state: &State, look: &Look) -> String {
    let dot = look.glyphs.dot;
    let label = page
        .kind
        .as_ref()
        .map_or(&page.connector, |kind| &kind.label);
    let mut words = match (&page.id, page.revision) {
        (Some(_), Some(revision)) => {
            format!("{} {dot} {label} {dot} rev {revision}", page.name_before)
        }
        _ => format!("New {} {dot} {label}", page.side.word()),
    };
    if page.saving.is_busy() {
        words = format!("{words} {dot} {} saving", look.spinner(state.now.ms));
    } else if page.form.touched {
        words = format!("{words} {dot} edited *");
    }
    words
}
