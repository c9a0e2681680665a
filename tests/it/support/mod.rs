//! What tests share.

pub mod acks;
pub mod flights;
pub mod program;
