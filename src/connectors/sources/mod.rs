//! Systems that models query.

pub mod files;
pub mod sqlite;

mod cells;
mod columns;
mod paths;
mod steps;
mod stream;
