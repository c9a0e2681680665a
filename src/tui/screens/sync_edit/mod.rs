//! The editor of a sync's settings: name, model, destination, object, mode, guards, tags.

mod fields;
mod saving;
mod state;
mod update;
mod view;

pub(crate) use state::SyncEditor;
