//! One linked test binary: a file per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

mod bad_input;
mod cli;
mod clock;
mod config;
mod crashes;
mod cron_oracle;
mod demo;
mod destinations;
mod determinism;
mod engine;
mod faults;
mod flights;
mod oracle;
mod planning;
mod rooms;
mod round_trip;
mod screens;
mod simulated_year;
mod snapshot;
mod sources;
mod store;
mod support;
mod terminal;
mod webhook;
