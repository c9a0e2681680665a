//! Destinations: the contract over every registered one, and what is particular to each.

mod contract;
mod file;
mod fixtures;
mod names;
mod sqlite;
mod values;
