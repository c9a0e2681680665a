//! Before a run reads: its connectors, its object, its mapping, its snapshot.

use std::sync::Arc;

use crate::connectors::{DestinationConnector, SourceConnector};
use crate::domain::destination::{Capabilities, ObjectSchema};
use crate::domain::mapping::{self, Mapper, RunVariables};
use crate::domain::problem::{Problem, ProblemKind};
use crate::snapshot::Snapshot;

use super::super::ack_log::StoreAckLog;
use super::super::connect;
use super::super::deliver::send::RunEnd;
use super::Job;

/// What a run works with.
pub(crate) struct Prepared {
    pub source: Box<dyn SourceConnector>,
    pub destination: Box<dyn DestinationConnector>,
    pub capabilities: Capabilities,
    pub mapper: Arc<Mapper>,
    pub snapshot: Arc<Snapshot>,
}

/// Opens all that a run needs; nothing is read or sent.
pub(crate) async fn prepare(job: &Job) -> Result<Prepared, RunEnd> {
    let pinned = &job.pinned;
    let settings = &pinned.sync.settings;
    let source = connect::source(&job.core, &pinned.source).await?;
    let destination = connect::destination(&job.core, &pinned.destination).await?;
    let object = &settings.destination_object;
    let schema = destination.fields(object).await.map_err(Problem::from)?;
    let capabilities = destination.capabilities(object);
    let mapper = compile(job, &schema, &capabilities)?;
    let log = Arc::new(StoreAckLog(job.core.store.clone()));
    let (root, sync) = (job.core.snapshots(), pinned.sync.id.clone());
    let snapshot = tokio::task::spawn_blocking(move || Snapshot::open(&root, &sync, log))
        .await
        .map_err(|error| super::super::deliver::broken(&error))?
        .map_err(state)?;
    Ok(Prepared {
        source,
        destination,
        capabilities,
        mapper: Arc::new(mapper),
        snapshot: Arc::new(snapshot),
    })
}

fn compile(job: &Job, schema: &ObjectSchema, capabilities: &Capabilities) -> Result<Mapper, RunEnd> {
    let settings = &job.pinned.sync.settings;
    let model = &job.pinned.model;
    let problems =
        mapping::check(model, &settings.field_mappings, schema, capabilities, settings.mode);
    if let Some(worst) = problems.iter().find(|problem| problem.is_error()) {
        return Err(attention(&worst.text, &worst.hint).into());
    }
    let variables = RunVariables {
        run_id: job.run.id.to_string(),
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

/// Folds an error of the snapshot into a problem.
pub(crate) fn state(error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::State, error.to_string()).hint(
        "nothing was sent and nothing forgotten; restore the workspace's folder from a backup, \
         or empty the sync's state with: signalsmith forget",
    )
}
