//! The draft of a sync: what was chosen so far. It survives leaving, in the session.

use serde::{Deserialize, Serialize};

use crate::domain::edit::SyncDraft;
use crate::domain::mode::Mode;
use crate::domain::schedule::Schedule;
use crate::domain::sync::{SyncSettings, default_grace_hours};

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    #[default]
    Name,
    Model,
    Destination,
    Object,
    Mode,
    Mapping,
    Schedule,
    Review,
    Run,
}

impl Step {
    pub(super) const ALL: [Self; 9] = [
        Self::Name,
        Self::Model,
        Self::Destination,
        Self::Object,
        Self::Mode,
        Self::Mapping,
        Self::Schedule,
        Self::Review,
        Self::Run,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Model => "model",
            Self::Destination => "dest",
            Self::Object => "object",
            Self::Mode => "mode",
            Self::Mapping => "map",
            Self::Schedule => "schedule",
            Self::Review => "review",
            Self::Run => "run",
        }
    }

    /// Its place from 0.
    pub(super) fn place(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap_or(0)
    }

    pub(super) fn next(self) -> Self {
        Self::ALL.get(self.place() + 1).copied().unwrap_or(self)
    }

    pub(super) fn before(self) -> Self {
        let place = self.place().checked_sub(1);
        place
            .and_then(|place| Self::ALL.get(place).copied())
            .unwrap_or(self)
    }
}

/// What happens when the sync is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// One row is sent, and the schedule waits.
    #[default]
    TryOne,
    /// All rows are sent at once.
    RunAll,
    /// The schedule starts it.
    Scheduled,
    /// Nothing runs.
    Paused,
}

impl Start {
    pub(super) const ALL: [Self; 4] = [Self::TryOne, Self::RunAll, Self::Scheduled, Self::Paused];
}

/// What was chosen so far; what was not is empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub settings: SyncSettings<String, String>,
    /// Columns of the model that become identifiers.
    pub identifiers: Vec<String>,
    pub step: Step,
    pub mode_chosen: bool,
    pub mapped: bool,
    pub scheduled: bool,
    pub start: Start,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            settings: SyncSettings {
                name: String::new(),
                model: String::new(),
                destination: String::new(),
                destination_object: String::new(),
                mode: Mode::Upsert,
                mirror_scope: Default::default(),
                mirror_foreign: Default::default(),
                on_unknown: Default::default(),
                first_run: Default::default(),
                approval: Default::default(),
                guards: Default::default(),
                keep_values: false,
                grace_hours: default_grace_hours(),
                tags: Vec::new(),
                schedule: Schedule::Interval {
                    interval_minutes: 60,
                },
                paused: false,
                field_mappings: Vec::new(),
            },
            identifiers: Vec::new(),
            step: Step::Name,
            mode_chosen: false,
            mapped: false,
            scheduled: false,
            start: Start::TryOne,
        }
    }
}

impl Draft {
    /// Whether a step has all that it asks for.
    pub(super) fn has(&self, step: Step) -> bool {
        let settings = &self.settings;
        match step {
            // Without a name the sync is named after what is chosen.
            Step::Name => true,
            Step::Model => !settings.model.is_empty(),
            Step::Destination => !settings.destination.is_empty(),
            Step::Object => !settings.destination_object.is_empty(),
            Step::Mode => self.mode_chosen,
            Step::Mapping => self.mapped,
            Step::Schedule => self.scheduled,
            Step::Review => self.missing().is_none(),
            Step::Run => false,
        }
    }

    /// The first step that lacks something.
    pub(super) fn missing(&self) -> Option<Step> {
        let asked = Step::ALL.into_iter().filter(|step| *step < Step::Review);
        let mut lacking = asked.filter(|step| !self.has(*step));
        lacking.next()
    }

    /// Takes another model: what was mapped may name columns that it does not have.
    pub(super) fn choose_model(&mut self, name: &str) {
        if self.settings.model != name {
            name.clone_into(&mut self.settings.model);
            self.identifiers.clear();
            self.mapped = false;
        }
    }

    /// Takes another destination: its objects are others.
    pub(super) fn choose_destination(&mut self, name: &str) {
        if self.settings.destination != name {
            name.clone_into(&mut self.settings.destination);
            self.settings.destination_object.clear();
            self.mode_chosen = false;
            self.mapped = false;
        }
    }

    /// Takes another object: its fields and modes are others.
    pub(super) fn choose_object(&mut self, name: &str) {
        if self.settings.destination_object != name {
            name.clone_into(&mut self.settings.destination_object);
            self.mode_chosen = false;
            self.mapped = false;
        }
    }

    /// The sync as the core takes it.
    pub(super) fn sync(&self) -> SyncDraft {
        SyncDraft {
            id: None,
            revision: None,
            settings: self.settings.clone(),
        }
    }

    /// A name by what was chosen: `Contact from contacts - Hourly`.
    pub(super) fn proposed_name(&self) -> String {
        let settings = &self.settings;
        let from = match (
            settings.destination_object.as_str(),
            settings.model.as_str(),
        ) {
            ("", "") => return "New sync".to_owned(),
            ("", model) => model.to_owned(),
            (object, "") => object.to_owned(),
            (object, model) => format!("{object} from {model}"),
        };
        match cadence(&settings.schedule) {
            Some(cadence) if self.scheduled => format!("{from} - {cadence}"),
            _ => from,
        }
    }
}

fn cadence(schedule: &Schedule) -> Option<&'static str> {
    match schedule {
        Schedule::Interval { interval_minutes } => match interval_minutes {
            60 => Some("Hourly"),
            1440 => Some("Daily"),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_destination_asks_again_for_what_follows_from_it() {
        let mut draft = Draft::default();
        draft.choose_model("contacts");
        draft.choose_destination("copy");
        draft.choose_object("Contact");
        draft.mode_chosen = true;
        draft.mapped = true;
        draft.scheduled = true;
        assert_eq!(draft.missing(), None);
        assert_eq!(draft.proposed_name(), "Contact from contacts - Hourly");
        draft.choose_destination("copy");
        assert_eq!(draft.missing(), None);
        draft.choose_destination("other");
        assert_eq!(draft.missing(), Some(Step::Object));
    }

    #[test]
    fn a_draft_goes_through_the_session_unchanged() {
        let mut draft = Draft::default();
        draft.choose_model("contacts");
        draft.step = Step::Mode;
        let text = serde_json::to_string(&draft).unwrap();
        assert_eq!(serde_json::from_str::<Draft>(&text).unwrap(), draft);
    }

    #[test]
    fn the_steps_follow_one_another_and_stop_at_the_ends() {
        assert_eq!(Step::Name.before(), Step::Name);
        assert_eq!(Step::Run.next(), Step::Run);
        for step in Step::ALL {
            assert_eq!(Step::ALL[step.place()], step);
        }
    }
}
