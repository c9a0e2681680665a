//! The room engine.

pub mod diff;
