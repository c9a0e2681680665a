//! What is still open of a sync after its runs: unknown rows, pending outcomes, held deletes.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, params};

use super::Store;
use super::acks::{PendingRow, UnknownRow, run_id};
use super::catalog::{require_sync, sync_id};
use super::codec::{count, fingerprint, int};
use super::error::StoreError;
use crate::domain::id::{RunId, SyncId};

/// Deletes that wait for a person; each later plan replaces them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The run whose plan holds them.
    pub run: RunId,
    /// The hash by which they are approved.
    pub plan_hash: String,
    /// How many.
    pub count: u64,
}

/// An outcome that is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingEntry {
    /// The sync.
    pub sync: SyncId,
    /// The run that sent it.
    pub run: RunId,
    /// The operation and its ticket.
    pub row: PendingRow,
}

impl Store {
    /// Gives the keys of a sync whose last write may or may not have been applied.
    ///
    /// # Errors
    /// The database's.
    pub async fn unknown(&self, sync: &SyncId) -> Result<Vec<UnknownRow>, StoreError> {
        let sync = sync.clone();
        self.read("read unknown rows", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT key_hash, key, identifier, deleting, operation, run, reason FROM unknown
                 WHERE sync = ?1 ORDER BY key_hash",
            )?;
            let mut rows = statement.query([sync.as_str()])?;
            let mut unknown = Vec::new();
            while let Some(row) = rows.next()? {
                unknown.push(UnknownRow {
                    key_hash: fingerprint(&row.get::<_, Vec<u8>>(0)?)?,
                    key: row.get(1)?,
                    identifier: row.get(2)?,
                    deleting: row.get(3)?,
                    operation: count(row.get(4)?),
                    run: run_id(row.get(5)?)?,
                    reason: row.get(6)?,
                });
            }
            Ok(unknown)
        })
        .await
    }

    /// Gives the outcomes that are still to come, of one sync or all.
    ///
    /// # Errors
    /// The database's.
    pub async fn pending(&self, sync: Option<&SyncId>) -> Result<Vec<PendingEntry>, StoreError> {
        let sync = sync.cloned();
        self.read("read pending rows", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT sync, run, operation, key_hash, ticket FROM pending
                 WHERE ?1 IS NULL OR sync = ?1 ORDER BY sync, run, operation",
            )?;
            let mut rows = statement.query([sync.as_ref().map(SyncId::as_str)])?;
            entries(&mut rows)
        })
        .await
    }

    /// Gives at most `limit` outcomes of a sync that are still to come, by run and operation, after
    /// the one that is named.
    ///
    /// # Errors
    /// The database's.
    pub async fn pending_page(
        &self,
        sync: &SyncId,
        after: Option<&(RunId, u64)>,
        limit: u32,
    ) -> Result<Vec<PendingEntry>, StoreError> {
        let (sync, after) = (sync.clone(), after.cloned());
        self.read("read pending rows", move |tx| {
            let (run, operation) = after
                .as_ref()
                .map_or(("", 0), |(run, operation)| (run.as_str(), int(*operation)));
            let mut statement = tx.prepare_cached(
                "SELECT sync, run, operation, key_hash, ticket FROM pending
                 WHERE sync = ?1 AND (run, operation) > (?2, ?3)
                 ORDER BY run, operation LIMIT ?4",
            )?;
            let mut rows = statement.query(params![sync.as_str(), run, operation, limit])?;
            entries(&mut rows)
        })
        .await
    }

    /// Gives the syncs that wait for outcomes.
    ///
    /// # Errors
    /// The database's.
    pub async fn pending_syncs(&self) -> Result<Vec<SyncId>, StoreError> {
        self.read("read pending rows", |tx| {
            let mut statement =
                tx.prepare_cached("SELECT DISTINCT sync FROM pending ORDER BY sync")?;
            let syncs = statement.query_map([], |row| row.get(0))?;
            syncs.map(|sync| sync_id(sync?)).collect()
        })
        .await
    }

    /// Gives the held deletes of a sync.
    ///
    /// # Errors
    /// The database's.
    pub async fn held(&self, sync: &SyncId) -> Result<Option<Held>, StoreError> {
        let sync = sync.clone();
        self.read("read held deletes", move |tx| {
            let found: Option<(String, String, i64)> = tx
                .prepare_cached("SELECT run, plan_hash, count FROM held WHERE sync = ?1")?
                .query_row([sync.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            found
                .map(|(run, plan_hash, held)| {
                    Ok(Held {
                        run: run_id(run)?,
                        plan_hash,
                        count: count(held),
                    })
                })
                .transpose()
        })
        .await
    }

    /// Gives the runs whose plan something still names: held deletes, batches without a verdict,
    /// rows whose outcome is unknown or still to come, and runs that have not ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn runs_with_open_ends(&self) -> Result<HashSet<RunId>, StoreError> {
        self.read("read what is open", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT run FROM held UNION SELECT run FROM unknown UNION SELECT run FROM pending
                 UNION SELECT run FROM kept_pending
                 UNION SELECT run FROM intents WHERE closed = 0
                 UNION SELECT id FROM runs WHERE status IN ('queued', 'running')",
            )?;
            let runs = statement.query_map([], |row| row.get(0))?;
            runs.map(|run| run_id(run?)).collect()
        })
        .await
    }

    /// Replaces the held deletes of a sync, or drops them.
    ///
    /// # Errors
    /// A missing sync; the database's.
    pub async fn set_held(&self, sync: &SyncId, held: Option<Held>) -> Result<(), StoreError> {
        let sync = sync.clone();
        self.write("keep held deletes", move |tx| {
            require_sync(tx, &sync)?;
            match held {
                Some(held) => tx.execute(
                    "INSERT OR REPLACE INTO held (sync, run, plan_hash, count)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![
                        sync.as_str(),
                        held.run.as_str(),
                        held.plan_hash,
                        int(held.count)
                    ],
                ),
                None => tx.execute("DELETE FROM held WHERE sync = ?1", [sync.as_str()]),
            }?;
            Ok(())
        })
        .await
    }
}

fn entries(rows: &mut rusqlite::Rows<'_>) -> Result<Vec<PendingEntry>, StoreError> {
    let mut pending = Vec::new();
    while let Some(row) = rows.next()? {
        pending.push(PendingEntry {
            sync: sync_id(row.get(0)?)?,
            run: run_id(row.get(1)?)?,
            row: PendingRow {
                operation: count(row.get(2)?),
                key_hash: fingerprint(&row.get::<_, Vec<u8>>(3)?)?,
                ticket: row.get(4)?,
            },
        });
    }
    Ok(pending)
}
