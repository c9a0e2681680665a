//! What tests share.

pub mod acks;
