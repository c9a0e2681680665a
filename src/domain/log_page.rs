//! Pages of a run's log, found by their place in it.

use serde::{Deserialize, Serialize};

use super::event::LogLine;

/// Where in a log lines are wanted; places are bytes of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at", content = "byte")]
pub enum LogPlace {
    /// The last ones.
    End,
    /// The last ones before a place.
    Before(u64),
    /// The first ones from a place on.
    After(u64),
}

/// Lines of a log that stand together, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogPage {
    /// The place at which the page begins: what is before it was not looked at.
    pub start: u64,
    /// The place at which it ends.
    pub end: u64,
    /// The log's length in bytes.
    pub size: u64,
    /// The lines; fewer than stand there where only some are wanted.
    pub lines: Vec<PlacedLine>,
}

/// A line with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedLine {
    /// The byte at which it begins.
    pub place: u64,
    /// The line.
    #[serde(flatten)]
    pub line: LogLine,
}
