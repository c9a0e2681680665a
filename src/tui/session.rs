//! The session: what the next start restores.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::screens::OVERVIEW_TAB;
use super::screens::new_sync::Draft;
use super::screens::syncs::Tab;
use super::screens::syncs::order::Order;
use super::state::State;
use crate::domain::id::SyncId;

/// The longest session that is read, in bytes; what is longer is not ours.
pub(crate) const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Session {
    selected: Option<SyncId>,
    order: Order,
    filter: String,
    tab: Tab,
    log_hidden: bool,
    log_wrap: bool,
    /// The sync that was begun to be made.
    new_sync: Option<Draft>,
    /// The screen that was shown, by the number of its tab, and the terminal's size.
    screen: u8,
    size: (u16, u16),
    /// When it was left.
    left: Option<DateTime<Utc>>,
}

/// The session as text.
pub(crate) fn keep(state: &State) -> String {
    let syncs = &state.syncs;
    let session = Session {
        selected: syncs.selected.clone(),
        order: syncs.order,
        filter: syncs.filter.clone(),
        tab: syncs.tab,
        log_hidden: !syncs.log_shown,
        log_wrap: syncs.log.wrap,
        new_sync: state.new_sync.clone(),
        screen: state.router.tab(),
        size: state.size,
        left: Some(state.now.wall),
    };
    serde_json::to_string_pretty(&session).unwrap_or_default()
}

/// Restores what `text` says; what cannot be read is left as it is at a first start.
pub(crate) fn restore(state: &mut State, text: &str) {
    let Ok(session) = serde_json::from_str::<Session>(text) else {
        state.note("the last session could not be read; this is a fresh one");
        return;
    };
    let syncs = &mut state.syncs;
    syncs.selected = session.selected;
    syncs.order = session.order;
    syncs.filter = session.filter;
    syncs.tab = session.tab;
    syncs.log_shown = !session.log_hidden;
    syncs.log.wrap = session.log_wrap;
    state.new_sync = session.new_sync;
    let now = state.now.wall;
    let away = session.left.is_some_and(|left| state.away.since(left, now));
    // What was arranged for more room, or long ago, is not what a person looks for first.
    let smaller = state.size.0 < session.size.0 || state.size.1 < session.size.1;
    let tab = match smaller || away {
        true => OVERVIEW_TAB,
        false => session.screen,
    };
    state.router.go(tab);
}
