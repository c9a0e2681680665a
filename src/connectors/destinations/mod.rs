//! Systems that syncs write to.

pub mod file;
pub mod sqlite;
pub mod webhook;
