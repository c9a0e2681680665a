//! The plan of a run: what would be sent, entry by entry, and the decision whether it is.

mod deciding;
mod hearing;
mod lines;
mod list_view;
mod state;
mod update;
mod view;

pub(in crate::tui::screens) use hearing::browsed;
pub(crate) use lines::{change_lines, changed, json_words};
pub(crate) use state::Plan;
