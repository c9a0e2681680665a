//! The Sources and the Destinations screen: one list for both, a form, a test, a browser.

pub(crate) mod browser;
pub(crate) mod form;
mod listing;
mod state;
mod testing;
mod update;
mod view;

pub(crate) use state::Connections;
