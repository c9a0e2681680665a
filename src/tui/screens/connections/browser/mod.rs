//! The browser: tables with their columns, or objects with their fields.

mod state;
mod update;
mod view;

pub(crate) use state::Browser;
