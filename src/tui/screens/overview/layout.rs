//! Where the parts of the Overview are at each size; what has no room is absent.

use ratatui::layout::Rect;

use super::Overview;
use crate::tui::away;
use crate::tui::layout::Class;
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::widgets::table_view;

/// Rows that the facts need at least to say anything.
const LEAST_FACTS: u16 = 4;
/// Rows of the facts with their frame where there is room for all.
const FACTS: u16 = 14;

/// The parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// The frame of the causes, or the whole screen where it is small.
    pub frame: Rect,
    /// What is said of an absence, above the causes.
    pub away: Option<Rect>,
    pub list: Rect,
    /// What there is to say of the selected cause; framed where it is wide, under a rule where not.
    pub detail: Option<Rect>,
    /// How the workspace fares; framed where it is wide, under a rule where not.
    pub facts: Option<Rect>,
}

impl Parts {
    pub(super) fn of(page: &Overview, state: &State, body: Rect) -> Self {
        match state.class() {
            Class::Wide => wide(page, state, body),
            Class::Narrow => narrow(page, state, body),
            Class::Small | Class::Tiny => small(page, state, body),
        }
    }
}

/// Rows that the list of causes has at the present size.
pub(super) fn list_rows(page: &Overview, state: &State) -> usize {
    let parts = Parts::of(page, state, state.areas().body);
    let small = matches!(state.class(), Class::Small | Class::Tiny);
    table_view::rows(parts.list.height, small)
}

/// Takes what is said of an absence off the top.
fn below_away(state: &State, inner: Rect) -> (Option<Rect>, Rect) {
    let columns = usize::from(inner.width.saturating_sub(2));
    match u16::try_from(away::lines(state, columns).len()) {
        Ok(rows @ 1..) if rows < inner.height => {
            let (upper, lower) = panes::above(inner, rows);
            (Some(upper), lower)
        }
        _ => (None, inner),
    }
}

/// Whether there is anything to tell of the workspace.
fn has_facts(state: &State) -> bool {
    !state.world.syncs.is_empty()
}

fn causes(page: &Overview) -> u16 {
    u16::try_from(page.table.len()).unwrap_or(u16::MAX)
}

fn wide(page: &Overview, state: &State, body: Rect) -> Parts {
    let calm = page.table.total() == 0;
    let facts = match has_facts(state) {
        true => FACTS.min(body.height / 2),
        false => 0,
    };
    let (upper, lower) = panes::above(body, body.height - facts);
    let list = match calm {
        true => upper.width,
        false => (upper.width * 62 / 100).clamp(46, 120),
    };
    let (frame, detail) = panes::beside(upper, list);
    let (away, list) = below_away(state, panes::inside(state, frame));
    Parts {
        frame,
        away,
        list,
        detail: (detail.width > 0).then_some(detail),
        facts: (lower.height >= LEAST_FACTS).then_some(lower),
    }
}

fn narrow(page: &Overview, state: &State, body: Rect) -> Parts {
    let inner = panes::inside(state, body);
    let (away, rest) = below_away(state, inner);
    if page.table.total() == 0 {
        let (list, facts) = panes::above(rest, 5);
        return Parts {
            frame: body,
            away,
            list,
            detail: None,
            facts: (facts.height >= LEAST_FACTS && has_facts(state)).then_some(facts),
        };
    }
    // The list takes what it needs, up to two fifths; the detail as much as sentences need.
    let most = (rest.height * 2 / 5).max(4);
    let (list, rest) = panes::above(rest, causes(page).saturating_add(1).clamp(2, most));
    let (detail, facts) = panes::above(rest, 7);
    Parts {
        frame: body,
        away,
        list,
        detail: (detail.height > 2).then_some(detail),
        facts: (facts.height >= LEAST_FACTS && has_facts(state)).then_some(facts),
    }
}

fn small(_: &Overview, state: &State, body: Rect) -> Parts {
    let (away, rest) = below_away(state, panes::inside(state, body));
    let (list, facts) = panes::above(rest, rest.height.saturating_sub(2).max(3));
    Parts {
        frame: body,
        away,
        list,
        detail: None,
        facts: (facts.height > 0 && has_facts(state)).then_some(facts),
    }
}
