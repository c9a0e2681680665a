//! What both test binaries share.

#[path = "../it/support/program.rs"]
pub mod program;
#[path = "../it/support/trust/mod.rs"]
pub mod trust;
