//! Outcomes that come later: asks destinations for them by ticket and puts them on record.
//!
//! A pending row outlives its run and the core. It is asked for by a poller whose waits grow, and at
//! the start of each run of its sync; never by two at once, for its verdict must count once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::connectors::{DestinationConnector, WriteError};
use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Bucket, Run, RunStatus};
use crate::domain::verdict::Verdict;
use crate::domain::words::counted;
use crate::store::PendingRow;

use super::connect;
use super::core::Core;
use super::deliver::acknowledge::Acknowledger;
use super::deliver::fate::{Closing, Fate};
use super::deliver::read_operations;
use super::run::writing::keeps_values;
use super::run_log::RunLog;

/// Rows that are asked for at once.
const PAGE: u32 = 1_000;
/// An outcome that has not come after so many days is taken for unknown: the destination may have
/// forgotten the ticket, and the row must not wait for ever.
const PATIENCE_DAYS: i64 = 7;

/// What asking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// Rows whose outcome is known now.
    pub settled: u64,
    /// Rows that still wait.
    pub waiting: u64,
    /// The wait that the destination asked for.
    pub retry_after: Option<Duration>,
}

/// Asks for every pending outcome of a sync; none of its runs is under way, and nobody else asks.
///
/// # Errors
/// A [`Problem`]: the store's, or a destination that cannot be opened. One that cannot be met, or
/// does not know yet, leaves its rows waiting.
pub(crate) async fn ask(core: &Arc<Core>, sync: &SyncId) -> Result<Asked, Problem> {
    let mut asked = Asked::default();
    let mut after = None;
    let mut connector = None;
    loop {
        let page = core.store.pending_page(sync, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(asked);
        };
        after = Some((last.run.clone(), last.row.operation));
        let connector = match &connector {
            Some(connector) => connector,
            None => connector.insert(open(core, sync).await?),
        };
        let mut by_run: BTreeMap<RunId, Vec<PendingRow>> = BTreeMap::new();
        for entry in page {
            by_run.entry(entry.run).or_default().push(entry.row);
        }
        for (run, rows) in by_run {
            of_run(core, connector.as_ref(), &run, rows, &mut asked).await?;
        }
    }
}

/// The destination as it is set now: a ticket is the account's, not a revision's. Where the sync was
/// pointed elsewhere its pending rows went with its snapshot.
async fn open(core: &Core, sync: &SyncId) -> Result<Box<dyn DestinationConnector>, Problem> {
    let catalog = core.store.load_catalog().await?;
    let found = catalog.syncs.iter().find(|found| found.id == *sync);
    let destination = found.and_then(|sync| {
        let mut all = catalog.destinations.iter();
        all.find(|found| found.id == sync.settings.destination)
    });
    let destination = destination.ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            format!("cannot ask for the pending outcomes of {sync}: it is gone"),
        )
    })?;
    connect::destination(core, destination).await
}

async fn of_run(
    core: &Arc<Core>,
    connector: &dyn DestinationConnector,
    id: &RunId,
    rows: Vec<PendingRow>,
    asked: &mut Asked,
) -> Result<(), Problem> {
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    asked.waiting += count;
    let Some((mut run, pinned)) = core.store.run(id).await? else {
        return Ok(());
    };
    let log = RunLog::open(core, &run.sync, id);
    let tickets = distinct(&rows);
    let known: HashMap<String, Verdict> = match connector.settle(&tickets).await {
        Ok(known) => known.into_iter().collect(),
        Err(error) => {
            asked.retry_after = asked.retry_after.max(wait_of(&error));
            log.line("pending", format!("cannot ask for outcomes: {error}"));
            return Ok(());
        }
    };
    let verdict = |row: &PendingRow| {
        let verdict = known.get(&row.ticket).cloned();
        verdict.or_else(|| overdue(core, &run))
    };
    let mut decided: HashMap<u64, Verdict> = rows
        .iter()
        .filter_map(|row| Some((row.operation, verdict(row)?)))
        .filter(|(_, verdict)| !matches!(verdict, Verdict::Pending { .. }))
        .collect();
    if decided.is_empty() {
        return Ok(());
    }
    let numbers = decided.keys().copied().collect();
    let operations = Arc::new(read_operations(core.plan_path(id), numbers).await?);
    let mut fates = Vec::with_capacity(operations.len());
    for (at, number) in operations.numbers().enumerate() {
        if let Some(verdict) = decided.remove(&number) {
            fates.push((at, Fate::Verdict(verdict)));
        }
    }
    for at in 0..operations.len() {
        let kind = operations
            .raw(at)
            .map_err(super::deliver::cut::unreadable)?
            .kind;
        let tally = run.counters.of_mut(kind);
        tally.shift(Bucket::Pending, Bucket::Unsent, 1);
    }
    let settled = u64::try_from(fates.len()).unwrap_or(count);
    let closing = Closing {
        batch: None,
        operations,
        fates,
        doubt: false,
    };
    let acknowledger = Acknowledger {
        keep_values: keeps_values(&pinned, &run),
        log: &log,
    };
    let mut kept = acknowledger.acknowledge(&mut run, &closing)?;
    if run.status == RunStatus::Completed && run.counters.has_errors() {
        run.status = RunStatus::CompletedWithErrors;
        kept.run.status = run.status;
    }
    core.store.close_intent(kept).await?;
    asked.settled += settled;
    asked.waiting -= settled;
    let left = run.counters.total(|tally| tally.pending);
    log.line(
        "pending",
        format!(
            "the outcome of {} came; {left} still open",
            counted(settled, "row")
        ),
    );
    Ok(())
}

fn distinct(rows: &[PendingRow]) -> Vec<String> {
    let mut tickets: Vec<String> = rows.iter().map(|row| row.ticket.clone()).collect();
    tickets.sort_unstable();
    tickets.dedup();
    tickets
}

fn wait_of(error: &WriteError) -> Option<Duration> {
    match error {
        WriteError::Retryable { retry_after, .. } | WriteError::RateLimited { retry_after, .. } => {
            *retry_after
        }
        _ => None,
    }
}

fn overdue(core: &Core, run: &Run) -> Option<Verdict> {
    let since = run.ended_at.or(run.started_at)?;
    let is_late = core.clock.now() - since > TimeDelta::days(PATIENCE_DAYS);
    is_late.then(|| Verdict::Unknown {
        reason: format!("no outcome came within {PATIENCE_DAYS} days"),
    })
}
