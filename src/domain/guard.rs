//! Guards: the limits that hold deletes or stop a run before it does harm.

use super::words;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::problem::{Problem, ProblemKind};
use super::verdict::{Rejection, Verdict};

/// Limits of one sync; each absent one takes the workspace's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuardSettings {
    /// Deletes that always pass (10).
    pub delete_rows: Option<u64>,
    /// Deletes that pass as a share of the known records, in percent (10).
    pub delete_percent: Option<f64>,
    /// The most deletes that pass by the share (500).
    pub delete_max: Option<u64>,
    /// A model with fewer rows than this share of its last good run stops it, in percent (50).
    pub shrink_percent: Option<f64>,
    /// Rows of the last good run from which the shrink guard looks (100).
    pub shrink_from_rows: Option<u64>,
    /// More invalid rows than this share stop the run, in percent (50).
    pub invalid_percent: Option<f64>,
    /// First answered rows that must not all be rejected (500).
    pub rejected_rows: Option<u64>,
}

impl GuardSettings {
    /// Makes sure that the limits mean something.
    ///
    /// # Errors
    /// A [`Problem`] that names a share that is not between 0 and 100 percent.
    pub fn check(&self) -> Result<(), Problem> {
        let shares = [
            ("delete_percent", self.delete_percent),
            ("shrink_percent", self.shrink_percent),
            ("invalid_percent", self.invalid_percent),
        ];
        match shares
            .into_iter()
            .find(|(_, share)| share.is_some_and(|share| !(0.0..=100.0).contains(&share)))
        {
            None => Ok(()),
            Some((name, _)) => Err(Problem::new(
                ProblemKind::Config,
                format!("{name} is not a share of a whole"),
            )
            .hint("give a number from 0 to 100")),
        }
    }
}

/// The limits that a run follows: the sync's, else the workspace's, else the built-in ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guards {
    /// Deletes that always pass.
    pub delete_rows: u64,
    /// Deletes that pass as a share of the known records, in percent.
    pub delete_percent: f64,
    /// The most deletes that pass by the share.
    pub delete_max: u64,
    /// A model with fewer rows than this share of its last good run stops it, in percent.
    pub shrink_percent: f64,
    /// Rows of the last good run from which the shrink guard looks.
    pub shrink_from_rows: u64,
    /// More invalid rows than this share stop the run, in percent.
    pub invalid_percent: f64,
    /// First answered rows that must not all be rejected; 0 turns that guard off.
    pub rejected_rows: u64,
}

impl Default for Guards {
    /// The numbers of the product: 10 rows, 10 %, 500 rows; 50 % from 100 rows; 50 %; 500 rows.
    fn default() -> Self {
        Self {
            delete_rows: 10,
            delete_percent: 10.0,
            delete_max: 500,
            shrink_percent: 50.0,
            shrink_from_rows: 100,
            invalid_percent: 50.0,
            rejected_rows: 500,
        }
    }
}

/// Whether a plan's deletes may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteDecision {
    /// They may.
    Pass,
    /// A person must approve them; creates and updates go.
    Held {
        /// The most that would have passed.
        limit: u64,
    },
}

impl Guards {
    /// Puts a sync's settings over the workspace's over the built-in numbers.
    pub fn resolve(sync: &GuardSettings, workspace: &GuardSettings) -> Self {
        let built_in = Self::default();
        let share = |own: Option<f64>, common: Option<f64>, built_in: f64| {
            let usable = |share: &f64| (0.0..=100.0).contains(share);
            own.filter(usable)
                .or(common.filter(usable))
                .unwrap_or(built_in)
        };
        let rows = |own: Option<u64>, common: Option<u64>, built_in: u64| {
            own.or(common).unwrap_or(built_in)
        };
        Self {
            delete_rows: rows(
                sync.delete_rows,
                workspace.delete_rows,
                built_in.delete_rows,
            ),
            delete_percent: share(
                sync.delete_percent,
                workspace.delete_percent,
                built_in.delete_percent,
            ),
            delete_max: rows(sync.delete_max, workspace.delete_max, built_in.delete_max),
            shrink_percent: share(
                sync.shrink_percent,
                workspace.shrink_percent,
                built_in.shrink_percent,
            ),
            shrink_from_rows: rows(
                sync.shrink_from_rows,
                workspace.shrink_from_rows,
                built_in.shrink_from_rows,
            ),
            invalid_percent: share(
                sync.invalid_percent,
                workspace.invalid_percent,
                built_in.invalid_percent,
            ),
            rejected_rows: rows(
                sync.rejected_rows,
                workspace.rejected_rows,
                built_in.rejected_rows,
            ),
        }
    }

    /// Judges planned deletes against the records that the sync knows: more than the larger of
    /// `delete_rows` and the smaller of the share and `delete_max` are held, and any at all when
    /// the model has no rows.
    pub fn deletes(&self, deletes: u64, known: u64, model_rows: u64) -> DeleteDecision {
        let limit = if model_rows == 0 {
            0
        } else {
            let by_share = share_of(known, self.delete_percent);
            self.delete_rows.max(by_share.min(self.delete_max))
        };
        if deletes > limit {
            DeleteDecision::Held { limit }
        } else {
            DeleteDecision::Pass
        }
    }

    /// Judges the model's rows against its last good run; a problem where it has shrunk so far
    /// that nothing may be sent, forgotten or deleted before a person accepts the new size.
    pub fn shrink(&self, rows: u64, last_good_rows: Option<u64>) -> Option<Problem> {
        let last = last_good_rows.filter(|last| *last >= self.shrink_from_rows.max(1))?;
        if !is_below(rows, self.shrink_percent, last) {
            return None;
        }
        Some(
            Problem::new(
                ProblemKind::Guard,
                format!(
                    "the model returned {} {}, {} of the last {}; nothing was sent and nothing forgotten",
                    words::count(rows),
                    if rows == 1 { "row" } else { "rows" },
                    percent(rows, last),
                    words::count(last),
                ),
            )
            .hint("preview the model, or accept this as the new size"),
        )
    }

    /// Judges the invalid rows of a reading; a problem where there are too many to send anything.
    pub fn invalid(&self, invalid: u64, read: u64) -> Option<Problem> {
        let valid = read.saturating_sub(invalid);
        if invalid == 0 || !is_below(valid, 100.0 - self.invalid_percent, read) {
            return None;
        }
        Some(
            Problem::new(
                ProblemKind::Guard,
                format!(
                    "{} of {} rows are invalid, {} (limit {} %); nothing was sent",
                    words::count(invalid),
                    words::count(read),
                    percent(invalid, read),
                    self.invalid_percent,
                ),
            )
            .hint("look at the rows by cause, then mend the mapping or the model"),
        )
    }
}

/// What is said of held deletes, for the run's log and its result.
pub fn held_text(deletes: u64, known: u64, model_rows: u64, limit: u64) -> String {
    let count = words::count(deletes);
    let held = if deletes == 1 {
        format!("{count} delete is held")
    } else {
        format!("{count} deletes are held")
    };
    if model_rows == 0 {
        return format!("{held}: the model returned no rows");
    }
    format!(
        "{held}: {} of the {} records that this sync has sent (limit {})",
        percent(deletes, known),
        words::count(known),
        words::count(limit),
    )
}

/// Watches the first answers of a run: where all are rejections and nine in ten share a cause, to
/// go on would only repeat it.
///
/// Its memory is bounded: with more causes than a tenth of the rows, none can have nine in ten.
#[derive(Debug, Clone)]
pub struct RejectionWatch {
    watched_rows: u64,
    rejected: u64,
    causes: BTreeMap<(String, Option<String>), u64>,
    over: bool,
}

/// Why a run was stopped by its first answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionStop {
    /// The answered rows, all of them rejected.
    pub rows: u64,
    /// Those of them with the cause.
    pub sharing: u64,
    /// The cause's code.
    pub code: String,
    /// The field at fault, where it was named.
    pub field: Option<String>,
}

impl RejectionWatch {
    /// Begins with a run's first batch.
    pub fn new(guards: &Guards) -> Self {
        Self {
            watched_rows: guards.rejected_rows,
            rejected: 0,
            causes: BTreeMap::new(),
            over: guards.rejected_rows == 0,
        }
    }

    /// Takes one row's verdict; gives the reason to stop when the last watched row says so.
    ///
    /// A row without an answer counts neither way.
    pub fn observe(&mut self, verdict: &Verdict) -> Option<RejectionStop> {
        if self.over {
            return None;
        }
        match verdict {
            Verdict::Unknown { .. } => None,
            Verdict::Accepted { .. } | Verdict::Pending { .. } => {
                self.end();
                None
            }
            Verdict::Rejected(rejection) => self.rejected(rejection),
        }
    }

    fn rejected(&mut self, rejection: &Rejection) -> Option<RejectionStop> {
        self.rejected += 1;
        let cause = (rejection.code.clone(), rejection.field.clone());
        *self.causes.entry(cause).or_default() += 1;
        let causes = u64::try_from(self.causes.len()).unwrap_or(u64::MAX);
        // Each cause but the commonest is at least one row that does not share it.
        let strangers = causes - 1;
        if strangers.saturating_mul(10) > self.watched_rows {
            self.end();
            return None;
        }
        if self.rejected < self.watched_rows {
            return None;
        }
        let commonest = std::mem::take(&mut self.causes)
            .into_iter()
            .max_by_key(|(_, rows)| *rows);
        self.end();
        let ((code, field), sharing) = commonest?;
        let shared = sharing.saturating_mul(10) >= self.rejected.saturating_mul(9);
        shared.then_some(RejectionStop {
            rows: self.rejected,
            sharing,
            code,
            field,
        })
    }

    fn end(&mut self) {
        self.over = true;
        self.causes.clear();
    }
}

impl RejectionStop {
    /// The problem with which the run fails; `unsent` rows stay due.
    pub fn problem(&self, unsent: u64) -> Problem {
        let field = self.field.as_ref().map(|field| format!(" ({field})"));
        let cause = format!("{}{}", self.code, field.unwrap_or_default());
        let rows = words::count(self.rows);
        let refused = if self.sharing == self.rows {
            format!("the first {rows} rows were all refused with {cause}")
        } else {
            let sharing = words::count(self.sharing);
            format!("the first {rows} rows were all refused, {sharing} of them with {cause}")
        };
        let text = format!("{refused}; {} rows were not sent", words::count(unsent));
        Problem::new(ProblemKind::Guard, text)
            .hint("mend what the cause names; these rows go again in the next run")
    }
}

/// Whether `part` is less than `percent` of `whole`.
fn is_below(part: u64, percent: f64, whole: u64) -> bool {
    to_float(part) * 100.0 < percent * to_float(whole)
}

/// The whole rows in `percent` of `whole`.
fn share_of(whole: u64, percent: f64) -> u64 {
    let share = (to_float(whole) * percent / 100.0).floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and a share is never negative"
    )]
    let rows = share as u64;
    rows.min(whole)
}

/// `12.9 %`, `3 %`.
fn percent(part: u64, whole: u64) -> String {
    let share = to_float(part) * 100.0 / to_float(whole.max(1));
    let text = format!("{share:.1}");
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// Counts of rows are far below the 2^53 from which a float is inexact.
#[expect(
    clippy::cast_precision_loss,
    reason = "a guard on 2^53 rows may be off by one"
)]
fn to_float(rows: u64) -> f64 {
    rows as f64
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
