//! The checker: what a destination recorded, against what may have happened.
//!
//! It knows nothing of the program but its promises: it reads the recorder's log, the records of
//! the destination, and what the program says of its runs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value as Json;

use super::history::{Event, Said};
use super::world::CONCURRENCY;

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
        let mut reader = Reader {
            evidence,
            ..Reader::new(evidence)
        };
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

/// A batch, known by its webhook-id.
struct Batch {
    hash: String,
    rows: Vec<(String, u64)>,
    deletes: bool,
    /// The process in which it was first seen.
    born: usize,
    /// The process in which it was last seen.
    seen: usize,
    last: Last,
}

/// What the last request of a batch came to.
#[derive(Clone, PartialEq)]
enum Last {
    UnderWay,
    /// Not understood, or not answered.
    Unclear,
    /// Refused as a whole: nothing of it was applied, and its parts may go anew.
    RefusedWhole,
    Said(BTreeMap<String, Said>),
}

/// What the last row of a key was.
struct LastOfKey {
    id: String,
    version: u64,
    deletes: bool,
}

struct Reader<'a> {
    evidence: &'a Evidence<'a>,
    complaints: Vec<String>,
    /// How many processes have begun.
    process: usize,
    batches: HashMap<String, Batch>,
    requests: HashMap<u64, String>,
    last: HashMap<String, LastOfKey>,
    newest_accepted: HashMap<String, u64>,
    under_way: HashMap<String, u64>,
    /// Batches of dead processes that came again in this one.
    again: HashSet<String>,
    anything_new: bool,
    records: Records,
    accepted: HashSet<(String, String)>,
    refused: HashSet<(String, String)>,
}

impl<'a> Reader<'a> {
    fn new(evidence: &'a Evidence<'a>) -> Self {
        Self {
            evidence,
            complaints: Vec::new(),
            process: 0,
            batches: HashMap::new(),
            requests: HashMap::new(),
            last: HashMap::new(),
            newest_accepted: HashMap::new(),
            under_way: HashMap::new(),
            again: HashSet::new(),
            anything_new: false,
            records: Records::new(),
            accepted: HashSet::new(),
            refused: HashSet::new(),
        }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Began { .. } => {
                self.process += 1;
                self.again.clear();
                self.anything_new = false;
                self.under_way.clear();
            }
            Event::Came {
                request,
                id,
                hash,
                deletes,
                rows,
                ..
            } => {
                self.requests.insert(*request, id.clone());
                self.overlaps(*request, rows);
                if self.batches.contains_key(id) {
                    self.came_again(id, hash);
                } else {
                    self.came_new(id, *deletes, rows);
                    self.batches.insert(
                        id.clone(),
                        Batch {
                            hash: hash.clone(),
                            rows: rows.clone(),
                            deletes: *deletes,
                            born: self.process,
                            seen: self.process,
                            last: Last::UnderWay,
                        },
                    );
                }
            }
            Event::Answered {
                request,
                id,
                status,
                said,
                applied,
                ..
            } => {
                self.answered(*request, id, *status, said, applied);
            }
        }
    }

    /// No two writes of a key are under way together.
    fn overlaps(&mut self, request: u64, rows: &[(String, u64)]) {
        for (key, _) in rows {
            if let Some(other) = self.under_way.insert(key.clone(), request) {
                self.complaints.push(format!(
                    "{key} is in requests {other} and {request} at once"
                ));
            }
        }
    }

    /// A batch comes again only verbatim, and only where it may not have been understood.
    fn came_again(&mut self, id: &str, hash: &str) {
        let process = self.process;
        let Some(batch) = self.batches.get_mut(id) else {
            return;
        };
        let mut complaints = Vec::new();
        if batch.hash != hash {
            complaints.push(format!("{id} came again with other content"));
        }
        if batch.seen == process {
            if batch.last != Last::Unclear {
                complaints.push(format!("{id} came again though it was answered"));
            }
        } else {
            if self.anything_new {
                complaints.push(format!("{id} of a dead process came after newer batches"));
            }
            self.again.insert(id.to_owned());
            if self.again.len() == CONCURRENCY + 1 {
                complaints.push(format!(
                    "more than {CONCURRENCY} batches of a dead process came again"
                ));
            }
        }
        batch.seen = process;
        batch.last = Last::UnderWay;
        for (key, version) in &batch.rows {
            if !batch.deletes
                && self
                    .newest_accepted
                    .get(key)
                    .is_some_and(|newest| version < newest)
            {
                complaints.push(format!("{key} goes back to {version} by {id}"));
            }
        }
        self.complaints.append(&mut complaints);
    }

    /// A row goes under a new id only when all that went before it under others is settled, and
    /// is never sent anew after it was accepted.
    fn came_new(&mut self, id: &str, deletes: bool, rows: &[(String, u64)]) {
        // A batch that a dead process had written down and not sent looks like a new one.
        self.anything_new |= rows
            .iter()
            .any(|(key, version)| !deletes && self.is_fresh(key, *version));
        for (key, version) in rows {
            if let Some(before) = self.last.get(key) {
                let batch = &self.batches[&before.id];
                let same = before.version == *version && before.deletes == deletes;
                let complaint = match &batch.last {
                    Last::UnderWay | Last::Unclear => Some("before it was settled"),
                    Last::Said(said) if same && said.get(key) == Some(&Said::Accepted) => {
                        Some("though it was accepted")
                    }
                    _ => None,
                };
                if let Some(why) = complaint {
                    let text = format!("{key} at {version} goes as {id} after {} {why}", before.id);
                    self.complaints.push(text);
                }
            }
            if !deletes
                && self
                    .newest_accepted
                    .get(key)
                    .is_some_and(|newest| version < newest)
            {
                self.complaints
                    .push(format!("{key} goes back to {version} by {id}"));
            }
            if deletes && self.is_present(key) {
                self.complaints.push(format!(
                    "{key} is deleted by {id} though it is in the model"
                ));
            }
            let last = LastOfKey {
                id: id.to_owned(),
                version: *version,
                deletes,
            };
            self.last.insert(key.clone(), last);
        }
    }

    /// Whether the version is of the model of this process and was of none before.
    fn is_fresh(&self, key: &str, version: u64) -> bool {
        let at = |process: usize| {
            self.evidence
                .models
                .get(process)
                .and_then(|model| model.get(key))
        };
        let before = self.process.checked_sub(2).and_then(at);
        at(self.process - 1) == Some(&version) && before != Some(&version)
    }

    /// Whether a key was in the model in this process and, as far as there was one, in the last.
    fn is_present(&self, key: &str) -> bool {
        let models = self.evidence.models;
        let from = self.process.saturating_sub(2);
        models[from..self.process]
            .iter()
            .all(|model| model.contains_key(key))
    }

    fn answered(
        &mut self,
        request: u64,
        id: &str,
        status: u16,
        said: &BTreeMap<String, Said>,
        applied: &[String],
    ) {
        let Some(batch) = self.batches.get_mut(id) else {
            return;
        };
        batch.last = match status {
            200 => Last::Said(said.clone()),
            400 | 413 => Last::RefusedWhole,
            _ => Last::Unclear,
        };
        for (key, version) in &batch.rows {
            if self.under_way.get(key) == Some(&request) {
                self.under_way.remove(key);
            }
            if applied.contains(key) {
                let records = self.records.entry(key.clone()).or_default();
                if self.evidence.mode != "append" {
                    records.clear();
                }
                records.push(*version);
                if batch.deletes {
                    self.records.remove(key);
                }
            }
            let pair = || (id.to_owned(), key.clone());
            match said.get(key) {
                Some(Said::Accepted) => {
                    self.accepted.insert(pair());
                    if !batch.deletes {
                        self.newest_accepted.insert(key.clone(), *version);
                    }
                }
                Some(Said::Refused) => {
                    self.refused.insert(pair());
                }
                _ => {}
            }
        }
    }
}
