//! The runs of the selected sync, read when the Runs tab shows them.

use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::Problem;
use crate::domain::run::Run;
use crate::link::view::SyncView;

/// How many runs one reading asks for.
pub(crate) const PAGE: u32 = 50;
/// Runs kept at most; older ones are asked for on the command line.
const MAX_RUNS: usize = 1_000;

/// How far a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reading {
    /// All that was asked for is here.
    #[default]
    Done,
    /// Is to be asked for at this time, in milliseconds.
    Due(u64),
    /// Was asked for.
    Asked,
}

/// The runs of one sync, newest first.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub sync: Option<SyncId>,
    /// The sync's last run when these were asked for; another one makes them old.
    head: Option<RunId>,
    pub rows: Vec<Run>,
    pub cursor: usize,
    pub top: usize,
    /// Whether there are older ones.
    pub more: bool,
    pub reading: Reading,
    /// Whether what is due are older runs, to go below.
    older: bool,
    pub problem: Option<Problem>,
}

impl Runs {
    /// Asks for the runs of `sync` where those at hand are another's, or old.
    pub(crate) fn aim(&mut self, sync: &SyncView, now_ms: u64, patience_ms: u64) {
        let head = sync.last.as_ref().map(|run| run.id.clone());
        if self.sync.as_ref() == Some(sync.id()) {
            if self.head != head {
                self.head = head;
                self.older = false;
                self.reading = Reading::Due(now_ms);
            }
            return;
        }
        *self = Self {
            sync: Some(sync.id().clone()),
            head,
            reading: Reading::Due(now_ms + patience_ms),
            ..Self::default()
        };
    }

    /// Asks for older runs, where there are some and nothing else is being asked for.
    pub(crate) fn reach_back(&mut self, now_ms: u64) {
        if self.more && self.reading == Reading::Done && self.problem.is_none() {
            self.older = true;
            self.reading = Reading::Due(now_ms);
        }
    }

    /// The run before which the next reading begins; nothing where it begins at the newest.
    pub(crate) fn older_than(&self) -> Option<RunId> {
        self.rows
            .last()
            .filter(|_| self.older)
            .map(|run| run.id.clone())
    }

    /// Says that reading failed.
    pub(crate) fn fail(&mut self, problem: Problem) {
        self.reading = Reading::Done;
        self.problem = Some(problem);
    }

    pub(crate) fn due_ms(&self) -> Option<u64> {
        match self.reading {
            Reading::Due(at) => Some(at),
            _ => None,
        }
    }

    /// Takes a page that was asked for; one of runs before another goes below that one.
    pub(crate) fn take(&mut self, runs: Vec<Run>, before: Option<&RunId>) {
        self.reading = Reading::Done;
        self.problem = None;
        self.more = runs.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        match before {
            None => self.rows = runs,
            Some(_) if self.rows.last().map(|run| &run.id) == before => self.rows.extend(runs),
            // The list was read anew meanwhile; this page hangs on nothing any more.
            Some(_) => self.more = true,
        }
        self.rows.truncate(MAX_RUNS);
        self.more &= self.rows.len() < MAX_RUNS;
    }

    /// The runs as they are shown: what is under way stands first.
    pub(crate) fn listed<'a>(&'a self, sync: &'a SyncView) -> Vec<&'a Run> {
        let live: Vec<&Run> = [
            sync.queued.as_ref(),
            sync.active.as_ref().map(|active| &active.run),
        ]
        .into_iter()
        .flatten()
        .collect();
        let rest = self
            .rows
            .iter()
            .filter(|run| live.iter().all(|other| other.id != run.id));
        live.iter().copied().chain(rest).collect()
    }
}
