//! The screens; each is a folder with its state, what keys change in it, and how it is drawn.

pub(crate) mod syncs;

/// The screens in the order of their number keys, with the title that the header shows.
pub(crate) const SCREENS: &[&str] = &["Syncs"];
