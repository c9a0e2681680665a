//! What the list of runs remembers: the newest runs of all syncs, and older ones as they are reached.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::lines::{lasted, result_words};
use crate::domain::id::{RunId, SyncId};
use crate::domain::run::Run;
use crate::link::WorkspaceView;
use crate::tui::requests::Waiting;
use crate::tui::state::State;
use crate::tui::widgets::table::{Listing, Table};

/// Runs that one reading asks for.
pub(super) const PAGE: u32 = 200;
/// Runs that are kept; older ones are on the command line.
const KEPT: usize = 2_000;
/// The least time between two readings of the newest runs, in milliseconds.
const PACE_MS: u64 = 1_000;

/// What is being read.
#[derive(Debug)]
pub(super) enum Reading {
    Newest,
    Before(RunId),
}

/// The list of runs.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(super) table: Table,
    /// Runs as they were read, newest first.
    rows: Vec<Run>,
    /// Runs as they are listed, with what is under way in its latest state.
    pub(super) listed: Vec<Run>,
    /// The names of syncs, for the words that are searched.
    names: HashMap<SyncId, String>,
    /// Whether there are older ones.
    pub(super) more: bool,
    pub(super) waiting: Waiting<()>,
    pub(super) reading: Option<Reading>,
    /// A sign of the syncs' latest runs when the newest were last asked for.
    sign: Option<u64>,
    read_ms: u64,
    /// The state of the world from which the list was made.
    seen: Option<u64>,
    version: u64,
    /// The longest of the runs that are listed, in milliseconds.
    pub(super) longest_ms: u64,
}

/// A sign that changes whenever a run begins or ends.
fn sign(world: &WorkspaceView) -> u64 {
    let mut hasher = DefaultHasher::new();
    for sync in &world.syncs {
        let active = sync.active.as_ref().map(|active| &active.run.id);
        let queued = sync.queued.as_ref().map(|run| &run.id);
        let last = sync.last.as_ref().map(|run| &run.id);
        (active, queued, last).hash(&mut hasher);
    }
    hasher.finish()
}

impl Runs {
    /// The run on which the cursor stands.
    pub(super) fn selected(&self) -> Option<&Run> {
        self.listed.get(self.table.selected()?)
    }

    pub(super) fn name<'a>(&'a self, run: &'a Run) -> &'a str {
        self.names
            .get(&run.sync)
            .map_or(run.sync.as_str(), String::as_str)
    }

    /// What is to be read now, where anything is.
    pub(super) fn due(&self, state: &State) -> Option<Reading> {
        if self.waiting.is_asked() {
            return None;
        }
        let stale = self.sign != Some(sign(&state.world));
        let waited = self.sign.is_none() || state.now.ms >= self.read_ms + PACE_MS;
        if stale && waited {
            return Some(Reading::Newest);
        }
        let at_end = self.table.cursor + 1 >= self.table.len();
        let reach = self.more && at_end && self.waiting.problem().is_none();
        let oldest = self.rows.last().filter(|_| reach)?;
        Some(Reading::Before(oldest.id.clone()))
    }

    /// When the newest runs are to be read again.
    pub(super) fn next_ms(&self, state: &State) -> Option<u64> {
        let stale = self.sign.is_some() && self.sign != Some(sign(&state.world));
        (stale && !self.waiting.is_asked()).then_some(self.read_ms + PACE_MS)
    }

    /// A reading was asked for under this token.
    pub(super) fn asked(&mut self, state: &State, reading: Reading, token: u64) {
        if matches!(reading, Reading::Newest) {
            self.sign = Some(sign(&state.world));
            self.read_ms = state.now.ms;
        }
        self.reading = Some(reading);
        self.waiting = Waiting::asked(state, token);
    }

    /// Takes runs that were read.
    pub(super) fn take(&mut self, runs: Vec<Run>) {
        let full = runs.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        match self.reading.take() {
            Some(Reading::Before(id)) => {
                if self.rows.last().map(|run| &run.id) == Some(&id) {
                    self.rows.extend(runs);
                    self.more = full;
                }
            }
            Some(Reading::Newest) | None => {
                // What hangs on to the new page stays, so that the cursor keeps its place.
                let last = runs.last().map(|run| run.id.clone());
                let joint = last.and_then(|last| self.rows.iter().position(|run| run.id == last));
                let rest = joint.map(|joint| self.rows.split_off(joint + 1));
                self.more = match &rest {
                    Some(_) => self.more,
                    None => full,
                };
                self.rows = runs;
                self.rows.extend(rest.unwrap_or_default());
            }
        }
        self.more &= self.rows.len() < KEPT;
        self.rows.truncate(KEPT);
        self.seen = None;
    }

    /// Makes the list anew where the runs or the world have changed.
    pub(super) fn arrange(&mut self, state: &State) {
        let world = &state.world;
        if self.seen != Some(world.sequence) {
            self.seen = Some(world.sequence);
            self.version += 1;
            self.list(state);
        }
        if self.table.wants(self.version) {
            let mut table = std::mem::take(&mut self.table);
            table.arrange(self.version, &RunListing { page: self, state });
            self.table = table;
        }
    }

    fn list(&mut self, state: &State) {
        let world = &state.world;
        let known = world.syncs.iter();
        self.names = known
            .map(|sync| (sync.id().clone(), sync.name().to_owned()))
            .collect();
        let mut live: Vec<&Run> = world
            .syncs
            .iter()
            .flat_map(|sync| {
                let active = sync.active.as_ref().map(|active| &active.run);
                active.into_iter().chain(sync.queued.as_ref())
            })
            .collect();
        live.sort_by_key(|run| std::cmp::Reverse(run.queued_at));
        let ended: HashMap<&RunId, &Run> = world
            .syncs
            .iter()
            .filter_map(|sync| sync.last.as_ref())
            .map(|run| (&run.id, run))
            .collect();
        let is_live = |run: &Run| live.iter().any(|other| other.id == run.id);
        let rest = self.rows.iter().filter(|run| !is_live(run));
        // A run that was read while it went on and has ended since is known better by the world.
        let rest = rest.map(|run| match ended.get(&run.id) {
            Some(latest) if !run.status.is_final() => (*latest).clone(),
            _ => run.clone(),
        });
        let listed: Vec<Run> = live.iter().map(|run| (*run).clone()).chain(rest).collect();
        let longest = listed.iter().filter_map(|run| lasted(state, run)).max();
        self.longest_ms = longest.unwrap_or(0).max(1);
        self.listed = listed;
    }
}

struct RunListing<'a> {
    page: &'a Runs,
    state: &'a State,
}

impl RunListing<'_> {
    fn lasted(&self, run: &Run) -> u64 {
        lasted(self.state, run).unwrap_or(0)
    }
}

impl Listing for RunListing<'_> {
    fn total(&self) -> usize {
        self.page.listed.len()
    }

    fn id(&self, at: usize) -> String {
        let run = self.page.listed.get(at);
        run.map_or(String::new(), |run| run.id.to_string())
    }

    fn text(&self, at: usize) -> String {
        let Some(run) = self.page.listed.get(at) else {
            return String::new();
        };
        let plan = if run.options.plan_only { "plan" } else { "" };
        format!(
            "{} {} {} {plan} {} {}",
            self.page.name(run),
            run.status,
            run.trigger.word(),
            run.id,
            result_words(run)
        )
    }

    fn orders(&self) -> &'static [&'static str] {
        &["newest", "sync", "duration"]
    }

    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        let (Some(one), Some(other)) = (self.page.listed.get(a), self.page.listed.get(b)) else {
            return Ordering::Equal;
        };
        let by = match order {
            1 => self.page.name(one).cmp(self.page.name(other)),
            2 => self.lasted(other).cmp(&self.lasted(one)),
            _ => Ordering::Equal,
        };
        by.then(a.cmp(&b))
    }
}
