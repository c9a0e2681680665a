//! Runs: one execution of a sync, its states and its counters.

mod counters;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{RunId, SyncId};
use super::mode::Mode;
use super::problem::Problem;

pub use counters::{Bucket, Counters, Tally};

/// What made a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Trigger {
    /// A person, on any face.
    Manual,
    /// A slot of the schedule.
    Schedule {
        /// The slot's time.
        slot: DateTime<Utc>,
        /// Slots that were missed (the core was down, the machine slept, the clock was set
        /// forward) and are covered by this run, its own included; 0 where it is in time.
        missed: u32,
        /// The schedule in words, as it was.
        words: String,
    },
    /// Another sync completed.
    After {
        /// That sync.
        sync: SyncId,
    },
    /// The core found this sync interrupted when it started.
    Recovery,
    /// The destination said when to come back.
    FollowUp,
    /// Chosen rows of an earlier run.
    Retry {
        /// That run.
        run: RunId,
    },
    /// The undo of an earlier run.
    Undo {
        /// That run.
        run: RunId,
    },
}

impl Trigger {
    /// The word for this trigger.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Schedule { .. } => "schedule",
            Self::After { .. } => "after",
            Self::Recovery => "recovery",
            Self::FollowUp => "follow_up",
            Self::Retry { .. } => "retry",
            Self::Undo { .. } => "undo",
        }
    }
}

/// Which rows a run takes and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunOptions {
    /// Sends only the first n due rows; nothing else is forgotten or deleted.
    pub limit: Option<u64>,
    /// Sends only these keys, as text, key columns joined by `,`; nothing else is forgotten or
    /// deleted.
    pub keys: Vec<String>,
    /// Sends only the keys that this run left rejected or invalid.
    pub retry_of: Option<RunId>,
    /// With `retry_of`: only rows with this cause code.
    pub cause: Option<String>,
    /// Takes back what this run wrote instead of reading the model.
    pub undo_of: Option<RunId>,
    /// Sends every row again.
    pub full: bool,
    /// With `full`: allows it for append, which sends every row a second time.
    pub duplicate: bool,
    /// Records what is new in the model as it stands, as adopted, and sends nothing.
    pub from_now: bool,
    /// Leaves out the plan's deletes.
    pub without_deletes: bool,
    /// Plans and stops: nothing is sent.
    pub plan_only: bool,
    /// Accepts the model's new size for the shrink guard.
    pub accept_size: bool,
    /// Delivers exactly the plan with this hash, approved by a person.
    pub approved_plan: Option<String>,
}

impl RunOptions {
    /// Whether only some of the rows are looked at, so that absence means nothing.
    pub fn is_partial(&self) -> bool {
        self.limit.is_some()
            || !self.keys.is_empty()
            || self.retry_of.is_some()
            || self.undo_of.is_some()
    }
}

/// What a running run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reading the model.
    Querying,
    /// Comparing with the snapshot.
    Comparing,
    /// Waiting for a person.
    AwaitingApproval,
    /// Sending.
    Writing,
}

impl Phase {
    /// The words for this phase.
    pub fn words(self) -> &'static str {
        match self {
            Self::Querying => "querying",
            Self::Comparing => "comparing",
            Self::AwaitingApproval => "awaiting approval",
            Self::Writing => "writing",
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waits for its turn.
    Queued,
    /// Under way.
    Running,
    /// Did all it could without errors.
    Completed,
    /// Some rows were invalid, rejected or unknown.
    CompletedWithErrors,
    /// Ended before it could do its work.
    Failed,
    /// A person ended it.
    Cancelled,
    /// The core went away under it.
    Interrupted,
}

impl RunStatus {
    /// The words for this status.
    pub fn words(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::CompletedWithErrors => "completed with errors",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing more can happen to the run.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Whether a run may go from this status to `next`.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Queued => matches!(next, Self::Running | Self::Cancelled | Self::Failed),
            Self::Running => !matches!(next, Self::Queued | Self::Running),
            // The same run goes on from its plan file after a hand-over.
            Self::Interrupted => matches!(next, Self::Running),
            // Outcomes that came after its end.
            Self::Completed => matches!(next, Self::CompletedWithErrors),
            _ => false,
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// How long a phase took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// The phase.
    pub name: Phase,
    /// Milliseconds.
    pub ms: u64,
}

/// A run as it is shown and stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its identifier.
    pub id: RunId,
    /// Its sync.
    pub sync: SyncId,
    /// The sync's revision with which it started.
    pub revision: u64,
    /// What made it.
    pub trigger: Trigger,
    /// Which rows and how.
    pub options: RunOptions,
    /// The sync's mode.
    pub mode: Mode,
    /// Where it stands.
    pub status: RunStatus,
    /// What it is doing while it runs, and did last when it ended.
    pub phase: Option<Phase>,
    /// When it was asked for.
    pub queued_at: DateTime<Utc>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub error: Option<Problem>,
    /// When the destination said to come back.
    pub retry_at: Option<DateTime<Utc>>,
    /// The hash of its plan.
    pub plan_hash: Option<String>,
    /// What it counted.
    pub counters: Counters,
    /// How long each phase took.
    pub phases: Vec<PhaseTime>,
}

impl Run {
    /// The exit code of a command that waited for this run: 0 done, 1 failed, 3 completed with
    /// errors, 4 waiting for approval or deletes held, 5 stopped by a guard.
    pub fn exit_code(&self) -> u8 {
        match self.status {
            RunStatus::Completed | RunStatus::CompletedWithErrors
                if self.counters.total(|t| t.held) > 0 =>
            {
                4
            }
            RunStatus::Completed => 0,
            RunStatus::CompletedWithErrors => 3,
            RunStatus::Queued | RunStatus::Running => {
                if self.phase == Some(Phase::AwaitingApproval) {
                    4
                } else {
                    0
                }
            }
            RunStatus::Failed => self.error.as_ref().map_or(1, Problem::exit_code),
            RunStatus::Cancelled | RunStatus::Interrupted => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_run_stays_final() {
        let all = [
            RunStatus::Queued,
            RunStatus::Running,
            RunStatus::Completed,
            RunStatus::CompletedWithErrors,
            RunStatus::Failed,
            RunStatus::Cancelled,
            RunStatus::Interrupted,
        ];
        for from in all {
            for to in all {
                let late = (from, to) == (RunStatus::Completed, RunStatus::CompletedWithErrors);
                if from.is_final() && from != RunStatus::Interrupted {
                    assert_eq!(from.may_become(to), late, "{from} -> {to}");
                }
            }
            assert!(!from.may_become(from));
        }
        assert!(!RunStatus::Queued.may_become(RunStatus::Completed));
    }
}
