//! What tests share.

pub mod flights;
pub mod program;
