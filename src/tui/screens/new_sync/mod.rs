//! New syncs: nine steps from a name to the first run, back and forth freely.

mod asks;
mod draft;
mod finish;
mod listing;
mod state;
mod update;
mod view;
mod view_steps;

pub(crate) use draft::Draft;
pub(crate) use state::NewSync;
