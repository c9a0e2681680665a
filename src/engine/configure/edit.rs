//! Edits of single resources, by the same way and under the same checks as a resource file.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use crate::config::{ColumnDoc, ConnectionDoc, Document, ModelDoc, NO_LINE};
use crate::domain::command::Reply;
use crate::domain::destination::SecretRef;
use crate::domain::edit::{ConnectionDraft, Edit, ModelDraft, ResourceKind, Side};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::secret::SecretText;
use crate::store::{Catalog, CatalogChange, NewSecret};

use super::super::core::Core;
use super::super::names;
use super::{ACTOR, Wish, bring_in, changes, edit_sync};

/// Makes, changes or removes one resource.
///
/// # Errors
/// A [`Problem`] of kind `conflict` where somebody else saved meanwhile, where the name is taken,
/// or where something uses what is to go, with the users' names; else what makes it unusable.
pub(crate) async fn edit(
    core: &Arc<Core>,
    catalog: &Catalog,
    wanted: Edit,
) -> Result<Reply, Problem> {
    match wanted {
        Edit::Model {
            model,
            dry_run,
            confirm,
        } => {
            let known = catalog.models.iter();
            let mut known = known.map(|model| (model.id.as_str(), &model.name, model.revision));
            check(
                &mut known,
                "model",
                (&model.id, &model.name, model.revision),
            )?;
            let wish = Wish {
                dry_run,
                confirm,
                ..Wish::default()
            };
            let document = Document {
                models: vec![model_doc(model)],
                ..Document::default()
            };
            bring_in(core, catalog, &document, wish).await
        }
        Edit::Connection {
            side,
            connection,
            dry_run,
        } => {
            let given = (&connection.id, &connection.name, connection.revision);
            match side {
                Side::Source => {
                    let known = catalog.sources.iter();
                    let mut known = known.map(|s| (s.id.as_str(), &s.name, s.revision));
                    check(&mut known, side.word(), given)?;
                }
                Side::Destination => {
                    let known = catalog.destinations.iter();
                    let mut known = known.map(|d| (d.id.as_str(), &d.name, d.revision));
                    check(&mut known, side.word(), given)?;
                }
            }
            let (doc, secrets) = connection_doc(connection)?;
            let wish = Wish {
                // A relative path of a form starts from the workspace's folder.
                base: core.folder.clone(),
                dry_run,
                secrets,
                ..Wish::default()
            };
            let mut document = Document::default();
            match side {
                Side::Source => document.sources.push(doc),
                Side::Destination => document.destinations.push(doc),
            }
            bring_in(core, catalog, &document, wish).await
        }
        Edit::Sync {
            sync,
            identifiers,
            dry_run,
            confirm,
        } => {
            let wish = Wish {
                dry_run,
                confirm,
                ..Wish::default()
            };
            edit_sync::save(core, catalog, *sync, &identifiers, wish).await
        }
        Edit::DeleteSync { sync, confirm } => {
            edit_sync::delete(core, catalog, &sync, &confirm).await
        }
        Edit::Delete { kind, name } => delete(core, catalog, kind, &name).await,
    }
}

/// Looks whether what is edited is still as it was, and whether its name is its own.
pub(super) fn check(
    known: &mut dyn Iterator<Item = (&str, &String, u64)>,
    kind: &str,
    (id, name, revision): (&Option<String>, &String, Option<u64>),
) -> Result<(), Problem> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        let text = format!("the {kind} needs a name of one line");
        return Err(Problem::new(ProblemKind::Usage, text));
    }
    let mut found = false;
    for (other, taken, now) in known {
        if id.as_deref() == Some(other) {
            found = true;
            if revision.is_some_and(|revision| revision != now) {
                let text = format!("the {kind} {taken} was changed meanwhile, to revision {now}");
                return Err(Problem::new(ProblemKind::Conflict, text)
                    .hint("look at what is there now, and edit that"));
            }
        } else if taken == name {
            let text = format!("there is a {kind} called '{name}' already");
            return Err(Problem::new(ProblemKind::Conflict, text).hint("choose another name"));
        }
    }
    match id {
        Some(id) if !found => Err(Problem::new(
            ProblemKind::NotFound,
            format!("the {kind} {id} is not there any more"),
        )
        .hint("save it under a new name as a new one")),
        _ => Ok(()),
    }
}

fn model_doc(draft: ModelDraft) -> ModelDoc {
    let columns = draft.columns.into_iter().map(|column| ColumnDoc {
        name: column.name,
        kind: column.kind,
        role: column.role,
    });
    ModelDoc {
        id: draft.id,
        name: draft.name,
        source: draft.source,
        sql: draft.sql,
        primary_key: draft.primary_key,
        columns: columns.collect(),
        line: NO_LINE,
    }
}

/// The connection with references in place of its secrets, and the secrets.
fn connection_doc(
    draft: ConnectionDraft,
) -> Result<(ConnectionDoc, BTreeMap<String, SecretText>), Problem> {
    let stored = serde_json::to_value(SecretRef::Stored(true))
        .map_err(|error| Problem::new(ProblemKind::Internal, error.to_string()))?;
    let mut settings = draft.settings;
    for key in draft.secrets.keys() {
        settings.insert(key.clone(), stored.clone());
    }
    let doc = ConnectionDoc {
        id: draft.id,
        name: draft.name,
        connector: draft.connector,
        settings: settings
            .into_iter()
            .map(|(key, value)| (key, value, NO_LINE))
            .collect(),
        line: NO_LINE,
    };
    Ok((doc, draft.secrets))
}

/// The secrets that were given, with the id of the connection that they belong to.
pub(super) fn kept(
    changes: &[CatalogChange],
    document: &Document,
    catalog: &Catalog,
    given: &BTreeMap<String, SecretText>,
) -> Vec<NewSecret> {
    if given.is_empty() {
        return Vec::new();
    }
    let changed = changes.iter().find_map(|change| match change {
        CatalogChange::PutSource(source) => Some(source.id.to_string()),
        CatalogChange::PutDestination(found) => Some(found.id.to_string()),
        _ => None,
    });
    // Where nothing but a secret is new, the connection is the one that the form named.
    let named = |doc: &ConnectionDoc| {
        let source = names::source(catalog, &doc.name).map(|source| source.id.to_string());
        let found = names::destination(catalog, &doc.name).map(|found| found.id.to_string());
        match document.sources.is_empty() {
            true => found.ok(),
            false => source.ok(),
        }
    };
    let mut docs = document.sources.iter().chain(&document.destinations);
    let Some(id) = changed.or_else(|| docs.next().and_then(named)) else {
        return Vec::new();
    };
    given
        .iter()
        .map(|(key, secret)| NewSecret {
            connection: id.clone(),
            field: key.clone(),
            secret: SecretString::from(secret.expose()),
        })
        .collect()
}

async fn delete(
    core: &Arc<Core>,
    catalog: &Catalog,
    kind: ResourceKind,
    name: &str,
) -> Result<Reply, Problem> {
    let (change, name) = match kind {
        ResourceKind::Source => {
            let found = names::source(catalog, name)?;
            (CatalogChange::DeleteSource(found.id.clone()), &found.name)
        }
        ResourceKind::Model => {
            let found = names::model(catalog, name)?;
            (CatalogChange::DeleteModel(found.id.clone()), &found.name)
        }
        ResourceKind::Destination => {
            let found = names::destination(catalog, name)?;
            let change = CatalogChange::DeleteDestination(found.id.clone());
            (change, &found.name)
        }
    };
    let events = core
        .store
        .change_catalog(ACTOR, core.clock.now(), vec![change])
        .await?;
    events.into_iter().for_each(|event| core.tell(event));
    Ok(Reply::Changes(vec![changes::removal(kind.word(), name)]))
}
