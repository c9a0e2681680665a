//! An absence: how long nobody looked, and what happened meanwhile.

use chrono::{DateTime, TimeDelta, Utc};

use super::msg::Effect;
use super::screens::OVERVIEW_TAB;
use super::state::{Purpose, State};
use super::text;
use crate::domain::browse::{Browse, Browsed, RunSums};
use crate::domain::command::{Command, Reply};
use crate::domain::problem::Problem;
use crate::domain::trouble::Severity;

/// Who looks again before this long was not away.
const ABSENCE: TimeDelta = TimeDelta::hours(4);
/// How long it is told after the return, in milliseconds.
const TOLD_MS: u64 = 60 * 60 * 1000;

/// An absence, as far as there was one.
#[derive(Debug, Default)]
pub(crate) struct Away {
    /// From when to when.
    between: Option<(DateTime<Utc>, DateTime<Utc>)>,
    asked: bool,
    /// What runs did meanwhile.
    sums: Option<RunSums>,
}

impl Away {
    /// Notes when the interface was last left; says whether that is an absence.
    pub(crate) fn since(&mut self, left: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let long = now - left >= ABSENCE;
        self.between = long.then_some((left, now));
        long
    }
}

/// Asks, once, what happened meanwhile.
pub(crate) fn ask(state: &mut State) -> Option<Effect> {
    let (at, _) = state.away.between.filter(|_| !state.away.asked)?;
    state.away.asked = true;
    let command = Command::Browse(Browse::Since { at });
    Some(state.send(Purpose::Away, command))
}

/// Takes the answer, and says it where the Overview does not.
pub(crate) fn answered(state: &mut State, result: Result<Reply, Problem>) {
    let Ok(Reply::Browsed(browsed)) = result else {
        // The state of the world tells the rest.
        return;
    };
    if let Browsed::Since(sums) = *browsed {
        state.away.sums = Some(sums);
    }
    if state.router.tab() != OVERVIEW_TAB
        && let Some(words) = words(state)
    {
        let key = state.keymap.label(super::action::Action::Go(OVERVIEW_TAB));
        let shows = key.map_or(String::new(), |key| format!("; {key} shows it"));
        state.note(format!("{words}{shows}"));
    }
}

/// `While you were away (14 h): 11 runs, 1 failed, 1 waits for you`, while it is news.
fn words(state: &State) -> Option<String> {
    let (from, to) = state.away.between?;
    let sums = state.away.sums.filter(|_| state.now.ms < TOLD_MS)?;
    let hours = (to - from).num_hours();
    let long = match hours {
        0..48 => format!("{hours} h"),
        _ => format!("{} days", hours / 24),
    };
    let waiting = state.troubles.counted();
    let waiting = waiting.filter(|it| it.severity == Severity::Waiting);
    let waiting: u64 = waiting.map(|trouble| trouble.problems()).sum();
    let mut parts = vec![match sums.runs {
        0 => "no run".to_owned(),
        runs => text::counted(runs, "run"),
    }];
    if sums.failed > 0 {
        parts.push(format!("{} failed", text::count(sums.failed)));
    }
    if sums.with_errors > 0 {
        parts.push(format!("{} with errors", text::count(sums.with_errors)));
    }
    if waiting > 0 {
        let verb = if waiting == 1 { "waits" } else { "wait" };
        parts.push(format!("{} {verb} for you", text::count(waiting)));
    }
    Some(format!(
        "While you were away ({long}): {}",
        parts.join(", ")
    ))
}

/// The same in lines of `columns`; none where there is nothing to tell.
pub(crate) fn lines(state: &State, columns: usize) -> Vec<String> {
    words(state).map_or(Vec::new(), |words| text::wrap(&words, columns, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lunch_is_no_absence_and_a_night_is() {
        let at = |hour: i64| DateTime::from_timestamp(hour * 3_600, 0).unwrap();
        assert!(!Away::default().since(at(10), at(13)));
        assert!(Away::default().since(at(10), at(24)));
        // A clock that was set back makes none.
        assert!(!Away::default().since(at(24), at(10)));
    }
}
