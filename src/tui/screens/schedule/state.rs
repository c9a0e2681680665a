//! What the schedule editor remembers, and the schedule that stands in it.

use chrono_tz::Tz;

use crate::domain::edit::SyncDraft;
use crate::domain::schedule::{CronSchedule, Schedule, parse_zone};
use crate::domain::sync::Sync;
use crate::tui::state::State;
use crate::tui::widgets::field::Field;

/// The intervals that are offered, in minutes.
pub(super) const OFFERED: [u32; 6] = [15, 30, 60, 360, 720, 1440];
/// The expression of a schedule that has none yet.
const FIRST: &str = "weekdays 9:00";

/// The kind of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Manual,
    Interval,
    Cron,
    After,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Manual, Self::Interval, Self::Cron, Self::After];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Interval => "interval",
            Self::Cron => "cron",
            Self::After => "after",
        }
    }

    pub(super) fn help(self) -> &'static str {
        match self {
            Self::Manual => "runs only when someone asks",
            Self::Interval => "runs every so many minutes; a long run is followed at once",
            Self::Cron => "runs at times of the day, by words or by cron, in a time zone",
            Self::After => "runs when other syncs have completed",
        }
    }
}

/// A line of the editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Kind,
    Every,
    Minutes,
    When,
    Days,
    Zone,
    Syncs,
}

impl Row {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Kind => "Kind",
            Self::Every => "Every",
            Self::Minutes => "Minutes",
            Self::When => "When",
            Self::Days => "Days",
            Self::Zone => "Zone",
            Self::Syncs => "After",
        }
    }
}

/// For whom the schedule is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A saved sync, which ctrl-s saves.
    Saved,
    /// A sync that is being made, under this head.
    New(String),
}

/// The schedule editor.
#[derive(Debug)]
pub(crate) struct ScheduleEditor {
    pub(super) sync: SyncDraft,
    pub(super) host: Host,
    /// How it was when it was opened or saved.
    pub(super) before: Schedule,
    pub(super) kind: Kind,
    /// The place among the offered intervals; one beyond them is any other.
    pub(super) every: usize,
    pub(super) minutes: Field,
    pub(super) when: Field,
    /// The day under the cursor, from Monday.
    pub(super) day: usize,
    /// The zone; nothing takes the workspace's.
    pub(super) zone: Option<String>,
    /// Ids of the syncs that it runs after.
    pub(super) after: Vec<String>,
    pub(super) row: usize,
    /// The token of saving.
    pub(super) saving: Option<u64>,
    /// What kept it from being saved, until something is changed.
    pub(super) trouble: Option<(String, String)>,
}

impl ScheduleEditor {
    /// The editor of a saved sync.
    pub(crate) fn of(sync: &Sync) -> Self {
        Self::with(SyncDraft::of(sync), Host::Saved)
    }

    /// The editor for a sync that is being made; `head` stands over it.
    pub(crate) fn for_new(sync: SyncDraft, head: String) -> Self {
        Self::with(sync, Host::New(head))
    }

    fn with(sync: SyncDraft, host: Host) -> Self {
        let before = sync.settings.schedule.clone();
        let mut editor = Self {
            sync,
            host,
            kind: Kind::Manual,
            every: 2,
            minutes: Field::new("60"),
            when: Field::new(FIRST),
            day: 0,
            zone: None,
            after: Vec::new(),
            row: 0,
            saving: None,
            trouble: None,
            before: before.clone(),
        };
        match before {
            Schedule::Manual => {}
            Schedule::Interval { interval_minutes } => {
                editor.kind = Kind::Interval;
                let offered = OFFERED.iter().position(|it| *it == interval_minutes);
                editor.every = offered.unwrap_or(OFFERED.len());
                editor.minutes = Field::new(&interval_minutes.to_string());
            }
            Schedule::Cron {
                expression,
                timezone,
            } => {
                editor.kind = Kind::Cron;
                editor.when = Field::new(&expression);
                editor.zone = timezone;
            }
            Schedule::After { syncs } => {
                editor.kind = Kind::After;
                editor.after = syncs;
            }
        }
        editor
    }

    /// The lines that the kind has.
    pub(super) fn rows(&self) -> &'static [Row] {
        match self.kind {
            Kind::Manual => &[Row::Kind],
            Kind::Interval if self.every == OFFERED.len() => &[Row::Kind, Row::Every, Row::Minutes],
            Kind::Interval => &[Row::Kind, Row::Every],
            Kind::Cron => &[Row::Kind, Row::When, Row::Days, Row::Zone],
            Kind::After => &[Row::Kind, Row::Syncs],
        }
    }

    pub(super) fn focused(&self) -> Row {
        self.rows().get(self.row).copied().unwrap_or(Row::Kind)
    }

    /// The schedule that stands here.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(super) fn schedule(&self) -> Result<Schedule, (String, String)> {
        let schedule = match self.kind {
            Kind::Manual => Schedule::Manual,
            Kind::Interval => Schedule::Interval {
                interval_minutes: self.interval()?,
            },
            Kind::Cron => Schedule::Cron {
                expression: self.when.text().trim().to_owned(),
                timezone: self.zone.clone(),
            },
            Kind::After => Schedule::After {
                syncs: self.after.clone(),
            },
        };
        match schedule.check() {
            Ok(()) => Ok(schedule),
            Err(error) => Err((error.to_string(), error.hint())),
        }
    }

    fn interval(&self) -> Result<u32, (String, String)> {
        if let Some(minutes) = OFFERED.get(self.every) {
            return Ok(*minutes);
        }
        let typed = self.minutes.text().trim();
        typed.parse().map_err(|_| {
            let hint = "any whole number of minutes from 1 on".to_owned();
            (format!("'{typed}' is no number of minutes"), hint)
        })
    }

    /// The times of day and days of the week, where they are understood.
    pub(super) fn cron(&self) -> Option<CronSchedule> {
        CronSchedule::parse(self.when.text()).ok()
    }

    pub(super) fn is_edited(&self) -> bool {
        self.schedule().as_ref() != Ok(&self.before)
    }

    /// The zone in which the times are meant.
    pub(super) fn zone_now(&self, state: &State) -> Tz {
        let named = self.zone.as_deref().and_then(|zone| parse_zone(zone).ok());
        named.unwrap_or_else(|| workspace_zone(state))
    }
}

/// The zone of schedules that name none.
pub(super) fn workspace_zone(state: &State) -> Tz {
    parse_zone(&state.world.timezone).unwrap_or(Tz::UTC)
}

/// A schedule in words, with syncs by their names.
pub(crate) fn words(state: &State, schedule: &Schedule) -> String {
    schedule.describe_with(workspace_zone(state), |id| {
        let found = state
            .world
            .syncs
            .iter()
            .find(|sync| sync.id().as_str() == id);
        found.map_or_else(|| id.to_owned(), |sync| sync.name().to_owned())
    })
}
