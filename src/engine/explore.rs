//! Answers the commands that need no live state: runs, rows, plans, logs, previews, tests, secrets.

use std::sync::Arc;

use crate::config::export;
use crate::connectors::Query;
use crate::domain::command::{Command, PlanEntry, PlanPage, Reply, RowEntry, RowFilter};
use crate::domain::destination::{Destination, Health, StepOutcome, TestStep};
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{RunId, SyncId};
use crate::domain::mask;
use crate::domain::plan::{Record, RecordShape, ShapeField};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Run;
use crate::snapshot::plan_file::PlanReader;
use crate::store::{AuditDraft, Catalog, Pinned};

use super::core::Core;
use super::deliver::broken;
use super::deliver::cut::unreadable;
use super::render::{key_by_column, record_by_field};
use super::run::prepare::open_snapshot;
use super::{browse, connect, log_page, look, names, run_log, secret};

/// Who looks from a face of this machine.
const LOCAL_ACTOR: &str = "local";
/// Rows of one answer where a face asks for no number.
const PAGE: u32 = 500;
/// Rows or operations of one answer at most.
const MOST: u32 = 10_000;

/// Answers a command that needs no live state.
pub(crate) async fn answer(
    core: &Arc<Core>,
    catalog: &Catalog,
    command: Command,
) -> Result<Reply, Problem> {
    match command {
        Command::Runs {
            sync,
            before,
            limit,
        } => {
            let sync = sync.map(|name| names::sync(catalog, &name)).transpose()?;
            let id = sync.map(|sync| &sync.id);
            Ok(Reply::Runs(
                core.store.runs(id, before.as_ref(), limit).await?,
            ))
        }
        Command::ShowRun { run } => {
            let (run, _) = find_run(core, &run).await?;
            Ok(Reply::Run(Box::new(run)))
        }
        Command::Rows { run, filter } => {
            if filter.unmask {
                unmasked(core, "run", run.as_str()).await?;
            }
            rows(core, &run, filter).await
        }
        Command::ShowPlan { run, from, limit } => plan(core, &run, from, limit).await,
        Command::Log { run, from, limit } => Ok(Reply::Log(run_log::read(
            &core.log_path(&run),
            from,
            limit,
        )?)),
        Command::LogPage {
            run,
            from,
            limit,
            text,
        } => {
            let path = core.log_path(&run);
            let wanted = log_page::Wanted { from, limit, text };
            let page = tokio::task::spawn_blocking(move || log_page::read(&path, &wanted));
            Ok(Reply::LogPage(page.await.map_err(|error| broken(&error))??))
        }
        Command::History { key, sync, unmask } => {
            super::history::of_key(core, catalog, &key, sync.as_deref(), unmask).await
        }
        Command::Browse(question) => browse::answer(core, catalog, question).await,
        Command::Explore(question) => look::answer(core, catalog, question).await,
        Command::Preview { model, limit } => preview(core, catalog, &model, limit).await,
        Command::Test { connection } => test(core, catalog, &connection).await,
        Command::Objects { destination } => {
            let destination = names::destination(catalog, &destination)?;
            let connector = connect::destination(core, destination).await?;
            Ok(Reply::Objects(connector.objects().await?))
        }
        Command::Fields {
            destination,
            object,
        } => {
            let destination = names::destination(catalog, &destination)?;
            let connector = connect::destination(core, destination).await?;
            Ok(Reply::Schema(connector.fields(&object).await?))
        }
        Command::CreateObject {
            destination,
            object,
            columns,
            identifier,
        } => {
            let destination = names::destination(catalog, &destination)?;
            let connector = connect::destination(core, destination).await?;
            let place = |name: &String| columns.iter().position(|column| column.name == *name);
            let positions: Option<Vec<usize>> = identifier.iter().map(place).collect();
            let shape = RecordShape {
                fields: columns
                    .iter()
                    .map(|column| ShapeField {
                        name: column.name.clone(),
                        kind: column.kind,
                        on_create: false,
                        if_empty: false,
                    })
                    .collect(),
                identifier: positions.filter(|found| !found.is_empty()).ok_or_else(|| {
                    Problem::new(
                        ProblemKind::Usage,
                        "the identifier must name some of the fields",
                    )
                })?,
            };
            Ok(Reply::Schema(
                connector.create_object(&object, &shape).await?,
            ))
        }
        Command::Export { sync } => {
            let sync = sync.map(|name| names::sync(catalog, &name)).transpose()?;
            let id = sync.map(|sync| &sync.id);
            let resources = export::Resources {
                name: &catalog.workspace.name,
                timezone: &catalog.workspace.timezone,
                max_runs: catalog.workspace.max_runs,
                guards: &catalog.workspace.guards,
                sources: &catalog.sources,
                models: &catalog.models,
                destinations: &catalog.destinations,
                syncs: &catalog.syncs,
            };
            Ok(Reply::Text(export::export(&resources, id)?))
        }
        Command::SetSecret {
            connection,
            key,
            secret,
        } => secret::set(core, catalog, &connection, &key, &secret).await,
        Command::Events { after, limit } => {
            Ok(Reply::Events(core.store.events(after, limit).await?))
        }
        other => Err(Problem::new(
            ProblemKind::Internal,
            format!("the command {other:?} is not one that only looks"),
        )),
    }
}

/// The run of this id with the configuration that it started with.
pub(crate) async fn find_run(core: &Core, id: &RunId) -> Result<(Run, Pinned), Problem> {
    core.store.run(id).await?.ok_or_else(|| {
        Problem::new(ProblemKind::NotFound, format!("there is no run {id}"))
            .hint("signalsmith list runs shows them")
    })
}

/// Puts on record that someone looks at personal values.
///
/// # Errors
/// A [`Problem`] of kind `state` where the audit trail cannot be written: nothing is shown then.
pub(crate) async fn unmasked(core: &Core, kind: &str, resource: &str) -> Result<(), Problem> {
    let what = AuditDraft {
        action: "unmask".to_owned(),
        kind: kind.to_owned(),
        resource: resource.to_owned(),
        name: String::new(),
        revision: 0,
        fields: Vec::new(),
    };
    let at = core.clock.now();
    core.store.append_audit(LOCAL_ACTOR, at, what).await?;
    Ok(())
}

async fn rows(core: &Core, id: &RunId, mut filter: RowFilter) -> Result<Reply, Problem> {
    let (_, pinned) = find_run(core, id).await?;
    if filter.limit == 0 {
        filter.limit = PAGE;
    }
    let stored = core.store.rows(id, &filter).await?;
    let path = core.plan_path(id);
    let entries = tokio::task::spawn_blocking(move || {
        let reader = PlanReader::open(&path).ok();
        let entries = stored.into_iter().map(|stored| {
            let row = stored.row;
            let operation = row
                .operation
                .zip(reader.as_ref())
                .and_then(|(number, reader)| reader.operation(number).ok().flatten());
            let show = |record| {
                if filter.unmask {
                    record
                } else {
                    mask::record(&record)
                }
            };
            let payload = operation
                .zip(reader.as_ref())
                .and_then(|(operation, reader)| {
                    operation
                        .new
                        .map(|record| show(record_by_field(&reader.header().shape, &record)))
                });
            let reason = match filter.unmask {
                true => row.reason,
                false => mask::reason(row.field.as_deref(), &row.reason),
            };
            RowEntry {
                place: stored.place,
                key: key_by_column(&pinned.model, &row.key),
                verdict: row.verdict,
                op: row.op.map(|op| op.word().to_owned()),
                field: row.field,
                code: row.code,
                reason,
                attempts: stored.attempts,
                payload,
            }
        });
        entries.collect::<Vec<_>>()
    });
    Ok(Reply::Rows(entries.await.map_err(|error| broken(&error))?))
}

async fn plan(core: &Core, id: &RunId, from: u64, limit: u32) -> Result<Reply, Problem> {
    let (run, pinned) = find_run(core, id).await?;
    let path = core.plan_path(id);
    let page = tokio::task::spawn_blocking(move || {
        let reader = PlanReader::open(&path).map_err(unreadable)?;
        let mut operations = Vec::new();
        for operation in reader.operations(from).take(limit.min(MOST) as usize) {
            let operation = operation.map_err(unreadable)?;
            let shape = &reader.header().shape;
            let show = |record: &Option<Record>| {
                record.as_ref().map(|record| record_by_field(shape, record))
            };
            operations.push(PlanEntry {
                op: operation.kind,
                key: key_by_column(&pinned.model, &operation.key),
                old: show(&operation.old),
                new: show(&operation.new),
            });
        }
        let plan_hash = reader.hash().to_owned();
        Ok::<_, Problem>(PlanPage {
            plan_hash,
            counters: run.counters,
            operations,
        })
    });
    Ok(Reply::Plan(Box::new(
        page.await.map_err(|error| broken(&error))??,
    )))
}

async fn preview(core: &Core, catalog: &Catalog, name: &str, limit: u32) -> Result<Reply, Problem> {
    let model = names::model(catalog, name)?;
    let source = catalog
        .sources
        .iter()
        .find(|source| source.id == model.source);
    let source = source.ok_or_else(|| {
        Problem::new(
            ProblemKind::Config,
            format!("the source of {} is gone", model.name),
        )
    })?;
    let connector = connect::source(core, source).await?;
    let cancel = tokio_util::sync::CancellationToken::new();
    let stop = cancel.clone().drop_guard();
    let query = Query {
        sql: model.sql.clone(),
        columns: model.columns.clone(),
        limit: Some(u64::from(limit.min(MOST)).saturating_add(1)),
        cancel,
    };
    let table = look::first_rows(&*connector, query, limit.min(MOST)).await;
    drop(stop);
    Ok(Reply::Table(table?))
}

async fn test(core: &Core, catalog: &Catalog, name: &str) -> Result<Reply, Problem> {
    if let Ok(source) = names::source(catalog, name) {
        let connector = connect::source(core, source).await?;
        let tell = |step: &TestStep| told(core, source.id.as_str(), step);
        return Ok(Reply::Steps(connector.test_live(&tell).await));
    }
    let destination = names::destination(catalog, name).map_err(|problem| {
        let text = format!("there is no source or destination '{name}'");
        Problem { text, ..problem }
    })?;
    Ok(Reply::Steps(check(core, destination).await?))
}

/// Tells whoever looks that a step of a test was taken.
fn told(core: &Core, connection: &str, step: &TestStep) {
    core.tell(Event {
        number: 0,
        at: core.clock.now(),
        sync: None,
        run: None,
        kind: EventKind::TestStep {
            connection: connection.to_owned(),
            step: step.clone(),
        },
    });
}

/// Tests a destination and keeps what came of it as its health.
///
/// # Errors
/// A [`Problem`]: settings that do not fit, a secret that is not to be had; the store's.
pub(crate) async fn check(
    core: &Core,
    destination: &Destination,
) -> Result<Vec<TestStep>, Problem> {
    let connector = connect::destination(core, destination).await?;
    let tell = |step: &TestStep| told(core, destination.id.as_str(), step);
    let steps = connector.test_live(&tell).await;
    let at = core.clock.now();
    let failed = |step: &&TestStep| step.outcome == StepOutcome::Failed;
    let health = match steps.iter().find(failed) {
        Some(step) => Health::Failing {
            at,
            reason: format!("{}: {}", step.name, step.detail),
        },
        None => Health::Healthy { at },
    };
    core.store.set_health(&destination.id, health).await?;
    Ok(steps)
}

/// Empties the snapshot of a sync; what it sent stays where it is.
///
/// # Errors
/// A [`Problem`] of kind `state` where it cannot be read or written.
pub(crate) async fn forget(core: &Arc<Core>, sync: &SyncId) -> Result<(), Problem> {
    let snapshot = open_snapshot(core, sync).await?;
    tokio::task::spawn_blocking(move || snapshot.forget())
        .await
        .map_err(|error| broken(&error))??;
    core.store.set_held(sync, None).await?;
    Ok(())
}
