//! Words of the Overview: how a cause stands, where enter leads, how long one was away.

use super::Overview;
use crate::domain::trouble::{Aside, Severity, Until};
use crate::link::troubles::{Place, Trouble};
use crate::tui::look::Look;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// The symbol of a cause and its role.
pub(super) fn mark(look: &Look, trouble: &Trouble) -> (&'static str, Role) {
    let glyphs = look.glyphs;
    if trouble.aside.is_some() {
        return (glyphs.waiting, Role::Dim);
    }
    match trouble.severity {
        Severity::Halted | Severity::Error => (glyphs.failed, Role::Error),
        Severity::Waiting => (glyphs.held, Role::Warn),
        Severity::Warning => (glyphs.attention, Role::Warn),
        Severity::Notice => (glyphs.manual, Role::Dim),
    }
}

/// How a cause stands, in a word or two.
pub(super) fn state_word(state: &State, trouble: &Trouble) -> String {
    match trouble.aside.as_ref().map(|aside| aside.until) {
        None => trouble.state.to_owned(),
        Some(Until::Worse) => "acknowledged".to_owned(),
        Some(Until::Change) => "snoozed".to_owned(),
        Some(Until::Time { at }) => {
            format!("to {}", text::when(state.zone, state.now.wall, at))
        }
    }
}

/// How and by whom a cause was set aside.
pub(super) fn aside(state: &State, aside: &Aside) -> String {
    let when = |at| text::when(state.zone, state.now.wall, at);
    let comes = match aside.until {
        Until::Worse => "acknowledged".to_owned(),
        Until::Change => "snoozed until it changes".to_owned(),
        Until::Time { at } => format!("snoozed until {}", when(at)),
    };
    let back = match aside.until {
        Until::Change => "",
        _ => "; it comes back when it is worse",
    };
    format!("{comes} by {}, {}{back}", aside.by, when(aside.at))
}

/// Where enter leads, in a word for the footer and in words for a sentence.
pub(super) fn opens(place: &Place) -> (&'static str, &'static str) {
    match place {
        Place::Nowhere => ("", ""),
        Place::Destination(_) => ("test", "tests the destination"),
        Place::Source(_) => ("test", "tests the source"),
        Place::Mapping(_) => ("mapping", "opens the mapping"),
        Place::Plan => ("plan", "shows the plan"),
        Place::Rows => ("rows", "shows the rows by cause"),
        Place::Run => ("run", "shows the run"),
    }
}

/// A cause as it is copied.
pub(super) fn copied(trouble: &Trouble) -> String {
    let names: Vec<&str> = trouble.syncs.iter().map(|one| one.name.as_str()).collect();
    format!(
        "{}: {} {} {} ({})",
        trouble.title,
        trouble.happened,
        trouble.not_done,
        trouble.now,
        names.join(", ")
    )
}

/// What the frame says of it all: `12 problems in 3 causes`.
pub(super) fn heading(page: &Overview, state: &State, look: &Look) -> String {
    let (problems, causes) = state.troubles.figures();
    let filter = page.table.filter();
    let shown = match filter.is_empty() {
        true => String::new(),
        false => format!(" {} filter: {filter}", look.glyphs.dot),
    };
    let order = match page.table.order_word() {
        "" | "worst" => String::new(),
        word => format!(" {} by {word}", look.glyphs.dot),
    };
    let words = match problems {
        _ if state.world.syncs.is_empty() && problems == 0 => return "Overview".to_owned(),
        0 => "nothing needs you".to_owned(),
        _ => format!(
            "{} in {}",
            text::counted(problems, "problem"),
            text::counted(causes, "cause")
        ),
    };
    format!("Overview {} {words}{order}{shown}", look.glyphs.dot)
}
