//! What tests share.

pub mod acks;
pub mod desk;
pub mod fault_proxy;
pub mod flights;
pub mod gate;
pub mod program;
pub mod rows;
pub mod scripted;
pub mod trust;
pub mod workspace;
