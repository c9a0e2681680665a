//! Peers beside us: the same comparison by DuckDB and Polars, where a Python with them is at hand.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::data::Differences;
use crate::measure::Measured;

const SCRIPT: &str = include_str!("peers.py");

/// The Python that may have the peers.
pub fn python() -> String {
    std::env::var("SIGNALSMITH_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Compares two CSV files; nothing where the Python or its library is not at hand.
pub fn compare(engine: &str, old: &Path, new: &Path, folder: &Path) -> Option<Measured> {
    let python = python();
    let has = Command::new(&python)
        .args(["-c", &format!("import {engine}")])
        .stderr(Stdio::null())
        .status();
    if !has.is_ok_and(|status| status.success()) {
        return None;
    }
    let output = Command::new(&python)
        .args(["-c", SCRIPT, engine])
        .args([old, new, folder])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{engine} failed");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().rfind(|line| line.starts_with('{'));
    Some(serde_json::from_str(line.unwrap_or_default()).unwrap())
}

/// A peer that found something else did other work.
pub fn must_have_found(peer: &Measured, wanted: Differences) {
    let found = ["added", "changed", "removed"].map(|name| peer.part(name) as u64);
    assert_eq!(found, [wanted.new, wanted.changed, wanted.gone]);
}
