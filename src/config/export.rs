//! Prints the store as a resource file; the same store gives the same bytes.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::domain::destination::{Destination, Settings, Source};
use crate::domain::guard::GuardSettings;
use crate::domain::id::SyncId;
use crate::domain::model::{Column, Model, Role};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::sync::Sync;

/// What is printed.
pub struct Resources<'a> {
    /// The workspace's name.
    pub name: &'a str,
    /// The workspace's zone.
    pub timezone: &'a str,
    /// Runs at a time.
    pub max_runs: u32,
    /// Limits of syncs that set none.
    pub guards: &'a GuardSettings,
    /// All sources.
    pub sources: &'a [Source],
    /// All models.
    pub models: &'a [Model],
    /// All destinations.
    pub destinations: &'a [Destination],
    /// All syncs.
    pub syncs: &'a [Sync],
}

/// Prints everything, or one sync with what it needs.
///
/// # Errors
/// A [`Problem`] of kind `internal` where a resource does not print.
pub fn export(resources: &Resources<'_>, only: Option<&SyncId>) -> Result<String, Problem> {
    let syncs: Vec<&Sync> = resources
        .syncs
        .iter()
        .filter(|sync| only.is_none_or(|id| *id == sync.id))
        .collect();
    let all = only.is_none();
    let models = resources.models.iter();
    let models: Vec<&Model> = models
        .filter(|m| all || syncs.iter().any(|s| s.settings.model == m.id))
        .collect();
    let sources = resources.sources.iter();
    let sources = sources.filter(|s| all || models.iter().any(|m| m.source == s.id));
    let destinations = resources.destinations.iter();
    let destinations =
        destinations.filter(|d| all || syncs.iter().any(|s| s.settings.destination == d.id));
    let mut out = String::new();
    if all {
        line(&mut out, "[workspace]");
        pair(&mut out, "name", &resources.name.into());
        pair(&mut out, "timezone", &resources.timezone.into());
        pair(&mut out, "max_runs", &resources.max_runs.into());
        let guards = json!(resources.guards);
        if sets_something(&guards) {
            pair(&mut out, "guards", &guards);
        }
    }
    for source in sources {
        connection(
            &mut out,
            "source",
            source.id.as_str(),
            &source.name,
            &source.connector,
            &source.settings,
        );
    }
    for model in &models {
        print_model(&mut out, resources, model);
    }
    for found in destinations {
        connection(
            &mut out,
            "destination",
            found.id.as_str(),
            &found.name,
            &found.connector,
            &found.settings,
        );
    }
    for sync in &syncs {
        print_sync(&mut out, resources, sync)?;
    }
    Ok(out)
}

fn line(out: &mut String, text: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(text);
    out.push('\n');
}

fn pair(out: &mut String, key: &str, value: &Json) {
    let _ = writeln!(out, "{} = {}", bare_or_quoted(key), inline(value));
}

/// A key as TOML writes it.
fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.to_owned() } else { quoted(key) }
}

/// A text as TOML writes it; what a terminal would obey or nobody would see is spelled out, so
/// that the file can be shown as it is and reads back as it was.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    text.chars().for_each(|scalar| escape(&mut out, scalar));
    out.push('"');
    out
}

/// A text over several lines, such as a query.
fn quoted_lines(text: &str) -> String {
    let mut out = String::from("\"\"\"\n");
    for scalar in text.chars() {
        match scalar {
            '\n' => out.push('\n'),
            scalar => escape(&mut out, scalar),
        }
    }
    out.push_str("\"\"\"");
    out
}

fn escape(out: &mut String, scalar: char) {
    match scalar {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\'' => out.push('\''),
        // What is not printable has a debug form of its own.
        _ if scalar.escape_debug().nth(1).is_none() => out.push(scalar),
        _ => {
            let code = u32::from(scalar);
            let _ = match code {
                0..=0xffff => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            };
        }
    }
}

/// A value on one line; null, which TOML lacks, cannot stand here and is left out by its parent.
fn inline(value: &Json) -> String {
    match value {
        Json::Null => "\"\"".to_owned(),
        Json::Bool(flag) => flag.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(keys) => {
            let keys: Vec<String> = keys
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| format!("{} = {}", bare_or_quoted(key), inline(value)))
                .collect();
            format!("{{ {} }}", keys.join(", "))
        }
    }
}

fn connection(
    out: &mut String,
    kind: &str,
    id: &str,
    name: &str,
    connector: &str,
    settings: &Settings,
) {
    line(out, &format!("[[{kind}]]"));
    pair(out, "id", &id.into());
    pair(out, "name", &name.into());
    pair(out, "type", &connector.into());
    for (key, value) in settings {
        pair(out, key, value);
    }
}

fn print_model(out: &mut String, resources: &Resources<'_>, model: &Model) {
    line(out, "[[model]]");
    pair(out, "id", &model.id.as_str().into());
    pair(out, "name", &model.name.as_str().into());
    let source = resources
        .sources
        .iter()
        .find(|source| source.id == model.source);
    pair(
        out,
        "source",
        &source
            .map_or(model.source.as_str(), |source| &source.name)
            .into(),
    );
    if model.sql.contains('\n') {
        let _ = writeln!(out, "sql = {}", quoted_lines(&model.sql));
    } else {
        pair(out, "sql", &model.sql.as_str().into());
    }
    pair(out, "primary_key", &model.primary_key.clone().into());
    let columns: Vec<Json> = model.columns.iter().filter_map(column).collect();
    if !columns.is_empty() {
        list(out, "columns", &columns);
    }
}

fn column(column: &Column) -> Option<Json> {
    if !column.declared && column.role == Role::Attribute {
        return None;
    }
    let mut keys = serde_json::Map::new();
    keys.insert("name".into(), column.name.as_str().into());
    if column.declared {
        keys.insert("type".into(), column.kind.word().into());
    }
    if column.role == Role::Identifier {
        keys.insert("role".into(), "identifier".into());
    }
    Some(Json::Object(keys))
}

/// A list with one item a line.
fn list(out: &mut String, key: &str, items: &[Json]) {
    let _ = writeln!(out, "{key} = [");
    for item in items {
        let _ = writeln!(out, "  {},", inline(item));
    }
    out.push_str("]\n");
}

fn print_sync(out: &mut String, resources: &Resources<'_>, sync: &Sync) -> Result<(), Problem> {
    let settings = &sync.settings;
    let json = serde_json::to_value(settings).map_err(|error| {
        Problem::new(
            ProblemKind::Internal,
            format!("cannot print the sync {}: {error}", settings.name),
        )
    })?;
    let Json::Object(mut keys) = json else {
        return Ok(());
    };
    let model = resources
        .models
        .iter()
        .find(|model| model.id == settings.model);
    let destination = resources
        .destinations
        .iter()
        .find(|found| found.id == settings.destination);
    if let Some(model) = model {
        keys.insert("model".into(), model.name.as_str().into());
    }
    if let Some(destination) = destination {
        keys.insert("destination".into(), destination.name.as_str().into());
    }
    name_predecessors(&mut keys, resources);
    line(out, "[[sync]]");
    pair(out, "id", &sync.id.as_str().into());
    for (key, value) in &keys {
        match (key.as_str(), value) {
            ("field_mappings", Json::Array(mappings)) => list(out, key, mappings),
            ("guards", guards) if !sets_something(guards) => {}
            ("tags", Json::Array(tags)) if tags.is_empty() => {}
            _ if is_default(key, value) => {}
            _ => pair(out, key, value),
        }
    }
    Ok(())
}

/// Whether some limit is set.
fn sets_something(guards: &Json) -> bool {
    guards
        .as_object()
        .is_some_and(|limits| limits.values().any(|limit| !limit.is_null()))
}

/// Writes names in place of the ids of an `after` schedule.
fn name_predecessors(keys: &mut serde_json::Map<String, Json>, resources: &Resources<'_>) {
    let list = keys
        .get_mut("schedule")
        .and_then(|schedule| schedule.get_mut("syncs"));
    for item in list.and_then(Json::as_array_mut).into_iter().flatten() {
        let name = resources
            .syncs
            .iter()
            .find(|sync| Some(sync.id.as_str()) == item.as_str());
        if let Some(sync) = name {
            *item = sync.settings.name.as_str().into();
        }
    }
}

/// Whether a sync's key holds what it would hold if it were left out.
fn is_default(key: &str, value: &Json) -> bool {
    let default: Json = match key {
        "mirror_scope" => "own".into(),
        "mirror_foreign" => "ask".into(),
        "on_unknown" => "resend".into(),
        "first_run" => "backfill".into(),
        "approval" => "guards".into(),
        "keep_values" => false.into(),
        "grace_hours" => crate::domain::sync::default_grace_hours().into(),
        _ => return false,
    };
    *value == default
}
