//! The Syncs screen: the list, the selected sync in detail, and the log of its run.

pub(crate) mod asking;
mod available;
mod cell;
mod detail;
mod doing;
mod list;
mod log;
mod log_view;
pub(crate) mod moves;
pub(crate) mod order;
mod overview;
mod own;
pub(crate) mod page;
mod run_lines;
pub(crate) mod runs;
mod runs_view;
mod state;
mod view;

pub(in crate::tui::screens) use cell::of_run;
pub(crate) use cell::state_word;
pub(crate) use list::place_at as list_place;
pub(crate) use log::Question;
pub(in crate::tui::screens) use log_view::role_of;
pub(crate) use log_view::with_hits;
pub(in crate::tui::screens) use overview::history;
pub(crate) use own::Act;
pub(in crate::tui::screens) use run_lines::{active_run, last_run, trigger_words};
pub(crate) use state::{Syncs, Tab};
pub(crate) use view::view;
