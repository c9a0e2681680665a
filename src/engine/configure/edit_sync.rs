//! Edits of single syncs: saved with the roles that their columns need, deleted by their name.

use std::sync::Arc;

use crate::config::{ColumnDoc, Document, ModelDoc, NO_LINE, SyncDoc};
use crate::domain::command::Reply;
use crate::domain::edit::SyncDraft;
use crate::domain::model::Role;
use crate::domain::problem::{Problem, ProblemKind};
use crate::store::{Catalog, CatalogChange};

use super::super::core::Core;
use super::super::names;
use super::edit::check;
use super::{ACTOR, Wish, bring_in, changes};

/// Makes or changes a sync. `identifiers` are columns of its model that get that role in the same
/// transaction.
///
/// # Errors
/// A [`Problem`] of kind `conflict` where somebody else saved meanwhile or the name is taken; else
/// what would make its runs fail.
pub(super) async fn save(
    core: &Arc<Core>,
    catalog: &Catalog,
    draft: SyncDraft,
    identifiers: &[String],
    wish: Wish,
) -> Result<Reply, Problem> {
    let known = catalog.syncs.iter();
    let mut known = known.map(|sync| (sync.id.as_str(), &sync.settings.name, sync.revision));
    let settings = draft.settings;
    let given = (&draft.id, &settings.name, draft.revision);
    check(&mut known, "sync", given)?;
    settings.guards.check()?;
    let mut document = Document::default();
    if !identifiers.is_empty() {
        let model = with_identifiers(catalog, &settings.model, identifiers)?;
        document.models.extend(model);
    }
    document.syncs.push(SyncDoc {
        id: draft.id,
        paused: Some(settings.paused),
        settings,
        line: NO_LINE,
        mapping_lines: Vec::new(),
    });
    bring_in(core, catalog, &document, wish).await
}

/// The model with more identifiers; nothing where they are some already.
fn with_identifiers(
    catalog: &Catalog,
    name: &str,
    identifiers: &[String],
) -> Result<Option<ModelDoc>, Problem> {
    let model = names::model(catalog, name)?;
    if let Some(unknown) = identifiers.iter().find(|name| model.column(name).is_none()) {
        return Err(Problem::new(
            ProblemKind::Usage,
            format!("the model {} has no column '{unknown}'", model.name),
        ));
    }
    let mut changed = false;
    let mut columns = Vec::new();
    for column in &model.columns {
        let gets = identifiers.contains(&column.name) && column.role != Role::Identifier;
        changed |= gets;
        let role = if gets { Role::Identifier } else { column.role };
        if column.declared || role == Role::Identifier {
            columns.push(ColumnDoc {
                name: column.name.clone(),
                kind: column.declared.then_some(column.kind),
                role,
            });
        }
    }
    Ok(changed.then(|| ModelDoc {
        id: Some(model.id.to_string()),
        name: model.name.clone(),
        source: model.source.to_string(),
        sql: model.sql.clone(),
        primary_key: model.primary_key.clone(),
        columns,
        line: NO_LINE,
    }))
}

/// Removes a sync with all that is known of what it sent.
///
/// # Errors
/// A [`Problem`] of kind `usage` where its name was not typed, `conflict` where a run of it is
/// under way or another sync runs after it.
pub(super) async fn delete(
    core: &Arc<Core>,
    catalog: &Catalog,
    name: &str,
    confirm: &str,
) -> Result<Reply, Problem> {
    let sync = names::sync(catalog, name)?;
    let name = &sync.settings.name;
    if confirm != name {
        return Err(Problem::new(
            ProblemKind::Usage,
            format!("cannot delete the sync {name}: its name was not typed"),
        )
        .hint("what it sent stays at the destination"));
    }
    let gone = vec![CatalogChange::DeleteSync(sync.id.clone())];
    let events = core
        .store
        .change_catalog(ACTOR, core.clock.now(), gone)
        .await?;
    events.into_iter().for_each(|event| core.tell(event));
    // The state that these files belonged to is gone; what cannot be removed now only takes room.
    let folder = core.snapshots().join(sync.id.as_str());
    if let Err(error) = tokio::fs::remove_dir_all(&folder).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, folder = %folder.display(), "cannot remove a snapshot's files");
    }
    Ok(Reply::Changes(vec![changes::removal("sync", name)]))
}
