//! The state of a workspace as faces draw it; unchanged parts are shared.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::destination::{Destination, Source};
use crate::domain::id::{RunId, SyncId};
use crate::domain::model::Model;
use crate::domain::run::{Run, RunStatus};
use crate::domain::sync::Sync;
use crate::domain::trouble::Aside;

/// The state of a workspace at one moment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// Grows with each change.
    pub sequence: u64,
    /// The workspace's name.
    pub name: String,
    /// The zone for schedules that name none.
    pub timezone: String,
    /// The number of the last journaled event that this state includes.
    pub last_event: u64,
    /// All sources by name.
    pub sources: Vec<Arc<Source>>,
    /// All models by name.
    pub models: Vec<Arc<Model>>,
    /// All destinations by name.
    pub destinations: Vec<Arc<Destination>>,
    /// All syncs by name.
    pub syncs: Vec<Arc<SyncView>>,
    /// Why the core sends nothing at the moment (a full disk, a damaged database).
    pub halted: Option<String>,
    /// Causes of trouble that a person has set aside.
    #[serde(default)]
    pub asides: Vec<Aside>,
}

/// One sync with all that a list or a detail pane shows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncView {
    /// The sync.
    pub sync: Sync,
    /// Its model's name.
    pub model: String,
    /// Its source's name.
    pub source: String,
    /// Its destination's name.
    pub destination: String,
    /// Its destination's connector word.
    pub destination_type: String,
    /// Its state in one word.
    pub state: SyncState,
    /// Its schedule in words.
    pub schedule_words: String,
    /// When its schedule starts it next.
    pub next_run_at: Option<DateTime<Utc>>,
    /// Its run under way, with live counters.
    pub active: Option<ActiveRun>,
    /// Its run that waits for its turn.
    pub queued: Option<Run>,
    /// Its last run that ended.
    pub last: Option<Run>,
    /// Its last 20 ended runs, oldest first.
    pub recent: Vec<RecentRun>,
    /// Records that its snapshot holds.
    pub known: u64,
    /// Deletes that wait for approval, with the hash of their plan.
    pub held: Option<HeldDeletes>,
    /// Rows of its last run that fail and that a person ignores.
    #[serde(default)]
    pub ignored: IgnoredRows,
    /// When it left the state behind that can be put back: it wrote elsewhere meanwhile.
    #[serde(default)]
    pub kept: Option<DateTime<Utc>>,
    /// Health from 0 to 100; nothing before the first run.
    pub health: Option<u8>,
    /// When the first of the runs ended that ended as the last one did, without another between;
    /// of the last 20.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
    /// Rows that have failed in ten runs in a row or more.
    #[serde(default)]
    pub stuck: u64,
}

impl SyncView {
    /// The sync's id.
    pub fn id(&self) -> &SyncId {
        &self.sync.id
    }

    /// The sync's name.
    pub fn name(&self) -> &str {
        &self.sync.settings.name
    }
}

/// Rows that fail and that a person ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IgnoredRows {
    /// Stopped by us.
    pub invalid: u64,
    /// Refused by the destination.
    pub rejected: u64,
    /// Without an answer.
    pub unknown: u64,
}

impl IgnoredRows {
    /// All of them.
    pub fn total(self) -> u64 {
        self.invalid
            .saturating_add(self.rejected)
            .saturating_add(self.unknown)
    }
}

/// Deletes that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDeletes {
    /// How many.
    pub count: u64,
    /// The plan that can be approved.
    pub plan_hash: String,
    /// The run that made it.
    pub run: RunId,
}

/// A sync's state in one word, the one that a person should know first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum SyncState {
    /// A model, mapping or object changed: it does not run until someone mends it.
    NeedsAttention {
        /// Why.
        reason: String,
    },
    /// A run is under way.
    Running,
    /// A run waits for approval.
    AwaitingApproval,
    /// A run waits for its turn.
    Queued,
    /// Deletes wait for approval.
    Held,
    /// The last run failed, was cancelled or interrupted.
    Failed,
    /// The last run completed with errors.
    Errors,
    /// The last run completed.
    Ok,
    /// Its schedule is off.
    Paused,
    /// It has no schedule and never ran.
    Manual,
    /// It has a schedule and never ran.
    Waiting,
}

/// A run under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveRun {
    /// The run with its counters up to now.
    pub run: Run,
    /// Rows of the last good run, to measure reading by.
    pub expected_rows: Option<u64>,
    /// Rows a second in the present phase.
    pub rows_per_second: f64,
    /// Seconds left, where they can be told.
    pub eta_s: Option<u64>,
}

impl ActiveRun {
    /// Progress of the present phase from 0 to 1, where it can be told.
    pub fn progress(&self) -> Option<f64> {
        let planned = self.run.counters.total(|t| t.planned - t.held);
        let settled = self
            .run
            .counters
            .total(|t| t.done + t.rejected + t.unknown + t.pending);
        if self.run.phase == Some(crate::domain::run::Phase::Writing) && planned > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a share for people")]
            return Some(settled as f64 / planned as f64);
        }
        None
    }
}

/// A run that ended, for charts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentRun {
    /// The run.
    pub id: RunId,
    /// How it ended.
    pub status: RunStatus,
    /// How long it took.
    pub ms: u64,
    /// Rows written.
    pub written: u64,
}
