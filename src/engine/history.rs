//! History of a key: what each kept plan did to it, as far as the destination accepted it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::command::{HistoryEntry, Reply, RowFilter};
use crate::domain::mask;
use crate::domain::plan::{Operation, Record};
use crate::domain::problem::Problem;
use crate::domain::row::Fingerprint;
use crate::domain::run::Run;
use crate::domain::sync::Sync;
use crate::domain::value::Value;
use crate::snapshot::plan_file::PlanReader;
use crate::store::{Catalog, Pinned};

use super::core::Core;
use super::deliver::broken;
use super::explore::{find_run, unmasked};
use super::names;
use super::render::{key_by_column, record_by_field};
use super::run::planning::parse_key;
use super::run::prepare::open_snapshot;

/// Runs of one sync that are looked through, newest first.
const RUNS: u32 = 500;

/// Records of one plan that an identifier may stand for, where several keys carried it.
const MATCHES: usize = 100;

/// Gives what was done to the records of a primary key or identifier, newest first.
///
/// # Errors
/// A [`Problem`] where a sync is not found or the state cannot be read.
pub(crate) async fn of_key(
    core: &Arc<Core>,
    catalog: &Catalog,
    key: &str,
    only: Option<&str>,
    unmask: bool,
) -> Result<Reply, Problem> {
    let syncs: Vec<&Sync> = match only {
        Some(name) => vec![names::sync(catalog, name)?],
        None => catalog.syncs.iter().collect(),
    };
    if unmask {
        unmasked(core, "history", "").await?;
    }
    let mut entries = Vec::new();
    for sync in syncs {
        for run in core.store.runs(Some(&sync.id), None, RUNS).await? {
            if run.counters.total(|tally| tally.done) > 0 {
                entries.extend(of_run(core, sync, &run, key).await?);
            }
        }
    }
    if !unmask {
        for entry in &mut entries {
            entry.old = entry.old.as_ref().map(mask::record);
            entry.new = entry.new.as_ref().map(mask::record);
        }
    }
    entries.sort_by_key(|entry: &HistoryEntry| std::cmp::Reverse(entry.at));
    Ok(Reply::History(entries))
}

async fn of_run(
    core: &Arc<Core>,
    sync: &Sync,
    run: &Run,
    key: &str,
) -> Result<Vec<HistoryEntry>, Problem> {
    let (_, pinned) = find_run(core, &run.id).await?;
    let found = find(core, &pinned, run, key).await?;
    let accepted = accepted(core, run, &found).await?;
    let entries = found
        .into_iter()
        .filter(|(operation, _, _)| accepted.contains(&operation.number));
    let entries = entries.map(|(operation, old, new)| HistoryEntry {
        at: run.ended_at.or(run.started_at).unwrap_or(run.queued_at),
        sync: sync.settings.name.clone(),
        run: run.id.clone(),
        revision: run.revision,
        op: operation.kind,
        key: key_by_column(&pinned.model, &operation.key),
        old,
        new,
    });
    Ok(entries.collect())
}

/// Whether an identifier, its parts joined by commas, reads as the text.
fn reads_as(identifier: &[Value], text: &str) -> bool {
    let parts: Vec<String> = identifier.iter().map(Value::to_plain).collect();
    parts.join(",") == text
}

type Found = (
    Operation,
    Option<serde_json::Value>,
    Option<serde_json::Value>,
);

/// The operations of a run's plan on a key, or on an identifier that reads as the text.
async fn find(
    core: &Arc<Core>,
    pinned: &Pinned,
    run: &Run,
    text: &str,
) -> Result<Vec<Found>, Problem> {
    let path = core.plan_path(&run.id);
    let seed = open_snapshot(core, &run.sync).await?.seed();
    let key = parse_key(&pinned.model, text).ok();
    let text = text.to_owned();
    let work = move || {
        // A plan that is no longer kept is where the history begins.
        let Ok(reader) = PlanReader::open(&path) else {
            return Ok(Vec::new());
        };
        let hash = key.map(|key| Fingerprint::of(seed, key.bytes()));
        let by_key = hash.and_then(|hash| reader.find(hash).ok().flatten());
        let mut operations: Vec<Operation> = by_key.into_iter().collect();
        if operations.is_empty() {
            operations = reader
                .operations(0)
                .filter_map(Result::ok)
                .filter(|operation| reads_as(&operation.identifier, &text))
                .take(MATCHES)
                .collect();
        }
        let shape = reader.header().shape.clone();
        let show = |record: &Option<Record>| record.as_ref().map(|r| record_by_field(&shape, r));
        let found = operations.into_iter().map(|operation| {
            let (old, new) = (show(&operation.old), show(&operation.new));
            (operation, old, new)
        });
        Ok(found.collect())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| broken(&error))?
}

/// Which of the operations were sent and neither refused nor left without an answer.
async fn accepted(core: &Core, run: &Run, found: &[Found]) -> Result<HashSet<u64>, Problem> {
    if found.is_empty() {
        return Ok(HashSet::new());
    }
    let mut accepted: HashSet<u64> = found
        .iter()
        .map(|(operation, _, _)| operation.number)
        .collect();
    let mut sent = HashSet::new();
    for (intent, closed) in core.store.intents(&run.id).await? {
        if closed {
            sent.extend(
                intent
                    .operations
                    .into_iter()
                    .filter(|number| accepted.contains(number)),
            );
        }
    }
    accepted.retain(|number| sent.contains(number));
    for (operation, _, _) in found {
        let filter = RowFilter {
            key: Some(operation.key.to_string()),
            ..RowFilter::default()
        };
        for row in core.store.rows(&run.id, &filter).await? {
            if let Some(number) = row.row.operation {
                accepted.remove(&number);
            }
        }
    }
    Ok(accepted)
}
