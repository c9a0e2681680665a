//! Changes of the catalog: one transaction for all of them, checked as a whole, audited one by one.

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use super::audit::{self, AuditDraft};
use super::catalog::Workspace;
use super::error::StoreError;
use super::kept::{self, Left};
use super::secrets::NewSecret;
use super::{Store, journal, layout, put, references, run_state, secrets};
use crate::domain::destination::{Destination, Source};
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{DestinationId, ModelId, SourceId, SyncId};
use crate::domain::model::Model;
use crate::domain::sync::Sync;

/// One change of the catalog.
#[derive(Debug, Clone, PartialEq)]
pub enum CatalogChange {
    /// Sets the workspace's own settings.
    Workspace(Workspace),
    /// Makes a source (revision 1) or saves its next revision.
    PutSource(Source),
    /// Makes a model or saves its next revision.
    PutModel(Model),
    /// Makes a destination or saves its next revision; health is kept unless its settings change.
    PutDestination(Destination),
    /// Makes a sync or saves its next revision.
    PutSync {
        /// The sync.
        sync: Sync,
        /// Whether its schedule takes effect anew: no slot before now was missed.
        schedule_changed: bool,
        /// Whether its snapshot starts empty; refused while a run of it is running.
        reset_snapshot: bool,
    },
    /// Removes a source that no model uses, with its secrets.
    DeleteSource(SourceId),
    /// Removes a model that no sync uses.
    DeleteModel(ModelId),
    /// Removes a destination that no sync uses, with its secrets.
    DeleteDestination(DestinationId),
    /// Removes a sync with its snapshot and history; refused while a run of it is running.
    DeleteSync(SyncId),
}

/// The four kinds of resources that have an id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Source,
    Model,
    Destination,
    Sync,
}

impl Kind {
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Model => "models",
            Self::Destination => "destinations",
            Self::Sync => "syncs",
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Model => "model",
            Self::Destination => "destination",
            Self::Sync => "sync",
        }
    }
}

impl Store {
    /// Makes all changes or none, and gives one event for each.
    ///
    /// # Errors
    /// [`Revision`](super::ConflictKind::Revision) where a revision is not the one after the saved
    /// one, [`NameTaken`](super::ConflictKind::NameTaken), [`InUse`](super::ConflictKind::InUse)
    /// with the users' names, [`Running`](super::ConflictKind::Running); [`StoreError::NotFound`] for what is missing.
    pub async fn change_catalog(
        &self,
        actor: &str,
        at: DateTime<Utc>,
        changes: Vec<CatalogChange>,
    ) -> Result<Vec<Event>, StoreError> {
        self.change_catalog_with(actor, at, changes, Vec::new())
            .await
    }

    /// As [`Self::change_catalog`], and keeps secrets in the same transaction, so that no secret
    /// is ever used beside settings for which it was not given.
    ///
    /// # Errors
    /// As there; [`StoreError::Secret`] as for [`Self::put_secret`].
    pub async fn change_catalog_with(
        &self,
        actor: &str,
        at: DateTime<Utc>,
        changes: Vec<CatalogChange>,
        kept: Vec<NewSecret>,
    ) -> Result<Vec<Event>, StoreError> {
        let actor = actor.to_owned();
        let key = self.secret_key();
        // References between what is changed are checked at the commit.
        let writer = &self.shared.writer;
        writer
            .write_alone("change the catalog", move |tx| {
                changes
                    .iter()
                    .filter_map(target)
                    .try_for_each(|(kind, id)| free_name(tx, kind, id))?;
                let mut events = Vec::new();
                let mut deleted = Vec::new();
                let left = left(tx, &changes)?;
                for change in &changes {
                    let draft = apply(tx, change, &left, at)?;
                    if draft.action == "delete" {
                        deleted.push((draft.resource.clone(), draft.name.clone()));
                    }
                    // The words end in "e": created, updated, deleted.
                    let what = format!("{} {} {}d", draft.kind, draft.name, draft.action);
                    audit::append(tx, &actor, at, &draft)?;
                    let sync = match change {
                        CatalogChange::PutSync { sync, .. } => Some(sync.id.clone()),
                        CatalogChange::DeleteSync(id) => Some(id.clone()),
                        _ => None,
                    };
                    let event = Event {
                        number: 0,
                        at,
                        sync,
                        run: None,
                        kind: EventKind::ConfigChanged { what },
                    };
                    events.push(journal::append(tx, event)?);
                }
                references::check(tx, &deleted)?;
                kept.iter()
                    .try_for_each(|secret| secrets::put_new(tx, secret, &key))?;
                Ok(events)
            })
            .await
    }
}

fn target(change: &CatalogChange) -> Option<(Kind, &str)> {
    Some(match change {
        CatalogChange::Workspace(_) => return None,
        CatalogChange::PutSource(source) => (Kind::Source, source.id.as_str()),
        CatalogChange::PutModel(model) => (Kind::Model, model.id.as_str()),
        CatalogChange::PutDestination(it) => (Kind::Destination, it.id.as_str()),
        CatalogChange::PutSync { sync, .. } => (Kind::Sync, sync.id.as_str()),
        CatalogChange::DeleteSource(id) => (Kind::Source, id.as_str()),
        CatalogChange::DeleteModel(id) => (Kind::Model, id.as_str()),
        CatalogChange::DeleteDestination(id) => (Kind::Destination, id.as_str()),
        CatalogChange::DeleteSync(id) => (Kind::Sync, id.as_str()),
    })
}

/// Frees the names of what is about to be saved, so that two resources can swap theirs.
fn free_name(tx: &Transaction<'_>, kind: Kind, id: &str) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE {} SET name = char(0) || id WHERE id = ?1",
        kind.table()
    );
    tx.execute(&sql, [id])?;
    Ok(())
}

/// The syncs whose snapshot starts empty, as they are before anything is changed.
fn left(tx: &Transaction<'_>, changes: &[CatalogChange]) -> Result<Vec<Left>, StoreError> {
    let reset = changes.iter().filter_map(|change| match change {
        CatalogChange::PutSync {
            sync,
            reset_snapshot: true,
            ..
        } => Some(&sync.id),
        _ => None,
    });
    let mut left = Vec::new();
    for sync in reset {
        match kept::saved(tx, sync) {
            Ok(saved) => left.push(Left::of(tx, saved)?),
            // One that is new leaves nothing behind.
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(left)
}

fn apply(
    tx: &Transaction<'_>,
    change: &CatalogChange,
    left: &[Left],
    at: DateTime<Utc>,
) -> Result<AuditDraft, StoreError> {
    match change {
        CatalogChange::Workspace(workspace) => put::workspace(tx, workspace),
        CatalogChange::PutSource(source) => put::source(tx, source),
        CatalogChange::PutModel(model) => put::model(tx, model),
        CatalogChange::PutDestination(destination) => put::destination(tx, destination),
        CatalogChange::PutSync {
            sync,
            schedule_changed,
            reset_snapshot,
        } => {
            let mut draft = put::sync(tx, sync, *schedule_changed, at)?;
            if *reset_snapshot {
                if let Some(left) = left.iter().find(|left| left.is_left_by(sync)) {
                    run_state::refuse_running(tx, &sync.id)?;
                    kept::keep(tx, left, at)?;
                }
                layout::forget(tx, &sync.id)?;
                draft
                    .fields
                    .push(("snapshot".into(), String::new(), "starts empty".into()));
            }
            Ok(draft)
        }
        CatalogChange::DeleteSource(id) => {
            secrets::delete(tx, id.as_str())?;
            put::delete(tx, Kind::Source, id.as_str())
        }
        CatalogChange::DeleteModel(id) => put::delete(tx, Kind::Model, id.as_str()),
        CatalogChange::DeleteDestination(id) => {
            secrets::delete(tx, id.as_str())?;
            put::delete(tx, Kind::Destination, id.as_str())
        }
        CatalogChange::DeleteSync(id) => {
            run_state::refuse_running(tx, id)?;
            layout::erase(tx, id)?;
            put::delete(tx, Kind::Sync, id.as_str())
        }
    }
}
