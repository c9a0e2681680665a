//! Destinations: the contract over every registered one, and what is particular to each.

mod contract;
mod endpoint;
mod file;
mod fixtures;
mod modes;
mod names;
mod readers;
mod sqlite;
mod tables;
mod values;
