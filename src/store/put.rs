//! How one resource is saved or removed inside a change of the catalog.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;
use serde_json::Value;

use super::audit::AuditDraft;
use super::catalog::{self, Workspace};
use super::change::Kind;
use super::codec::{count, from_json, int, json};
use super::diff;
use super::error::{ConflictKind, StoreError};
use crate::domain::destination::{Destination, Health, Source};
use crate::domain::model::Model;
use crate::domain::sync::Sync;

/// Saves the workspace's own settings.
pub(super) fn workspace(
    tx: &Transaction<'_>,
    workspace: &Workspace,
) -> Result<AuditDraft, StoreError> {
    let old = tree(&catalog::workspace(tx)?)?;
    let new = tree(workspace)?;
    let revision: i64 = tx.query_row(
        "UPDATE workspace SET revision = revision + 1, body = ?1 RETURNING revision",
        [json(workspace)?],
        |row| row.get(0),
    )?;
    Ok(AuditDraft {
        action: "update".into(),
        kind: "workspace".into(),
        resource: String::new(),
        name: workspace.name.clone(),
        revision: count(revision),
        fields: diff::fields(&old, &new),
    })
}

/// Saves a source.
pub(super) fn source(tx: &Transaction<'_>, source: &Source) -> Result<AuditDraft, StoreError> {
    let id = source.id.as_str();
    let (draft, _) = draft(tx, Kind::Source, id, &source.name, source.revision, source)?;
    tx.prepare_cached(
        "INSERT INTO sources (id, name, revision, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET name = ?2, revision = ?3, body = ?4",
    )?
    .execute(params![
        id,
        source.name,
        int(source.revision),
        json(source)?
    ])?;
    Ok(draft)
}

/// Saves a model.
pub(super) fn model(tx: &Transaction<'_>, model: &Model) -> Result<AuditDraft, StoreError> {
    let id = model.id.as_str();
    let (draft, _) = draft(tx, Kind::Model, id, &model.name, model.revision, model)?;
    tx.prepare_cached(
        "INSERT INTO models (id, name, revision, body, source) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = ?2, revision = ?3, body = ?4, source = ?5",
    )?
    .execute(params![
        id,
        model.name,
        int(model.revision),
        json(model)?,
        model.source.as_str()
    ])?;
    Ok(draft)
}

/// Saves a destination; its health stays as it is unless connector or settings change.
pub(super) fn destination(
    tx: &Transaction<'_>,
    destination: &Destination,
) -> Result<AuditDraft, StoreError> {
    let id = destination.id.as_str();
    let (draft, old) = draft(
        tx,
        Kind::Destination,
        id,
        &destination.name,
        destination.revision,
        destination,
    )?;
    let same = match old {
        Some(old) => {
            let old: Destination = from_json(&old, "destination")?;
            old.connector == destination.connector && old.settings == destination.settings
        }
        None => false,
    };
    // Health stands in a column of its own, so that keeping it needs no new revision.
    let mut body = destination.clone();
    body.health = Health::Unchecked;
    tx.prepare_cached(
        "INSERT INTO destinations (id, name, revision, body, health) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = ?2, revision = ?3, body = ?4,
         health = iif(?6, health, ?5)",
    )?
    .execute(params![
        id,
        destination.name,
        int(destination.revision),
        json(&body)?,
        json(&destination.health)?,
        same
    ])?;
    Ok(draft)
}

/// Saves a sync; a new one, a changed schedule and a resume move the schedule's anchor to `at`.
pub(super) fn sync(
    tx: &Transaction<'_>,
    sync: &Sync,
    schedule_changed: bool,
    at: DateTime<Utc>,
) -> Result<AuditDraft, StoreError> {
    let id = sync.id.as_str();
    let settings = &sync.settings;
    let (draft, old) = draft(tx, Kind::Sync, id, &settings.name, sync.revision, sync)?;
    let resumed = match &old {
        Some(old) => from_json::<Sync>(old, "sync")?.settings.paused && !settings.paused,
        None => true,
    };
    tx.prepare_cached(
        "INSERT INTO syncs (id, name, revision, body, model, destination)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET name = ?2, revision = ?3, body = ?4, model = ?5,
         destination = ?6",
    )?
    .execute(params![
        id,
        settings.name,
        int(sync.revision),
        json(sync)?,
        settings.model.as_str(),
        settings.destination.as_str()
    ])?;
    if schedule_changed || resumed {
        catalog::move_anchor(tx, &sync.id, at)?;
    }
    Ok(draft)
}

/// Removes a resource; who still uses it is found when all changes are made.
pub(super) fn delete(tx: &Transaction<'_>, kind: Kind, id: &str) -> Result<AuditDraft, StoreError> {
    let (revision, body) =
        saved(tx, kind, id)?.ok_or_else(|| StoreError::not_found(kind.word(), id))?;
    let old: Value = from_json(&body, kind.word())?;
    tx.execute(&format!("DELETE FROM {} WHERE id = ?1", kind.table()), [id])?;
    let name = old.get("name").and_then(Value::as_str).unwrap_or(id);
    Ok(AuditDraft {
        action: "delete".into(),
        kind: kind.word().into(),
        resource: id.to_owned(),
        name: name.to_owned(),
        revision,
        fields: diff::fields(&old, &Value::Null),
    })
}

/// Checks revision and name, and says what differs; also gives what is saved.
fn draft(
    tx: &Transaction<'_>,
    kind: Kind,
    id: &str,
    name: &str,
    revision: u64,
    resource: &impl Serialize,
) -> Result<(AuditDraft, Option<String>), StoreError> {
    let saved = saved(tx, kind, id)?;
    let before = saved.as_ref().map_or(0, |(revision, _)| *revision);
    if before.checked_add(1) != Some(revision) {
        return Err(StoreError::conflict(
            ConflictKind::Revision,
            if before == 0 {
                format!("{} {name} is not saved yet, or was deleted", kind.word())
            } else {
                format!(
                    "{} {name} was changed meanwhile: its revision is {before}",
                    kind.word()
                )
            },
        ));
    }
    let taken = tx
        .prepare_cached(&format!(
            "SELECT 1 FROM {} WHERE name = ?1 AND id <> ?2",
            kind.table()
        ))?
        .exists([name, id])?;
    if taken {
        return Err(StoreError::conflict(
            ConflictKind::NameTaken,
            format!("there is a {} called {name} already", kind.word()),
        ));
    }
    let body = saved.map(|(_, body)| body);
    let old = match &body {
        Some(body) => from_json(body, kind.word())?,
        None => Value::Null,
    };
    let draft = AuditDraft {
        action: if body.is_some() { "update" } else { "create" }.into(),
        kind: kind.word().into(),
        resource: id.to_owned(),
        name: name.to_owned(),
        revision,
        fields: diff::fields(&old, &tree(resource)?),
    };
    Ok((draft, body))
}

fn saved(tx: &Transaction<'_>, kind: Kind, id: &str) -> Result<Option<(u64, String)>, StoreError> {
    let sql = format!("SELECT revision, body FROM {} WHERE id = ?1", kind.table());
    let found: Option<(i64, String)> = tx
        .prepare_cached(&sql)?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.map(|(revision, body)| (count(revision), body)))
}

fn tree(resource: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(resource).map_err(|error| StoreError::Internal {
        doing: "write down a resource",
        detail: error.to_string(),
    })
}
