//! What tests share.

pub mod gate;
pub mod workspace;
