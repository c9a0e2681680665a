//! What the editor of a sync's settings remembers.

use super::fields::{self, Settings};
use crate::domain::destination::Object;
use crate::domain::edit::SyncDraft;
use crate::domain::mode::Mode;
use crate::domain::rehearsal::{ObjectInfo, Rehearsal};
use crate::link::WorkspaceView;
use crate::link::view::SyncView;
use crate::tui::requests::Waiting;
use crate::tui::widgets::form::Form;

/// Where saving stands.
#[derive(Debug)]
pub(super) enum Saving {
    /// What the next run would do is counted first.
    Counting(SyncDraft),
    /// A person is asked.
    Asking(SyncDraft),
    /// The core saves.
    Sent(u64),
}

/// The editor of a sync's settings.
#[derive(Debug)]
pub(crate) struct SyncEditor {
    pub(super) id: Option<String>,
    pub(super) revision: Option<u64>,
    /// How it was when it was opened, with a mapping that was made anew meanwhile.
    pub(super) before: Settings,
    /// Columns of the model that become identifiers.
    pub(super) identifiers: Vec<String>,
    /// Whether the mapping was made anew.
    pub(super) mapped: bool,
    pub(super) form: Form,
    /// What the object can do, and of which destination and object that is.
    pub(super) object: Waiting<ObjectInfo>,
    pub(super) object_of: (String, String),
    pub(super) objects: Waiting<Vec<Object>>,
    pub(super) rehearsal: Waiting<Rehearsal>,
    pub(super) saving: Option<Saving>,
    pub(super) trouble: Option<(String, String)>,
}

impl SyncEditor {
    /// The editor of a saved sync.
    pub(crate) fn of(world: &WorkspaceView, sync: &SyncView) -> Self {
        let draft = SyncDraft::of(&sync.sync);
        let before = draft
            .settings
            .with(sync.model.clone(), sync.destination.clone());
        Self {
            id: draft.id,
            revision: draft.revision,
            form: fields::form(world, &before),
            before,
            identifiers: Vec::new(),
            mapped: false,
            object: Waiting::Not,
            object_of: Default::default(),
            objects: Waiting::Not,
            rehearsal: Waiting::Not,
            saving: None,
            trouble: None,
        }
    }

    /// The sync as it stands in the form; nothing where something in it is wrong.
    pub(super) fn draft(&mut self) -> Option<SyncDraft> {
        let settings = fields::read(&mut self.form, &self.before)?;
        Some(SyncDraft {
            id: self.id.clone(),
            revision: self.revision,
            settings,
        })
    }

    /// Whether the records of these settings would not be those of the old ones.
    pub(super) fn is_elsewhere(&self, settings: &Settings) -> bool {
        settings.model != self.before.model
            || settings.destination != self.before.destination
            || settings.destination_object != self.before.destination_object
    }

    /// Whether these settings delete where the old ones did not.
    pub(super) fn is_mirror_now(&self, settings: &Settings) -> bool {
        settings.mode == Mode::Mirror && self.before.mode != Mode::Mirror
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self.saving, Some(Saving::Counting(_) | Saving::Sent(_)))
    }
}
