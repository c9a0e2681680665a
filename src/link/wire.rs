//! What a core sends to a face beyond a socket: one full view, then replacements, and events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::view::{SyncView, WorkspaceView};
use crate::domain::event::Event;

/// The path at which commands are taken.
pub const COMMAND_PATH: &str = "/core/command";
/// The path at which frames are given.
pub const LIVE_PATH: &str = "/core/live";
/// The longest answer to a command that a face takes, in bytes.
pub const MAX_REPLY_BYTES: usize = 64 << 20;

/// One message from a core to a face.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "frame", content = "body")]
pub enum Frame {
    /// The whole state.
    View(Arc<WorkspaceView>),
    /// Syncs that changed since the frame before, where nothing else did.
    Syncs {
        /// The sequence of the state that this makes.
        sequence: u64,
        /// The syncs in their new state.
        syncs: Vec<Arc<SyncView>>,
    },
    /// Something that happened.
    Event(Event),
}

/// The frame that turns `old` into `new`: only changed syncs where the rest is the same.
pub fn difference(old: &WorkspaceView, new: &Arc<WorkspaceView>) -> Frame {
    let same_rest = old.name == new.name
        && old.timezone == new.timezone
        && old.halted == new.halted
        && old.asides == new.asides
        && same(&old.sources, &new.sources)
        && same(&old.models, &new.models)
        && same(&old.destinations, &new.destinations)
        && old.syncs.len() == new.syncs.len()
        && old
            .syncs
            .iter()
            .zip(&new.syncs)
            .all(|(a, b)| a.sync.id == b.sync.id);
    if !same_rest {
        return Frame::View(Arc::clone(new));
    }
    let pairs = old.syncs.iter().zip(&new.syncs);
    let changed = pairs.filter(|(a, b)| !Arc::ptr_eq(a, b) && a != b);
    let syncs = changed.map(|(_, b)| Arc::clone(b)).collect();
    Frame::Syncs {
        sequence: new.sequence,
        syncs,
    }
}

fn same<T: PartialEq>(old: &[Arc<T>], new: &[Arc<T>]) -> bool {
    old.len() == new.len()
        && old
            .iter()
            .zip(new)
            .all(|(a, b)| Arc::ptr_eq(a, b) || a == b)
}

/// Puts changed syncs in their places; one that is not there means that a frame was lost.
pub fn replace(
    view: &WorkspaceView,
    sequence: u64,
    syncs: &[Arc<SyncView>],
) -> Option<WorkspaceView> {
    let mut view = view.clone();
    view.sequence = sequence;
    for sync in syncs {
        *view
            .syncs
            .iter_mut()
            .find(|old| old.sync.id == sync.sync.id)? = Arc::clone(sync);
    }
    Some(view)
}
