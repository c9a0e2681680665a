//! Sources and destinations of a resource file: known type, known settings, absolute paths.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::config::{ConfigError, ConnectionDoc, Document};
use crate::connectors::registry::Kind;
use crate::connectors::settings::{Setting, SettingKind};
use crate::domain::destination::{Destination, Health, SecretRef, Settings, Source};
use crate::domain::id::{DestinationId, SourceId};
use crate::domain::near::nearest;
use crate::domain::problem::Problem;
use crate::domain::secret::SecretText;
use crate::store::CatalogChange;

use super::{Draft, at_line, changes, claimed, known_as};

impl Draft<'_> {
    /// Takes the file's sources into the draft.
    pub(super) fn sources(&mut self, document: &Document) -> Result<(), Problem> {
        let claimed = claimed(document.sources.iter().map(|doc| &doc.id));
        for doc in &document.sources {
            let kind = known(
                doc,
                self.core.connectors.source_kind(&doc.connector),
                self.core.connectors.sources(),
            )?;
            let settings = settings(doc, kind, &self.wish.base)?;
            let old = known_as(
                (doc.id.as_deref(), &doc.name),
                &self.catalog.sources,
                |source| (source.id.as_str(), &source.name),
                &claimed,
            );
            let old = old.cloned();
            let new = Source {
                id: match (&old, &doc.id) {
                    (Some(old), _) => old.id.clone(),
                    (None, Some(id)) => parsed(doc.line, SourceId::parse(id))?,
                    (None, None) => SourceId::from_bits(self.core.random()),
                },
                name: doc.name.clone(),
                connector: doc.connector.clone(),
                settings,
                revision: old.as_ref().map_or(1, |old| old.revision + 1),
            };
            check_endpoint(
                doc,
                kind,
                old.as_ref().map(|old| &old.settings),
                &new.settings,
                &self.wish.secrets,
            )?;
            let change = changes::between("source", &new.name, old.as_ref(), Some(&new));
            if change.action != "unchanged" {
                self.touched.insert(new.id.to_string());
                self.catalog.sources.retain(|source| source.id != new.id);
                self.catalog.sources.push(new.clone());
                self.changes.push(CatalogChange::PutSource(new));
            }
            self.shown.push(change);
        }
        Ok(())
    }

    /// Takes the file's destinations into the draft.
    pub(super) fn destinations(&mut self, document: &Document) -> Result<(), Problem> {
        let claimed = claimed(document.destinations.iter().map(|doc| &doc.id));
        for doc in &document.destinations {
            let kind = known(
                doc,
                self.core.connectors.destination_kind(&doc.connector),
                self.core.connectors.destinations(),
            )?;
            let settings = settings(doc, kind, &self.wish.base)?;
            let old = known_as(
                (doc.id.as_deref(), &doc.name),
                &self.catalog.destinations,
                |found| (found.id.as_str(), &found.name),
                &claimed,
            );
            let old = old.cloned();
            let new = Destination {
                id: match (&old, &doc.id) {
                    (Some(old), _) => old.id.clone(),
                    (None, Some(id)) => parsed(doc.line, DestinationId::parse(id))?,
                    (None, None) => DestinationId::from_bits(self.core.random()),
                },
                name: doc.name.clone(),
                connector: doc.connector.clone(),
                settings,
                health: old
                    .as_ref()
                    .map_or(Health::Unchecked, |old| old.health.clone()),
                revision: old.as_ref().map_or(1, |old| old.revision + 1),
            };
            check_endpoint(
                doc,
                kind,
                old.as_ref().map(|old| &old.settings),
                &new.settings,
                &self.wish.secrets,
            )?;
            let change = changes::between("destination", &new.name, old.as_ref(), Some(&new));
            if change.action != "unchanged" {
                self.touched.insert(new.id.to_string());
                self.catalog.destinations.retain(|found| found.id != new.id);
                self.catalog.destinations.push(new.clone());
                self.changes.push(CatalogChange::PutDestination(new));
            }
            self.shown.push(change);
        }
        Ok(())
    }
}

/// Reads an id that an export wrote.
pub(super) fn parsed<T, E: std::fmt::Display>(
    line: usize,
    result: Result<T, E>,
) -> Result<T, Problem> {
    result.map_err(|error| ConfigError::new(line, error.to_string()).into())
}

fn known<'a>(
    doc: &ConnectionDoc,
    kind: Option<&'a Kind>,
    all: &[Kind],
) -> Result<&'a Kind, Problem> {
    kind.ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|kind| kind.word).collect();
        let text = format!("{} has the unknown type '{}'", doc.name, doc.connector);
        ConfigError::new(doc.line, text)
            .hint(format!("the types are {}", words.join(", ")))
            .into()
    })
}

fn settings(doc: &ConnectionDoc, kind: &Kind, base: &Path) -> Result<Settings, Problem> {
    let mut settings = Settings::new();
    for (key, value, line) in &doc.settings {
        let Some(setting) = kind.settings.iter().find(|setting| setting.key == key) else {
            return Err(unknown_setting(doc, kind, key, *line));
        };
        settings.insert(key.clone(), setting_value(setting, value, *line, base)?);
    }
    let missing = kind
        .settings
        .iter()
        .find(|s| s.required && !settings.contains_key(s.key));
    if let Some(setting) = missing {
        let text = format!("{} needs the key {}", doc.name, setting.key);
        return Err(ConfigError::new(doc.line, text).hint(setting.help).into());
    }
    Ok(settings)
}

fn unknown_setting(doc: &ConnectionDoc, kind: &Kind, key: &str, line: usize) -> Problem {
    let keys: Vec<&str> = kind.settings.iter().map(|setting| setting.key).collect();
    let hint = match nearest(key, keys.iter().copied()) {
        Some(known) => format!("did you mean '{known}'?"),
        None => format!("the keys are {}", keys.join(", ")),
    };
    let text = format!("{} ({}) has no key '{key}'", doc.name, kind.label);
    ConfigError::new(line, text).hint(hint).into()
}

fn setting_value(
    setting: &Setting,
    value: &Json,
    line: usize,
    base: &Path,
) -> Result<Json, Problem> {
    let wrong = |wanted: &str| -> Problem {
        ConfigError::new(line, format!("{} must be {wanted}", setting.key))
            .hint(setting.help)
            .into()
    };
    let fits = match setting.kind {
        SettingKind::Text => value.is_string(),
        SettingKind::Integer => value.is_u64(),
        SettingKind::Boolean => value.is_boolean(),
        SettingKind::List => value.is_array(),
        SettingKind::Map => value.is_object(),
        SettingKind::Choice(words) => {
            if value.as_str().is_none_or(|word| !words.contains(&word)) {
                return Err(wrong(&format!("one of {}", words.join(", "))));
            }
            true
        }
        SettingKind::Path => {
            let path = value.as_str().ok_or_else(|| wrong("a path in quotes"))?;
            return Ok(absolute(base, path).into());
        }
        SettingKind::Secret => return secret(setting, value, line, base),
    };
    if fits {
        return Ok(value.clone());
    }
    Err(wrong(match setting.kind {
        SettingKind::Integer => "a whole number",
        SettingKind::Boolean => "true or false",
        SettingKind::List => "a list of texts",
        SettingKind::Map => "a table of texts",
        _ => "a text in quotes",
    }))
}

fn absolute(base: &Path, path: &str) -> String {
    let joined = base.join(path);
    let clean: std::path::PathBuf = joined.components().collect();
    clean.to_string_lossy().into_owned()
}

fn secret(setting: &Setting, value: &Json, line: usize, base: &Path) -> Result<Json, Problem> {
    let reference: Result<SecretRef, _> = serde_json::from_value(value.clone());
    let reference = reference.map_err(|_| {
        let text = format!("the secret {} must not stand in a file", setting.key);
        Problem::from(ConfigError::new(line, text).hint(
            "refer to it: { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"program\", \"argument\"] }",
        ))
    })?;
    let reference = match reference {
        SecretRef::File(path) => SecretRef::File(absolute(base, &path)),
        other => other,
    };
    serde_json::to_value(reference).map_err(|error| {
        at_line(
            line,
            Problem::new(
                crate::domain::problem::ProblemKind::Internal,
                error.to_string(),
            ),
        )
    })
}

/// Refuses to keep a stored secret for another host: it would be sent there.
fn check_endpoint(
    doc: &ConnectionDoc,
    kind: &Kind,
    old: Option<&Settings>,
    new: &Settings,
    given: &BTreeMap<String, SecretText>,
) -> Result<(), Problem> {
    let Some(old) = old else { return Ok(()) };
    let moved = kind
        .settings
        .iter()
        .filter(|setting| setting.endpoint)
        .any(|setting| old.get(setting.key) != new.get(setting.key));
    let stored = new.iter().any(|(key, value)| {
        let kept = matches!(
            serde_json::from_value(value.clone()),
            Ok(SecretRef::Stored(true))
        );
        kept && !given.contains_key(key)
    });
    if moved && stored {
        let text = format!(
            "{} goes to another place, and its stored secret would go with it",
            doc.name
        );
        return Err(ConfigError::new(doc.line, text)
            .hint("give the secret again together with the new place")
            .into());
    }
    Ok(())
}
