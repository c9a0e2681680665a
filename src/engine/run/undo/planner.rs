//! Plans an undo: the undone run's plan, what of it was accepted, and the snapshot, walked over side
//! by side in key-hash order.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::domain::destination::{Deletion, IdentifierForm};
use crate::domain::id::{RunId, SyncId};
use crate::domain::plan::{Cause, InvalidRow, Operation, OperationKind};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::row::{Fingerprint, decode_values};
use crate::domain::run::Counters;
use crate::snapshot::plan_file::{MarkKind, PlanHeader, PlanReader, PlanWriter};
use crate::snapshot::{Entry, Overlay, RUN_BYTES, Snapshot, Spool};

use super::super::super::deliver::cut::unreadable;
use super::super::super::deliver::in_flight::{InFlight, fingerprint};
use super::decide::{Decision, Facts, Rules, Stay};
use super::members::{Collect, Members};
use super::wrote::Wrote;

/// Records between two looks at the cancel token.
const CANCEL_EVERY: u64 = 8192;
/// Says of an identifier that a deleted record had it.
const WANTED: u8 = 0;
/// Says of an identifier that a known record has it.
const HELD: u8 = 1;

/// What is to be planned.
pub(super) struct Request {
    /// The undo.
    pub run: RunId,
    pub sync: SyncId,
    /// The sync's revision.
    pub revision: u64,
    /// The plan of the run that is undone.
    pub reader: PlanReader,
    /// What of it was accepted.
    pub wrote: Wrote,
    /// What waits for the outcome of an earlier write.
    pub in_flight: InFlight,
    /// Keys whose writes of unknown outcome do not matter.
    pub retaken: HashSet<Fingerprint>,
    /// Whether old values stand in the fields at their positions.
    pub aligned: bool,
    /// What deletion means at the object.
    pub deletes: Deletion,
    /// How the object compares identifiers.
    pub form: IdentifierForm,
    pub snapshot: Arc<Snapshot>,
    /// Where the plan file goes.
    pub plan_path: PathBuf,
    /// Where temporary files go.
    pub spool_dir: PathBuf,
    pub cancel: CancellationToken,
}

/// An undo that stands in its plan file.
pub(super) struct Planned {
    pub hash: String,
    /// What was counted; every planned operation is unsent. Rows that stay are skipped.
    pub counters: Counters,
    /// Why rows stay, with how many.
    pub stays: Vec<(Stay, u64)>,
}

/// Plans an undo and writes its plan file. Blocks.
///
/// # Errors
/// A [`Problem`]: plan or snapshot cannot be read, the sync's state was forgotten since.
pub(super) fn plan(request: Request) -> Result<Planned, Problem> {
    let moved = request.moved()?;
    let taken = request.taken()?;
    let writer = PlanWriter::create(&request.plan_path)?;
    let mut known = request.snapshot.walk()?;
    let more = known.advance()?;
    Walk {
        request: &request,
        known,
        more,
        moved,
        taken,
        writer,
        counters: Counters::default(),
        stays: BTreeMap::new(),
    }
    .run()
}

impl Request {
    fn look_up(&self) -> Result<(), Problem> {
        match self.cancel.is_cancelled() {
            true => Err(Problem::new(
                ProblemKind::Interrupted,
                "the run was stopped",
            )),
            false => Ok(()),
        }
    }

    /// Keys that the undone run moved to another identifier.
    fn moved(&self) -> Result<Members, Problem> {
        let mut moved = Collect::new(&self.spool_dir);
        for mark in self.reader.marks() {
            let mark = mark.map_err(unreadable)?;
            let moves = matches!(
                mark.kind,
                MarkKind::Former | MarkKind::FormerStays | MarkKind::Overtaken
            );
            if moves {
                moved.add(Fingerprint::of(self.snapshot.seed(), mark.key.bytes()))?;
            }
        }
        Ok(moved.finish()?)
    }

    /// Keys whose deleted record cannot be made again, for another has its identifier now.
    fn taken(&self) -> Result<Members, Problem> {
        let mut taken = Collect::new(&self.spool_dir);
        let seed = self.snapshot.seed();
        let mut identifiers = Spool::new(&self.spool_dir, 17, RUN_BYTES);
        let mut wanted = false;
        let mut operations = self.reader.operations(0);
        while let Some(raw) = operations.next_raw().map_err(unreadable)? {
            if raw.kind != OperationKind::Delete || !self.wrote.accepted.has(raw.number) {
                continue;
            }
            let deleted = raw.decode().map_err(unreadable)?;
            if deleted.cause != Cause::Foreign {
                let hash = fingerprint(seed, self.form, &deleted.identifier);
                identifiers.push(&[&hash.0, &[WANTED], &deleted.key_hash.0])?;
                wanted = true;
            }
        }
        if !wanted {
            return Ok(taken.finish()?);
        }
        let mut known = self.snapshot.walk()?;
        let mut seen = 0_u64;
        while known.advance()? {
            seen += 1;
            if seen.is_multiple_of(CANCEL_EVERY) {
                self.look_up()?;
            }
            if let Some(entry) = known.entry()? {
                let identifier = decode_values(entry.identifier).map_err(unreadable)?;
                let hash = fingerprint(seed, self.form, &identifier);
                identifiers.push(&[&hash.0, &[HELD]])?;
            }
        }
        let mut reader = identifiers.finish()?.read();
        let mut group: Vec<Fingerprint> = Vec::new();
        let mut here = [0; 16];
        while reader.advance()? {
            let record = reader.record();
            let Some((identifier, rest)) = record.split_first_chunk::<16>() else {
                continue;
            };
            if *identifier != here {
                here = *identifier;
                group.clear();
            }
            match rest.split_first() {
                // The first of several that were deleted there can have it.
                Some((&WANTED, key)) => {
                    let hash = key.first_chunk().copied().unwrap_or_default();
                    if !group.is_empty() {
                        taken.add(Fingerprint(hash))?;
                    }
                    group.push(Fingerprint(hash));
                }
                _ => {
                    for hash in group.drain(..) {
                        taken.add(hash)?;
                    }
                }
            }
        }
        Ok(taken.finish()?)
    }
}

struct Walk<'a> {
    request: &'a Request,
    known: Overlay,
    /// Whether `known` stands on a key.
    more: bool,
    moved: Members,
    taken: Members,
    writer: PlanWriter,
    counters: Counters,
    stays: BTreeMap<Stay, u64>,
}

impl Walk<'_> {
    fn run(mut self) -> Result<Planned, Problem> {
        let request = self.request;
        let header = request.reader.header();
        let rules = Rules {
            shape: &header.shape,
            seed: request.snapshot.seed(),
            aligned: request.aligned,
            deletes: request.deletes,
        };
        let wrote = &request.wrote;
        let mut operations = request.reader.operations(0);
        while let Some(raw) = operations.next_raw().map_err(unreadable)? {
            if raw.number.is_multiple_of(CANCEL_EVERY) {
                request.look_up()?;
            }
            let number = raw.number;
            let accepted = wrote.accepted.has(number);
            let (unknown, pending) = (wrote.unknown.has(number), wrote.pending.has(number));
            if !accepted && !unknown && !pending {
                continue;
            }
            let done = raw.decode().map_err(unreadable)?;
            let is_own = !matches!(done.cause, Cause::FormerIdentifier | Cause::Foreign);
            if is_own && Fingerprint::of(rules.seed, done.key.bytes()) != done.key_hash {
                return Err(forgotten(&header.run));
            }
            if accepted {
                self.accepted(&rules, done)?;
            } else {
                let stay = if pending {
                    Stay::Pending
                } else {
                    Stay::Unknown
                };
                self.stays(&done, stay)?;
            }
        }
        let known = request.snapshot.known()?;
        let hash = self.writer.finish(PlanHeader {
            run: request.run.clone(),
            sync: request.sync.clone(),
            revision: request.revision,
            mode: header.mode,
            key_columns: header.key_columns.clone(),
            shape: header.shape.clone(),
            counters: self.counters,
            known,
            foreign_deletes: 0,
        })?;
        Ok(Planned {
            hash,
            counters: self.counters,
            stays: self.stays.into_iter().collect(),
        })
    }

    fn accepted(&mut self, rules: &Rules<'_>, done: Operation) -> Result<(), Problem> {
        let (entry, is_dirty) = self.look(done.key_hash)?;
        let facts = Facts {
            entry,
            created: self.request.wrote.created.has(done.number),
            moved: self.moved.has(done.key_hash)?,
            taken: self.taken.has(done.key_hash)?,
        };
        if is_dirty && !self.request.retaken.contains(&done.key_hash) {
            return self.stays(&done, Stay::Unknown);
        }
        if self.request.in_flight.holds(&done) {
            return self.stays(&done, Stay::Pending);
        }
        let (key, key_hash) = (done.key.clone(), done.key_hash);
        match rules.decide(done, facts).map_err(unreadable)? {
            Decision::Nothing => {
                self.counters.read += 1;
                self.counters.unchanged += 1;
            }
            Decision::Restore(operation) => {
                // What is deleted is none of the rows that are read.
                self.counters.read += u64::from(operation.kind != OperationKind::Delete);
                self.counters.of_mut(operation.kind).plan();
                self.writer.operation(&operation)?;
            }
            Decision::Stays(stay) => self.stay(
                InvalidRow {
                    key,
                    key_hash,
                    reason: stay.reason(),
                },
                stay,
            )?,
        }
        Ok(())
    }

    fn stays(&mut self, done: &Operation, stay: Stay) -> Result<(), Problem> {
        let row = InvalidRow {
            key: done.key.clone(),
            key_hash: done.key_hash,
            reason: stay.reason(),
        };
        self.stay(row, stay)
    }

    fn stay(&mut self, row: InvalidRow, stay: Stay) -> Result<(), Problem> {
        self.counters.read += 1;
        self.counters.skipped += 1;
        self.writer.invalid(&row)?;
        *self.stays.entry(stay).or_default() += 1;
        Ok(())
    }

    /// What the snapshot has of a key, and whether a write of it has an unknown outcome.
    fn look(&mut self, key_hash: Fingerprint) -> Result<(Option<Entry>, bool), Problem> {
        while self.more && self.known.hash() < key_hash {
            self.more = self.known.advance()?;
        }
        if !self.more || self.known.hash() != key_hash {
            return Ok((None, false));
        }
        let entry = self.known.entry()?.map(|entry| entry.to_entry());
        let entry = entry.transpose().map_err(unreadable)?;
        Ok((entry, !self.known.dirty().is_empty()))
    }
}

/// The problem of a state that is not the one under which the run was planned.
fn forgotten(run: &RunId) -> Problem {
    let text = format!("cannot undo run {run}: the state of its sync was forgotten since");
    Problem::new(ProblemKind::Conflict, text)
        .hint("what stands at the destination is not known any more; run the sync to send it anew")
}
