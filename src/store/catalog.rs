//! The catalog: workspace, sources, models, destinations, syncs, and what is known of each beside
//! its settings.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Store;
use super::audit::{self, AuditDraft};
use super::codec::{from_json, int, json, micros, time, time_or_none};
use super::error::StoreError;
use super::journal;
use crate::domain::destination::{Destination, Health, Source};
use crate::domain::event::{Event, EventKind};
use crate::domain::guard::GuardSettings;
use crate::domain::id::{DestinationId, SyncId};
use crate::domain::model::Model;
use crate::domain::sync::Sync;

/// Runs at a time in a new workspace.
const MAX_RUNS: u32 = 4;

/// The workspace's own settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name.
    pub name: String,
    /// The IANA zone for schedules that name none.
    pub timezone: String,
    /// Limits for syncs that set none.
    pub guards: GuardSettings,
    /// Runs at a time.
    pub max_runs: u32,
}

/// All resources of a workspace, each list by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    /// The workspace.
    pub workspace: Workspace,
    /// Its sources.
    pub sources: Vec<Source>,
    /// Its models.
    pub models: Vec<Model>,
    /// Its destinations, with their health.
    pub destinations: Vec<Destination>,
    /// Its syncs.
    pub syncs: Vec<Sync>,
    /// Syncs that do not run until someone mends them, each with the reason.
    pub attention: BTreeMap<SyncId, String>,
}

/// Where the schedule of a sync stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleState {
    /// The sync.
    pub sync: SyncId,
    /// The latest edit or resume of its schedule: no slot before it was missed.
    pub anchor: DateTime<Utc>,
    /// The slot of its latest scheduled run.
    pub last_slot: Option<DateTime<Utc>>,
    /// When a run of it last started.
    pub last_started: Option<DateTime<Utc>>,
    /// When a run of it last ended.
    pub last_ended: Option<DateTime<Utc>>,
}

impl Store {
    /// Gives all resources, as of one moment.
    ///
    /// # Errors
    /// The database's.
    pub async fn load_catalog(&self) -> Result<Catalog, StoreError> {
        self.read("read the catalog", |tx| {
            Ok(Catalog {
                workspace: workspace(tx)?,
                sources: bodies(tx, "SELECT body FROM sources ORDER BY name", "source")?,
                models: bodies(tx, "SELECT body FROM models ORDER BY name", "model")?,
                destinations: destinations(tx)?,
                syncs: bodies(tx, "SELECT body FROM syncs ORDER BY name", "sync")?,
                attention: attention(tx)?,
            })
        })
        .await
    }

    /// Turns a sync's schedule off or on, as a new revision with an audit entry. On moves the
    /// schedule's anchor to `at`. Where nothing changes, the event has the number 0.
    ///
    /// # Errors
    /// A missing sync; the database's.
    pub async fn set_paused(
        &self,
        sync: &SyncId,
        paused: bool,
        actor: &str,
        reason: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Event, StoreError> {
        let (sync, actor) = (sync.clone(), actor.to_owned());
        self.write("pause or resume a sync", move |tx| {
            pause(tx, &sync, paused, &actor, reason, at)
        })
        .await
    }

    /// Keeps how a destination was when last met.
    ///
    /// # Errors
    /// A missing destination; the database's.
    pub async fn set_health(
        &self,
        destination: &DestinationId,
        health: Health,
    ) -> Result<(), StoreError> {
        let (destination, health) = (destination.clone(), json(&health)?);
        self.write("keep a destination's health", move |tx| {
            let changed = tx.execute(
                "UPDATE destinations SET health = ?2 WHERE id = ?1",
                params![destination.as_str(), health],
            )?;
            found(changed, "destination", destination)
        })
        .await
    }

    /// Keeps why a sync does not run until someone mends it; `None` lets it run again.
    ///
    /// # Errors
    /// A missing sync; the database's.
    pub async fn set_attention(
        &self,
        sync: &SyncId,
        reason: Option<String>,
    ) -> Result<(), StoreError> {
        let sync = sync.clone();
        self.write("mark a sync", move |tx| {
            let changed = tx.execute(
                "UPDATE syncs SET attention = ?2 WHERE id = ?1",
                params![sync.as_str(), reason],
            )?;
            found(changed, "sync", sync)
        })
        .await
    }

    /// Lets schedules count anew from `at`, since the clock was set back behind slots of theirs:
    /// with an audit entry each, all or none.
    ///
    /// # Errors
    /// A missing sync; the database's.
    pub async fn anchor_anew(
        &self,
        syncs: Vec<SyncId>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.write("anchor schedules anew", move |tx| {
            syncs.iter().try_for_each(|sync| anchor_one(tx, sync, at))
        })
        .await
    }

    /// Gives where every sync's schedule stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn schedule_states(&self) -> Result<Vec<ScheduleState>, StoreError> {
        self.read("read the schedules", |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT sync, anchor, last_slot, last_started, last_ended FROM schedules",
            )?;
            let mut rows = statement.query([])?;
            let mut states = Vec::new();
            while let Some(row) = rows.next()? {
                states.push(ScheduleState {
                    sync: sync_id(row.get(0)?)?,
                    anchor: time(row.get(1)?)?,
                    last_slot: time_or_none(row.get(2)?)?,
                    last_started: time_or_none(row.get(3)?)?,
                    last_ended: time_or_none(row.get(4)?)?,
                });
            }
            Ok(states)
        })
        .await
    }
}

fn found(changed: usize, kind: &str, name: impl std::fmt::Display) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::not_found(kind, name))
    } else {
        Ok(())
    }
}

/// Reads a sync's id from a column.
pub(super) fn sync_id(text: String) -> Result<SyncId, StoreError> {
    SyncId::try_from(text).map_err(|error| StoreError::damaged(error.to_string()))
}

/// Refuses where the sync is not there.
pub(super) fn require_sync(tx: &Transaction<'_>, sync: &SyncId) -> Result<(), StoreError> {
    let there = tx
        .prepare_cached("SELECT 1 FROM syncs WHERE id = ?1")?
        .exists([sync.as_str()])?;
    if there {
        Ok(())
    } else {
        Err(StoreError::not_found("sync", sync))
    }
}

/// Writes the settings of a new workspace; says whether it was one.
pub(super) fn found_workspace(tx: &Transaction<'_>, name: &str) -> Result<bool, StoreError> {
    let fresh = Workspace {
        name: name.to_owned(),
        timezone: "UTC".into(),
        guards: GuardSettings::default(),
        max_runs: MAX_RUNS,
    };
    let made = tx.execute(
        "INSERT OR IGNORE INTO workspace VALUES (1, 1, ?1)",
        [json(&fresh)?],
    )?;
    Ok(made == 1)
}

/// Reads the workspace's settings.
pub(super) fn workspace(tx: &Transaction<'_>) -> Result<Workspace, StoreError> {
    let body: String = tx.query_row("SELECT body FROM workspace WHERE id = 1", [], |row| {
        row.get(0)
    })?;
    from_json(&body, "workspace")
}

fn bodies<T: DeserializeOwned>(
    tx: &Transaction<'_>,
    sql: &str,
    what: &str,
) -> Result<Vec<T>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
    bodies.map(|body| from_json(&body?, what)).collect()
}

fn destinations(tx: &Transaction<'_>) -> Result<Vec<Destination>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT body, health FROM destinations ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut destination: Destination = from_json(&row.get::<_, String>(0)?, "destination")?;
        destination.health = from_json(&row.get::<_, String>(1)?, "health")?;
        found.push(destination);
    }
    Ok(found)
}

fn attention(tx: &Transaction<'_>) -> Result<BTreeMap<SyncId, String>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT id, attention FROM syncs WHERE attention IS NOT NULL")?;
    let mut rows = statement.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        found.insert(sync_id(row.get(0)?)?, row.get(1)?);
    }
    Ok(found)
}

pub(super) fn pause(
    tx: &Transaction<'_>,
    sync: &SyncId,
    paused: bool,
    actor: &str,
    reason: Option<String>,
    at: DateTime<Utc>,
) -> Result<Event, StoreError> {
    let body: Option<String> = tx
        .query_row(
            "SELECT body FROM syncs WHERE id = ?1",
            [sync.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    let body = body.ok_or_else(|| StoreError::not_found("sync", sync))?;
    let mut saved: Sync = from_json(&body, "sync")?;
    let event = Event {
        number: 0,
        at,
        sync: Some(sync.clone()),
        run: None,
        kind: EventKind::Paused {
            paused,
            reason: reason.clone(),
        },
    };
    if saved.settings.paused == paused {
        return Ok(event);
    }
    saved.settings.paused = paused;
    saved.revision += 1;
    tx.execute(
        "UPDATE syncs SET revision = ?2, body = ?3 WHERE id = ?1",
        params![sync.as_str(), int(saved.revision), json(&saved)?],
    )?;
    if !paused {
        move_anchor(tx, sync, at)?;
    }
    let mut fields = vec![("paused".into(), (!paused).to_string(), paused.to_string())];
    fields.extend(reason.map(|reason| ("reason".into(), String::new(), reason)));
    let action = if paused { "pause" } else { "resume" };
    audit::append(
        tx,
        actor,
        at,
        &AuditDraft {
            action: action.into(),
            kind: "sync".into(),
            resource: sync.to_string(),
            name: saved.settings.name,
            revision: saved.revision,
            fields,
        },
    )?;
    journal::append(tx, event)
}

fn anchor_one(tx: &Transaction<'_>, sync: &SyncId, at: DateTime<Utc>) -> Result<(), StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT syncs.body, anchor, last_slot FROM syncs JOIN schedules ON sync = id
             WHERE id = ?1",
        )?
        .query_row([sync.as_str()], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let (body, anchor, last_slot) = found.ok_or_else(|| StoreError::not_found("sync", sync))?;
    let saved: Sync = from_json(&body, "sync")?;
    tx.prepare_cached(
        "UPDATE schedules SET anchor = ?2, last_slot = NULL, last_started = NULL,
         last_ended = NULL WHERE sync = ?1",
    )?
    .execute(params![sync.as_str(), micros(at)])?;
    let text = |time: DateTime<Utc>| time.to_rfc3339();
    let last_slot = time_or_none(last_slot)?.map(text).unwrap_or_default();
    audit::append(
        tx,
        "core",
        at,
        &AuditDraft {
            action: "anchor".into(),
            kind: "sync".into(),
            resource: sync.to_string(),
            name: saved.settings.name,
            revision: saved.revision,
            fields: vec![
                ("anchor".into(), text(time(anchor)?), text(at)),
                ("last_slot".into(), last_slot, String::new()),
            ],
        },
    )?;
    Ok(())
}

/// Says that no slot before `at` was missed.
pub(super) fn move_anchor(
    tx: &Transaction<'_>,
    sync: &SyncId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO schedules (sync, anchor) VALUES (?1, ?2)
         ON CONFLICT (sync) DO UPDATE SET anchor = excluded.anchor",
        params![sync.as_str(), micros(at)],
    )?;
    Ok(())
}
