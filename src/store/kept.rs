//! States of syncs that are kept for a while after the sync went to another destination or object:
//! out of its way, and ready to be put back.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use super::Store;
use super::audit::{self, AuditDraft};
use super::catalog::require_sync;
use super::codec::{from_json, json, micros, time};
use super::error::{ConflictKind, StoreError};
use super::{layout, run_state};
use crate::domain::id::SyncId;
use crate::domain::sync::Sync;

/// A state that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptState {
    /// Its name in the store.
    pub id: String,
    /// When the sync left it behind.
    pub at: DateTime<Utc>,
    /// The destination's id and the object that it is about.
    pub place: (String, String),
    /// Its layout, as the snapshot wrote it.
    pub layout: Vec<u8>,
    /// The primary key by which its records are known.
    primary_key: String,
}

impl Store {
    /// Gives the states that are kept of a sync, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn kept_states(&self, sync: &SyncId) -> Result<Vec<KeptState>, StoreError> {
        let sync = sync.clone();
        self.read("read kept states", move |tx| all(tx, &sync))
            .await
    }

    /// Gives the layouts of a sync, its present one and those that are kept, in one look.
    ///
    /// # Errors
    /// The database's.
    pub async fn layouts(&self, sync: &SyncId) -> Result<Vec<Vec<u8>>, StoreError> {
        let sync = sync.clone();
        self.read("read layouts", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT body FROM layouts WHERE sync = ?1
                 UNION ALL SELECT layout FROM kept WHERE sync = ?1",
            )?;
            let found = statement.query_map([sync.as_str()], |row| row.get(0))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Lets go of the states of a sync that it left behind before a moment.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire_kept(
        &self,
        sync: &SyncId,
        before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let kept = self.kept_states(sync).await?;
        if kept.iter().all(|state| state.at >= before) {
            return Ok(());
        }
        let sync = sync.clone();
        self.write("let go of kept states", move |tx| {
            for state in all(tx, &sync)?.iter().filter(|state| state.at < before) {
                drop_state(tx, &state.id)?;
            }
            Ok(())
        })
        .await
    }

    /// Makes a kept state the sync's own again; what it has now is kept in its turn.
    ///
    /// # Errors
    /// [`ConflictKind::Running`] while a run of it is running, [`ConflictKind::Status`] where the
    /// state is about another place or other keys; [`StoreError::NotFound`] where it is not kept.
    pub async fn put_back(
        &self,
        sync: &SyncId,
        id: &str,
        actor: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (sync, id, actor) = (sync.clone(), id.to_owned(), actor.to_owned());
        self.write("put a state back", move |tx| {
            require_sync(tx, &sync)?;
            run_state::refuse_running(tx, &sync)?;
            let states = all(tx, &sync)?;
            let state = states.iter().find(|state| state.id == id);
            let state = state.ok_or_else(|| StoreError::not_found("kept state", &id))?;
            let saved = saved(tx, &sync)?;
            let (place, primary_key) = (place(&saved), primary_key(tx, &saved)?);
            if state.place != place || state.primary_key != primary_key {
                return Err(StoreError::conflict(
                    ConflictKind::Status,
                    "the kept state is about another object or other keys",
                ));
            }
            keep(tx, &Left::of(tx, saved.clone())?, at)?;
            layout::forget(tx, &sync)?;
            restore(tx, &sync, &id)?;
            drop_state(tx, &id)?;
            let what = AuditDraft {
                action: "put back".to_owned(),
                kind: "sync".to_owned(),
                resource: sync.to_string(),
                name: saved.settings.name.clone(),
                revision: saved.revision,
                fields: vec![("snapshot".into(), String::new(), state.at.to_rfc3339())],
            };
            audit::append(tx, &actor, at, &what)?;
            Ok(())
        })
        .await
    }
}

fn all(tx: &Transaction<'_>, sync: &SyncId) -> Result<Vec<KeptState>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT id, at, destination, object, layout, primary_key FROM kept
         WHERE sync = ?1 ORDER BY at DESC, id",
    )?;
    let mut rows = statement.query([sync.as_str()])?;
    let mut states = Vec::new();
    while let Some(row) = rows.next()? {
        states.push(KeptState {
            id: row.get(0)?,
            at: time(row.get(1)?)?,
            place: (row.get(2)?, row.get(3)?),
            layout: row.get(4)?,
            primary_key: row.get(5)?,
        });
    }
    Ok(states)
}

/// A sync as it is saved.
pub(super) fn saved(tx: &Transaction<'_>, sync: &SyncId) -> Result<Sync, StoreError> {
    let body: Option<String> = tx
        .prepare_cached("SELECT body FROM syncs WHERE id = ?1")?
        .query_row([sync.as_str()], |row| row.get(0))
        .optional()?;
    let body = body.ok_or_else(|| StoreError::not_found("sync", sync))?;
    from_json(&body, "sync")
}

/// Where a sync writes to.
fn place(sync: &Sync) -> (String, String) {
    let settings = &sync.settings;
    (
        settings.destination.to_string(),
        settings.destination_object.clone(),
    )
}

/// A sync as it was before a change, with the primary key by which its records are known.
pub(super) struct Left {
    sync: Sync,
    primary_key: String,
}

impl Left {
    pub(super) fn of(tx: &Transaction<'_>, sync: Sync) -> Result<Self, StoreError> {
        let primary_key = primary_key(tx, &sync)?;
        Ok(Self { sync, primary_key })
    }

    /// Whether it is this sync, and the sync writes elsewhere now.
    pub(super) fn is_left_by(&self, now: &Sync) -> bool {
        self.sync.id == now.id && place(&self.sync) != place(now)
    }
}

fn primary_key(tx: &Transaction<'_>, sync: &Sync) -> Result<String, StoreError> {
    let key: Option<String> = tx
        .prepare_cached("SELECT json_extract(body, '$.primary_key') FROM models WHERE id = ?1")?
        .query_row([sync.settings.model.as_str()], |row| row.get(0))
        .optional()?;
    Ok(key.unwrap_or_default())
}

/// Keeps the state of a sync under a name of its own; nothing where it is empty. The sync's tables
/// still hold what is not kept, and are emptied by [`layout::forget`].
pub(super) fn keep(tx: &Transaction<'_>, left: &Left, at: DateTime<Utc>) -> Result<(), StoreError> {
    let sync = left.sync.id.as_str();
    let body: Option<Vec<u8>> = tx
        .prepare_cached("SELECT body FROM layouts WHERE sync = ?1")?
        .query_row([sync], |row| row.get(0))
        .optional()?;
    let Some(body) = body else { return Ok(()) };
    let mut statement =
        tx.prepare_cached("SELECT number, generation FROM partitions WHERE sync = ?1")?;
    let partitions = statement.query_map([sync], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let partitions: Vec<(i64, i64)> = partitions.collect::<Result<_, _>>()?;
    let any = |table: &str| -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM {table} WHERE sync = ?1");
        Ok(tx.prepare_cached(&sql)?.exists([sync])?)
    };
    let is_empty = partitions.iter().all(|(_, generation)| *generation == 0)
        && !(any("journal")? || any("unknown")? || any("pending")?);
    if is_empty {
        return Ok(());
    }
    let (destination, object) = place(&left.sync);
    let id: String = tx.query_row(
        "INSERT INTO kept (id, sync, at, destination, object, primary_key, layout, partitions)
         VALUES ('kept_' || lower(hex(randomblob(8))), ?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
        params![
            sync,
            micros(at),
            destination,
            object,
            left.primary_key,
            body,
            json(&partitions)?
        ],
        |row| row.get(0),
    )?;
    tx.execute(
        "INSERT INTO kept_pending (kept, key_hash, run, operation, ticket)
         SELECT ?2, key_hash, run, operation, ticket FROM pending WHERE sync = ?1",
        params![sync, id],
    )?;
    rename(tx, sync, &id)
}

/// Puts what is acknowledged and what is unknown under another name.
fn rename(tx: &Transaction<'_>, from: &str, to: &str) -> Result<(), StoreError> {
    for table in ["journal", "unknown"] {
        let sql = format!("UPDATE {table} SET sync = ?2 WHERE sync = ?1");
        tx.execute(&sql, [from, to])?;
    }
    Ok(())
}

fn restore(tx: &Transaction<'_>, sync: &SyncId, id: &str) -> Result<(), StoreError> {
    let sync = sync.as_str();
    let partitions: String =
        tx.query_row("SELECT partitions FROM kept WHERE id = ?1", [id], |row| {
            row.get(0)
        })?;
    tx.execute(
        "INSERT INTO layouts (sync, body) SELECT ?1, layout FROM kept WHERE id = ?2",
        params![sync, id],
    )?;
    let partitions: Vec<(i64, i64)> = from_json(&partitions, "kept state")?;
    let mut put =
        tx.prepare_cached("INSERT INTO partitions (sync, number, generation) VALUES (?1, ?2, ?3)")?;
    for (number, generation) in partitions {
        put.execute(params![sync, number, generation])?;
    }
    tx.execute(
        "INSERT INTO pending (sync, key_hash, run, operation, ticket)
         SELECT ?1, key_hash, run, operation, ticket FROM kept_pending WHERE kept = ?2",
        params![sync, id],
    )?;
    rename(tx, id, sync)
}

fn drop_state(tx: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM journal WHERE sync = ?1",
        "DELETE FROM unknown WHERE sync = ?1",
        "DELETE FROM kept_pending WHERE kept = ?1",
        "DELETE FROM kept WHERE id = ?1",
    ] {
        tx.execute(sql, [id])?;
    }
    Ok(())
}

/// Lets go of everything that is kept of a sync, inside the transaction that removes it.
pub(super) fn erase(tx: &Transaction<'_>, sync: &SyncId) -> Result<(), StoreError> {
    for state in all(tx, sync)? {
        drop_state(tx, &state.id)?;
    }
    Ok(())
}
