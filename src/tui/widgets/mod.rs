//! Widgets: what more than one screen or overlay is made of.

pub(crate) mod chart;
pub(crate) mod editor;
pub(crate) mod field;
pub(crate) mod form;
pub(crate) mod form_view;
pub(crate) mod fuzzy;
pub(crate) mod input;
pub(crate) mod keyvalue;
pub(crate) mod popup;
pub(crate) mod rule;
pub(crate) mod sql;
pub(crate) mod table;
pub(crate) mod table_view;
pub(crate) mod tabs;
pub(crate) mod window;
