//! Systems that syncs write to.

mod action;
mod disk;
pub mod file;
pub mod sqlite;
pub mod webhook;
