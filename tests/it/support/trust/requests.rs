//! The checker's view of requests: verbatim repeats, stable ids, order per key.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::checker::{Evidence, Records};
use super::history::{Event, Said};
use super::world::CONCURRENCY;

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

/// Reads the events one after another.
pub struct Reader<'a> {
    evidence: &'a Evidence<'a>,
    pub complaints: Vec<String>,
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
    pub records: Records,
    pub accepted: HashSet<(String, String)>,
    pub refused: HashSet<(String, String)>,
}

impl<'a> Reader<'a> {
    pub fn new(evidence: &'a Evidence<'a>) -> Self {
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

    pub fn take(&mut self, event: &Event) {
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
