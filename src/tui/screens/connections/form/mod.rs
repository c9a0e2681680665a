//! The form of a source or destination, drawn from its connector's settings schema.

mod fields;
mod state;
mod update;
mod view;

pub(crate) use state::ConnectionForm;
