//! Reading and comparing: from the source's rows to the plan file.

use std::collections::HashSet;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::connectors::{Chunk, ConnectorError, DestinationConnector, Listing, Query};
use crate::domain::coerce::{coerce, from_json};
use crate::domain::command::RowFilter;
use crate::domain::mapping::Mapper;
use crate::domain::mode::{FirstRun, MirrorScope, Mode};
use crate::domain::model::Model;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::row::{Cell, Key};
use crate::domain::run::Phase;
use crate::domain::sync::SyncSettings;
use crate::domain::value::{Type, Value};
use crate::domain::words::{count, counted};

use super::super::deliver::broken;
use super::super::deliver::send::RunEnd;
use super::super::diff::{
    self, ForeignRecords, PlanError, PlanRequest, PlanSummary, Progress, Selection,
};
use super::prepare::{Prepared, Reading};
use super::{Job, cancelled};

/// Reads the model, compares it with the snapshot and writes the plan.
pub(crate) async fn plan(
    job: &mut Job,
    prepared: &Prepared,
    reading: &Reading,
) -> Result<PlanSummary, RunEnd> {
    let request = request(job, prepared, reading).await?;
    let mut rows = open_rows(job, reading).await?;
    let mut absent = Absent::of(job, &request);
    let snapshot = prepared.snapshot.clone();
    let cancel = job.stop.token.clone();
    let (reports, mut progress) = mpsc::unbounded_channel::<Progress>();
    let mut work = tokio::task::spawn_blocking(move || {
        let stream = std::iter::from_fn(|| rows.blocking_recv()).inspect(|chunk| {
            if let (Some(absent), Ok(chunk)) = (&mut absent, chunk) {
                absent.see(chunk);
            }
        });
        let report = |progress: Progress| {
            let _ = reports.send(progress);
        };
        let planned = diff::plan(request, &snapshot, stream, &report, &cancel);
        (planned, absent)
    });
    let spool = job.core.surroundings.temporary.join(job.run.id.as_str());
    let (result, absent) = loop {
        tokio::select! {
            done = &mut work => break done.map_err(|error| broken(&error))?,
            Some(seen) = progress.recv() => see(job, &seen).await?,
        }
    };
    // What a kill leaves there goes with the next start.
    let _ = std::fs::remove_dir_all(&spool);
    let summary = result.map_err(|error| failed(job, error))?;
    job.run.counters = summary.counters;
    job.run.plan_hash = Some(summary.hash.clone());
    for key in absent.into_iter().flat_map(|absent| absent.keys) {
        job.log
            .row("left", "left", || format!("{key}: has left the model"));
    }
    has_read(job, summary.rows).await?;
    let counters = &summary.counters;
    job.log.line(
        "comparing",
        format!(
            "{} to create, {} to update, {} to delete, {} unchanged, {} invalid",
            count(counters.create.planned),
            count(counters.update.planned),
            count(counters.delete.planned),
            count(counters.unchanged),
            count(counters.invalid)
        ),
    );
    job.reporter.now(&job.run);
    Ok(summary)
}

async fn see(job: &mut Job, seen: &Progress) -> Result<(), RunEnd> {
    let rows = seen.rows;
    if seen.phase == Phase::Querying {
        job.run.counters.read = rows;
        job.reporter.soon(&job.run);
    } else {
        has_read(job, job.run.counters.read).await?;
    }
    Ok(())
}

/// Goes on to comparing, once, and says what was read.
async fn has_read(job: &mut Job, rows: u64) -> Result<(), RunEnd> {
    if job.run.phase == Some(Phase::Querying) {
        job.enter(Phase::Comparing).await?;
        let time = job
            .run
            .phases
            .iter()
            .find(|time| time.name == Phase::Querying);
        #[expect(clippy::cast_precision_loss, reason = "seconds for people")]
        let seconds = time.map_or(0.0, |time| time.ms as f64 / 1000.0);
        let model = &job.pinned.model.name;
        job.log.line(
            "querying",
            format!("{model}: {} in {seconds:.1} s", counted(rows, "row")),
        );
    }
    Ok(())
}

async fn open_rows(
    job: &Job,
    reading: &Reading,
) -> Result<mpsc::Receiver<Result<Chunk, ConnectorError>>, RunEnd> {
    let model = &job.pinned.model;
    let query = Query {
        sql: model.sql.clone(),
        columns: model.columns.clone(),
        limit: None,
        cancel: job.stop.token.clone(),
    };
    let rows = reading.source.read(query).await.map_err(Problem::from);
    Ok(rows.map_err(|problem| match problem.kind {
        // A column that is missing or has another type: the guard stops the run, exit code 5.
        ProblemKind::Config => Problem {
            kind: ProblemKind::Guard,
            ..problem
        },
        _ => problem,
    })?)
}

async fn request(job: &Job, prepared: &Prepared, reading: &Reading) -> Result<PlanRequest, RunEnd> {
    let options = &job.run.options;
    let sync = &job.pinned.sync;
    let append = sync.settings.mode == Mode::Append;
    if options.full && append && !options.duplicate {
        return Err(Problem::new(
            ProblemKind::Usage,
            "cannot resync an append sync: every row would be added a second time",
        )
        .hint("add --duplicate if that is what you want")
        .into());
    }
    if options.from_now && (options.full || options.is_partial()) {
        return Err(Problem::new(
            ProblemKind::Usage,
            "cannot begin from now and send rows in the same run",
        )
        .hint("leave out --from-now, or what chooses the rows that are sent")
        .into());
    }
    let foreign = match options.is_partial() || options.from_now {
        true => None,
        false => {
            let (mapper, cancel) = (&reading.mapper, &job.stop.token);
            foreign(&sync.settings, mapper, &*prepared.destination, cancel).await?
        }
    };
    let good = job
        .core
        .store
        .last_good_run(&sync.id)
        .await
        .map_err(Problem::from)?;
    let first = good.is_none() && prepared.snapshot.known().map_err(Problem::from)? == 0;
    Ok(PlanRequest {
        run: job.run.id.clone(),
        sync: sync.clone(),
        model: job.pinned.model.clone(),
        mapper: reading.mapper.clone(),
        identifier_form: prepared.capabilities.identifier_form,
        selection: selection(job).await?,
        full: options.full,
        without_deletes: options.without_deletes,
        spool_bytes: PlanRequest::SPOOL_BYTES,
        adopt: options.from_now
            || first && sync.settings.first_run == FirstRun::FromNow && !options.full,
        foreign,
        plan_path: job.core.plan_path(&job.run.id),
        spool_dir: job.core.surroundings.temporary.join(job.run.id.as_str()),
    })
}

/// The destination's own list of its records, where the mirror's scope is all.
///
/// # Errors
/// A [`Problem`] where the destination does not list them.
pub(crate) async fn foreign(
    settings: &SyncSettings,
    mapper: &Mapper,
    destination: &dyn DestinationConnector,
    cancel: &CancellationToken,
) -> Result<Option<ForeignRecords>, Problem> {
    if settings.mode != Mode::Mirror || settings.mirror_scope != MirrorScope::All {
        return Ok(None);
    }
    let shape = mapper.shape();
    let identifier = shape.identifier_names().into_iter();
    let identifier: Vec<String> = identifier.map(str::to_owned).collect();
    let object = &settings.destination_object;
    let mut listing = destination.list(object, &identifier, cancel).await?;
    let listed = std::iter::from_fn(move || listing.blocking_recv());
    let kinds: Vec<Type> = shape
        .identifier
        .iter()
        .filter_map(|at| shape.fields.get(*at))
        .map(|f| f.kind)
        .collect();
    let typed = listed.map(move |listing| listing.map(|listing| typed(listing, &kinds)));
    Ok(Some(Box::new(typed)))
}

async fn selection(job: &Job) -> Result<Selection, RunEnd> {
    let options = &job.run.options;
    let mut keys = HashSet::new();
    for text in &options.keys {
        keys.insert(parse_key(&job.pinned.model, text)?);
    }
    if let Some(run) = &options.retry_of
        && options.keys.is_empty()
    {
        collect_failed(job, run, &mut keys).await?;
    }
    if options.retry_of.is_some() || !options.keys.is_empty() {
        return Ok(Selection::Keys(keys));
    }
    Ok(options.limit.map_or(Selection::All, Selection::Limit))
}

/// Identifiers in the types of their fields: a file lists texts. What does not fit stays as it is.
fn typed(listing: Listing, kinds: &[Type]) -> Listing {
    let Listing::Identifiers(all) = listing else {
        return listing;
    };
    let fit = |(value, kind): (Value, &Type)| coerce(value.clone(), *kind).unwrap_or(value);
    let row = |values: Vec<Value>| values.into_iter().zip(kinds).map(fit).collect();
    Listing::Identifiers(all.into_iter().map(row).collect())
}

/// Chosen keys that the model has not given, so that a retry can name them.
struct Absent {
    keys: HashSet<Key>,
    columns: Vec<usize>,
}

impl Absent {
    fn of(job: &Job, request: &PlanRequest) -> Option<Self> {
        let Selection::Keys(keys) = &request.selection else {
            return None;
        };
        let model = &job.pinned.model;
        let place = |name: &String| model.columns.iter().position(|column| column.name == *name);
        let columns = model.primary_key.iter().map(place).collect::<Option<_>>()?;
        Some(Self {
            keys: keys.clone(),
            columns,
        })
    }

    fn see(&mut self, chunk: &Chunk) {
        let Chunk::Batch(batch) = chunk else { return };
        for row in 0..batch.rows() {
            let value = |column: &usize| match batch.value(row, *column) {
                Ok(Cell::Value(value)) => Some(value),
                _ => None,
            };
            if let Some(values) = self.columns.iter().map(value).collect::<Option<Vec<_>>>() {
                self.keys.remove(&Key::of(&values));
            }
        }
    }
}

async fn collect_failed(
    job: &Job,
    run: &crate::domain::id::RunId,
    keys: &mut HashSet<Key>,
) -> Result<(), RunEnd> {
    let mut filter = RowFilter {
        code: job.run.options.cause.clone(),
        limit: 1_000,
        ..RowFilter::default()
    };
    loop {
        let rows = job
            .core
            .store
            .rows(run, &filter)
            .await
            .map_err(Problem::from)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        filter.after = last.place;
        keys.extend(
            rows.iter()
                .filter(|row| row.row.verdict != "held")
                .map(|row| row.row.key.clone()),
        );
    }
}

/// Reads a key as a person types it: the key columns' values joined by `,`, or as a JSON array where
/// a value has a comma in it.
pub(crate) fn parse_key(model: &Model, text: &str) -> Result<Key, Problem> {
    let wrong = |why: String| {
        Problem::new(
            ProblemKind::Usage,
            format!("'{text}' is not a key of {}: {why}", model.name),
        )
        .hint(format!(
            "give {} joined by commas, or as a JSON array",
            model.primary_key.join(", ")
        ))
    };
    let columns: Vec<_> = model
        .primary_key
        .iter()
        .filter_map(|name| model.column(name))
        .collect();
    let array: Option<Vec<serde_json::Value>> = (columns.len() > 1)
        .then(|| serde_json::from_str(text).ok())
        .flatten();
    let parts: Vec<Value> = match array {
        Some(array) => array.iter().map(from_json).collect(),
        None if columns.len() == 1 => vec![Value::text(text)],
        None => text
            .split(',')
            .map(|part| Value::text(part.trim()))
            .collect(),
    };
    if parts.len() != columns.len() {
        return Err(wrong(format!(
            "it has {} parts, not {}",
            parts.len(),
            columns.len()
        )));
    }
    let mut values = Vec::new();
    for (part, column) in parts.into_iter().zip(columns) {
        let value = coerce(part, column.kind)
            .map_err(|error| wrong(format!("{}: {error}", column.name)))?;
        values.push(value);
    }
    Ok(Key::of(&values))
}

fn failed(job: &Job, error: PlanError) -> RunEnd {
    if job.stop.token.is_cancelled() {
        return cancelled().into();
    }
    Problem::from(error).into()
}
