//! Draws the editor of a sync's settings: the form, what the mode does, and what went wrong.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::state::SyncEditor;
use crate::domain::mode::Mode;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::screens::modes;
use crate::tui::state::State;
use crate::tui::theme::Role;
use crate::tui::widgets::form_view;

/// The widest that the form gets.
const WIDEST: u16 = 110;

/// Draws the editor and gives the place of the real cursor.
pub(super) fn draw(
    page: &SyncEditor,
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
    let mut lines = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    foot(page, state, look, &mut lines);
    let most = inner.height / 2;
    let height = u16::try_from(lines.out.len()).unwrap_or(most).min(most);
    let room = Rect {
        height: inner.height - height,
        ..inner
    };
    let below = Rect {
        y: inner.y + room.height,
        height,
        ..inner
    };
    panes::lines(look, buf, below, &lines.out);
    form_view::draw(&page.form, true, look, room, buf)
}

fn title(page: &SyncEditor, state: &State, look: &Look) -> String {
    let dot = look.glyphs.dot;
    let revision = page.revision.unwrap_or_default();
    let words = format!("Sync {dot} {} {dot} rev {revision}", page.before.name);
    let spinner = look.spinner(state.now.ms);
    if page.rehearsal.is_asked() {
        format!("{words} {dot} {spinner} counting, esc stops")
    } else if page.is_busy() {
        format!("{words} {dot} {spinner} saving")
    } else if page.form.touched || page.mapped {
        format!("{words}, edited *")
    } else {
        words
    }
}

fn foot(page: &SyncEditor, state: &State, look: &Look, lines: &mut Lines<'_>) {
    if let Some((what, hint)) = &page.trouble {
        lines.wrapped(Role::Error, &format!("{} {what}", look.glyphs.failed), 3);
        lines.wrapped(Role::Text, hint, 2);
        return;
    }
    if page.form.focused().is_none_or(|field| field.key != "mode") {
        return;
    }
    let word = page.form.text("mode");
    let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.word() == word) else {
        return;
    };
    if let Some(line) = page
        .object
        .line(state, look, "reading what the object can do")
    {
        lines.out.push(line);
    }
    let object = page.object.here();
    if let Some(why) = object.and_then(|object| modes::refused(mode, &object.capabilities)) {
        let words = format!("{} {mode} cannot be here: {why}", look.glyphs.failed);
        lines.wrapped(Role::Error, &words, 2);
        return;
    }
    let deletion = object.map(|object| object.capabilities.deletion);
    for line in modes::lines(mode, &page.form.text("destination"), deletion) {
        lines.wrapped(Role::Dim, &line, 2);
    }
}
