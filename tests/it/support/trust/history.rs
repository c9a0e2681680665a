//! What the recorder writes down, one line per event.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What an answer said of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    Accepted,
    Refused,
    LeftOut,
}

/// An event, in the order in which it was brought to disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A new process of the program begins; every connection of those before is closed.
    Began { at: u64 },
    /// A request is there.
    Came {
        /// The request's own number.
        request: u64,
        /// Its webhook-id.
        id: String,
        /// The hash of its body.
        hash: String,
        /// Whether its rows are gone.
        deletes: bool,
        /// Key and version of each row; deletes have none.
        rows: Vec<(String, u64)>,
        at: u64,
    },
    /// An answer, written down before it went out; status 0 is a connection that was hung up.
    Answered {
        request: u64,
        id: String,
        status: u16,
        said: BTreeMap<String, Said>,
        /// The keys whose rows took effect by this request.
        applied: Vec<String>,
        at: u64,
    },
}

/// Reads a log; a last line that a crash of the recorder cut off is an error.
pub fn read(log: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}
