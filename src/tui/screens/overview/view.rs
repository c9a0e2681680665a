//! Draws the Overview: causes, what there is to say of the selected one, and the facts below.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::layout::Parts;
use super::{Overview, facts, words};
use crate::link::troubles::Trouble;
use crate::tui::action::Action;
use crate::tui::away;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::rule;
use crate::tui::widgets::table_view::{self, Cell, Column, Drawing};

const COLUMNS: [Column<'static>; 4] = [
    Column::fixed("State", 14, 0),
    Column::growing("What", 20),
    Column::fixed("Syncs", 6, 1).at_right(),
    Column::fixed("Since", 10, 2),
];

/// The same where each takes two lines: the state stands in the second.
const SMALL: [Column<'static>; 4] = [
    Column::growing("What", 20),
    Column::fixed("State", 15, 1),
    Column::fixed("Syncs", 6, 2),
    Column::fixed("Since", 10, 3),
];

/// Draws the screen and gives the place of the real cursor.
pub(super) fn draw(
    page: &Overview,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let parts = Parts::of(page, state, area);
    let title = words::heading(page, state, look);
    let inner = panes::panel(state, look, buf, parts.frame, &title, true);
    if let Some(area) = parts.away {
        let mut out = Lines::new(look, usize::from(area.width.saturating_sub(2)));
        for line in away::lines(state, out.columns) {
            out.line(vec![look.span(Role::Strong, line)]);
        }
        panes::lines(look, buf, area, &out.out);
    }
    if let Some(area) = parts.facts {
        facts::draw(page, state, look, inner, area, buf);
    }
    if page.table.total() == 0 {
        return calm(page, state, look, parts.list, buf);
    }
    if let Some(area) = parts.detail {
        detail(page, state, look, (inner, area), buf);
    }
    if page.table.len() == 0 {
        let hint = "`esc` clears it, `f` edits it.";
        return panes::empty(look, buf, parts.list, "No cause matches the filter.", hint);
    }
    let small = state.class() == Class::Small;
    let cells = |at: usize| {
        let trouble = state.troubles.all.get(at);
        trouble.map_or(Vec::new(), |trouble| cells(state, look, trouble, small))
    };
    let drawing = Drawing {
        columns: if small { &SMALL } else { &COLUMNS },
        focus: true,
        two_lines: small,
        cells: &cells,
    };
    table_view::draw(&page.table, &drawing, look, parts.list, buf)
}

fn cells(state: &State, look: &Look, trouble: &Trouble, small: bool) -> Vec<Cell> {
    let (glyph, role) = words::mark(look, trouble);
    let text_role = match trouble.aside.is_some() {
        true => Role::Dim,
        false => Role::Text,
    };
    let syncs = u64::try_from(trouble.syncs.len()).unwrap_or(u64::MAX);
    let syncs = match (small, syncs) {
        (_, 0) => String::new(),
        (true, syncs) => text::counted(syncs, "sync"),
        (false, syncs) => text::count(syncs),
    };
    let since = trouble.since.map_or(String::new(), |since| {
        let when = text::when(state.zone, state.now.wall, since);
        match small {
            true => format!("since {when}"),
            false => when,
        }
    });
    let word = words::state_word(state, trouble);
    let (syncs, since) = (Cell::new(text_role, syncs), Cell::new(Role::Dim, since));
    if small {
        let title = Cell::new(role, format!("{glyph} {}", trouble.title));
        return vec![title, Cell::new(Role::Dim, word), syncs, since];
    }
    vec![
        Cell::new(role, format!("{glyph} {word}")),
        Cell::new(text_role, &trouble.title),
        syncs,
        since,
    ]
}

/// Says that nothing needs a person, or how to begin.
fn calm(page: &Overview, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let syncs = u64::try_from(state.world.syncs.len()).unwrap_or(u64::MAX);
    if syncs == 0 {
        let key = |action| state.keymap.label(action).unwrap_or(":").to_owned();
        let hint = format!(
            "`{}` makes one, with its source, model and destination on the way; `signalsmith apply FILE` brings some in.",
            key(super::update::NEW)
        );
        return panes::empty(look, buf, area, "No syncs yet.", &hint);
    }
    let mut out = Lines::new(look, usize::from(area.width.saturating_sub(2)));
    if area.height > 2 {
        out.blank();
    }
    out.line(vec![look.span(
        Role::Ok,
        format!("{} All is well: nothing needs you.", look.glyphs.ok),
    )]);
    let written = text::counted(page.days.written_today(state), "row");
    let words = format!("{}, {written} written today.", text::counted(syncs, "sync"));
    // Where it is small, the facts are not far.
    if state.class() != Class::Small {
        out.wrapped(Role::Text, &words, 2);
    }
    panes::lines(look, buf, area, &out.out);
    area.as_position()
}

/// Tells of the selected cause, framed or under a rule.
fn detail(
    page: &Overview,
    state: &State,
    look: &Look,
    (inner, area): (Rect, Rect),
    buf: &mut Buffer,
) {
    let trouble = page.selected(state);
    let title = trouble.map_or("", |trouble| trouble.title.as_str());
    let room = match state.class() {
        Class::Wide => look.panel(buf, area, "Cause", false),
        _ => {
            let columns = usize::from(inner.width.saturating_sub(4));
            let words = vec![look.foreign(Role::Title, title, columns)];
            let row = area.y.saturating_sub(inner.y);
            rule(look, state.class(), buf, inner, row, words);
            Rect {
                y: area.y + 1,
                height: area.height.saturating_sub(1),
                ..area
            }
        }
    };
    let Some(trouble) = trouble else { return };
    let mut out = Lines::new(look, usize::from(room.width.saturating_sub(2)));
    let wide = state.class() == Class::Wide;
    if wide {
        out.wrapped(Role::Strong, title, 3);
        out.blank();
    }
    let rows = usize::from(room.height);
    let most = |few: usize| if wide { 4 } else { few };
    out.wrapped(Role::Text, &trouble.happened, most(2));
    out.wrapped(Role::Text, &trouble.not_done, most(2));
    let (word, leads) = words::opens(&trouble.place);
    let key = state.keymap.label(Action::Enter).unwrap_or("enter");
    let leads = match word {
        "" => String::new(),
        _ => format!(" `{key}` {leads}."),
    };
    out.wrapped(Role::Strong, &format!("{}{leads}", trouble.now), most(2));
    if let Some(aside) = &trouble.aside {
        out.wrapped(Role::Dim, &words::aside(state, aside), most(1));
    }
    names(&mut out, trouble, wide, rows);
    out.out.truncate(rows);
    panes::lines(look, buf, room, &out.out);
}

/// The syncs of a cause: each on a line of its own where there is room, else one after another.
fn names(out: &mut Lines<'_>, trouble: &Trouble, wide: bool, rows: usize) {
    let left = rows.saturating_sub(out.out.len() + usize::from(wide));
    if left == 0 || trouble.syncs.is_empty() {
        return;
    }
    let labels = trouble.syncs.iter().map(|one| match one.rows {
        0 => one.name.clone(),
        rows => format!("{} ({})", one.name, text::counted(rows, "row")),
    });
    let labels: Vec<String> = labels.collect();
    if !wide || labels.len() > left {
        if wide {
            out.blank();
        }
        out.wrapped(Role::Dim, &labels.join(", "), left);
        return;
    }
    out.blank();
    for label in labels {
        let line: Line<'static> = Line::from(out.look.foreign(Role::Dim, &label, out.columns));
        out.out.push(line);
    }
}
