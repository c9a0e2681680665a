//! The Runs screen: the runs of all syncs, and the page of one run.

mod asking;
pub(in crate::tui::screens) mod lines;
mod list;
mod list_view;
mod run;
mod run_view;
mod state;
mod tail;

pub(in crate::tui::screens) use asking::{ASKED_FROM, RESEND};
pub(crate) use run::RunPage;
pub(crate) use state::Runs;
