//! `list`: syncs, models, sources, destinations, runs.

use serde_json::json;

use crate::domain::command::{Command, Reply};
use crate::domain::destination::Health;
use crate::domain::problem::Problem;
use crate::domain::run::Run;

use super::args::{Json, Kind};
use super::context::{Context, unexpected};
use super::output::{self, Table, say};
use super::run::as_json;

/// Prints a list.
pub(super) async fn list(
    context: &Context,
    kind: Kind,
    sync: Option<String>,
    limit: u32,
    form: Json,
) -> Result<u8, Problem> {
    let view = context.view();
    let (table, json) = match kind {
        Kind::Syncs => {
            let mut table = Table::new(&[
                "ID",
                "SYNC",
                "MODEL",
                "DESTINATION",
                "OBJECT",
                "MODE",
                "STATE",
            ]);
            for sync in &view.syncs {
                let settings = &sync.sync.settings;
                table.row(vec![
                    sync.id().to_string(),
                    sync.name().to_owned(),
                    sync.model.clone(),
                    sync.destination.clone(),
                    settings.destination_object.clone(),
                    settings.mode.to_string(),
                    super::status::state_words(sync),
                ]);
            }
            (
                table,
                json!(view.syncs.iter().map(|sync| &sync.sync).collect::<Vec<_>>()),
            )
        }
        Kind::Models => {
            let mut table = Table::new(&["ID", "MODEL", "SOURCE", "COLUMNS", "PRIMARY KEY"]);
            for model in &view.models {
                let source = view.sources.iter().find(|source| source.id == model.source);
                table.row(vec![
                    model.id.to_string(),
                    model.name.clone(),
                    source.map(|source| source.name.clone()).unwrap_or_default(),
                    model.columns.len().to_string(),
                    model.primary_key.join(", "),
                ]);
            }
            (table, json!(view.models))
        }
        Kind::Sources => {
            let mut table = Table::new(&["ID", "SOURCE", "TYPE"]);
            for source in &view.sources {
                table.row(vec![
                    source.id.to_string(),
                    source.name.clone(),
                    source.connector.clone(),
                ]);
            }
            (table, json!(view.sources))
        }
        Kind::Destinations => {
            let mut table = Table::new(&["ID", "DESTINATION", "TYPE", "HEALTH"]);
            for found in &view.destinations {
                let health = match &found.health {
                    Health::Healthy { .. } => "healthy".to_owned(),
                    Health::Failing { reason, .. } => format!("failing: {reason}"),
                    Health::Unchecked => "unchecked".to_owned(),
                };
                table.row(vec![
                    found.id.to_string(),
                    found.name.clone(),
                    found.connector.clone(),
                    health,
                ]);
            }
            (table, json!(view.destinations))
        }
        Kind::Runs => {
            let runs = match context
                .ask(Command::Runs {
                    sync,
                    before: None,
                    limit,
                })
                .await?
            {
                Reply::Runs(runs) => runs,
                other => return Err(unexpected(&other)),
            };
            (
                run_table(&view, &runs),
                json!(runs.iter().map(as_json).collect::<Vec<_>>()),
            )
        }
    };
    if form.json {
        output::json(&json)?;
    } else if table.is_empty() {
        say("nothing there yet");
    } else {
        table.print();
    }
    Ok(0)
}

fn run_table(view: &crate::link::WorkspaceView, runs: &[Run]) -> Table {
    let mut table = Table::new(&[
        "ID", "SYNC", "QUEUED", "STATUS", "READ", "CREATED", "UPDATED", "DELETED", "ERRORS",
    ]);
    for run in runs {
        let sync = view.syncs.iter().find(|sync| *sync.id() == run.sync);
        let counters = &run.counters;
        table.row(vec![
            run.id.to_string(),
            sync.map_or_else(|| run.sync.to_string(), |sync| sync.name().to_owned()),
            run.queued_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            run.status.to_string(),
            counters.read.to_string(),
            counters.create.done.to_string(),
            counters.update.done.to_string(),
            counters.delete.done.to_string(),
            (counters.invalid + counters.total(|t| t.rejected + t.unknown)).to_string(),
        ]);
    }
    table
}
