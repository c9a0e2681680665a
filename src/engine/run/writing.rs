//! Writing: bookkeeping, the session, the delivery, and the fold of what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::connectors::RunContext;
use crate::domain::guard::RejectionWatch;
use crate::domain::mode::Mode;
use crate::domain::problem::Problem;
use crate::domain::run::Run;
use crate::snapshot::{PlanReader, Snapshot};
use crate::store::{Acknowledgement, JournalChange};

use super::super::deliver::acknowledge::Acknowledger;
use super::super::deliver::cut::{BatchLimits, unreadable};
use super::super::deliver::send::{RunEnd, Sender};
use super::super::deliver::{Delivery, broken};
use super::super::limits::DestinationLimits;
use super::Job;
use super::guards::Deletes;
use super::prepare::{Prepared, state};

/// Marks that are journaled in one transaction.
const CHUNK: usize = 1_000;
/// Records up to which the last accepted values are kept.
const KEEP_VALUES_ROWS: u64 = 1_000_000;

/// Sends the plan and folds what was acknowledged.
pub(crate) async fn write(
    job: &mut Job,
    prepared: &Prepared,
    deletes: Deletes,
) -> Result<(), RunEnd> {
    apply_marks(job).await?;
    let due = job.run.counters.total(|tally| tally.unsent);
    let result = if due > 0 { send(job, prepared, deletes).await } else { Ok(()) };
    fold(job, prepared).await?;
    result
}

/// Journals what the comparison found without anything to send: left, adopted, refreshed.
async fn apply_marks(job: &Job) -> Result<(), RunEnd> {
    let path = job.core.plan_path(&job.run.id);
    let (sender, mut chunks) = tokio::sync::mpsc::channel(2);
    let read = tokio::task::spawn_blocking(move || {
        let reader = PlanReader::open(&path).map_err(unreadable)?;
        let mut chunk = Vec::with_capacity(CHUNK);
        for mark in reader.marks().map_err(unreadable)? {
            chunk.push(mark.map_err(unreadable)?);
            if chunk.len() == CHUNK && sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        }
        let _ = sender.blocking_send(chunk);
        Ok::<(), Problem>(())
    });
    while let Some(chunk) = chunks.recv().await {
        if chunk.is_empty() {
            continue;
        }
        let mut kept = Acknowledgement::of(&job.run, None);
        kept.journal = chunk
            .into_iter()
            .map(|mark| JournalChange { key_hash: mark.key_hash, entry: mark.entry })
            .collect();
        job.core.store.close_intent(&kept).await.map_err(Problem::from)?;
    }
    read.await.map_err(|error| broken(&error))??;
    Ok(())
}

async fn send(job: &mut Job, prepared: &Prepared, deletes: Deletes) -> Result<(), RunEnd> {
    let settings = &job.pinned.sync.settings;
    let context = RunContext {
        run: job.run.id.clone(),
        sync: job.run.sync.clone(),
        object: settings.destination_object.clone(),
        mode: settings.mode,
        shape: Arc::new(prepared.mapper.shape().clone()),
        started_at: job.run.started_at.unwrap_or(job.run.queued_at),
    };
    let session = prepared.destination.begin(context).await.map_err(Problem::from)?;
    let capabilities = &prepared.capabilities;
    let concurrency = capabilities.concurrency.max(1);
    let limits = job.core.limits(&job.pinned.destination.id, |seed| {
        DestinationLimits::new(concurrency, capabilities.requests_per_second, seed, job.core.clock.now())
    });
    let repeatable = capabilities.idempotent || settings.mode != Mode::Append;
    let sender = Arc::new(Sender {
        core: Arc::clone(&job.core),
        session,
        run: job.run.id.clone(),
        sync: job.run.sync.clone(),
        limits,
        log: Arc::clone(&job.log),
        cancel: job.stop.token.clone(),
        repeatable,
        numbers: AtomicU64::new(0),
    });
    let reporter = job.reporter.clone();
    let progress = move |run: &Run| reporter.soon(run);
    let keep_values = settings.keep_values || job.run.counters.read <= KEEP_VALUES_ROWS;
    let delivery = Delivery {
        core: &job.core,
        sender,
        acknowledger: Acknowledger { snapshot: &prepared.snapshot, keep_values, log: &job.log },
        plan: job.core.plan_path(&job.run.id),
        batch_limits: BatchLimits {
            rows: capabilities.max_batch_rows.max(1) as usize,
            bytes: usize::try_from(capabilities.max_batch_bytes).unwrap_or(usize::MAX),
        },
        concurrency: concurrency as usize,
        deletes: deletes.filter,
        watch: RejectionWatch::new(&job.guards),
        progress: &progress,
    };
    delivery.deliver(&mut job.run).await
}

/// Folds the journal where it is due; a fold that fails loses nothing and fails the run.
async fn fold(job: &Job, prepared: &Prepared) -> Result<(), RunEnd> {
    let snapshot: Arc<Snapshot> = Arc::clone(&prepared.snapshot);
    let folded = tokio::task::spawn_blocking(move || snapshot.fold_if_due())
        .await
        .map_err(|error| broken(&error))?;
    folded.map_err(state)?;
    job.log.line("writing", format!("{} records known", prepared.snapshot.known()));
    Ok(())
}
