//! Looks through a run's plan, which may be longer than memory.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::domain::browse::{PlanFound, PlanHead, PlanPart, PlanRow};
use crate::domain::guard::{DeleteDecision, Guards};
use crate::domain::id::RunId;
use crate::domain::mask;
use crate::domain::model::Model;
use crate::domain::plan::{Cause, InvalidRow, Operation, RecordShape};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::row::{Fingerprint, Key};
use crate::domain::run::Run;
use crate::domain::value::Value;
use crate::snapshot::plan_file::PlanReader;
use crate::store::{Catalog, Pinned};

use super::super::core::Core;
use super::super::deliver::broken;
use super::super::deliver::cut::unreadable;
use super::super::explore::find_run;
use super::super::render::{key_by_column, record_by_field};
use super::super::run::planning::parse_key;
use super::super::run::prepare::open_snapshot;
use super::division::Division;

/// Entries that one answer looks at for a text, so that a face sees how far it is.
const LOOKED_AT: u64 = 50_000;

/// An open plan with what it takes to show it.
struct Opened {
    reader: PlanReader,
    run: Run,
    pinned: Pinned,
}

async fn open(core: &Core, id: &RunId) -> Result<Opened, Problem> {
    let (run, pinned) = find_run(core, id).await?;
    let path = core.plan_path(id);
    let is_there = path.exists();
    let opened = tokio::task::spawn_blocking(move || PlanReader::open(&path));
    match opened.await.map_err(|error| broken(&error))? {
        Ok(reader) => Ok(Opened {
            reader,
            run,
            pinned,
        }),
        Err(error) if is_there => Err(unreadable(error)),
        Err(_) => Err(gone(&run)),
    }
}

/// Why there is no plan to look at.
fn gone(run: &Run) -> Problem {
    let (text, hint) = match (run.plan_hash.is_some(), run.status.is_final()) {
        (true, true) => (
            format!("the plan of run {} is no longer kept", run.id),
            "plans are kept for 30 days and the last 10 runs; `signalsmith plan` makes a new one",
        ),
        (false, true) => (
            format!("run {} ended before it had a plan", run.id),
            "its log says why: `signalsmith logs`",
        ),
        (_, false) => (
            format!("run {} has no plan yet", run.id),
            "it stands when the run has compared",
        ),
    };
    Problem::new(ProblemKind::NotFound, text).hint(hint)
}

/// What a plan says of itself.
///
/// # Errors
/// A [`Problem`] where the run or its plan is not there.
pub(super) async fn head(core: &Core, catalog: &Catalog, id: &RunId) -> Result<PlanHead, Problem> {
    let Opened {
        reader,
        run,
        pinned,
    } = open(core, id).await?;
    let sync = catalog.syncs.iter().find(|sync| sync.id == run.sync);
    let sync = sync.unwrap_or(&pinned.sync);
    let guards = Guards::resolve(&sync.settings.guards, &catalog.workspace.guards);
    let known = reader.header().known;
    let rows = reader.header().counters.read;
    let delete_limit = match guards.deletes(u64::MAX, known, rows) {
        DeleteDecision::Held { limit } => limit,
        DeleteDecision::Pass => u64::MAX,
    };
    Ok(PlanHead {
        plan_hash: reader.hash().to_owned(),
        invalid: reader.invalid_count(),
        known,
        delete_limit,
        foreign_deletes: reader.header().foreign_deletes,
        run,
    })
}

/// Entries of a part of a plan, from a place among them on.
///
/// # Errors
/// A [`Problem`] where the plan is not there or damaged.
pub(super) async fn entries(
    core: &Arc<Core>,
    id: &RunId,
    part: PlanPart,
    offset: u64,
    limit: u64,
) -> Result<Vec<PlanRow>, Problem> {
    let opened = open(core, id).await?;
    work(core, move |core, cancel| {
        let reader = &opened.reader;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let model = &opened.pinned.model;
        if part == PlanPart::Invalid {
            let rows = reader.invalid_rows_from(offset).take(most);
            return rows
                .map(|row| row.map(|row| invalid(model, row)).map_err(unreadable))
                .collect();
        }
        let operations: Vec<Operation> = match part.kind() {
            None => {
                let operations = reader.operations(offset).take(most);
                operations.collect::<Result<_, _>>().map_err(unreadable)?
            }
            Some(kind) => core
                .divisions
                .of(&opened.run.id, reader, cancel)
                .map_err(unreadable)?
                .page(reader, kind, offset, limit)?,
        };
        let shape = &reader.header().shape;
        let shown = operations
            .into_iter()
            .map(|operation| row(model, shape, operation));
        Ok(shown.collect())
    })
    .await
}

/// The next entry from a place on whose key, identifier or destination id has a text.
///
/// # Errors
/// A [`Problem`] where the plan is not there or damaged.
pub(super) async fn find(
    core: &Arc<Core>,
    id: &RunId,
    part: PlanPart,
    text: String,
    offset: u64,
) -> Result<PlanFound, Problem> {
    let opened = open(core, id).await?;
    let seed = open_snapshot(core, &opened.run.sync).await?.seed();
    work(core, move |core, cancel| {
        let reader = &opened.reader;
        let wanted = text.to_lowercase();
        if part == PlanPart::Invalid {
            let rows = reader.invalid_rows_from(offset);
            return look(rows, offset, |row| row.key.to_string(), &wanted);
        }
        let division = match part.kind() {
            None => None,
            Some(_) => Some(
                core.divisions
                    .of(&opened.run.id, reader, cancel)
                    .map_err(unreadable)?,
            ),
        };
        let exact = parse_key(&opened.pinned.model, &text).ok();
        let exact = exact.and_then(|key| {
            let hash = Fingerprint::of(seed, key.bytes());
            reader.find(hash).ok().flatten()
        });
        if let Some(operation) = exact
            && let Some(at) = place(reader, division.as_deref(), part, &operation)?
            && at >= offset
        {
            let (at, next) = (Some(at), None);
            return Ok(PlanFound { at, next });
        }
        match (&division, part.kind()) {
            (Some(division), Some(kind)) => {
                let page = division.page(reader, kind, offset, LOOKED_AT)?;
                let whole = u64::try_from(page.len()).unwrap_or(0) < LOOKED_AT;
                let hit = (offset..).zip(&page).find(|(_, it)| has(it, &wanted));
                Ok(PlanFound {
                    at: hit.map(|(at, _)| at),
                    next: (hit.is_none() && !whole).then_some(offset + LOOKED_AT),
                })
            }
            _ => look(reader.operations(offset), offset, words, &wanted),
        }
    })
    .await
}

/// Does what may take long away from the runtime; it is told when nobody waits any more.
async fn work<T: Send + 'static>(
    core: &Arc<Core>,
    work: impl FnOnce(&Core, &CancellationToken) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let cancel = CancellationToken::new();
    let stop = cancel.clone().drop_guard();
    let core = Arc::clone(core);
    let done = tokio::task::spawn_blocking(move || work(&core, &cancel)).await;
    drop(stop);
    done.map_err(|error| broken(&error))?
}

/// Where an operation stands among those of a part; nothing where it is of another.
fn place(
    reader: &PlanReader,
    division: Option<&Division>,
    part: PlanPart,
    operation: &Operation,
) -> Result<Option<u64>, Problem> {
    match (division, part.kind()) {
        (Some(division), Some(kind)) if kind == operation.kind => division
            .place(reader, kind, operation.number)
            .map(Some)
            .map_err(unreadable),
        (_, Some(_)) => Ok(None),
        (_, None) => Ok(Some(operation.number)),
    }
}

fn look<T, E: std::fmt::Display>(
    records: impl Iterator<Item = Result<T, E>>,
    offset: u64,
    words: impl Fn(&T) -> String,
    wanted: &str,
) -> Result<PlanFound, Problem> {
    for (at, record) in (offset..).zip(records) {
        if at >= offset + LOOKED_AT {
            let (at, next) = (None, Some(at));
            return Ok(PlanFound { at, next });
        }
        let record = record.map_err(unreadable)?;
        if words(&record).to_lowercase().contains(wanted) {
            let (at, next) = (Some(at), None);
            return Ok(PlanFound { at, next });
        }
    }
    Ok(PlanFound {
        at: None,
        next: None,
    })
}

fn has(operation: &Operation, wanted: &str) -> bool {
    words(operation).to_lowercase().contains(wanted)
}

/// What of an operation is looked through, a line each.
fn words(operation: &Operation) -> String {
    let id = operation.destination_id.as_deref().unwrap_or_default();
    format!("{}\n{}\n{id}", operation.key, joined(&operation.identifier))
}

fn joined(identifier: &[Value]) -> String {
    let parts: Vec<String> = identifier.iter().map(Value::to_plain).collect();
    parts.join(", ")
}

fn row(model: &Model, shape: &RecordShape, operation: Operation) -> PlanRow {
    let why = match &operation.cause {
        Cause::Changed => None,
        Cause::Dirty => Some("the outcome of an earlier write is unknown".to_owned()),
        Cause::Resync => Some("full resync".to_owned()),
        Cause::HandOver { from } => {
            let from = Key::from_bytes(from);
            Some(format!("takes over the record of {from}"))
        }
        Cause::FormerIdentifier => Some("the record under its former identifier".to_owned()),
        Cause::Foreign => Some("never sent by this sync".to_owned()),
    };
    PlanRow {
        op: Some(operation.kind),
        key: key_by_column(model, &operation.key),
        identifier: joined(&operation.identifier),
        old: operation.old.map(|record| record_by_field(shape, &record)),
        new: operation.new.map(|record| record_by_field(shape, &record)),
        destination_id: operation.destination_id,
        why,
        field: None,
    }
}

/// An invalid row: its reason quotes a value, which is masked as it is wherever rows are shown.
fn invalid(model: &Model, row: InvalidRow) -> PlanRow {
    let reason = row.reason;
    let why = mask::reason(reason.field.as_deref(), &reason.text);
    PlanRow {
        op: None,
        key: key_by_column(model, &row.key),
        identifier: String::new(),
        destination_id: None,
        old: None,
        new: None,
        why: Some(format!("{}: {why}", reason.code)),
        field: reason.field.or(reason.column),
    }
}
