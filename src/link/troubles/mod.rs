//! Trouble in a workspace, grouped by cause over syncs and destinations, the worst first.
//!
//! All of it follows from the [`WorkspaceView`], so that every face tells the same.

mod gather;
mod words;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::WorkspaceView;
use crate::domain::id::{DestinationId, ModelId, RunId, SourceId, SyncId};
use crate::domain::trouble::{Aside, Extent, Severity, Until};

/// Where a person goes to do something about a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the machine is at fault.
    Nowhere,
    /// The destination, where it can be tested.
    Destination(DestinationId),
    /// The source, where it can be tested.
    Source(SourceId),
    /// The mapping of each sync.
    Mapping(ModelId),
    /// The plan that waits, of each sync.
    Plan,
    /// The rows by cause of each sync's run.
    Rows,
    /// Each sync's run.
    Run,
}

/// A sync that a cause concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// The sync.
    pub sync: SyncId,
    /// Its name.
    pub name: String,
    /// The run in which it showed.
    pub run: Option<RunId>,
    /// Its rows that are concerned; 0 where none are counted.
    pub rows: u64,
}

/// A cause of trouble with all that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// By which it is known over time.
    pub key: String,
    /// How bad it is.
    pub severity: Severity,
    /// How it stands, in a word: `failing`, `held`.
    pub state: &'static str,
    /// What it is, in a line without a full stop; text from outside is in it, unsanitized.
    pub title: String,
    /// Since when, as far as it is known.
    pub since: Option<DateTime<Utc>>,
    /// What happened; text from outside is in it, unsanitized.
    pub happened: String,
    /// What did not happen because of it.
    pub not_done: String,
    /// What to do now; text from outside is in it, unsanitized.
    pub now: String,
    /// Where to do it.
    pub place: Place,
    /// The syncs that it concerns, by name.
    pub syncs: Vec<Concerned>,
    /// How far it reaches.
    pub extent: Extent,
    /// How it was set aside, while that holds.
    pub aside: Option<Aside>,
}

impl Trouble {
    /// How many problems it makes: one a sync, and one where it concerns none in particular.
    pub fn problems(&self) -> u64 {
        u64::try_from(self.syncs.len()).unwrap_or(u64::MAX).max(1)
    }

    /// Whether it counts: what was set aside and what is only good to know does not.
    pub fn counts(&self) -> bool {
        self.aside.is_none() && self.severity > Severity::Notice
    }
}

/// All trouble of a workspace: what counts first, each part the worst first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubles {
    /// The causes.
    pub all: Vec<Trouble>,
    /// When the first snooze is over.
    pub until: Option<DateTime<Utc>>,
}

impl Troubles {
    /// Gathers the trouble of a workspace as of `now`.
    pub fn of(view: &WorkspaceView, now: DateTime<Utc>) -> Self {
        let mut all = gather::gather(view);
        let mut until = None;
        for trouble in &mut all {
            let aside = view.asides.iter().find(|aside| aside.cause == trouble.key);
            trouble.aside = aside
                .filter(|aside| aside.holds(now, &trouble.extent))
                .cloned();
            if let Some(Until::Time { at }) = trouble.aside.as_ref().map(|aside| aside.until) {
                until = until.into_iter().chain([at]).min();
            }
        }
        all.sort_by_cached_key(|trouble| {
            (
                trouble.aside.is_some(),
                Reverse(trouble.severity),
                Reverse(trouble.syncs.len()),
                trouble.since,
                trouble.key.clone(),
            )
        });
        Self { all, until }
    }

    /// The causes that count.
    pub fn counted(&self) -> impl Iterator<Item = &Trouble> {
        self.all.iter().filter(|trouble| trouble.counts())
    }

    /// The number of problems and of their causes.
    pub fn figures(&self) -> (u64, u64) {
        let problems = self.counted().map(Trouble::problems).sum();
        let causes = u64::try_from(self.counted().count()).unwrap_or(u64::MAX);
        (problems, causes)
    }

    /// The cause of this key.
    pub fn get(&self, key: &str) -> Option<&Trouble> {
        self.all.iter().find(|trouble| trouble.key == key)
    }
}
