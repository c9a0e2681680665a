//! Before a run reads: its connectors, its object, its mapping, its snapshot.

use std::sync::Arc;

use crate::connectors::{DestinationConnector, SourceConnector};
use crate::domain::destination::{Capabilities, ObjectSchema};
use crate::domain::id::SyncId;
use crate::domain::mapping::{self, Mapper, RunVariables, Severity};
use crate::domain::plan::RecordShape;
use crate::domain::problem::{Problem, ProblemKind};
use crate::snapshot::Snapshot;

use super::super::ack_log::StoreAckLog;
use super::super::connect;
use super::super::core::Core;
use super::super::deliver::broken;
use super::super::deliver::send::RunEnd;
use super::Job;

/// What a run writes with.
pub(crate) struct Prepared {
    pub destination: Box<dyn DestinationConnector>,
    pub capabilities: Capabilities,
    /// The fields of what is written.
    pub shape: Arc<RecordShape>,
    pub snapshot: Arc<Snapshot>,
}

/// What a run reads with; an undo reads no model.
pub(crate) struct Reading {
    pub source: Box<dyn SourceConnector>,
    pub mapper: Arc<Mapper>,
}

/// Opens all that a run needs; nothing is read or sent.
pub(crate) async fn prepare(job: &Job) -> Result<(Prepared, Reading), RunEnd> {
    let pinned = &job.pinned;
    let settings = &pinned.sync.settings;
    let source = connect::source(&job.core, &pinned.source).await?;
    let destination = connect::destination(&job.core, &pinned.destination).await?;
    let object = &settings.destination_object;
    let schema = destination.fields(object).await.map_err(Problem::from)?;
    let capabilities = destination.capabilities(object);
    let mapper = Arc::new(compile(job, &schema, &capabilities)?);
    let snapshot = open_snapshot(&job.core, &pinned.sync.id).await?;
    let prepared = Prepared {
        destination,
        capabilities,
        shape: Arc::new(mapper.shape().clone()),
        snapshot: Arc::new(snapshot),
    };
    Ok((prepared, Reading { source, mapper }))
}

/// Opens what a run needs that only writes, records of this shape.
pub(crate) async fn prepare_writing(job: &Job, shape: RecordShape) -> Result<Prepared, RunEnd> {
    let pinned = &job.pinned;
    let destination = connect::destination(&job.core, &pinned.destination).await?;
    let object = &pinned.sync.settings.destination_object;
    // Connectors answer for an object that they have looked at.
    destination.fields(object).await.map_err(Problem::from)?;
    let capabilities = destination.capabilities(object);
    let snapshot = open_snapshot(&job.core, &pinned.sync.id).await?;
    Ok(Prepared {
        destination,
        capabilities,
        shape: Arc::new(shape),
        snapshot: Arc::new(snapshot),
    })
}

fn compile(
    job: &Job,
    schema: &ObjectSchema,
    capabilities: &Capabilities,
) -> Result<Mapper, RunEnd> {
    let settings = &job.pinned.sync.settings;
    let model = &job.pinned.model;
    let problems = mapping::check(
        model,
        &settings.field_mappings,
        schema,
        capabilities,
        settings.mode,
    );
    if let Some(worst) = problems
        .iter()
        .find(|problem| problem.severity == Severity::Error)
    {
        return Err(attention(&worst.text, &worst.hint).into());
    }
    let variables = RunVariables {
        run_id: job.run.id.clone(),
        started_at: job.run.started_at.unwrap_or(job.run.queued_at),
        sync_name: settings.name.clone(),
    };
    Mapper::compile(model, &settings.field_mappings, schema, &variables).map_err(|problems| {
        let worst = problems.first();
        attention(
            worst.map_or("the mapping does not compile", |problem| &problem.text),
            worst.map_or("", |problem| &problem.hint),
        )
        .into()
    })
}

fn attention(text: &str, hint: &str) -> Problem {
    Problem::new(ProblemKind::Config, text).hint(hint)
}

/// Opens the snapshot of a sync.
///
/// # Errors
/// A [`Problem`] of kind `state` where it cannot be read.
pub(crate) async fn open_snapshot(core: &Arc<Core>, sync: &SyncId) -> Result<Snapshot, Problem> {
    let log = Arc::new(StoreAckLog(core.store.clone()));
    let (root, sync, seed) = (core.snapshots(), sync.clone(), core.random());
    let opened = tokio::task::spawn_blocking(move || Snapshot::open(&root, &sync, log, seed));
    Ok(opened.await.map_err(|error| broken(&error))??)
}
