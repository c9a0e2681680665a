//! `show`: one sync, model, source, destination or run in full.

use serde::Serialize;

use crate::domain::command::{Command, Reply};
use crate::domain::problem::{Problem, ProblemKind};

use super::args::{Json, One};
use super::context::{Context, no_such, unexpected};
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
            let named = view
                .syncs
                .iter()
                .map(|s| (s.id().as_str(), s.name(), &s.sync));
            print(pick(named, "sync", name)?, form)
        }
        One::Model => {
            let named = view
                .models
                .iter()
                .map(|m| (m.id.as_str(), m.name.as_str(), m));
            print(pick(named, "model", name)?, form)
        }
        One::Source => {
            let named = view
                .sources
                .iter()
                .map(|s| (s.id.as_str(), s.name.as_str(), s));
            print(pick(named, "source", name)?, form)
        }
        One::Destination => {
            let named = view
                .destinations
                .iter()
                .map(|d| (d.id.as_str(), d.name.as_str(), d));
            print(pick(named, "destination", name)?, form)
        }
    }
}

/// The one with this id or name.
fn pick<'a, T>(
    all: impl Iterator<Item = (&'a str, &'a str, T)> + Clone,
    what: &str,
    wanted: &str,
) -> Result<T, Problem> {
    let mut found = all.clone();
    found
        .find(|(id, name, _)| *id == wanted || *name == wanted)
        .map(|(_, _, item)| item)
        .ok_or_else(|| no_such(what, wanted, all.map(|(_, name, _)| name)))
}

fn print(found: impl Serialize, form: Json) -> Result<u8, Problem> {
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
