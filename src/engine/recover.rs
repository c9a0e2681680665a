//! Recovery at start: open intents are replayed verbatim, interrupted syncs are run once more.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use crate::connectors::{DeliveryBatch, RunContext, Session, WriteError, Written};
use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::Problem;
use crate::domain::run::{Counters, Run, RunStatus};
use crate::domain::verdict::{Rejection, Verdict};
use crate::failpoints;
use crate::snapshot::plan_file::{PackedOperations, PlanReader};
use crate::store::{Intent, Pinned};

use super::connect;
use super::core::Core;
use super::deliver::acknowledge::Acknowledger;
use super::deliver::batch::{batch_reader, payload_hash};
use super::deliver::cut::unreadable;
use super::deliver::fate::{Closing, Fate, Verdicts, alike};
use super::deliver::{broken, read_operations};
use super::run::remainder::{EXTENSION, Legacy, Remainder};
use super::run::writing::{is_at_most_once, keeps_values};
use super::run_log::RunLog;

/// Ends every run that the last core left under way, and gives them.
///
/// # Errors
/// A [`Problem`] of kind `state` where the store cannot be read or written.
pub(crate) async fn end_orphans(core: &Arc<Core>) -> Result<Vec<Run>, Problem> {
    let now = core.clock.now();
    let mut interrupted = Vec::new();
    for mut run in core.store.orphaned_runs().await? {
        run.status = RunStatus::Interrupted;
        run.ended_at = Some(now);
        if run.plan_hash.is_none() {
            // Of rows that were read and not compared nothing can be said that adds up.
            run.counters = Counters::default();
        }
        core.store.update_run(&run).await?;
        core.store.note_crash(&run.sync, now).await?;
        interrupted.push(run);
        failpoints::reach("recovery_ended_run");
    }
    Ok(interrupted)
}

/// The runs that the last core handed over, each with what is left of its plan; what was written
/// down of them is removed, for this core alone is the next one.
///
/// `orphaned` are the syncs whose runs a core died under: theirs were not handed over to us.
///
/// # Errors
/// A [`Problem`] of kind `state` where the store cannot be read.
pub(crate) async fn handed_over(
    core: &Arc<Core>,
    orphaned: &[SyncId],
) -> Result<Vec<(Run, Pinned, Option<Remainder>)>, Problem> {
    let folder = core.folder.join("runs");
    let taken = tokio::task::spawn_blocking(move || take_legacies(&folder));
    let mut runs = Vec::new();
    for (id, legacy) in taken.await.map_err(|error| broken(&error))? {
        let Some((run, pinned)) = core.store.run(&id).await? else {
            continue;
        };
        // One that waits for its turn may stand before it.
        let newest = core.store.runs(Some(&run.sync), None, 2).await?;
        let mut begun = newest.iter().filter(|run| run.status != RunStatus::Queued);
        let is_it = run.status == RunStatus::Interrupted
            && run.ended_at == Some(legacy.ended_at)
            && !orphaned.contains(&run.sync)
            && begun.next().is_some_and(|newest| newest.id == id);
        if is_it {
            runs.push((run, pinned, legacy.remainder));
        }
    }
    Ok(runs)
}

fn take_legacies(folder: &Path) -> Vec<(RunId, Legacy)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut legacies = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        if path.extension().is_none_or(|ending| ending != EXTENSION) {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str());
        match (name.map(RunId::parse), Legacy::take(&path)) {
            (Some(Ok(run)), Ok(Some(legacy))) => legacies.push((run, legacy)),
            (_, Err(error)) => {
                tracing::warn!(path = %path.display(), %error, "cannot take it over")
            }
            _ => {}
        }
    }
    legacies
}

/// The open intents that the last core left, by run.
///
/// # Errors
/// A [`Problem`] of kind `state` where the store cannot be read.
pub(crate) async fn open_intents(
    core: &Core,
) -> Result<BTreeMap<(SyncId, RunId), Vec<Intent>>, Problem> {
    let mut by_run: BTreeMap<(SyncId, RunId), Vec<Intent>> = BTreeMap::new();
    for intent in core.store.open_intents().await? {
        by_run
            .entry((intent.sync.clone(), intent.run.clone()))
            .or_default()
            .push(intent);
    }
    Ok(by_run)
}

/// Settles a run's open intents: sent again verbatim where that can be done, else unknown.
///
/// # Errors
/// A [`Problem`] where the store or the plan cannot be read; the intents then stay open.
pub(crate) async fn settle(
    core: &Arc<Core>,
    id: &RunId,
    intents: Vec<Intent>,
) -> Result<(), Problem> {
    let Some((mut run, pinned)) = core.store.run(id).await? else {
        return Ok(());
    };
    let log = RunLog::open(core, &run.sync, id);
    log.line(
        "recovery",
        format!(
            "{} batches were under way when the core stopped",
            intents.len()
        ),
    );
    let acknowledger = Acknowledger {
        keep_values: keeps_values(&pinned, &run),
        log: &log,
    };
    let session = match open_session(core, &run, &pinned).await {
        Ok(_) if failpoints::planted("no_replay") => None,
        Ok(session) => Some(session),
        Err(problem) => {
            log.line("recovery", format!("not sent again: {}", problem.text));
            None
        }
    };
    let mut staged = Vec::new();
    for intent in intents {
        let operations = read_operations(core.plan_path(id), intent.operations.clone()).await?;
        let operations = Arc::new(operations);
        let fates = match &session {
            Some(session) if payload_hash(&operations) == intent.payload_hash => {
                failpoints::reach("recovery_before_replay");
                let replayed = replay(session.as_ref(), &intent, &operations).await;
                failpoints::reach("recovery_after_replay");
                match replayed {
                    Ok(Written::Staged { .. }) => {
                        staged.push((intent.batch, intent.operations));
                        continue;
                    }
                    Ok(Written::Verdicts { verdicts, .. }) => answered(&operations, verdicts),
                    Err(error) => unanswered(&operations, &error),
                }
            }
            _ => unknown(&operations, "the core stopped before the answer came"),
        };
        let closing = Closing {
            batch: Some(intent.batch),
            operations,
            fates,
            doubt: true,
        };
        let kept = acknowledger.acknowledge(&mut run, &closing)?;
        core.store.close_intent(kept).await?;
        failpoints::reach("recovery_after_verdict");
    }
    let finished = match session {
        Some(session) => session.finish().await,
        None => return Ok(()),
    };
    for (batch, numbers) in staged {
        let operations = Arc::new(read_operations(core.plan_path(id), numbers).await?);
        let fates = match &finished {
            Ok(done) => answered_or_accepted(&operations, &done.exceptions),
            Err(error) => unknown(&operations, &error.to_string()),
        };
        let closing = Closing {
            batch: Some(batch),
            operations,
            fates,
            doubt: true,
        };
        let kept = acknowledger.acknowledge(&mut run, &closing)?;
        core.store.close_intent(kept).await?;
    }
    log.line("recovery", "settled");
    Ok(())
}

/// Closes what earlier runs of this core left open of a sync, because a fault kept their verdicts
/// from the disk: their outcome is unknown. Nothing of it may be sent again after a newer value.
///
/// # Errors
/// A [`Problem`] of kind `state` where the store cannot be read or written.
pub(crate) async fn close_leftovers(core: &Arc<Core>, sync: &SyncId) -> Result<(), Problem> {
    let open = open_intents(core).await?;
    for ((_, id), intents) in open.into_iter().filter(|((of, _), _)| of == sync) {
        let Some((mut run, pinned)) = core.store.run(&id).await? else {
            continue;
        };
        let log = RunLog::open(core, sync, &id);
        log.line(
            "recovery",
            format!("{} batches had no verdict on record", intents.len()),
        );
        let acknowledger = Acknowledger {
            keep_values: keeps_values(&pinned, &run),
            log: &log,
        };
        for intent in intents {
            let read = read_operations(core.plan_path(&id), intent.operations).await;
            let operations = match read {
                Ok(operations) => Arc::new(operations),
                Err(problem) => {
                    // The intent stays open, and with it its rows stay due.
                    tracing::error!(run = %id, %problem, "cannot close what a run left open");
                    continue;
                }
            };
            let fates = unknown(&operations, "the verdicts could not be put on record");
            let closing = Closing {
                batch: Some(intent.batch),
                operations,
                fates,
                doubt: true,
            };
            let kept = acknowledger.acknowledge(&mut run, &closing)?;
            core.store.close_intent(kept).await?;
        }
    }
    Ok(())
}

/// Opens a session under the pinned revision, where the destination is still the same and the
/// sync is not paused.
async fn open_session(
    core: &Arc<Core>,
    run: &Run,
    pinned: &Pinned,
) -> Result<Box<dyn Session>, Problem> {
    use crate::domain::problem::ProblemKind::Conflict;
    let catalog = core.store.load_catalog().await?;
    let settings = &pinned.sync.settings;
    let sync = catalog.syncs.iter().find(|sync| sync.id == run.sync);
    if sync.is_none_or(|sync| sync.settings.paused) {
        return Err(Problem::new(Conflict, "the sync is paused"));
    }
    let destination = catalog
        .destinations
        .iter()
        .find(|found| found.id == settings.destination);
    if destination.is_none_or(|found| found.settings != pinned.destination.settings) {
        return Err(Problem::new(
            Conflict,
            "the destination was changed meanwhile",
        ));
    }
    let connector = connect::destination(core, &pinned.destination).await?;
    let capabilities = connector.capabilities(&settings.destination_object);
    if is_at_most_once(settings, &capabilities) {
        return Err(Problem::new(
            Conflict,
            "the sync holds rows of unknown outcome for a person",
        ));
    }
    // A request of the dead run may still be travelling.
    let travelling = std::time::Duration::from_secs(capabilities.request_timeout_s);
    if !travelling.is_zero() {
        core.clock.sleep(travelling).await;
    }
    let path = core.plan_path(&run.id);
    let shape = tokio::task::spawn_blocking(move || {
        PlanReader::open(&path)
            .map(|reader| reader.header().shape.clone())
            .map_err(unreadable)
    })
    .await
    .map_err(|error| broken(&error))??;
    let context = RunContext {
        run: run.id.clone(),
        sync: run.sync.clone(),
        object: settings.destination_object.clone(),
        mode: settings.mode,
        shape: Arc::new(shape),
        started_at: run.started_at.unwrap_or(run.queued_at),
    };
    Ok(connector.begin(context).await?)
}

async fn replay(
    session: &dyn Session,
    intent: &Intent,
    operations: &Arc<PackedOperations>,
) -> Result<Written, WriteError> {
    let sent = if failpoints::planted("replay_shortened") {
        &Arc::new(operations.part(0..operations.len().saturating_sub(1)))
    } else {
        operations
    };
    let batch = DeliveryBatch {
        number: intent.batch,
        idempotency_key: match failpoints::planted("new_key_on_replay") {
            true => format!("{}0", intent.idempotency_key),
            false => intent.idempotency_key.clone(),
        },
        memo: intent.memo.clone(),
        attempt: 0,
        replay: true,
        operations: batch_reader(sent),
    };
    session.write(batch).await
}

fn answered(operations: &PackedOperations, verdicts: Vec<(u64, Verdict)>) -> Vec<(usize, Fate)> {
    let mut verdicts = Verdicts::new(verdicts);
    let numbers = operations.numbers().enumerate();
    numbers
        .map(|(at, number)| (at, Fate::Verdict(verdicts.take(number))))
        .collect()
}

fn answered_or_accepted(
    operations: &PackedOperations,
    exceptions: &[(u64, Verdict)],
) -> Vec<(usize, Fate)> {
    let exceptions: HashMap<u64, &Verdict> = exceptions
        .iter()
        .map(|(number, verdict)| (*number, verdict))
        .collect();
    let fate = |number| {
        let found = exceptions.get(&number).copied();
        Fate::Verdict(found.unwrap_or(&Verdict::ACCEPTED).clone())
    };
    let numbers = operations.numbers().enumerate();
    numbers.map(|(at, number)| (at, fate(number))).collect()
}

/// What an error in place of verdicts says: a row that is refused alone is rejected, of all others
/// nothing is known.
fn unanswered(operations: &PackedOperations, error: &WriteError) -> Vec<(usize, Fate)> {
    let (code, text) = match error {
        WriteError::Poison { code, text } => (code.as_str(), text),
        WriteError::TooLarge { text } => ("too_large", text),
        _ => return unknown(operations, &error.to_string()),
    };
    if operations.len() != 1 {
        return unknown(operations, text);
    }
    let rejection = Rejection {
        code: code.to_owned(),
        field: None,
        text: text.clone(),
        transient: false,
    };
    alike(operations, &Fate::Verdict(Verdict::Rejected(rejection)))
}

fn unknown(operations: &PackedOperations, reason: &str) -> Vec<(usize, Fate)> {
    let reason = reason.to_owned();
    alike(operations, &Fate::Verdict(Verdict::Unknown { reason }))
}
