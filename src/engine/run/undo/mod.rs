//! The undo of an earlier run: a planned run that a person approves, which writes back what stood
//! there before, deletes what that run created, and pauses the sync when it begins to write.
//!
//! The sync is paused with the first write, in its transaction, and not when the undo is asked for:
//! until then nothing was taken back, and a plan that is rejected leaves everything as it was. No
//! other run of the sync can come between, for a sync has one run at a time; one that waits behind
//! the undo is dropped when the undo begins to write (`dispatcher::undoing`). What is restored
//! stands in the snapshot under a hash that no row has: the model still differs, so the next run
//! would send it anew, which is why the sync is paused.
//!
//! An undo is not undone: a run of the sync does that. The same run can be undone again: what is
//! still as that run wrote it is taken back then.

mod aligned;
mod decide;
mod members;
mod planner;
pub(crate) mod refusal;
mod wrote;

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::id::{RunId, SyncId};
use crate::domain::plan::RecordShape;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::row::Fingerprint;
use crate::domain::run::{Phase, Run};
use crate::domain::words::{count, counted};
use crate::failpoints;
use crate::snapshot::plan_file::PlanReader;
use crate::store::Pinned;

use super::super::core::Core;
use super::super::deliver::cut::unreadable;
use super::super::deliver::in_flight::InFlight;
use super::super::deliver::send::RunEnd;
use super::super::deliver::{broken, cut::Filter};
use super::super::explore::find_run;
use super::super::recover;
use super::guards::Deletes;
use super::prepare::{Prepared, prepare_writing};
use super::{Job, writing};
use planner::{Planned, Request};
use wrote::Wrote;

/// Who pauses the sync of an undo.
const ACTOR: &str = "core";
/// Runs of the sync among which earlier undos of the same run are looked for.
const LOOKED_AT: u32 = 200;

/// Performs an undo from its plan to its end.
pub(super) async fn go(job: &mut Job, undone: &RunId) -> Result<(), RunEnd> {
    job.enter(Phase::Comparing).await?;
    recover::close_leftovers(&job.core, &job.run.sync).await?;
    job.ask_for_pending().await?;
    let found = find_run(&job.core, undone).await?;
    let prepared = open(job, &found).await?;
    job.core.check_free_space()?;
    let planned = plan(job, &prepared, found).await?;
    failpoints::reach("planned");
    // Where nothing can be restored there is nothing to approve, and nothing is paused for it.
    if job.run.options.plan_only || planned.counters.total(|tally| tally.planned) == 0 {
        return Ok(());
    }
    match &job.run.options.approved_plan {
        Some(approved) if *approved == planned.hash => {}
        Some(_) => {
            let text = "cannot apply the approved plan: something was written since, and the plan \
                        of the undo is another";
            return Err(Problem::new(ProblemKind::Conflict, text)
                .hint(format!(
                    "look at the new one first: signalsmith undo {undone}"
                ))
                .into());
        }
        None => job.wait_for_approval(&planned.hash).await?,
    }
    begin_writing(job, undone).await?;
    let all: Filter = Arc::new(|_| true);
    let deletes = Deletes {
        filter: Some(all),
        needs_approval: false,
    };
    writing::write(job, &prepared, deletes).await
}

/// Opens what an undo writes with that goes on from its plan.
pub(super) async fn prepare(job: &mut Job, undone: &RunId) -> Result<Prepared, RunEnd> {
    let found = find_run(&job.core, undone).await?;
    open(job, &found).await
}

/// Opens what an undo writes with, in the mode of the run that it undoes.
async fn open(job: &mut Job, (run, then): &(Run, Pinned)) -> Result<Prepared, RunEnd> {
    refusal::check(run, then, &job.pinned)?;
    job.pinned.sync.settings.mode = run.mode;
    job.run.mode = run.mode;
    let own = job.core.plan_path(&job.run.id);
    let path = match own.exists() {
        true => own,
        false => refusal::kept_plan(&job.core, run)?,
    };
    let read = move || -> Result<RecordShape, Problem> {
        let reader = PlanReader::open(&path).map_err(unreadable)?;
        Ok(reader.header().shape.clone())
    };
    let shape = tokio::task::spawn_blocking(read).await;
    let shape = shape.map_err(|error| broken(&error))??;
    prepare_writing(job, shape).await
}

/// Begins to write and pauses the sync, in one transaction: a core that dies right after it leaves
/// a sync that does not send the model's rows over what was restored.
pub(super) async fn begin_writing(job: &mut Job, undone: &RunId) -> Result<(), RunEnd> {
    job.turn_to(Phase::Writing);
    let now = job.core.clock.now();
    let reason = format!("run {undone} is undone");
    let store = &job.core.store;
    let begun = store.begin_undo(&job.run, ACTOR, reason, now).await;
    job.core.tell(begun.map_err(Problem::from)?);
    job.log.line(
        "paused",
        "the sync is paused: its next run would send the model's rows again",
    );
    job.reporter.now(&job.run);
    Ok(())
}

/// Plans what can be restored, and names what cannot.
async fn plan(
    job: &mut Job,
    prepared: &Prepared,
    (run, then): (Run, Pinned),
) -> Result<Planned, RunEnd> {
    let core = Arc::clone(&job.core);
    let path = refusal::kept_plan(&core, &run)?;
    let reader = tokio::task::spawn_blocking(move || PlanReader::open(&path));
    let reader = reader.await.map_err(|error| broken(&error))?;
    let reader = reader.map_err(unreadable)?;
    let wrote = Wrote::read(&core, &run, reader.operation_count()).await?;
    let (seed, form) = (
        prepared.snapshot.seed(),
        prepared.capabilities.identifier_form,
    );
    let request = Request {
        run: job.run.id.clone(),
        revision: job.pinned.sync.revision,
        sync: job.run.sync.clone(),
        reader,
        wrote,
        in_flight: InFlight::load(&core, &run.sync, seed, form).await?,
        retaken: retaken(&core, &run.sync, &run.id).await?,
        aligned: aligned::of(&core, &run, &then).await?,
        deletes: prepared.capabilities.deletion,
        form,
        snapshot: Arc::clone(&prepared.snapshot),
        plan_path: core.plan_path(&job.run.id),
        spool_dir: core.surroundings.temporary.join(job.run.id.as_str()),
        cancel: job.stop.token.clone(),
    };
    let spool = request.spool_dir.clone();
    let planned = tokio::task::spawn_blocking(move || planner::plan(request)).await;
    // What a kill leaves there goes with the next start.
    let _ = std::fs::remove_dir_all(&spool);
    let planned = planned.map_err(|error| broken(&error))?;
    let planned = planned.map_err(|error| {
        if job.stop.token.is_cancelled() {
            return super::cancelled();
        }
        error
    })?;
    job.run.counters = planned.counters;
    job.run.plan_hash = Some(planned.hash.clone());
    tell(job, &run.id, &planned);
    job.reporter.now(&job.run);
    Ok(planned)
}

fn tell(job: &Job, undone: &RunId, planned: &Planned) {
    let c = &planned.counters;
    let words = format!(
        "undo of {undone}: {} to restore, {} to make again, {} to delete, {} stay as they are",
        count(c.update.planned),
        count(c.create.planned),
        count(c.delete.planned),
        count(c.skipped),
    );
    job.log.line("comparing", words);
    for (stay, rows) in &planned.stays {
        let words = format!("{}: {}", counted(*rows, "row"), stay.text());
        job.log.line("stays", words);
    }
}

/// Keys whose only writes of unknown outcome are those of earlier undos of the same run: whichever
/// of the two values the record holds, it is taken back.
async fn retaken(
    core: &Core,
    sync: &SyncId,
    undone: &RunId,
) -> Result<HashSet<Fingerprint>, Problem> {
    let runs = core.store.runs(Some(sync), None, LOOKED_AT).await?;
    let is_earlier = |run: &&Run| run.options.undo_of.as_ref() == Some(undone);
    let earlier: HashSet<RunId> = runs
        .iter()
        .filter(is_earlier)
        .map(|it| it.id.clone())
        .collect();
    let mut retaken = HashSet::new();
    if earlier.len() < 2 {
        // Only this one.
        return Ok(retaken);
    }
    let unknown = core.store.unknown(sync).await?;
    retaken.extend(unknown.iter().map(|row| row.key_hash));
    for row in unknown.iter().filter(|row| !earlier.contains(&row.run)) {
        retaken.remove(&row.key_hash);
    }
    Ok(retaken)
}

/// The names of the fields of a mapping, with what decides how they are written.
fn fields(pinned: &Pinned) -> Vec<(&str, bool, crate::domain::mapping::Write)> {
    let lines = pinned.sync.settings.field_mappings.iter();
    lines
        .map(|line| {
            (
                line.destination_field.as_str(),
                line.is_identifier,
                line.write,
            )
        })
        .collect()
}
