//! What tests share.

pub mod acks;
pub mod desk;
pub mod flights;
pub mod gate;
pub mod program;
pub mod workspace;
