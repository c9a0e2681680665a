//! Makes connectors from stored connections: resolves their secrets and opens them.

use std::path::Path;

use crate::config::secrets;
use crate::connectors::registry::Kind;
use crate::connectors::settings::{ResolvedSettings, SettingKind};
use crate::connectors::{DestinationConnector, SourceConnector};
use crate::domain::destination::{Destination, SecretRef, Settings, Source};
use crate::domain::problem::{Problem, ProblemKind};

use super::core::Core;

/// Makes the connector of a source.
///
/// # Errors
/// A [`Problem`] of kind `config` for settings that do not fit or a secret that is not to be had.
pub(crate) async fn source(
    core: &Core,
    source: &Source,
) -> Result<Box<dyn SourceConnector>, Problem> {
    let kind = core.connectors.source_kind(&source.connector);
    let settings = resolve(
        core,
        source.id.as_str(),
        &source.name,
        kind,
        &source.settings,
    )
    .await?;
    core.connectors
        .source(&source.connector, &settings, &core.surroundings)
        .map_err(|error| named("source", &source.name, error.into()))
}

/// Makes the connector of a destination.
///
/// # Errors
/// As [`source`].
pub(crate) async fn destination(
    core: &Core,
    destination: &Destination,
) -> Result<Box<dyn DestinationConnector>, Problem> {
    let kind = core.connectors.destination_kind(&destination.connector);
    let id = destination.id.as_str();
    let settings = resolve(core, id, &destination.name, kind, &destination.settings).await?;
    core.connectors
        .destination(&destination.connector, &settings, &core.surroundings)
        .map_err(|error| named("destination", &destination.name, error.into()))
}

fn named(what: &str, name: &str, problem: Problem) -> Problem {
    Problem {
        text: format!("cannot use the {what} {name}: {}", problem.text),
        ..problem
    }
}

async fn resolve(
    core: &Core,
    id: &str,
    name: &str,
    kind: Option<&'static Kind>,
    settings: &Settings,
) -> Result<ResolvedSettings, Problem> {
    let secret_keys: Vec<&str> = kind
        .map(|kind| kind.settings)
        .unwrap_or_default()
        .iter()
        .filter(|setting| setting.kind == SettingKind::Secret)
        .map(|setting| setting.key)
        .collect();
    let mut resolved = ResolvedSettings::default();
    for (key, value) in settings {
        if !secret_keys.contains(&key.as_str()) {
            resolved.values.insert(key.clone(), value.clone());
            continue;
        }
        let reference: SecretRef = serde_json::from_value(value.clone()).map_err(|_| {
            Problem::new(
                ProblemKind::Config,
                format!("the secret {key} of {name} is not a reference"),
            )
            .hint("give it as { env = \"NAME\" }, { file = \"PATH\" } or { command = [..] }")
        })?;
        let secret = match reference {
            SecretRef::Stored(_) => core.store.secret(id, key).await?.ok_or_else(|| {
                Problem::new(
                    ProblemKind::Config,
                    format!("the secret {key} of {name} is not stored"),
                )
                .hint(format!("type it in: signalsmith secret set '{name}' {key}"))
            })?,
            reference => secrets::resolve(&reference, Path::new("/"))
                .await
                .map_err(|problem| named("secret of", name, problem))?,
        };
        resolved.secrets.insert(key.clone(), secret);
    }
    Ok(resolved)
}
