//! Systems that models query.

pub mod files;
pub mod sqlite;
