//! Keeps a secret that a person typed: encrypted in the store, a reference in the settings.

use std::sync::Arc;

use secrecy::SecretString;

use crate::connectors::registry::Kind;
use crate::connectors::settings::SettingKind;
use crate::domain::command::Reply;
use crate::domain::destination::{Destination, SecretRef, Source};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::secret::SecretText;
use crate::store::{Catalog, CatalogChange};

use super::core::Core;
use super::names;

/// Who typed it.
const ACTOR: &str = "local";

/// Encrypts a secret of a source or destination and lets its settings refer to it.
///
/// # Errors
/// A [`Problem`] where there is no such connection, or it has no secret of that key.
pub(crate) async fn set(
    core: &Arc<Core>,
    catalog: &Catalog,
    connection: &str,
    key: &str,
    secret: &SecretText,
) -> Result<Reply, Problem> {
    let reference = serde_json::to_value(SecretRef::Stored(true))
        .map_err(|error| Problem::new(ProblemKind::Internal, error.to_string()))?;
    let (id, change) = if let Ok(source) = names::source(catalog, connection) {
        check(
            core.connectors.source_kind(&source.connector),
            &source.name,
            key,
        )?;
        let mut new = Source {
            revision: source.revision + 1,
            ..source.clone()
        };
        new.settings.insert(key.to_owned(), reference);
        (
            source.id.to_string(),
            (new.settings != source.settings).then(|| CatalogChange::PutSource(new)),
        )
    } else {
        let found = names::destination(catalog, connection)?;
        check(
            core.connectors.destination_kind(&found.connector),
            &found.name,
            key,
        )?;
        let mut new = Destination {
            revision: found.revision + 1,
            ..found.clone()
        };
        new.settings.insert(key.to_owned(), reference);
        let change = (new.settings != found.settings).then(|| CatalogChange::PutDestination(new));
        (found.id.to_string(), change)
    };
    core.store
        .put_secret(&id, key, &SecretString::from(secret.expose()))
        .await?;
    let changes: Vec<CatalogChange> = change.into_iter().collect();
    if !changes.is_empty() {
        let events = core
            .store
            .change_catalog(ACTOR, core.clock.now(), changes)
            .await?;
        events.into_iter().for_each(|event| core.tell(event));
    }
    Ok(Reply::Done)
}

fn check(kind: Option<&Kind>, name: &str, key: &str) -> Result<(), Problem> {
    let settings = kind.map(|kind| kind.settings).unwrap_or_default();
    let secrets = settings
        .iter()
        .filter(|setting| setting.kind == SettingKind::Secret);
    let keys: Vec<&str> = secrets.map(|setting| setting.key).collect();
    if keys.contains(&key) {
        return Ok(());
    }
    let problem = Problem::new(
        ProblemKind::Usage,
        format!("{name} has no secret called '{key}'"),
    );
    Err(if keys.is_empty() {
        problem.hint("connections of its type have none")
    } else {
        problem.hint(format!("its secrets are {}", keys.join(", ")))
    })
}
