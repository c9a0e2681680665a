//! `history`: what happened to a key, newest first.

use crate::domain::command::{Command, Reply};
use crate::domain::problem::Problem;

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::{self, say};
use super::plan::plain;

/// Prints what happened to a key.
pub(super) async fn history(
    context: &Context,
    key: String,
    sync: Option<String>,
    unmask: bool,
    form: Json,
) -> Result<u8, Problem> {
    let entries = match context
        .ask(Command::History {
            key: key.clone(),
            sync,
            unmask,
        })
        .await?
    {
        Reply::History(entries) => entries,
        other => return Err(unexpected(&other)),
    };
    if form.json {
        output::json(&entries)?;
        return Ok(0);
    }
    if entries.is_empty() {
        say(format!(
            "no accepted operation on {key} in the plans that are kept"
        ));
        return Ok(0);
    }
    for entry in &entries {
        say(format!(
            "{}  {} {}  {} revision {}",
            entry.at.format("%Y-%m-%d %H:%M:%S"),
            entry.sync,
            entry.op,
            entry.run,
            entry.revision
        ));
        let new = entry.new.as_ref().and_then(serde_json::Value::as_object);
        let old = entry.old.as_ref().and_then(serde_json::Value::as_object);
        for (field, value) in new.into_iter().flatten() {
            match old.and_then(|old| old.get(field)) {
                Some(before) if before == value => {}
                Some(before) => say(format!("    {field}: {} → {}", plain(before), plain(value))),
                None => say(format!("    {field}: {}", plain(value))),
            }
        }
    }
    Ok(0)
}
