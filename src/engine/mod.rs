//! The room engine.

pub mod clock;
pub mod limits;
