//! Widgets: what more than one screen or overlay is made of.

pub(crate) mod field;
pub(crate) mod popup;
pub(crate) mod table;
pub(crate) mod table_view;
pub(crate) mod tabs;
