//! Writing: bookkeeping, the session, the delivery, and the fold of what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use tokio::sync::Semaphore;

use crate::connectors::RunContext;
use crate::domain::destination::Capabilities;
use crate::domain::guard::RejectionWatch;
use crate::domain::mode::{Mode, OnUnknown};
use crate::domain::problem::Problem;
use crate::domain::run::Run;
use crate::domain::sync::SyncSettings;
use crate::failpoints;
use crate::snapshot::plan_file::PlanReader;
use crate::snapshot::{FoldOptions, Snapshot};
use crate::store::Pinned;

use super::super::deliver::acknowledge::Acknowledger;
use super::super::deliver::cut::BatchLimits;
use super::super::deliver::in_flight::InFlight;
use super::super::deliver::send::{RunEnd, Sender};
use super::super::deliver::unwritten::Unwritten;
use super::super::deliver::{Delivery, broken};
use super::super::limits::DestinationLimits;
use super::guards::Deletes;
use super::prepare::Prepared;
use super::{Job, marks};

/// A retry of more rows than these sends one of them ahead.
const PROBE_FROM: u64 = 100;
/// Operations whose entries are measured, to cut a new snapshot into partitions.
const MEASURED: usize = 256;
/// Records up to which the last accepted values are kept.
const KEEP_VALUES_ROWS: u64 = 1_000_000;

/// Sends the plan and folds what was acknowledged.
pub(crate) async fn write(
    job: &mut Job,
    prepared: &Prepared,
    deletes: Deletes,
) -> Result<(), RunEnd> {
    if !job.remainder.marked {
        marks::apply(job).await?;
        job.remainder.marked = true;
    }
    let due = job.run.counters.total(|tally| tally.unsent);
    reserve(job, prepared, due).await?;
    let result = if due > 0 {
        send(job, prepared, deletes).await
    } else {
        Ok(())
    };
    fold(job, prepared).await?;
    result
}

/// Sweeps what earlier folds replaced, and cuts a new snapshot into the partitions that it will
/// need, so that each can be folded when the delivery is past it. Files that the folds of this run
/// replace stay until the next: whoever has just read the layout still finds them.
async fn reserve(job: &Job, prepared: &Prepared, due: u64) -> Result<(), RunEnd> {
    let snapshot = Arc::clone(&prepared.snapshot);
    let plan = job.core.plan_path(&job.run.id);
    let keep_values = keeps_values(&job.pinned, &job.run);
    let work = move || {
        snapshot.sweep(&|_| false)?;
        let plan = PlanReader::open(&plan)?;
        let mut operations = plan.operations(0);
        let (mut bytes, mut measured) = (0, 0);
        while measured < MEASURED
            && let Some(operation) = operations.next_raw()?
        {
            bytes += operation
                .accepted(None, keep_values)?
                .map_or(0, |entry| entry.len());
            measured += 1;
        }
        let each = u64::try_from(bytes / measured.max(1)).unwrap_or(u64::MAX);
        snapshot.reserve(due, each)
    };
    let reserved = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| broken(&error))?;
    Ok(reserved.map_err(Problem::from)?)
}

async fn send(job: &mut Job, prepared: &Prepared, deletes: Deletes) -> Result<(), RunEnd> {
    let due = job.run.counters.total(|tally| tally.unsent);
    let settings = &job.pinned.sync.settings;
    let context = RunContext {
        run: job.run.id.clone(),
        sync: job.run.sync.clone(),
        object: settings.destination_object.clone(),
        mode: settings.mode,
        shape: Arc::clone(&prepared.shape),
        started_at: job.run.started_at.unwrap_or(job.run.queued_at),
    };
    let session = prepared
        .destination
        .begin(context)
        .await
        .map_err(Problem::from)?;
    let capabilities = &prepared.capabilities;
    let concurrency = capabilities.concurrency.max(1);
    let limits = job.core.limits(&job.pinned.destination, |seed| {
        let clock = Arc::clone(&job.core.clock);
        DestinationLimits::new(concurrency, capabilities.requests_per_second, clock, seed)
    });
    let repeatable = (capabilities.idempotent || settings.mode != Mode::Append)
        && !is_at_most_once(settings, capabilities);
    let sender = Arc::new(Sender {
        core: Arc::clone(&job.core),
        session,
        run: job.run.id.clone(),
        sync: job.run.sync.clone(),
        limits,
        log: Arc::clone(&job.log),
        cancel: job.stop.token.clone(),
        over: job.stop.token.child_token(),
        repeatable,
        unrecorded: Arc::new(Semaphore::new(match capabilities.exactly_once {
            true => concurrency.max(2) as usize,
            false => concurrency as usize,
        })),
        numbers: AtomicU64::new(job.remainder.next_batch),
        too_large: AtomicBool::new(false),
    });
    let (seed, form) = (prepared.snapshot.seed(), capabilities.identifier_form);
    let unwritten = Unwritten::new(seed, job.remainder.unwritten_keys());
    let mut guards = job.guards;
    if job.run.counters.total(|tally| tally.done + tally.pending) > 0 {
        // The first answers have come, in the part of the run that an earlier core made.
        guards.rejected_rows = 0;
    }
    let watch = RejectionWatch::new(&guards);
    let in_flight = InFlight::load(&job.core, &job.run.sync, seed, form).await?;
    if !in_flight.is_empty() {
        job.log.line(
            "pending",
            "rows whose last write has no outcome yet are not sent before it is known",
        );
    }
    let reporter = job.reporter.clone();
    let progress = move |run: &Run| reporter.soon(run);
    let keep_values = keeps_values(&job.pinned, &job.run);
    let delivery = Delivery {
        core: &job.core,
        acknowledger: Acknowledger {
            keep_values,
            log: &job.log,
        },
        snapshot: &prepared.snapshot,
        plan: job.core.plan_path(&job.run.id),
        batch_limits: BatchLimits {
            rows: capabilities.max_batch_rows.max(1),
            probe: job.run.options.retry_of.is_some() && due > PROBE_FROM,
            learned: Arc::clone(&sender.limits),
            bytes: usize::try_from(capabilities.max_batch_bytes).unwrap_or(usize::MAX),
        },
        concurrency: concurrency as usize,
        overlaps: capabilities.exactly_once,
        sender,
        deletes: deletes.filter,
        watch,
        unwritten,
        remainder: &mut job.remainder,
        in_flight,
        progress: &progress,
    };
    delivery.deliver(&mut job.run).await
}

/// Folds the journal where it is due; a fold that fails loses nothing and fails the run.
async fn fold(job: &Job, prepared: &Prepared) -> Result<(), RunEnd> {
    failpoints::reach("before_fold");
    let snapshot: Arc<Snapshot> = Arc::clone(&prepared.snapshot);
    let plan = job.core.plan_path(&job.run.id);
    let keep_values = keeps_values(&job.pinned, &job.run);
    let work = move || {
        let plan = PlanReader::open(&plan)?;
        let options = FoldOptions {
            keep_values,
            refreshes: Some(&plan),
            ..FoldOptions::default()
        };
        snapshot.fold_if_due(&options)
    };
    let folded = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| broken(&error))?;
    folded.map_err(Problem::from)?;
    Ok(())
}

/// Whether the last accepted values are kept in the snapshot.
pub(crate) fn keeps_values(pinned: &Pinned, run: &Run) -> bool {
    pinned.sync.settings.keep_values || run.counters.read <= KEEP_VALUES_ROWS
}

/// Whether a row may be sent once at most, so that a try of unclear outcome is the last. A key that
/// the receiver may forget is no such promise; only a destination that writes nothing twice is.
pub(crate) fn is_at_most_once(settings: &SyncSettings, capabilities: &Capabilities) -> bool {
    settings.mode == Mode::Append
        && settings.on_unknown == OnUnknown::Hold
        && !capabilities.exactly_once
}
