//! What the steps of a new sync remember beside the draft.

use super::draft::{Draft, Step};
use super::listing::Choices;
use crate::domain::destination::Object;
use crate::domain::edit::SyncDraft;
use crate::domain::explore::Connectors;
use crate::domain::rehearsal::ObjectInfo;
use crate::link::view::SyncView;
use crate::tui::requests::Waiting;
use crate::tui::state::State;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::table::Table;

/// A sync that is being made.
#[derive(Debug)]
pub(crate) struct NewSync {
    pub(super) draft: Draft,
    /// Whether it is the draft that the session keeps; a clone becomes it when it is kept.
    pub(super) kept: bool,
    pub(super) name: Field,
    pub(super) choices: Choices,
    pub(super) table: Table,
    /// The step whose choices the table has.
    pub(super) listed: Option<Step>,
    /// The place among the modes, or among the ways to start.
    pub(super) cursor: usize,
    pub(super) objects: Waiting<Vec<Object>>,
    /// The destination whose objects those are.
    pub(super) objects_of: String,
    pub(super) object: Waiting<ObjectInfo>,
    pub(super) object_of: (String, String),
    pub(super) kinds: Waiting<Connectors>,
    /// The token of saving.
    pub(super) saving: Option<u64>,
    pub(super) trouble: Option<(String, String)>,
}

impl NewSync {
    /// The draft that was kept, or a new one.
    pub(crate) fn go_on(state: &State) -> Self {
        Self::with(state.new_sync.clone().unwrap_or_default(), true)
    }

    /// A sync like another one, under another name.
    pub(crate) fn like(sync: &SyncView) -> Self {
        let settings = SyncDraft::of(&sync.sync).settings;
        let mut settings = settings.with(sync.model.clone(), sync.destination.clone());
        settings.name = format!("{} copy", settings.name);
        let draft = Draft {
            settings,
            mode_chosen: true,
            mapped: true,
            scheduled: true,
            ..Draft::default()
        };
        Self::with(draft, false)
    }

    fn with(draft: Draft, kept: bool) -> Self {
        Self {
            name: Field::new(&draft.settings.name),
            draft,
            kept,
            choices: Choices::default(),
            table: Table::default(),
            listed: None,
            cursor: 0,
            objects: Waiting::Not,
            objects_of: String::new(),
            object: Waiting::Not,
            object_of: Default::default(),
            kinds: Waiting::Not,
            saving: None,
            trouble: None,
        }
    }

    pub(super) fn step(&self) -> Step {
        self.draft.step
    }

    /// Whether the step is one of a list.
    pub(super) fn lists(&self) -> bool {
        matches!(self.step(), Step::Model | Step::Destination | Step::Object)
    }

    /// The name that the sync gets: as it was typed, else by what was chosen, unlike all others.
    pub(super) fn final_name(&self, state: &State) -> String {
        let typed = self.name.text().trim();
        if !typed.is_empty() {
            return typed.to_owned();
        }
        let base = self.draft.proposed_name();
        let taken = |name: &str| state.world.syncs.iter().any(|sync| sync.name() == name);
        let mut name = base.clone();
        let mut number = 2_u32;
        while taken(&name) {
            name = format!("{base} {number}");
            number += 1;
        }
        name
    }

    /// The head that stands over mapping and schedule: `New sync 6/9`.
    pub(super) fn head(step: Step) -> String {
        let number = step.place() + 1;
        let word = match step {
            Step::Mapping => "mapping",
            step => step.word(),
        };
        format!("New sync {number}/{} {word}", Step::ALL.len())
    }

    /// The model that was chosen, where it is still there.
    pub(super) fn model<'a>(&self, state: &'a State) -> Option<&'a crate::domain::model::Model> {
        let models = state.world.models.iter();
        let mut models = models.filter(|model| model.name == self.draft.settings.model);
        models.next().map(|model| &**model)
    }
}
