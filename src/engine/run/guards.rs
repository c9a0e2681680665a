//! After the plan, before the wire: invalid rows are put on record and every guard is asked.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::event::EventKind;
use crate::domain::guard::{DeleteDecision, held_text};
use crate::domain::mask;
use crate::domain::mode::MirrorForeign;
use crate::domain::plan::OperationKind;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Bucket;
use crate::snapshot::plan_file::PlanReader;
use crate::store::{Held, RowLog};

use super::super::deliver::acknowledge::bookkeeping;
use super::super::deliver::cut::{Filter, unreadable};
use super::super::deliver::send::RunEnd;
use super::super::diff::PlanSummary;
use super::Job;

/// Rows that are put on record in one transaction.
const CHUNK: usize = 1_000;
/// Runs of a sync among which an approved plan is looked for.
const LOOKED_AT: u32 = 200;

/// What the guards say of a plan's deletes.
pub(crate) struct Deletes {
    /// Which may go; nothing where all are held.
    pub filter: Option<Filter>,
    /// Whether a person must approve the plan first.
    pub needs_approval: bool,
}

/// Records invalid rows and asks every guard.
pub(crate) async fn judge(job: &mut Job, planned: &PlanSummary) -> Result<Deletes, RunEnd> {
    record_invalid(job).await?;
    if let Some(problem) = job
        .guards
        .invalid(planned.counters.invalid, planned.counters.read)
    {
        return Err(stopped(problem, job));
    }
    let partial = job.run.options.is_partial();
    if !partial && !job.run.options.accept_size {
        let last = job
            .core
            .store
            .last_good_run(&job.run.sync)
            .await
            .map_err(Problem::from)?;
        let last_rows = last.map(|run| run.counters.read);
        if let Some(problem) = job.guards.shrink(planned.rows, last_rows) {
            return Err(stopped(problem, job));
        }
    }
    deletes(job, planned).await
}

fn stopped(problem: Problem, job: &Job) -> RunEnd {
    job.log.line("guard", problem.text.clone());
    problem.into()
}

async fn record_invalid(job: &mut Job) -> Result<(), RunEnd> {
    if job.run.counters.invalid == 0 {
        return Ok(());
    }
    let path = job.core.plan_path(&job.run.id);
    let (sender, mut chunks) = tokio::sync::mpsc::channel(2);
    let read = tokio::task::spawn_blocking(move || {
        let reader = PlanReader::open(&path).map_err(unreadable)?;
        let mut chunk = Vec::with_capacity(CHUNK);
        for row in reader.invalid_rows() {
            chunk.push(row.map_err(unreadable)?);
            if chunk.len() == CHUNK && sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        }
        let _ = sender.blocking_send(chunk);
        Ok::<(), Problem>(())
    });
    while let Some(chunk) = chunks.recv().await {
        let mut kept = bookkeeping(&job.run);
        for row in chunk {
            let reason = row.reason;
            job.log.row("invalid", &reason.code, || {
                let text = mask::reason(reason.field.as_deref(), &reason.text);
                format!("{}: {text}", row.key)
            });
            kept.rows.push(RowLog {
                key: row.key,
                key_hash: row.key_hash,
                verdict: "invalid".into(),
                op: None,
                operation: None,
                field: reason.field.or(reason.column),
                code: reason.code,
                reason: reason.text,
            });
        }
        job.core
            .store
            .close_intent(kept)
            .await
            .map_err(Problem::from)?;
    }
    read.await
        .map_err(|error| super::super::deliver::broken(&error))??;
    Ok(())
}

async fn deletes(job: &mut Job, planned: &PlanSummary) -> Result<Deletes, RunEnd> {
    let count = planned.counters.delete.planned;
    let sync = job.run.sync.clone();
    let held = job.core.store.held(&sync).await.map_err(Problem::from)?;
    let foreign = planned.noted.foreign_deletes > 0
        && job.pinned.sync.settings.mirror_foreign == MirrorForeign::Ask;
    if let Some(approved) = job.run.options.approved_plan.clone() {
        return approved_deletes(job, planned, held, &approved).await;
    }
    let known = planned.noted.known;
    let decision = job.guards.deletes(count, known, planned.rows);
    let partial = job.run.options.is_partial() || job.run.options.plan_only;
    let all: Filter = Arc::new(|_| true);
    match decision {
        DeleteDecision::Held { limit } => {
            job.run
                .counters
                .delete
                .shift(Bucket::Unsent, Bucket::Held, count);
            job.log
                .line("guard", held_text(count, known, planned.rows, limit));
            if !job.run.options.plan_only {
                hold(job, planned, count).await?;
            }
            Ok(Deletes {
                filter: None,
                needs_approval: false,
            })
        }
        DeleteDecision::Pass => {
            if held.is_some() && !partial {
                job.core
                    .store
                    .set_held(&sync, None)
                    .await
                    .map_err(Problem::from)?;
            }
            Ok(Deletes {
                filter: Some(all),
                needs_approval: foreign,
            })
        }
    }
}

async fn hold(job: &Job, planned: &PlanSummary, count: u64) -> Result<(), RunEnd> {
    let held = Held {
        run: job.run.id.clone(),
        plan_hash: planned.hash.clone(),
        count,
    };
    job.core
        .store
        .set_held(&job.run.sync, Some(held))
        .await
        .map_err(Problem::from)?;
    let kind = EventKind::DeletesHeld {
        count,
        plan_hash: planned.hash.clone(),
    };
    job.core
        .happen(Some(&job.run.sync), Some(&job.run.id), kind)
        .await?;
    Ok(())
}

/// What the guards said of the deletes of a plan that an earlier core made.
pub(crate) async fn again(job: &Job) -> Result<Deletes, RunEnd> {
    let other = job.run.options.approved_plan.as_ref();
    let other = other.filter(|approved| job.run.plan_hash.as_ref() != Some(approved));
    let filter: Option<Filter> = if let Some(approved) = other {
        let runs = job.core.store.runs(Some(&job.run.sync), None, LOOKED_AT);
        let runs = runs.await.map_err(Problem::from)?;
        let found = runs
            .iter()
            .find(|run| run.plan_hash.as_ref() == Some(approved));
        let gone = || {
            let text = "cannot go on: the plan that was approved is not kept any more";
            Problem::new(ProblemKind::State, text).hint("run the sync again")
        };
        let path = job.core.plan_path(&found.ok_or_else(gone)?.id);
        let work = move || in_plan(&path);
        let filter = tokio::task::spawn_blocking(work).await;
        Some(filter.map_err(|error| super::super::deliver::broken(&error))??)
    } else if job.run.counters.delete.held > 0 {
        None
    } else {
        Some(Arc::new(|_| true))
    };
    Ok(Deletes {
        filter,
        needs_approval: false,
    })
}

/// Lets those deletes go that stand in a plan.
fn in_plan(path: &Path) -> Result<Filter, Problem> {
    let seen = Mutex::new(PlanReader::open(path).map_err(unreadable)?);
    Ok(Arc::new(move |delete| {
        let reader = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = reader.find(delete.key_hash).ok().flatten();
        found.is_some_and(|operation| operation.kind == OperationKind::Delete)
    }))
}

/// Lets those deletes go that stand in the approved plan too; the others are held anew.
async fn approved_deletes(
    job: &mut Job,
    planned: &PlanSummary,
    held: Option<Held>,
    approved: &str,
) -> Result<Deletes, RunEnd> {
    let all: Filter = Arc::new(|_| true);
    if planned.hash == approved {
        job.core
            .store
            .set_held(&job.run.sync, None)
            .await
            .map_err(Problem::from)?;
        return Ok(Deletes {
            filter: Some(all),
            needs_approval: false,
        });
    }
    let Some(held) = held.filter(|held| held.plan_hash == approved) else {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "cannot apply the approved plan: the source has moved, and the plan with it",
        )
        .hint("look at the new plan and approve that: signalsmith plan")
        .into());
    };
    let seen = job.core.plan_path(&held.run);
    let now = job.core.plan_path(&job.run.id);
    let work = move || {
        let filter = in_plan(&seen)?;
        let mut unseen = 0_u64;
        let reader = PlanReader::open(&now).map_err(unreadable)?;
        for operation in reader.operations(0) {
            let operation = operation.map_err(unreadable)?;
            if operation.kind == OperationKind::Delete && !filter(&operation) {
                unseen += 1;
            }
        }
        Ok::<_, Problem>((filter, unseen))
    };
    let (filter, unseen) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| super::super::deliver::broken(&error))??;
    if unseen > 0 {
        job.run
            .counters
            .delete
            .shift(Bucket::Unsent, Bucket::Held, unseen);
        job.log.line(
            "guard",
            format!("{unseen} deletes were not in the approved plan: they are held"),
        );
        hold(job, planned, unseen).await?;
    } else {
        job.core
            .store
            .set_held(&job.run.sync, None)
            .await
            .map_err(Problem::from)?;
    }
    Ok(Deletes {
        filter: Some(filter),
        needs_approval: false,
    })
}
