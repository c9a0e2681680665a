//! Comparing: the rows of a model against the snapshot give the plan of a run.
//!
//! Rows are spooled with the hashes of key and inputs, then walked in key-hash order beside the
//! snapshot. Equal input hashes mean unchanged, and nothing else is computed. Where the identifier
//! is not the untransformed key, decisions wait as drafts until all identifiers stand side by side.

mod absent;
mod draft;
mod emit;
mod error;
mod holder;
mod identifier;
mod judge;
mod mapper;
mod read;
mod scope;
mod settle;
mod unusable;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::connectors::contract::{Chunk, ConnectorError, Listing};
use crate::domain::destination::IdentifierForm;
use crate::domain::id::RunId;
use crate::domain::model::Model;
use crate::domain::row::{Fingerprint, Key};
use crate::domain::run::{Counters, Phase};
use crate::domain::sync::Sync;
use crate::snapshot::plan_file::{PlanHeader, PlanWriter};
use crate::snapshot::{RUN_BYTES, Snapshot, Sorted, Spool};

pub use emit::Noted;
pub use error::PlanError;
pub use mapper::RowMapper;

use draft::Drafts;
use emit::Emitter;
use identifier::{Identifiers, as_fields};
use judge::{Judge, Known, Waiting};
use read::{Reading, RowGroups};
use scope::Scope;
use settle::Settling;

/// Keys between two looks at the cancel token.
const CANCEL_EVERY: u64 = 8192;

/// Which rows a plan sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// All that are due.
    #[default]
    All,
    /// The first so many that are due, in key-hash order; nothing is forgotten or deleted.
    Limit(u64),
    /// Those with these keys; nothing is forgotten or deleted.
    Keys(HashSet<Key>),
}

/// The destination's own list of its records, for a mirror of scope `all`.
pub type ForeignRecords = Box<dyn Iterator<Item = Result<Listing, ConnectorError>> + Send>;

/// What is to be planned.
pub struct PlanRequest {
    /// The run.
    pub run: RunId,
    /// The sync at the revision with which the run started.
    pub sync: Sync,
    /// Its model.
    pub model: Model,
    /// Its compiled mapping.
    pub mapper: Arc<dyn RowMapper>,
    /// How the object compares identifiers.
    pub identifier_form: IdentifierForm,
    /// Which rows are sent.
    pub selection: Selection,
    /// Sends unchanged rows too.
    pub full: bool,
    /// Leaves deletes out of the plan.
    pub without_deletes: bool,
    /// Records due rows as adopted and sends nothing: the first run of a sync that starts from now.
    pub adopt: bool,
    /// The records that the destination lists, where the mirror's scope is all.
    pub foreign: Option<ForeignRecords>,
    /// Where the plan file goes.
    pub plan_path: PathBuf,
    /// Where temporary files go.
    pub spool_dir: PathBuf,
    /// Bytes of rows that are sorted at once ([`RUN_BYTES`] unless memory is scarcer).
    pub spool_bytes: usize,
}

impl PlanRequest {
    /// The size of `spool_bytes` that fits the memory budget.
    pub const SPOOL_BYTES: usize = RUN_BYTES;
}

/// How far a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Querying or comparing.
    pub phase: Phase,
    /// Rows read, or rows compared.
    pub rows: u64,
}

/// A plan that stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanSummary {
    /// The plan hash.
    pub hash: String,
    /// What was counted; every planned operation is unsent.
    pub counters: Counters,
    /// Rows that the source gave.
    pub rows: u64,
    /// What else was found.
    pub noted: Noted,
}

/// Reads all rows, compares them with the snapshot and writes the plan file. Blocks.
///
/// # Errors
/// [`PlanError`]; then there is no plan file, and nothing was decided.
pub fn plan(
    mut request: PlanRequest,
    snapshot: &Snapshot,
    rows: impl Iterator<Item = Result<Chunk, ConnectorError>>,
    progress: &dyn Fn(Progress),
    cancel: &CancellationToken,
) -> Result<PlanSummary, PlanError> {
    let scope = Scope::of(&request, snapshot.seed());
    let mapper = Arc::clone(&request.mapper);
    let signature = Fingerprint::of(scope.seed, &mapper.signature());
    let spool = Spool::new(&request.spool_dir, 16, request.spool_bytes);
    let reading = Reading::new(
        spool,
        scope.seed,
        &request.model,
        mapper.as_ref(),
        signature,
    )?;
    let read = |rows| {
        progress(Progress {
            phase: Phase::Querying,
            rows,
        });
    };
    let (spooled, rows) = reading.take_all(rows, &read, cancel)?;
    let foreign = request.foreign.take();
    let comparing = Comparing {
        request: &request,
        scope: &scope,
        snapshot,
        rows: &spooled,
        progress,
        cancel,
    };
    let (hash, counters, noted) = comparing.run(foreign)?;
    Ok(PlanSummary {
        hash,
        counters,
        rows,
        noted,
    })
}

/// All that comparing looks at.
struct Comparing<'a> {
    request: &'a PlanRequest,
    scope: &'a Scope,
    snapshot: &'a Snapshot,
    rows: &'a Sorted,
    progress: &'a dyn Fn(Progress),
    cancel: &'a CancellationToken,
}

impl Comparing<'_> {
    fn run(&self, foreign: Option<ForeignRecords>) -> Result<(String, Counters, Noted), PlanError> {
        let exact = self.scope.form == IdentifierForm::Exact;
        if exact && self.scope.identifier_is_key && !self.scope.deletes_foreign {
            // While every identifier is its key, no two keys can have one. Entries from before a
            // change of the mapping may have others: then all is compared again, with identifiers.
            let mut judge = self.judge(None)?;
            if self.walk(&mut judge)? {
                return self.finish(judge.emitter);
            }
        }
        let waiting = Waiting {
            drafts: Drafts::new(&self.request.spool_dir, self.request.spool_bytes),
            identifiers: Identifiers::new(
                &self.request.spool_dir,
                self.request.spool_bytes,
                self.scope.form,
                self.scope.seed,
            ),
        };
        let mut judge = self.judge(Some(waiting))?;
        self.walk(&mut judge)?;
        let Judge {
            mut emitter,
            waiting: Some(mut waiting),
            ..
        } = judge
        else {
            return Err(PlanError::Cancelled);
        };
        if let Some(foreign) = foreign.filter(|_| self.scope.deletes_foreign) {
            self.list(foreign, &mut waiting.identifiers)?;
        }
        let is_cancelled = || self.cancel.is_cancelled();
        let identifiers = waiting.identifiers.finish()?;
        let moves = Spool::new(&self.request.spool_dir, 17, self.request.spool_bytes);
        Settling::new(self.scope, &mut waiting.drafts, moves)
            .settle(&identifiers, &is_cancelled)?;
        drop(identifiers);
        let drafts = waiting.drafts.finish()?;
        draft::emit_all(&drafts, &mut emitter, &is_cancelled)?;
        self.finish(emitter)
    }

    fn judge(&self, waiting: Option<Waiting>) -> Result<Judge<'_>, PlanError> {
        let writer = PlanWriter::create(&self.request.plan_path)?;
        Ok(Judge {
            scope: self.scope,
            mapper: self.request.mapper.as_ref(),
            emitter: Emitter::new(writer, self.scope),
            waiting,
            cells: Vec::new(),
            compared: Vec::new(),
        })
    }

    /// Walks over rows and snapshot; false where it must begin anew with identifiers.
    fn walk(&self, judge: &mut Judge<'_>) -> Result<bool, PlanError> {
        let mut rows = RowGroups::new(self.rows)?;
        let mut known = self.snapshot.walk()?;
        let mut more = known.advance()?;
        let mut keys = 0_u64;
        loop {
            keys += 1;
            if keys.is_multiple_of(CANCEL_EVERY) {
                if self.cancel.is_cancelled() {
                    return Err(PlanError::Cancelled);
                }
                (self.progress)(Progress {
                    phase: Phase::Comparing,
                    rows: judge.emitter.counters.read,
                });
            }
            // As numbers, whose order is that of the bytes.
            let next = rows.next_hash().map(|hash| u128::from_be_bytes(hash.0));
            let held = more.then(|| u128::from_be_bytes(known.hash().0));
            let (has_rows, has_known) = match (next, held) {
                (None, None) => return Ok(true),
                (Some(_), None) => (true, false),
                (None, Some(_)) => (false, true),
                (Some(row), Some(held)) => (row <= held, held <= row),
            };
            let of_key = if has_known {
                let of_key = Known::of(&known)?;
                if judge.waiting.is_none() && !of_key.is_plain(self.scope.seed) {
                    return Ok(false);
                }
                let is_known = of_key.entry.is_some_and(|entry| entry.is_known());
                judge.emitter.noted.known += u64::from(is_known);
                of_key
            } else {
                Known::NOTHING
            };
            if has_rows {
                judge.present(&mut rows, of_key)?;
                rows.end_key()?;
            } else {
                judge.absent(known.hash(), of_key)?;
            }
            if has_known {
                more = known.advance()?;
            }
        }
    }

    /// Takes the destination's list; without the proof of its end nothing is planned.
    fn list(
        &self,
        foreign: ForeignRecords,
        identifiers: &mut Identifiers,
    ) -> Result<(), PlanError> {
        for listing in foreign {
            if self.cancel.is_cancelled() {
                return Err(PlanError::Cancelled);
            }
            match listing.map_err(PlanError::Listing)? {
                Listing::Identifiers(found) => {
                    for values in found {
                        if let Some(known) = as_fields(&values, self.request.mapper.shape()) {
                            identifiers.listed(&known)?;
                        }
                    }
                }
                Listing::End => return Ok(()),
            }
        }
        Err(PlanError::ListingCut)
    }

    fn finish(&self, emitter: Emitter) -> Result<(String, Counters, Noted), PlanError> {
        let (counters, noted) = (emitter.counters, emitter.noted);
        let hash = emitter.finish(PlanHeader {
            run: self.request.run.clone(),
            sync: self.request.sync.id.clone(),
            revision: self.request.sync.revision,
            mode: self.scope.mode,
            key_columns: self.scope.key_columns.clone(),
            shape: self.request.mapper.shape().clone(),
            counters: Counters::default(),
            known: 0,
            foreign_deletes: 0,
        })?;
        Ok((hash, counters, noted))
    }
}
