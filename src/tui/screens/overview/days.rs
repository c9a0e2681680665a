//! What runs did on each of the last days, read when a run has ended or a day begins.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, Days as Back, NaiveDate, NaiveTime, Utc};

use crate::domain::browse::{Browse, Browsed, RunSums};
use crate::domain::command::{Command, Reply};
use crate::domain::problem::Problem;
use crate::link::WorkspaceView;
use crate::tui::msg::Effect;
use crate::tui::requests::Waiting;
use crate::tui::screens::plan::browsed;
use crate::tui::state::State;

/// Days that are shown, the present one included.
pub(super) const DAYS: usize = 14;
/// The least time between two readings, in milliseconds.
const PACE_MS: u64 = 2_000;

/// What runs did on each of the last days.
#[derive(Debug, Default)]
pub(super) struct Days {
    /// The days, oldest first, with what was done on each.
    pub sums: Vec<(NaiveDate, RunSums)>,
    pub waiting: Waiting<()>,
    /// The days that are being read.
    asked: Vec<NaiveDate>,
    /// What they were last read for; nothing before.
    sign: Option<u64>,
    read_ms: u64,
}

/// A sign that changes whenever a run ends or a day begins.
fn sign(world: &WorkspaceView, today: NaiveDate) -> u64 {
    let mut hasher = DefaultHasher::new();
    today.hash(&mut hasher);
    for sync in &world.syncs {
        sync.last.as_ref().map(|run| &run.id).hash(&mut hasher);
    }
    hasher.finish()
}

/// The day that it is.
pub(super) fn today(state: &State) -> NaiveDate {
    state.zone.naive(state.now.wall).date()
}

impl Days {
    /// Asks for the days where what is here is out of date.
    pub(super) fn read(&mut self, state: &mut State) -> Option<Effect> {
        let today = today(state);
        let sign = sign(&state.world, today);
        let rested = self.sign.is_none() || state.now.ms >= self.read_ms + PACE_MS;
        if self.waiting.is_asked() || self.sign == Some(sign) || !rested {
            return None;
        }
        let back = (0..DAYS as u64).rev();
        self.asked = back
            .filter_map(|days| today.checked_sub_days(Back::new(days)))
            .collect();
        let midnight = |day: &NaiveDate| state.zone.at(day.and_time(NaiveTime::MIN));
        let starts: Vec<DateTime<Utc>> = self.asked.iter().map(midnight).collect();
        let command = Command::Browse(Browse::Stretches { starts });
        let (token, effect) = state.ask("summing up the days", command);
        self.waiting = Waiting::asked(state, token);
        self.sign = Some(sign);
        self.read_ms = state.now.ms;
        Some(effect)
    }

    /// Takes the answer, where it is awaited here.
    pub(super) fn take(&mut self, token: u64, result: Result<Reply, Problem>) -> bool {
        let mut sums = None;
        let wanted = self.asked.len();
        let awaited = self
            .waiting
            .take(token, result, |reply| match browsed(reply) {
                Some(Browsed::Stretches(read)) if read.len() == wanted => {
                    sums = Some(read);
                    Some(())
                }
                _ => None,
            });
        if let Some(sums) = sums {
            self.sums = self.asked.drain(..).zip(sums).collect();
        }
        awaited
    }

    /// When they are to be read again, where they are out of date.
    pub(super) fn due_ms(&self, state: &State) -> Option<u64> {
        let stale = self
            .sign
            .is_some_and(|read| read != sign(&state.world, today(state)));
        (stale && !self.waiting.is_asked()).then_some(self.read_ms + PACE_MS)
    }

    /// Rows written today, with those of runs under way.
    pub(super) fn written_today(&self, state: &State) -> u64 {
        let ended = self.sums.last().map_or(0, |(_, sums)| sums.written);
        let active = state
            .world
            .syncs
            .iter()
            .filter_map(|sync| sync.active.as_ref());
        let live = active.filter(|active| !active.run.options.plan_only);
        ended
            + live
                .map(|active| active.run.counters.total(|t| t.done))
                .sum::<u64>()
    }
}
