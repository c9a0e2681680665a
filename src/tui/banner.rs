//! The banner: the one thing about the whole workspace that a person should know now.

use super::action::Action;
use super::screens::OVERVIEW_TAB;
use super::state::State;
use super::text;
use super::theme::Role;
use crate::domain::trouble::Severity;
use crate::link::Connection;

/// Columns below which the worst cause is not named: it would not be known again.
const LEAST_TITLE: usize = 16;

/// A line under the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Banner {
    pub role: Role,
    pub text: String,
}

/// The banner, where there is something to say.
pub(crate) fn banner(state: &State) -> Option<Banner> {
    if let Connection::Lost { retry_in_s } = &state.connection {
        let seen = text::hour_minute(state.zone, state.seen.wall);
        return Some(Banner {
            role: Role::Error,
            text: format!("Core lost, next try in {retry_in_s} s; this is from {seen}"),
        });
    }
    if let Some(reason) = &state.world.halted {
        return Some(Banner {
            role: Role::Error,
            text: format!("Nothing is sent: {reason}"),
        });
    }
    problems(state)
}

/// The problems that count with the worst of their causes; the Overview itself says more.
fn problems(state: &State) -> Option<Banner> {
    if state.router.tab() == OVERVIEW_TAB && state.router.depth() == 1 {
        return None;
    }
    let (problems, causes) = state.troubles.figures();
    let worst = state.troubles.counted().next()?;
    let role = match worst.severity {
        Severity::Error | Severity::Halted => Role::Error,
        Severity::Waiting | Severity::Warning | Severity::Notice => Role::Warn,
    };
    let figures = format!(
        "! {} in {}",
        text::counted(problems, "problem"),
        text::counted(causes, "cause")
    );
    let key = state.keymap.label(Action::Go(OVERVIEW_TAB));
    let shows = key.map_or(String::new(), |key| match problems {
        1 => format!("   {key} shows it"),
        _ => format!("   {key} shows them"),
    });
    let syncs = match worst.syncs.len() {
        0 => String::new(),
        syncs => {
            let syncs = u64::try_from(syncs).unwrap_or(u64::MAX);
            format!(" ({})", text::counted(syncs, "sync"))
        }
    };
    let head = format!("{figures}, worst: ");
    let used = text::width(&head) + text::width(&syncs) + text::width(&shows);
    let room = usize::from(state.size.0).saturating_sub(used + 1);
    let text = match room < LEAST_TITLE {
        true => format!("{figures}{shows}"),
        false => format!("{head}{}{syncs}{shows}", text::line(&worst.title, room)),
    };
    Some(Banner { role, text })
}
