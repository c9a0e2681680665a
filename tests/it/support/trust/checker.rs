//! The checker: what a destination recorded, against what may have happened.
//!
//! It knows nothing of the program but its promises: it reads the recorder's log, the records of
//! the destination, and what the program says of its runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::history::Event;
use super::requests::Reader;

/// Key to version.
pub type Model = BTreeMap<String, u64>;
/// Key to the versions of its records.
pub type Records = BTreeMap<String, Vec<u64>>;

/// All that is known.
pub struct Evidence<'a> {
    pub mode: &'static str,
    /// The model as it was when each process began.
    pub models: &'a [Model],
    pub runs: &'a [Json],
    pub history: Option<&'a [Event]>,
    /// The records of a destination that keeps them itself.
    pub records: Option<Records>,
}

/// Everything that is wrong.
pub fn check(evidence: &Evidence<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    counters(evidence.runs, &mut complaints);
    let mut records = evidence.records.clone();
    if let Some(history) = evidence.history {
        let mut reader = Reader::new(evidence);
        history.iter().for_each(|event| reader.take(event));
        let done = sum(evidence.runs, "done");
        if done != reader.accepted.len() as u64 {
            let told = reader.accepted.len();
            reader
                .complaints
                .push(format!("{told} acceptances were told, {done} are counted"));
        }
        let refused = sum(evidence.runs, "rejected");
        if refused != reader.refused.len() as u64 {
            let told = reader.refused.len();
            reader
                .complaints
                .push(format!("{told} refusals were told, {refused} are counted"));
        }
        complaints.append(&mut reader.complaints);
        records = Some(reader.records);
    }
    let records = records.unwrap_or_default();
    at_rest(evidence, &records, &mut complaints);
    complaints
}

/// The destination at rest is what the mode makes of the model.
fn at_rest(evidence: &Evidence<'_>, records: &Records, complaints: &mut Vec<String>) {
    let model = evidence.models.last().unwrap();
    for (key, version) in model {
        match records.get(key).map(Vec::as_slice) {
            None | Some([]) => complaints.push(format!("{key} is lost")),
            Some([found]) if found == version || evidence.mode == "append" => {}
            Some([found]) => complaints.push(format!("{key} is at {found}, not at {version}")),
            // A webhook's rows of unknown outcome may be there twice.
            Some(_) if evidence.history.is_some() => {}
            Some(many) => complaints.push(format!("{key} is there {} times", many.len())),
        }
    }
    let known: BTreeSet<&String> = evidence.models.iter().flat_map(Model::keys).collect();
    for (key, versions) in records {
        if evidence.mode == "mirror" && !model.contains_key(key) {
            complaints.push(format!("{key} is there still"));
        }
        if !known.contains(key) {
            complaints.push(format!("{key} never was in the model"));
        }
        if versions.len() > 1 && evidence.history.is_none() {
            complaints.push(format!("{key} is there {} times", versions.len()));
        }
    }
}

const KINDS: [&str; 3] = ["create", "update", "delete"];

fn sum(runs: &[Json], bucket: &str) -> u64 {
    let of = |run: &Json| -> u64 {
        KINDS
            .iter()
            .map(|kind| run["counters"][kind][bucket].as_u64().unwrap())
            .sum()
    };
    runs.iter().map(of).sum()
}

/// The counters of every run add up, and every run has an end.
fn counters(runs: &[Json], complaints: &mut Vec<String>) {
    for run in runs {
        let counters = &run["counters"];
        let of = |name: &str| counters[name].as_u64().unwrap();
        let planned = |kind: &str| counters[kind]["planned"].as_u64().unwrap();
        let rows =
            of("unchanged") + of("invalid") + of("skipped") + planned("create") + planned("update");
        if of("read") != rows {
            complaints.push(format!("the rows of {run} do not add up"));
        }
        for kind in KINDS {
            let buckets = ["done", "rejected", "unknown", "pending", "held", "unsent"];
            let sum: u64 = buckets
                .iter()
                .map(|it| counters[kind][it].as_u64().unwrap())
                .sum();
            if sum != planned(kind) {
                complaints.push(format!("the {kind}s of {run} do not add up"));
            }
        }
        let ends = ["completed", "completed_with_errors", "interrupted"];
        if !ends.iter().any(|end| run["status"] == *end) {
            complaints.push(format!(
                "{} ended as {}: {}",
                run["id"], run["status"], run["error"]
            ));
        }
    }
}
