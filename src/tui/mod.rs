//! The room tui.
