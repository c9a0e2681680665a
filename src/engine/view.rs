//! Makes the view of the workspace that faces draw from the live state.

use std::sync::Arc;

use crate::domain::destination::{Destination, Source};
use crate::domain::health::{self, Ended};
use crate::domain::model::Model;
use crate::domain::run::{Phase, Run, RunStatus};
use crate::domain::schedule::Schedule;
use crate::domain::sync::Sync;
use crate::link::WorkspaceView;
use crate::link::view::{ActiveRun, IgnoredRows, RecentRun, SyncState, SyncView};

use crate::store::Failing;

use super::dispatcher::{Active, Live};

/// Makes the whole view.
pub(crate) fn workspace_view(live: &Live, sequence: u64) -> WorkspaceView {
    let catalog = &live.catalog;
    WorkspaceView {
        sequence,
        name: catalog.workspace.name.clone(),
        timezone: catalog.workspace.timezone.clone(),
        last_event: 0,
        sources: catalog
            .sources
            .iter()
            .cloned()
            .map(Arc::<Source>::new)
            .collect(),
        models: catalog
            .models
            .iter()
            .cloned()
            .map(Arc::<Model>::new)
            .collect(),
        destinations: catalog
            .destinations
            .iter()
            .cloned()
            .map(Arc::<Destination>::new)
            .collect(),
        syncs: catalog
            .syncs
            .iter()
            .map(|sync| Arc::new(sync_view(live, sync)))
            .collect(),
        halted: None,
        asides: live.asides.clone(),
    }
}

/// Makes the view of one sync.
pub(crate) fn sync_view(live: &Live, sync: &Sync) -> SyncView {
    let catalog = &live.catalog;
    let model = catalog
        .models
        .iter()
        .find(|model| model.id == sync.settings.model);
    let source = model.and_then(|model| catalog.sources.iter().find(|s| s.id == model.source));
    let destination = catalog
        .destinations
        .iter()
        .find(|found| found.id == sync.settings.destination);
    let past = live.past.get(&sync.id).cloned().unwrap_or_default();
    let active = live.active.get(&sync.id).map(|active| {
        let rate = rate(active);
        ActiveRun {
            run: active.run.clone(),
            expected_rows: past.last.as_ref().map(|run| run.counters.read),
            rows_per_second: rate,
            eta_s: eta(&active.run, rate),
        }
    });
    let next_run_at = live.scheduler.next(&sync.id);
    let ended = past.recent.iter().map(|run| Ended {
        status: run.status,
        ms: run.ms,
    });
    let ended: Vec<Ended> = ended.collect();
    SyncView {
        sync: sync.clone(),
        model: model.map(|model| model.name.clone()).unwrap_or_default(),
        source: source.map(|source| source.name.clone()).unwrap_or_default(),
        destination: destination
            .map(|found| found.name.clone())
            .unwrap_or_default(),
        destination_type: destination
            .map(|found| found.connector.clone())
            .unwrap_or_default(),
        state: state(live, sync),
        schedule_words: live.schedule_words(sync),
        next_run_at,
        active,
        queued: live.queued.iter().find(|run| run.sync == sync.id).cloned(),
        health: health::score(&ended, overdue(live, sync, past.last.as_ref())),
        last: past.last,
        recent: past.recent,
        known: past.known,
        held: past.held,
        ignored: ignored(&past.failing),
        kept: past.kept,
        since: past.since,
        stuck: past.stuck,
    }
}

/// The age of the last good run as a multiple of the schedule's interval.
#[expect(clippy::cast_precision_loss, reason = "a ratio")]
fn overdue(live: &Live, sync: &Sync, last: Option<&Run>) -> Option<f64> {
    let Schedule::Interval { interval_minutes } = &sync.settings.schedule else {
        return None;
    };
    let ended = last?.ended_at?;
    let age = (live.now - ended).num_seconds() as f64;
    Some(age / (f64::from(*interval_minutes) * 60.0))
}

fn state(live: &Live, sync: &Sync) -> SyncState {
    let past = live.past.get(&sync.id);
    if let Some(active) = live.active.get(&sync.id) {
        return match active.run.phase {
            Some(Phase::AwaitingApproval) => SyncState::AwaitingApproval,
            _ => SyncState::Running,
        };
    }
    if live.queued.iter().any(|run| run.sync == sync.id) {
        return SyncState::Queued;
    }
    if let Some(reason) = live.catalog.attention.get(&sync.id).cloned() {
        return SyncState::NeedsAttention { reason };
    }
    if past.is_some_and(|past| past.held.is_some()) {
        return SyncState::Held;
    }
    let last = past
        .and_then(|past| past.last.as_ref())
        .map(|run| run.status);
    // Rows that a person does not want to hear of are no trouble of the sync.
    let is_ignored =
        past.is_some_and(|past| past.failing.open == 0 && ignored(&past.failing).total() > 0);
    match last {
        Some(RunStatus::Failed | RunStatus::Cancelled | RunStatus::Interrupted) => {
            SyncState::Failed
        }
        Some(RunStatus::CompletedWithErrors) if !is_ignored => SyncState::Errors,
        _ if sync.settings.paused => SyncState::Paused,
        Some(_) => SyncState::Ok,
        None if sync.settings.schedule == Schedule::Manual => SyncState::Manual,
        None => SyncState::Waiting,
    }
}

fn ignored(failing: &Failing) -> IgnoredRows {
    IgnoredRows {
        invalid: failing.invalid,
        rejected: failing.rejected,
        unknown: failing.unknown,
    }
}

/// An ended run as charts show it.
pub(crate) fn recent_run(run: &Run) -> RecentRun {
    let took = run
        .started_at
        .zip(run.ended_at)
        .map(|(from, to)| (to - from).num_milliseconds());
    RecentRun {
        id: run.id.clone(),
        status: run.status,
        ms: took
            .and_then(|ms| u64::try_from(ms).ok())
            .unwrap_or_default(),
        written: run.counters.total(|tally| tally.done),
    }
}

fn handled(run: &Run) -> u64 {
    match run.phase {
        Some(Phase::Writing) => run
            .counters
            .total(|t| t.done + t.rejected + t.unknown + t.pending),
        _ => run.counters.read,
    }
}

/// Rows a second since the present phase began, as seen at the last report.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(active: &Active) -> f64 {
    let ms = (active.reported - active.phase_began).num_milliseconds();
    if ms <= 0 {
        0.0
    } else {
        handled(&active.run) as f64 * 1000.0 / ms as f64
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds for people"
)]
fn eta(run: &Run, rate: f64) -> Option<u64> {
    let left = run.counters.total(|tally| tally.unsent);
    (run.phase == Some(Phase::Writing) && rate > 0.0 && left > 0)
        .then(|| (left as f64 / rate).ceil() as u64)
}
