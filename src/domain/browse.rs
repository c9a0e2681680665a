//! Looking through what a run left behind, page by page: its plan, its rows by cause; and through
//! the audit trail.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::id::RunId;
use super::plan::OperationKind;
use super::run::{Run, RunStatus};

/// A question about what is on record. Reply: [`Reply::Browsed`](super::command::Reply::Browsed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "browse")]
pub enum Browse {
    /// What a run's plan says of itself. Answer: [`Browsed::Plan`].
    Plan {
        /// The run.
        run: RunId,
    },
    /// Entries of a run's plan, whatever its length. Answer: [`Browsed::Entries`].
    Entries {
        /// The run.
        run: RunId,
        /// Which of them.
        part: PlanPart,
        /// From this place on among those of the part, counted from 0.
        offset: u64,
        /// At most so many.
        limit: u32,
    },
    /// The next entry of a run's plan whose key or identifier has a text. Answer:
    /// [`Browsed::Found`].
    Find {
        /// The run.
        run: RunId,
        /// Among which of them.
        part: PlanPart,
        /// A key, or some of it; case does not count.
        text: String,
        /// From this place on among those of the part.
        offset: u64,
    },
    /// The causes for which rows of a run need a look. Answer: [`Browsed::Causes`].
    Causes {
        /// The run.
        run: RunId,
    },
    /// The audit trail, newest first. Answer: [`Browsed::Audit`].
    Audit {
        /// Only entries before this number.
        before: Option<u64>,
        /// At most so many.
        limit: u32,
    },
    /// What runs did in each of some stretches of time, to a quarter of an hour. Answer:
    /// [`Browsed::Stretches`].
    Stretches {
        /// Where each begins, in order; the last one ends with what is on record.
        starts: Vec<DateTime<Utc>>,
    },
    /// What runs did that ended at a moment or after it. Answer: [`Browsed::Since`].
    Since {
        /// That moment.
        at: DateTime<Utc>,
    },
}

/// Which entries of a plan are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanPart {
    /// Every operation.
    #[default]
    All,
    /// What would be made.
    Create,
    /// What would be changed.
    Update,
    /// What would be deleted.
    Delete,
    /// What was stopped before it became an operation.
    Invalid,
}

impl PlanPart {
    /// Every part, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Invalid,
    ];

    /// The word for this part.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Invalid => "invalid",
        }
    }

    /// The kind of its operations, where it is of one.
    pub fn kind(self) -> Option<OperationKind> {
        match self {
            Self::Create => Some(OperationKind::Create),
            Self::Update => Some(OperationKind::Update),
            Self::Delete => Some(OperationKind::Delete),
            Self::All | Self::Invalid => None,
        }
    }
}

/// What a core answers to a [`Browse`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "browsed", content = "body")]
pub enum Browsed {
    /// What a plan says of itself.
    Plan(Box<PlanHead>),
    /// Entries of a plan.
    Entries(Vec<PlanRow>),
    /// Where in a plan a text was found.
    Found(PlanFound),
    /// Causes, the most frequent first.
    Causes(Vec<Cause>),
    /// Entries of the audit trail, newest first.
    Audit(Vec<AuditLine>),
    /// What runs did in each stretch, in the order of the question.
    Stretches(Vec<RunSums>),
    /// What runs did since a moment.
    Since(RunSums),
}

/// What runs that ended in some stretch of time did; mere plans are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunSums {
    /// Runs that ended.
    pub runs: u64,
    /// Those that failed or were interrupted.
    pub failed: u64,
    /// Those that completed with errors.
    pub with_errors: u64,
    /// Rows that were written.
    pub written: u64,
    /// Rows that were invalid, refused, or had no answer.
    pub refused: u64,
}

impl RunSums {
    /// What one run did; nothing before its end.
    pub fn of(run: &Run) -> Self {
        if !run.status.is_final() || run.options.plan_only {
            return Self::default();
        }
        let is = |status: RunStatus| u64::from(run.status == status);
        let c = &run.counters;
        Self {
            runs: 1,
            failed: is(RunStatus::Failed) + is(RunStatus::Interrupted),
            with_errors: is(RunStatus::CompletedWithErrors),
            written: c.total(|tally| tally.done),
            refused: c.invalid + c.total(|tally| tally.rejected + tally.unknown),
        }
    }

    /// Adds what others did.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.failed += other.failed;
        self.with_errors += other.with_errors;
        self.written += other.written;
        self.refused += other.refused;
    }
}

/// What a plan says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHead {
    /// The run that made it.
    pub run: Run,
    /// The content hash.
    pub plan_hash: String,
    /// Entries that are invalid; rows that share a key are one entry.
    pub invalid: u64,
    /// Records that the snapshot knew then.
    pub known: u64,
    /// The most deletes that pass unasked, by the limits as they are now.
    pub delete_limit: u64,
    /// Deletes of records that this sync never sent.
    pub foreign_deletes: u64,
}

impl PlanHead {
    /// How many entries a part has.
    pub fn entries(&self, part: PlanPart) -> u64 {
        match (part, part.kind()) {
            (PlanPart::Invalid, _) => self.invalid,
            (_, Some(kind)) => self.run.counters.of(kind).planned,
            (_, None) => self.run.counters.total(|tally| tally.planned),
        }
    }
}

/// One entry of a plan as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRow {
    /// What is to be done; nothing for an invalid row.
    pub op: Option<OperationKind>,
    /// Its key by column.
    pub key: Map<String, Json>,
    /// The identifier's values, joined by commas.
    pub identifier: String,
    /// The destination's own id, where it told one.
    pub destination_id: Option<String>,
    /// What was last accepted, by field, where it is kept.
    pub old: Option<Json>,
    /// What is to be written, by field.
    pub new: Option<Json>,
    /// Why it stands here, where that is not just a difference.
    pub why: Option<String>,
    /// The field or column at fault, of an invalid row.
    pub field: Option<String>,
}

/// Where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFound {
    /// The place of the entry among those of the part.
    pub at: Option<u64>,
    /// Where to go on, where the plan was not looked through to its end.
    pub next: Option<u64>,
}

/// Rows of a run that share a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// `invalid`, `rejected`, `unknown`, `held`.
    pub verdict: String,
    /// The cause's code.
    pub code: String,
    /// The field or column at fault.
    pub field: Option<String>,
    /// How many rows.
    pub rows: u64,
    /// How many of them a person ignores.
    #[serde(default)]
    pub ignored: u64,
    /// When the first run still on record met this cause.
    pub since: DateTime<Utc>,
    /// How many runs on record met it.
    pub runs: u64,
    /// Whether its first row has failed in ten runs in a row or more.
    pub stuck: bool,
    /// The edit that came last before the cause was first seen.
    pub edit: Option<AuditLine>,
}

/// An entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a person, a token, or `core`.
    pub actor: String,
    /// `create`, `update`, `delete`, `pause`, `unmask` …
    pub action: String,
    /// `workspace`, `source`, `model`, `destination`, `sync`, `run` …
    pub kind: String,
    /// The resource's id; empty for the workspace.
    pub resource: String,
    /// Its name then.
    pub name: String,
    /// Its revision afterwards; 0 where it has none.
    pub revision: u64,
    /// Field by field: name, old, new; secrets redacted.
    pub fields: Vec<(String, String, String)>,
}
