//! The rules by which a run comes to be and changes, inside a transaction.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::codec::{from_json, json, micros};
use super::error::{ConflictKind, StoreError};
use super::quarters;
use crate::domain::id::{RunId, SyncId};
use crate::domain::run::{Run, RunStatus, Trigger};

/// The columns of a run that decide what may be done with it.
pub(super) struct RunRow {
    pub seq: i64,
    pub status: RunStatus,
    pub epoch: Option<i64>,
}

/// Reads those columns.
pub(super) fn row(tx: &Transaction<'_>, id: &RunId) -> Result<RunRow, StoreError> {
    let found = tx
        .prepare_cached("SELECT seq, status, epoch FROM runs WHERE id = ?1")?
        .query_row([id.as_str()], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
        })
        .optional()?;
    let (seq, status, epoch) = found.ok_or_else(|| StoreError::not_found("run", id))?;
    let status = STATUSES
        .into_iter()
        .find(|candidate| word(*candidate) == status)
        .ok_or_else(|| StoreError::damaged(format!("run {id} has the status '{status}'")))?;
    Ok(RunRow { seq, status, epoch })
}

/// Makes a run inside a transaction, under the rules of [`super::Store::create_run`].
pub(super) fn create(
    tx: &Transaction<'_>,
    run: &Run,
    pinned: &str,
    slot: Option<DateTime<Utc>>,
    epoch: i64,
) -> Result<(), StoreError> {
    super::catalog::require_sync(tx, &run.sync)?;
    if !matches!(run.status, RunStatus::Queued | RunStatus::Running) {
        return Err(StoreError::conflict(
            ConflictKind::Status,
            format!("run {} cannot begin as {}", run.id, run.status),
        ));
    }
    let exists = tx
        .prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?
        .exists([run.id.as_str()])?;
    if exists {
        return Err(StoreError::conflict(
            ConflictKind::Exists,
            format!("run {} exists already", run.id),
        ));
    }
    let slot = slot.map(micros);
    let fired = tx
        .prepare_cached("SELECT 1 FROM runs WHERE sync = ?1 AND slot = ?2")?
        .exists(params![run.sync.as_str(), slot])?;
    if fired {
        return Err(StoreError::conflict(
            ConflictKind::SlotFired,
            format!("this slot of sync {} has had its run", run.sync),
        ));
    }
    refuse_second(tx, run)?;
    let running = run.status == RunStatus::Running;
    tx.prepare_cached(
        "INSERT INTO runs (id, sync, status, epoch, slot, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        run.id.as_str(),
        run.sync.as_str(),
        word(run.status),
        running.then_some(epoch),
        slot,
        json(run)?
    ])?;
    tx.prepare_cached("INSERT INTO pins (run, body) VALUES (?1, ?2)")?
        .execute(params![run.id.as_str(), pinned])?;
    if slot.is_some() {
        tx.prepare_cached("UPDATE schedules SET last_slot = ?2 WHERE sync = ?1")?
            .execute(params![run.sync.as_str(), slot])?;
    }
    if running {
        note_times(tx, run)?;
    }
    Ok(())
}

/// The unique indexes refuse it too; this says it in words.
fn refuse_second(tx: &Transaction<'_>, run: &Run) -> Result<(), StoreError> {
    let kind = match run.status {
        RunStatus::Running => ConflictKind::Running,
        RunStatus::Queued => ConflictKind::Queued,
        _ => return Ok(()),
    };
    let other: Option<String> = tx
        .prepare_cached("SELECT id FROM runs WHERE sync = ?1 AND status = ?2 AND id <> ?3")?
        .query_row(
            params![run.sync.as_str(), word(run.status), run.id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    other.map_or(Ok(()), |other| {
        Err(StoreError::conflict(
            kind,
            format!("run {other} of this sync is {} already", run.status),
        ))
    })
}

/// Writes a run's state inside a transaction, under the rules of [`super::Store::update_run`].
pub(super) fn save(tx: &Transaction<'_>, run: &Run, epoch: i64) -> Result<(), StoreError> {
    let old = row(tx, &run.id)?;
    if old.status != run.status && !old.status.may_become(run.status) {
        return Err(illegal(run, old.status));
    }
    if old.status == RunStatus::Running
        && old.epoch != Some(epoch)
        && run.status != RunStatus::Interrupted
    {
        return Err(StoreError::fenced());
    }
    if old.status != run.status {
        refuse_second(tx, run)?;
    }
    quarters::note(tx, old.status, run)?;
    let good = matches!(
        run.status,
        RunStatus::Completed | RunStatus::CompletedWithErrors
    ) && !run.options.is_partial()
        && !run.options.plan_only;
    let claims = run.status == RunStatus::Running;
    tx.prepare_cached(
        "UPDATE runs SET status = ?2, epoch = iif(?3, ?4, epoch), good = ?5, body = ?6
         WHERE id = ?1",
    )?
    .execute(params![
        run.id.as_str(),
        word(run.status),
        claims,
        epoch,
        good,
        json(run)?
    ])?;
    if old.status != run.status {
        note_times(tx, run)?;
    }
    Ok(())
}

/// A change of status that cannot be.
pub(super) fn illegal(run: &Run, from: RunStatus) -> StoreError {
    StoreError::conflict(
        ConflictKind::Status,
        format!("run {} is {from}, it cannot become {}", run.id, run.status),
    )
}

/// Keeps when the schedule last started a run and when that ended; a run by hand shifts nothing.
fn note_times(tx: &Transaction<'_>, run: &Run) -> Result<(), StoreError> {
    if !matches!(run.trigger, Trigger::Schedule { .. }) {
        return Ok(());
    }
    let ended = if run.started_at.is_some() {
        run.ended_at.map(micros)
    } else {
        None
    };
    tx.prepare_cached(
        "UPDATE schedules SET last_started = coalesce(?2, last_started),
         last_ended = coalesce(?3, last_ended) WHERE sync = ?1",
    )?
    .execute(params![
        run.sync.as_str(),
        run.started_at.map(micros),
        ended
    ])?;
    Ok(())
}

/// Refuses where a run is not this core's running one; intents are opened by such runs only.
pub(super) fn require_running(
    tx: &Transaction<'_>,
    run: &RunId,
    epoch: i64,
) -> Result<(), StoreError> {
    let found = row(tx, run)?;
    if found.status == RunStatus::Running && found.epoch == Some(epoch) {
        Ok(())
    } else {
        Err(StoreError::fenced())
    }
}

/// Refuses where a sync has a running run.
pub(super) fn refuse_running(tx: &Transaction<'_>, sync: &SyncId) -> Result<(), StoreError> {
    let running: Option<String> = tx
        .prepare_cached("SELECT id FROM runs WHERE sync = ?1 AND status = 'running'")?
        .query_row([sync.as_str()], |row| row.get(0))
        .optional()?;
    running.map_or(Ok(()), |run| {
        Err(StoreError::conflict(
            ConflictKind::Running,
            format!("run {run} of this sync is running"),
        ))
    })
}

/// Reads the runs that a query gives.
pub(super) fn list(
    tx: &Transaction<'_>,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<Run>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let bodies = statement.query_map(values, |row: &Row<'_>| row.get::<_, String>(0))?;
    bodies.map(|body| from_json(&body?, "run")).collect()
}

const STATUSES: [RunStatus; 7] = [
    RunStatus::Queued,
    RunStatus::Running,
    RunStatus::Completed,
    RunStatus::CompletedWithErrors,
    RunStatus::Failed,
    RunStatus::Cancelled,
    RunStatus::Interrupted,
];

/// The word that stands in the column, which indexes look for.
fn word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued => "queued",
        RunStatus::Running => "running",
        RunStatus::Completed => "completed",
        RunStatus::CompletedWithErrors => "completed_with_errors",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
        RunStatus::Interrupted => "interrupted",
    }
}
