//! The keys of a resource file, and the checks of what stands under them.

use serde_json::Value as Json;

use crate::domain::guard::GuardSettings;
use crate::domain::mode::Mode;

use super::error::ConfigError;
use super::tree::Node;

pub(super) const TOP: &[&str] = &["workspace", "source", "model", "destination", "sync"];
pub(super) const WORKSPACE: &[&str] = &["name", "timezone", "max_runs", "guards"];
const GUARDS: &[&str] = &[
    "delete_rows",
    "delete_percent",
    "delete_max",
    "shrink_percent",
    "shrink_from_rows",
    "invalid_percent",
    "rejected_rows",
];
pub(super) const MODEL: &[&str] = &["id", "name", "source", "sql", "primary_key", "columns"];
pub(super) const COLUMN: &[&str] = &["name", "type", "role"];
pub(super) const SYNC: &[&str] = &[
    "id",
    "name",
    "model",
    "destination",
    "destination_object",
    "mode",
    "mirror_scope",
    "mirror_foreign",
    "on_unknown",
    "first_run",
    "approval",
    "guards",
    "keep_values",
    "grace_hours",
    "tags",
    "schedule",
    "paused",
    "field_mappings",
];
pub(super) const MAPPING: &[&str] = &[
    "source_column",
    "constant",
    "variable",
    "template",
    "destination_field",
    "is_identifier",
    "transforms",
    "write",
    "nulls",
];
pub(super) const SCHEDULE: &[&str] = &[
    "type",
    "interval_minutes",
    "expression",
    "timezone",
    "syncs",
];

/// Refuses guards that are unknown or mean nothing.
pub(super) fn check_guards(node: &Node) -> Result<(), ConfigError> {
    let Some(guards) = node.get("guards") else {
        return Ok(());
    };
    guards.check_keys("guards", GUARDS)?;
    for (key, limit) in guards
        .entries("guards")?
        .iter()
        .map(|entry| (&entry.key, &entry.node))
    {
        let one = serde_json::Map::from_iter([(key.clone(), limit.to_json())]);
        let read: Result<GuardSettings, _> = serde_json::from_value(Json::Object(one));
        let settings =
            read.map_err(|error| ConfigError::new(limit.line, format!("{key}: {error}")))?;
        settings
            .check()
            .map_err(|problem| ConfigError::new(limit.line, problem.text).hint(problem.hint))?;
    }
    Ok(())
}

/// Tells what does not fit with the line of its own key.
pub(super) fn check_sync_values(node: &Node) -> Result<(), ConfigError> {
    for key in ["name", "model", "destination", "destination_object", "mode"] {
        node.text("[[sync]]", key)?;
    }
    if node.get("id").is_some() {
        node.text("[[sync]]", "id")?;
    }
    node.check_word("mode", &Mode::ALL.map(Mode::word))?;
    node.check_word("mirror_scope", &["own", "all"])?;
    node.check_word("mirror_foreign", &["ask", "allow"])?;
    node.check_word("on_unknown", &["resend", "hold"])?;
    node.check_word("first_run", &["backfill", "from_now"])?;
    node.check_word("approval", &["guards", "always"])?;
    node.read_key::<bool>("keep_values")?;
    node.read_key::<u32>("grace_hours")?;
    node.read_key::<Vec<String>>("tags")?;
    Ok(())
}
