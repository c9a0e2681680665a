//! Runs: made once, claimed by one core, changed only by the core that claimed them.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::Store;
use super::catalog::pause;
use super::codec::{from_json, json, micros};
use super::error::{ConflictKind, StoreError};
use super::run_state::{create, illegal, list, row, save};
use crate::domain::destination::{Destination, Source};
use crate::domain::event::Event;
use crate::domain::id::{RunId, SyncId};
use crate::domain::model::Model;
use crate::domain::run::{Run, RunStatus};
use crate::domain::sync::Sync;

/// Runs that one call gives at most.
const PAGE: u32 = 500;
/// Days for which a crash counts towards quarantine at most.
const CRASH_DAYS: i64 = 30;

/// What a run starts with and keeps, whatever is edited meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pinned {
    /// The sync at its revision.
    pub sync: Sync,
    /// Its model.
    pub model: Model,
    /// The model's source.
    pub source: Source,
    /// Its destination.
    pub destination: Destination,
}

impl Store {
    /// Makes a run: queued, or running under this core. A `slot` is used up by it.
    ///
    /// # Errors
    /// [`ConflictKind::SlotFired`], [`ConflictKind::Running`], [`ConflictKind::Queued`],
    /// [`ConflictKind::Exists`]; a missing sync.
    pub async fn create_run(
        &self,
        run: &Run,
        pinned: &Pinned,
        slot: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let (run, pinned, epoch) = (run.clone(), json(pinned)?, self.epoch());
        self.write("record a run", move |tx| {
            create(tx, &run, &pinned, slot, epoch)
        })
        .await
    }

    /// Makes a queued or interrupted run this core's running one, with what it starts with.
    ///
    /// # Errors
    /// [`ConflictKind::Status`] where it is neither, [`ConflictKind::Running`] where another run of
    /// the sync is running; a missing run.
    pub async fn claim_run(&self, run: &Run, pinned: &Pinned) -> Result<(), StoreError> {
        if run.status != RunStatus::Running {
            return Err(StoreError::conflict(
                ConflictKind::Status,
                format!(
                    "run {} cannot be claimed: it would be {}",
                    run.id, run.status
                ),
            ));
        }
        let (run, pinned, epoch) = (run.clone(), json(pinned)?, self.epoch());
        self.write("start a run", move |tx| {
            if row(tx, &run.id)?.status == RunStatus::Running {
                return Err(illegal(&run, RunStatus::Running));
            }
            tx.prepare_cached("UPDATE pins SET body = ?2 WHERE run = ?1")?
                .execute(params![run.id.as_str(), pinned])?;
            save(tx, &run, epoch)
        })
        .await
    }

    /// Writes a run's present state.
    ///
    /// A run that another core claimed can only be declared interrupted.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] for another core's running run, [`ConflictKind::Status`] for a change
    /// of status that cannot be; a missing run.
    pub async fn update_run(&self, run: &Run) -> Result<(), StoreError> {
        let (run, epoch) = (run.clone(), self.epoch());
        self.write("record a run's state", move |tx| save(tx, &run, epoch))
            .await
    }

    /// Writes a run's state and pauses its sync, in one transaction: an undo begins to write.
    ///
    /// # Errors
    /// As [`Self::update_run`]; a missing sync.
    pub async fn begin_undo(
        &self,
        run: &Run,
        actor: &str,
        reason: String,
        at: DateTime<Utc>,
    ) -> Result<Event, StoreError> {
        let (run, actor, epoch) = (run.clone(), actor.to_owned(), self.epoch());
        self.write("begin an undo", move |tx| {
            save(tx, &run, epoch)?;
            pause(tx, &run.sync, true, &actor, Some(reason), at)
        })
        .await
    }

    /// Gives a run with what it started with.
    ///
    /// # Errors
    /// The database's.
    pub async fn run(&self, id: &RunId) -> Result<Option<(Run, Pinned)>, StoreError> {
        let id = id.clone();
        self.read("read a run", move |tx| {
            let found: Option<(String, String)> = tx
                .prepare_cached(
                    "SELECT runs.body, pins.body FROM runs JOIN pins ON pins.run = runs.id
                     WHERE runs.id = ?1",
                )?
                .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            found
                .map(|(run, pinned)| Ok((from_json(&run, "run")?, from_json(&pinned, "run")?)))
                .transpose()
        })
        .await
    }

    /// Gives runs, newest first: of one sync or all, from before a run on; at most 500.
    ///
    /// # Errors
    /// A missing `before`; the database's.
    pub async fn runs(
        &self,
        sync: Option<&SyncId>,
        before: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let (sync, before) = (sync.cloned(), before.cloned());
        self.read("read runs", move |tx| {
            let before = match before {
                Some(id) => row(tx, &id)?.seq,
                None => i64::MAX,
            };
            let limit = limit.min(PAGE);
            match sync {
                Some(sync) => list(
                    tx,
                    "SELECT body FROM runs WHERE sync = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
                    params![sync.as_str(), before, limit],
                ),
                None => list(
                    tx,
                    "SELECT body FROM runs WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
                    params![before, limit],
                ),
            }
        })
        .await
    }

    /// Gives the last `count` runs of a sync that ended, newest first; mere plans are left out, and
    /// so are runs that were cancelled before they began and undos that came to nothing, which say
    /// nothing of how the sync is. At most 500.
    ///
    /// # Errors
    /// The database's.
    pub async fn recent_runs(&self, sync: &SyncId, count: u32) -> Result<Vec<Run>, StoreError> {
        let sync = sync.clone();
        self.read("read runs", move |tx| {
            list(
                tx,
                "SELECT body FROM runs WHERE sync = ?1 AND status NOT IN ('queued', 'running')
                 AND json_extract(body, '$.options.plan_only') = 0
                 AND (status <> 'cancelled' OR json_extract(body, '$.started_at') IS NOT NULL)
                 AND (json_extract(body, '$.options.undo_of') IS NULL
                   OR json_extract(body, '$.phase') = 'writing')
                 ORDER BY seq DESC LIMIT ?2",
                params![sync.as_str(), count.min(PAGE)],
            )
        })
        .await
    }

    /// Gives the last run of a sync that completed, with or without errors, over its whole model;
    /// partial runs and mere plans are none.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_good_run(&self, sync: &SyncId) -> Result<Option<Run>, StoreError> {
        let sync = sync.clone();
        self.read("read runs", move |tx| {
            let mut found = list(
                tx,
                "SELECT body FROM runs WHERE sync = ?1 AND good = 1 ORDER BY seq DESC LIMIT 1",
                params![sync.as_str()],
            )?;
            Ok(found.pop())
        })
        .await
    }

    /// Gives the runs that were running under a core that is gone, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn orphaned_runs(&self) -> Result<Vec<Run>, StoreError> {
        let epoch = self.epoch();
        self.read("read runs", move |tx| {
            list(
                tx,
                "SELECT body FROM runs WHERE status = 'running' AND epoch IS NOT ?1 ORDER BY seq",
                params![epoch],
            )
        })
        .await
    }

    /// Gives the runs that wait for their turn, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn queued_runs(&self) -> Result<Vec<Run>, StoreError> {
        self.read("read runs", move |tx| {
            list(
                tx,
                "SELECT body FROM runs WHERE status = 'queued' ORDER BY seq",
                params![],
            )
        })
        .await
    }

    /// Counts the core's deaths since a moment while a run of this sync was in progress.
    ///
    /// # Errors
    /// The database's.
    pub async fn crash_count(
        &self,
        sync: &SyncId,
        since: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        let sync = sync.clone();
        self.read("count crashes", move |tx| {
            Ok(tx.query_row(
                "SELECT count(*) FROM crashes WHERE sync = ?1 AND at >= ?2",
                params![sync.as_str(), micros(since)],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// Notes that the core died while a run of this sync was in progress.
    ///
    /// # Errors
    /// A missing sync; the database's.
    pub async fn note_crash(&self, sync: &SyncId, at: DateTime<Utc>) -> Result<(), StoreError> {
        let sync = sync.clone();
        self.write("note a crash", move |tx| {
            super::catalog::require_sync(tx, &sync)?;
            tx.execute(
                "INSERT INTO crashes (sync, at) VALUES (?1, ?2)",
                params![sync.as_str(), micros(at)],
            )?;
            let old = micros(at - chrono::Duration::days(CRASH_DAYS));
            tx.execute("DELETE FROM crashes WHERE at < ?1", [old])?;
            Ok(())
        })
        .await
    }
}
