//! The banner: the one thing about the whole workspace that a person should know now.

use super::state::State;
use super::text;
use super::theme::Role;
use crate::link::Connection;
use crate::link::view::SyncState;

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

fn problems(state: &State) -> Option<Banner> {
    let (mut attention, mut failed, mut waiting, mut held) = (0, 0, 0, 0);
    for sync in &state.world.syncs {
        match sync.state {
            SyncState::NeedsAttention { .. } => attention += 1,
            SyncState::Failed => failed += 1,
            SyncState::AwaitingApproval => waiting += 1,
            SyncState::Held => held += 1,
            _ => {}
        }
    }
    let need = |number: u64| if number == 1 { "needs" } else { "need" };
    let wait = |number: u64| if number == 1 { "waits" } else { "wait" };
    let parts: Vec<String> = [
        (
            attention,
            format!("{attention} {} attention", need(attention)),
        ),
        (failed, format!("{failed} failed")),
        (waiting, format!("{waiting} {} for approval", wait(waiting))),
        (held, format!("{held} with deletes held")),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(_, words)| words)
    .collect();
    (!parts.is_empty()).then(|| Banner {
        role: Role::Warn,
        text: format!("! {}", parts.join(", ")),
    })
}
