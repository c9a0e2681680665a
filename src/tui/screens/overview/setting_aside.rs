//! Acknowledging and snoozing a cause, and taking it up again.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::Overview;
use crate::domain::command::Command;
use crate::domain::trouble::{Extent, SetAside, Until};
use crate::link::troubles::Trouble;
use crate::tui::available::{Refusal, reachable};
use crate::tui::msg::Effect;
use crate::tui::overlays::picker::{self, Item};
use crate::tui::screens::page::{Tag, no};
use crate::tui::state::State;
use crate::tui::text;

pub(super) const SNOOZE: Tag = "snooze";
const HOUR: &str = "1 hour";
const SHIFT: &str = "8 hours";
const TOMORROW: &str = "until tomorrow 09:00";
const CHANGE: &str = "until it changes";

/// A cause about which a person was asked something, as far as it reached then.
#[derive(Debug)]
pub(super) struct Asking {
    pub key: String,
    extent: Extent,
}

impl Asking {
    pub(super) fn about(trouble: &Trouble) -> Self {
        Self {
            key: trouble.key.clone(),
            extent: trouble.extent.clone(),
        }
    }
}

impl Overview {
    pub(super) fn may_set_aside(&self, state: &State) -> Result<(), Refusal> {
        reachable(state)?;
        if let Some((_, doing)) = self.doing {
            return Err(format!("{doing} already").into());
        }
        match self.selected(state) {
            Some(_) => Ok(()),
            None => no("nothing is selected"),
        }
    }

    /// Acknowledges the selected cause, or takes it up again where it was set aside.
    pub(super) fn acknowledge(&mut self, state: &mut State) -> Vec<Effect> {
        let Some(trouble) = self.selected(state) else {
            return Vec::new();
        };
        let (asking, aside) = (Asking::about(trouble), trouble.aside.is_some());
        let until = (!aside).then_some(Until::Worse);
        self.set_aside(state, asking, until)
    }

    /// Asks for how long the selected cause is to be left aside.
    pub(super) fn ask_snooze(&mut self, state: &mut State) {
        let Some(trouble) = self.selected(state) else {
            return;
        };
        self.asking = Some(Asking::about(trouble));
        let now = state.now.wall;
        let note =
            |at: DateTime<Utc>| format!("it comes back at {}", text::when(state.zone, now, at));
        let items = vec![
            Item::new(HOUR, note(now + TimeDelta::hours(1))),
            Item::new(SHIFT, note(now + TimeDelta::hours(8))),
            Item::new(TOMORROW, "it comes back then"),
            Item::new(CHANGE, "for better or worse"),
        ];
        picker::open(state, SNOOZE, "Snooze for how long?", items, "");
    }

    /// Snoozes what was asked about.
    pub(super) fn snooze(&mut self, state: &mut State, length: &str) -> Vec<Effect> {
        let Some(asking) = self.asking.take() else {
            return Vec::new();
        };
        let now = state.now.wall;
        let until = match length {
            HOUR => Until::Time {
                at: now + TimeDelta::hours(1),
            },
            SHIFT => Until::Time {
                at: now + TimeDelta::hours(8),
            },
            TOMORROW => Until::Time {
                at: tomorrow(state),
            },
            _ => Until::Change,
        };
        self.set_aside(state, asking, Some(until))
    }

    fn set_aside(
        &mut self,
        state: &mut State,
        asking: Asking,
        until: Option<Until>,
    ) -> Vec<Effect> {
        let (doing, failed, done) = match until {
            Some(Until::Worse) => (
                "acknowledging",
                "could not acknowledge it",
                "acknowledged: it comes back when it is worse",
            ),
            Some(_) => (
                "snoozing",
                "could not snooze it",
                "snoozed: it comes back sooner when it is worse",
            ),
            None => (
                "taking it up",
                "could not take it up again",
                "taken up again",
            ),
        };
        let command = Command::SetAside(SetAside {
            cause: asking.key,
            until,
            seen: Some(asking.extent),
        });
        let (token, effect) = state.order(doing, failed, done, command);
        self.doing = Some((token, doing));
        vec![effect]
    }
}

/// Nine o'clock tomorrow, where the person is.
fn tomorrow(state: &State) -> DateTime<Utc> {
    let here = state.zone.naive(state.now.wall);
    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or(NaiveTime::MIN);
    let day = here.date().checked_add_days(Days::new(1));
    state.zone.at(day.unwrap_or(here.date()).and_time(nine))
}
