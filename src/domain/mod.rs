//! What a sync is. No async, no I/O, no clock, no logging: everything here is testable by value.

pub mod coerce;
pub mod command;
pub mod destination;
pub mod edit;
pub mod event;
pub mod explore;
pub mod guard;
pub mod health;
pub mod id;
pub mod mapping;
pub mod mask;
pub mod mode;
pub mod model;
pub(crate) mod near;
pub mod plan;
pub mod problem;
pub mod rehearsal;
pub mod row;
pub mod run;
pub mod schedule;
pub mod secret;
pub mod sync;
pub mod transform;
pub mod value;
pub mod verdict;
pub mod words;
