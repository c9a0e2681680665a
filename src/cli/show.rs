//! `show`: one sync, model, source, destination or run in full.

use serde::Serialize;

use crate::domain::command::{Command, Reply};
use crate::domain::problem::{Problem, ProblemKind};

use super::args::{Json, One};
use super::context::{Context, unexpected};
use super::output::{self, say};
use super::plan::plain;
use super::run;

/// Shows one thing.
pub(super) async fn show(
    context: &Context,
    kind: One,
    name: &str,
    form: Json,
) -> Result<u8, Problem> {
    let view = context.view();
    match kind {
        One::Run => {
            let id = super::rows::run_of(context, name)?;
            let found = match context.ask(Command::ShowRun { run: id }).await? {
                Reply::Run(run) => run,
                other => return Err(unexpected(&other)),
            };
            if form.json {
                output::json(&run::as_json(&found))?;
            } else {
                run::summary(context, &found);
            }
            Ok(0)
        }
        One::Sync => {
            let found = view
                .syncs
                .iter()
                .find(|s| s.name() == name || s.id().as_str() == name);
            print(found.map(|sync| &sync.sync), "sync", name, form)
        }
        One::Model => {
            let found = view
                .models
                .iter()
                .find(|m| m.name == name || m.id.as_str() == name);
            print(found, "model", name, form)
        }
        One::Source => {
            let found = view
                .sources
                .iter()
                .find(|s| s.name == name || s.id.as_str() == name);
            print(found, "source", name, form)
        }
        One::Destination => {
            let found = view
                .destinations
                .iter()
                .find(|d| d.name == name || d.id.as_str() == name);
            print(found, "destination", name, form)
        }
    }
}

fn print<T: Serialize>(
    found: Option<T>,
    what: &str,
    name: &str,
    form: Json,
) -> Result<u8, Problem> {
    let found = found.ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            format!("there is no {what} '{name}'"),
        )
        .hint(format!("signalsmith list {what}s shows them"))
    })?;
    if form.json {
        output::json(&found)?;
        return Ok(0);
    }
    let value = serde_json::to_value(&found)
        .map_err(|error| Problem::new(ProblemKind::Internal, error.to_string()))?;
    for (key, value) in value.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::Array(items) if !items.is_empty() => {
                say(format!("{key}:"));
                items
                    .iter()
                    .for_each(|item| say(format!("  {}", plain(item))));
            }
            serde_json::Value::Null => {}
            other => say(format!("{key}: {}", plain(other))),
        }
    }
    Ok(0)
}
