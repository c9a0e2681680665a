//! The Models screen: the list of models with what each is, and the editor of one.

pub(crate) mod editor;
mod state;
mod update;
mod view;

pub(crate) use state::Models;
pub(in crate::tui::screens) use update::in_use;
