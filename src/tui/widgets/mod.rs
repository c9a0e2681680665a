//! Widgets: what more than one screen or overlay is made of.

pub(crate) mod field;
pub(crate) mod popup;
