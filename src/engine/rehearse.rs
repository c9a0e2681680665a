//! Rehearses a sync that is not saved: reads its model once and says what its mapping gives for
//! each field and what its next run would send. Nothing is kept and nothing is sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::connectors::{Chunk, ConnectorError, Query};
use crate::domain::command::{Reply, Table};
use crate::domain::destination::{Capabilities, ObjectSchema};
use crate::domain::edit::SyncDraft;
use crate::domain::id::{RunId, SyncId};
use crate::domain::mapping::{self, Mapper, RunVariables, Severity, Trial};
use crate::domain::mode::FirstRun;
use crate::domain::model::{Model, Role};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::rehearsal::{FieldCheck, Rehearsal};
use crate::domain::row::{Batch, Cell, Key};
use crate::domain::run::Counters;
use crate::domain::sync::Sync;
use crate::domain::value::Value;
use crate::snapshot::{AckLog, Snapshot};
use crate::store::Catalog;

use super::ack_log::{NoAcks, StoreAckLog};
use super::core::Core;
use super::deliver::broken;
use super::diff::{self, PlanRequest, Selection};
use super::run::planning::{self, parse_key};
use super::{connect, look, names};

/// The longest key or value that an example shows, in characters.
const SHOWN: usize = 200;

/// Rehearses a draft.
///
/// # Errors
/// A [`Problem`]: something that the draft names is not there, or cannot be read to its end.
pub(super) async fn rehearse(
    core: &Arc<Core>,
    catalog: &Catalog,
    draft: SyncDraft,
    identifiers: &[String],
    cancel: &CancellationToken,
) -> Result<Reply, Problem> {
    let mut model = names::model(catalog, &draft.settings.model)?.clone();
    for column in &mut model.columns {
        if identifiers.contains(&column.name) {
            column.role = Role::Identifier;
        }
    }
    let found = names::destination(catalog, &draft.settings.destination)?;
    let destination = connect::destination(core, found).await?;
    let object = &draft.settings.destination_object;
    let schema = destination.fields(object).await?;
    let capabilities = destination.capabilities(object);
    let known = |sync: &&Sync| draft.id.as_deref() == Some(sync.id.as_str());
    let known = catalog.syncs.iter().find(known);
    let sync = Sync {
        id: known.map_or_else(|| SyncId::from_bits(core.random()), |sync| sync.id.clone()),
        revision: known.map_or(1, |sync| sync.revision),
        settings: draft.settings.with(model.id.clone(), found.id.clone()),
    };
    let variables = RunVariables {
        run_id: RunId::from_bits(core.random()),
        started_at: core.clock.now(),
        sync_name: sync.settings.name.clone(),
    };
    let mapper = mapper(&sync, &model, &schema, &capabilities, &variables);
    let stays = known.is_some_and(|old| {
        let (old, new) = (&old.settings, &sync.settings);
        old.model == new.model
            && old.destination == new.destination
            && old.destination_object == new.destination_object
    });
    let snapshot = open(core, stays.then_some(&sync.id)).await?;
    let good = match stays {
        true => core.store.last_good_run(&sync.id).await?,
        false => None,
    };
    let foreign = match &mapper {
        Some(mapper) => planning::foreign(&sync.settings, mapper, &*destination, cancel).await?,
        None => None,
    };
    let folder = Scratch::new(core, &variables.run_id)?;
    let watch = Watch::new(&sync, &model, &schema, &variables);
    let first = good.is_none() && sync.settings.first_run == FirstRun::FromNow;
    let request = mapper.map(|mapper| PlanRequest {
        run: variables.run_id.clone(),
        sync,
        model: model.clone(),
        mapper: Arc::new(mapper),
        identifier_form: capabilities.identifier_form,
        selection: Selection::All,
        full: false,
        without_deletes: false,
        adopt: first,
        foreign,
        plan_path: folder.0.join("plan"),
        spool_dir: folder.0.clone(),
        spool_bytes: PlanRequest::SPOOL_BYTES,
    });
    let rows = read(core, catalog, &model, cancel).await?;
    let cancel = cancel.clone();
    let work = move || walk(request, &snapshot, watch, rows, &cancel, &folder);
    let rehearsal = tokio::task::spawn_blocking(work).await;
    let mut rehearsal = rehearsal.map_err(|error| broken(&error))??;
    rehearsal.starts_empty = !stays;
    Ok(Reply::Rehearsal(Box::new(rehearsal)))
}

/// The whole mapping, where the draft could be saved as it is.
fn mapper(
    sync: &Sync,
    model: &Model,
    schema: &ObjectSchema,
    capabilities: &Capabilities,
    variables: &RunVariables,
) -> Option<Mapper> {
    let mappings = &sync.settings.field_mappings;
    let problems = mapping::check(model, mappings, schema, capabilities, sync.settings.mode);
    let sound = problems.iter().all(|it| it.severity != Severity::Error);
    sound
        .then(|| Mapper::compile(model, mappings, schema, variables).ok())
        .flatten()
}

type Rows = crate::connectors::RowStream;

async fn read(
    core: &Core,
    catalog: &Catalog,
    model: &Model,
    cancel: &CancellationToken,
) -> Result<Rows, Problem> {
    let source = names::source(catalog, model.source.as_str())?;
    let connector = connect::source(core, source).await?;
    let query = Query {
        sql: model.sql.clone(),
        columns: model.columns.clone(),
        limit: None,
        cancel: cancel.clone(),
    };
    Ok(connector.read(query).await?)
}

/// The snapshot of a sync, or an empty one that is kept nowhere: also where the sync has none yet,
/// for its first run is to begin it.
async fn open(core: &Arc<Core>, sync: Option<&SyncId>) -> Result<Snapshot, Problem> {
    let (root, seed) = (core.snapshots(), core.random());
    let log = Arc::new(StoreAckLog(core.store.clone()));
    let nobody = SyncId::from_bits(core.random());
    let sync = sync.cloned();
    let opened = tokio::task::spawn_blocking(move || {
        if let Some(sync) = sync
            && log.layout(&sync)?.is_some()
        {
            return Snapshot::open(&root, &sync, log, seed);
        }
        Snapshot::open(&root, &nobody, Arc::new(NoAcks::default()), seed)
    });
    Ok(opened.await.map_err(|error| broken(&error))??)
}

/// A folder for what a rehearsal sorts and plans; it goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(core: &Core, run: &RunId) -> Result<Self, Problem> {
        let folder = core.surroundings.temporary.join(run.as_str());
        std::fs::create_dir_all(&folder).map_err(|error| no_room(&folder, &error))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What a kill leaves there goes with the next start.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn no_room(folder: &Path, error: &std::io::Error) -> Problem {
    let text = format!("cannot rehearse in {}: {error}", folder.display());
    Problem::new(ProblemKind::State, text)
}

fn walk(
    request: Option<PlanRequest>,
    snapshot: &Snapshot,
    mut watch: Watch,
    mut rows: Rows,
    cancel: &CancellationToken,
    _folder: &Scratch,
) -> Result<Rehearsal, Problem> {
    let see = |watch: &mut Watch, chunk: &Result<Chunk, ConnectorError>| {
        if let Ok(Chunk::Batch(batch)) = chunk {
            watch.see(batch);
        }
    };
    let counters: Option<Counters> = match request {
        Some(mut request) => {
            request.adopt = request.adopt && snapshot.known()? == 0;
            let stream = std::iter::from_fn(|| rows.blocking_recv());
            let stream = stream.inspect(|chunk| see(&mut watch, chunk));
            let summary = diff::plan(request, snapshot, stream, &|_| {}, cancel);
            Some(summary.map_err(Problem::from)?.counters)
        }
        None => {
            let mut whole = false;
            while let Some(chunk) = rows.blocking_recv() {
                see(&mut watch, &chunk);
                whole |= matches!(chunk?, Chunk::End { .. });
            }
            if !whole {
                let text = format!("the source stopped after {} rows", watch.rows);
                return Err(Problem::new(ProblemKind::Source, text));
            }
            None
        }
    };
    Ok(Rehearsal {
        rows: watch.rows,
        fields: watch.checks,
        counters,
        starts_empty: false,
    })
}

/// Counts what each line gives, row by row.
struct Watch {
    trials: Vec<Trial>,
    checks: Vec<FieldCheck>,
    key: Vec<usize>,
    /// Whether a column is read by any line.
    read: Vec<bool>,
    rows: u64,
}

impl Watch {
    fn new(sync: &Sync, model: &Model, schema: &ObjectSchema, variables: &RunVariables) -> Self {
        let mut watch = Self {
            trials: Vec::new(),
            checks: Vec::new(),
            key: model.key_positions(),
            read: vec![false; model.columns.len()],
            rows: 0,
        };
        for mapping in &sync.settings.field_mappings {
            if let Ok(trial) = Trial::of(model, mapping, schema, variables) {
                for position in trial.inputs() {
                    if let Some(read) = watch.read.get_mut(*position) {
                        *read = true;
                    }
                }
                watch.trials.push(trial);
                watch.checks.push(FieldCheck {
                    field: mapping.destination_field.clone(),
                    ..FieldCheck::default()
                });
            }
        }
        watch
    }

    fn see(&mut self, batch: &Batch) {
        for row in 0..batch.rows() {
            self.rows += 1;
            let cells: Vec<Cell> = self
                .read
                .iter()
                .enumerate()
                .map(|(column, read)| match read {
                    true => batch.value(row, column).unwrap_or(Cell::LeftOut),
                    false => Cell::LeftOut,
                })
                .collect();
            for (trial, check) in self.trials.iter().zip(&mut self.checks) {
                match trial.value(&cells) {
                    Ok(Some(value)) if !value.is_null() => {}
                    Ok(_) => check.missing += 1,
                    Err(reason) if reason.code == "required" => check.missing += 1,
                    Err(reason) => {
                        check.invalid += 1;
                        if check.example.is_none() {
                            let text = reason.text.chars().take(SHOWN).collect();
                            check.example = Some((key_text(batch, row, &self.key), text));
                        }
                    }
                }
            }
        }
    }
}

fn key_values(batch: &Batch, row: usize, key: &[usize]) -> Option<Vec<Value>> {
    let value = |column: &usize| match batch.value(row, *column) {
        Ok(Cell::Value(value)) => Some(value),
        _ => None,
    };
    key.iter().map(value).collect()
}

fn key_text(batch: &Batch, row: usize, key: &[usize]) -> String {
    let text = key_values(batch, row, key).map_or_else(String::new, |it| Key::of(&it).to_string());
    text.chars().take(SHOWN).collect()
}

/// Looks through a model for the row with a key.
///
/// # Errors
/// A [`Problem`]: no such model, a text that is no key of it, a source that cannot be read.
pub(super) async fn row(
    core: &Arc<Core>,
    catalog: &Catalog,
    model: &str,
    key: &str,
    cancel: &CancellationToken,
) -> Result<Table, Problem> {
    let model = names::model(catalog, model)?;
    let wanted = parse_key(model, key)?;
    let positions = model.key_positions();
    let mut rows = read(core, catalog, model, cancel).await?;
    let mut table = Table {
        columns: model.columns.clone(),
        rows: Vec::new(),
        more: false,
    };
    while let Some(chunk) = rows.recv().await {
        let Chunk::Batch(batch) = chunk? else { break };
        let is_it = |row: &usize| {
            let values = key_values(&batch, *row, &positions);
            values.is_some_and(|values| Key::of(&values) == wanted)
        };
        if let Some(row) = (0..batch.rows()).find(is_it) {
            table
                .rows
                .push(look::json(&batch, row, model.columns.len()));
            break;
        }
    }
    Ok(table)
}
