//! Draws the interface: a pure function of the state.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::action::{self, Action};
use super::available::{available, short};
use super::banner::banner;
use super::layout::Class;
use super::look::{Lines, Look};
use super::overlays::{self, Overlay};
use super::screens::{Screen, TABS};
use super::state::{State, Toast};
use super::text;
use super::theme::Role;
use super::widgets::{popup, tabs};
use crate::link::Connection;

/// Draws one frame; the real cursor comes to stand on the focused row or field.
pub fn view(state: &State, look: &Look, frame: &mut Frame<'_>) {
    let screen = frame.area();
    let laid_out = Rect::new(0, 0, state.size.0, state.size.1);
    let buf = frame.buffer_mut();
    let place = if laid_out == screen {
        paint(state, look, screen, buf)
    } else {
        // The terminal has another size than the last message said; the next message will.
        let mut whole = Buffer::empty(laid_out);
        let place = paint(state, look, laid_out, &mut whole);
        for at in screen.intersection(laid_out).positions() {
            if let (Some(to), Some(from)) = (buf.cell_mut(at), whole.cell(at)) {
                to.clone_from(from);
            }
        }
        place
    };
    // A terminal that shrank since the last message still gets a cursor inside.
    let place = Position::new(
        place
            .x
            .clamp(screen.x, screen.right().saturating_sub(1).max(screen.x)),
        place
            .y
            .clamp(screen.y, screen.bottom().saturating_sub(1).max(screen.y)),
    );
    frame.set_cursor_position(place);
}

fn paint(state: &State, look: &Look, screen: Rect, buf: &mut Buffer) -> Position {
    buf.set_style(screen, look.base());
    let place = draw(state, look, screen, buf);
    look.tame(buf);
    place
}

fn draw(state: &State, look: &Look, screen: Rect, buf: &mut Buffer) -> Position {
    let areas = state.areas();
    if areas.class == Class::Tiny {
        return tiny(state, look, screen, buf);
    }
    header(state, look, areas.header, buf);
    if let (Some(area), Some(banner)) = (areas.banner, banner(state)) {
        let columns = usize::from(area.width.saturating_sub(1));
        let line = Line::from(vec![
            Span::raw(" "),
            look.foreign(banner.role, &banner.text, columns),
        ]);
        look.put(buf, area, 0, &line);
    }
    let place = state.page().map_or(areas.body.as_position(), |page| {
        page.view(state, look, areas.body, buf)
    });
    footer(state, look, areas.footer, buf);
    let below_dialog = matches!(state.overlay, Some(Overlay::Dialog(_)));
    if below_dialog {
        toasts(state, look, screen, buf);
    }
    let above = overlays::draw(state, look, screen, buf);
    if !below_dialog {
        toasts(state, look, screen, buf);
    }
    above.unwrap_or(place)
}

fn tiny(state: &State, look: &Look, screen: Rect, buf: &mut Buffer) -> Position {
    let mut lines = Lines::new(look, usize::from(screen.width));
    let quit = state.keymap.label(Action::Quit).unwrap_or("ctrl-c");
    let words = format!(
        "SignalSmith needs 40 columns and 10 rows, this terminal has {} and {}. Runs go on; {quit} leaves.",
        state.size.0, state.size.1
    );
    lines.wrapped(Role::Text, &words, usize::from(screen.height));
    for (line, row) in lines.out.iter().zip(0..) {
        look.put(buf, screen, row, line);
    }
    overlays_in_tiny(state, look, screen, buf);
    screen.as_position()
}

/// A dialog that was open when the terminal shrank is named, since it takes the keys.
fn overlays_in_tiny(state: &State, look: &Look, screen: Rect, buf: &mut Buffer) {
    if state.overlay.is_some() && screen.height > 0 {
        let row = Rect {
            y: screen.bottom() - 1,
            height: 1,
            ..screen
        };
        let line = Line::from(look.span(Role::Warn, "esc closes what is open"));
        look.put(buf, row, 0, &line);
    }
}

fn header(state: &State, look: &Look, area: Rect, buf: &mut Buffer) {
    let small = state.class() == Class::Small;
    let right = connection(state, look, small);
    let taken: usize = right.iter().map(|span| text::width(&span.content)).sum();
    let room = usize::from(area.width).saturating_sub(taken + 1);
    let name = look.foreign(Role::Text, &state.world.name, 24.min(room / 3));
    let tabs = tabs::Tabs {
        all: TABS.iter().map(|tab| (tab.number, tab.title)).collect(),
        shown: state.router.tab(),
    };
    let brand = "SignalSmith  ";
    let rest = room.saturating_sub(text::width(&name.content) + 3);
    let mut left = vec![Span::raw(" ")];
    // The product's name goes first where the tabs need the room.
    let long = !small && tabs.width() + text::width(brand) <= rest;
    if long {
        left.push(look.span(Role::Strong, brand));
    }
    left.push(name);
    left.push(Span::raw("   "));
    let rest = rest.saturating_sub(if long { text::width(brand) } else { 0 });
    left.extend(tabs.spans(look, rest));
    look.put(buf, area, 0, &Line::from(left));
    let wide = u16::try_from(taken).unwrap_or(area.width).min(area.width);
    let at = Rect {
        x: area.right() - wide,
        width: wide,
        ..area
    };
    look.put(buf, at, 0, &Line::from(right));
}

fn connection(state: &State, look: &Look, small: bool) -> Vec<Span<'static>> {
    let (role, words) = match &state.connection {
        Connection::Local => (Role::Ok, "local".to_owned()),
        Connection::Attached => (Role::Ok, "attached".to_owned()),
        Connection::Lost { retry_in_s } => (Role::Error, format!("lost, retrying {retry_in_s} s")),
    };
    let label = if small { " " } else { " core " };
    let clock = text::hour_minute(state.zone, state.now.wall);
    vec![
        look.span(Role::Dim, label),
        look.span(role, format!("{} {words}", look.glyphs.core)),
        look.span(Role::Text, format!("   {clock} ")),
    ]
}

/// The keys that work now, as many as there is room for; command and help are always there, but in
/// a text field, which owns every key that prints.
fn footer(state: &State, look: &Look, area: Rect, buf: &mut Buffer) {
    let small = state.class() == Class::Small;
    let typing = state.overlay.is_none() && state.page().is_some_and(Screen::typing);
    let hint = |action: Action, word: &str| {
        let key = match typing {
            true => state.keymap.label_in_text(action)?,
            false => state.keymap.label(action)?,
        };
        Some((key.to_owned(), text::line(word, 20)))
    };
    let last: Vec<(String, String)> = [(Action::Palette, "command"), (Action::Help, "help")]
        .into_iter()
        .filter(|(action, _)| !(small || typing) || *action == Action::Help)
        .filter_map(|(action, word)| hint(action, word))
        .collect();
    let wide = |(key, word): &(String, String)| text::width(key) + text::width(word) + 3;
    let room = usize::from(area.width);
    let mut used: usize = last.iter().map(wide).sum();
    let mut shown = Vec::new();
    let scopes = state.scopes();
    for entry in action::all().filter(|entry| scopes.contains(&entry.scope)) {
        let word = short(state, entry);
        let offered = !word.is_empty()
            && (!small || entry.vital)
            && (!typing || entry.in_text)
            && !matches!(entry.action, Action::Palette | Action::Help)
            && available(state, entry.action).is_ok();
        let Some(hint) = offered.then(|| hint(entry.action, word)).flatten() else {
            continue;
        };
        if used + wide(&hint) <= room {
            used += wide(&hint);
            shown.push(hint);
        }
    }
    shown.extend(last);
    let mut spans = Vec::new();
    for (key, word) in shown {
        spans.push(look.span(Role::Key, format!(" {key}")));
        spans.push(look.span(Role::Dim, format!(" {word} ")));
    }
    look.put(buf, area, 0, &Line::from(spans));
}

fn toasts(state: &State, look: &Look, screen: Rect, buf: &mut Buffer) {
    let mut bottom = screen.bottom().saturating_sub(2);
    for toast in state.toasts.iter().rev() {
        bottom = one_toast(toast, look, screen, bottom, buf);
    }
}

/// Draws a message above `bottom` and gives the row above which the next one may stand.
fn one_toast(toast: &Toast, look: &Look, screen: Rect, bottom: u16, buf: &mut Buffer) -> u16 {
    let most = usize::from(screen.width.saturating_sub(6).min(64));
    let mut lines = Lines::new(look, most);
    let role = if toast.failure {
        Role::Error
    } else {
        Role::Text
    };
    lines.wrapped(role, &toast.text, 4);
    lines.wrapped(Role::Text, &toast.hint, 3);
    let height = u16::try_from(lines.out.len() + 2).unwrap_or(u16::MAX);
    let longest = lines.out.iter().map(Line::width).max().unwrap_or(0);
    let width = u16::try_from(longest + 4).unwrap_or(screen.width);
    if height > bottom.saturating_sub(screen.y + 1) {
        return bottom;
    }
    let area = Rect {
        x: screen.right().saturating_sub(width + 2),
        y: bottom - height,
        width,
        height,
    };
    let title = if toast.failure {
        "Failed, esc closes"
    } else {
        ""
    };
    let inner = if title.is_empty() {
        popup::plain(look, area, buf)
    } else {
        popup::framed(look, title, area, buf)
    };
    for (line, row) in lines.out.iter().zip(0..) {
        let mut line = line.clone();
        line.spans.insert(0, Span::raw(" "));
        look.put(buf, inner, row, &line);
    }
    area.y
}
