//! Trouble that a person has set aside: how much of it was seen then, and when it comes back.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How soon a person should look at something; the greatest is the worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know; nothing is wrong now.
    #[default]
    Notice,
    /// The work goes on, but for some rows.
    Warning,
    /// Nothing goes on here before a person has decided.
    Waiting,
    /// Work was not done.
    Error,
    /// Nothing at all is sent.
    Halted,
}

impl Severity {
    /// The word for this severity.
    pub fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Waiting => "waiting",
            Self::Error => "error",
            Self::Halted => "halted",
        }
    }
}

/// How far a cause of trouble reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Extent {
    /// How bad it is.
    pub severity: Severity,
    /// What it concerns: ids of syncs, or of runs where each run is a matter of its own.
    pub concerns: BTreeSet<String>,
    /// Rows that it concerns; 0 where none are counted.
    pub rows: u64,
    /// What happened, with figures left out.
    pub words: String,
}

impl Extent {
    /// Whether `now` is worse than this was: graver, about something new, or more than twice the
    /// rows.
    pub fn is_worse(&self, now: &Self) -> bool {
        now.severity > self.severity
            || !now.concerns.is_subset(&self.concerns)
            || now.rows > self.rows.saturating_mul(2)
    }
}

/// Until when a cause of trouble is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "until")]
pub enum Until {
    /// Until it becomes worse: it is acknowledged.
    Worse,
    /// Until it changes in any way.
    Change,
    /// Until a moment, unless it becomes worse before.
    Time {
        /// When.
        at: DateTime<Utc>,
    },
}

/// A cause of trouble that a person has set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// The key of the cause.
    pub cause: String,
    /// When it comes back.
    pub until: Until,
    /// When it was set aside.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: String,
    /// How far it reached then.
    pub seen: Extent,
}

impl Aside {
    /// Whether the cause, as far as it reaches `now`, is still to be left aside.
    pub fn holds(&self, now: DateTime<Utc>, extent: &Extent) -> bool {
        match self.until {
            Until::Worse => !self.seen.is_worse(extent),
            Until::Change => self.seen == *extent,
            Until::Time { at } => now < at && !self.seen.is_worse(extent),
        }
    }
}

/// Sets a cause of trouble aside, or takes it up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The key of the cause.
    pub cause: String,
    /// When it comes back; nothing takes it up again now.
    pub until: Option<Until>,
    /// What the person saw of it; it is refused where the cause is worse by now.
    #[serde(default)]
    pub seen: Option<Extent>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(severity: Severity, concerns: &[&str], rows: u64) -> Extent {
        Extent {
            severity,
            concerns: concerns.iter().map(|one| (*one).to_owned()).collect(),
            rows,
            words: "refused".into(),
        }
    }

    fn aside(until: Until) -> Aside {
        Aside {
            cause: "refused/dst_x".into(),
            until,
            at: at(0),
            by: "local".into(),
            seen: extent(Severity::Warning, &["a", "b"], 10),
        }
    }

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    #[test]
    fn what_was_acknowledged_comes_back_when_it_is_worse_and_not_when_it_is_better() {
        let aside = aside(Until::Worse);
        let holds = |severity, concerns: &[&str], rows| {
            aside.holds(at(9), &extent(severity, concerns, rows))
        };
        assert!(holds(Severity::Warning, &["a", "b"], 20));
        assert!(holds(Severity::Notice, &["a"], 0));
        assert!(!holds(Severity::Error, &["a", "b"], 10));
        assert!(!holds(Severity::Warning, &["a", "c"], 10));
        assert!(!holds(Severity::Warning, &["a", "b"], 21));
    }

    #[test]
    fn what_was_snoozed_comes_back_at_its_time_or_with_any_change() {
        let same = extent(Severity::Warning, &["a", "b"], 10);
        let less = extent(Severity::Warning, &["a"], 10);
        let more = extent(Severity::Warning, &["a", "b", "c"], 10);
        let hour = aside(Until::Time { at: at(60) });
        assert!(hour.holds(at(59), &same));
        assert!(hour.holds(at(59), &less));
        assert!(!hour.holds(at(60), &same));
        assert!(!hour.holds(at(1), &more));
        let change = aside(Until::Change);
        assert!(change.holds(at(999), &same));
        assert!(!change.holds(at(1), &less));
    }
}
