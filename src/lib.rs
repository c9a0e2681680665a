//! SignalSmith: a terminal-native, self-hosted reverse ETL.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "a test may panic: that is how it fails"
    )
)]

pub mod api;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod domain;
pub mod engine;
pub mod link;
pub mod safe_text;
pub mod sandbox;
pub mod snapshot;
pub mod store;
pub mod telemetry;
pub mod tui;
