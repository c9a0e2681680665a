//! SignalSmith: a terminal-native, self-hosted reverse ETL.
//!
//! A **sync** carries the rows of a **model** (a query with typed columns and a primary key, over a
//! **source**) into an object of a **destination**. It sends only what changed since the destination
//! last accepted it, shows before it writes what it will do, and never loses track.
//!
//! # The way of a row
//!
//! Columnar batches of rows leave a source ([`connectors`]). [`engine::diff`] hashes what the mapping
//! reads of each row, spools it, and walks it in key-hash order beside the [`snapshot`]: what the
//! destination has acknowledged. Differences become operations in one immutable plan file. Guards look
//! at the plan, a person perhaps too. Then operations go out in delivery batches: an intent on disk
//! ([`store`]) before the wire, verdicts after it in one transaction with snapshot and counters. A
//! crash at any instant costs at most a verbatim repeat of the batches in flight.
//!
//! # The rooms, and who may know whom
//!
//! | room | duty | knows |
//! |---|---|---|
//! | [`domain`] | what a sync is: values, mapping, schedule, plan, run; no I/O, no clock | nobody |
//! | [`connectors`] | the outside world: sources, destinations, the one HTTP client | `domain` |
//! | [`store`] | the workspace's state in SQLite, behind one writer thread | `domain` |
//! | [`snapshot`] | partition files, spools, plan files | `domain` |
//! | [`config`] | files that a person writes: resources, settings, secret references | `domain` |
//! | [`engine`] | makes it happen: dispatcher, scheduler, runs, delivery, recovery | all of the above, `link` |
//! | [`link`] | how a face talks to a core, in this process or beyond a socket | `domain` |
//! | [`api`], [`tui`] | faces over a link | `domain`, `link` |
//! | [`sandbox`] | local stand-ins for destinations | `domain` |
//! | [`cli`] | the command line; it alone joins an engine to a face | all |
//!
//! [`safe_text`] is the one sanitizer for text from outside, [`telemetry`] the core's own log,
//! `failpoints` names places at which tests crash the program; it is empty without its feature. A test
//! reads the `use crate::` lines and fails on any other edge.

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
mod failpoints;
pub mod link;
pub mod safe_text;
pub mod sandbox;
pub mod snapshot;
pub mod store;
pub mod telemetry;
pub mod tui;
