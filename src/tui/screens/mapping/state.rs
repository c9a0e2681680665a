//! What the mapping editor remembers, and what it works out from the mapping after each edit.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::draft::{Draft, Mapping};
use super::lines::{Row, Rows};
use super::sample::{Outcome, Sample};
use super::step_form::StepForm;
use crate::domain::edit::SyncDraft;
use crate::domain::id::RunId;
use crate::domain::mapping::{self, FieldMapping, MappingProblem, RunVariables, Severity};
use crate::domain::model::{Model, Role as ColumnRole};
use crate::domain::rehearsal::{FieldCheck, ObjectInfo, Rehearsal};
use crate::domain::sync::Sync;
use crate::link::WorkspaceView;
use crate::tui::requests::Waiting;
use crate::tui::state::State;
use crate::tui::widgets::table::Table;

/// The panes of the editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Pane {
    #[default]
    Lines,
    /// The steps of the selected line.
    Steps,
}

/// For whom the mapping is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A saved sync, which ctrl-s saves.
    Saved,
    /// A sync that is being made: the mapping goes back to who opened the editor, under this head.
    New(String),
}

/// Where saving stands.
#[derive(Debug)]
pub(super) enum Saving {
    /// The cost is counted first.
    Counting,
    /// A person is asked.
    Asking,
    /// The core saves.
    Sent(u64),
}

/// The mapping editor.
#[derive(Debug)]
pub(crate) struct MappingEditor {
    /// The sync as it was; its mapping is the one before the edits.
    pub(super) sync: SyncDraft,
    pub(super) host: Host,
    pub(super) draft: Draft,
    pub(super) before: Mapping,
    /// The model as it was when the editor was opened.
    pub(super) model: Option<Arc<Model>>,
    pub(super) object: Waiting<ObjectInfo>,
    pub(super) sample: Waiting<Sample>,
    /// The sample row that is shown.
    pub(super) at: usize,
    /// The key that is being looked up, with the token of that.
    pub(super) lookup: Option<(u64, String)>,
    pub(super) rehearsal: Waiting<Rehearsal>,
    /// The mapping that is or was rehearsed.
    pub(super) rehearsed: Option<Mapping>,
    /// When the cost is to be counted, in milliseconds.
    pub(super) due: Option<u64>,
    pub(super) pane: Pane,
    pub(super) table: Table,
    /// Grows with each edit.
    pub(super) version: u64,
    pub(super) rows: Rows,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) problems: Vec<MappingProblem>,
    /// The step under the cursor.
    pub(super) step: usize,
    pub(super) form: Option<StepForm>,
    pub(super) saving: Option<Saving>,
    /// What kept it from being saved, until something is changed.
    pub(super) trouble: Option<(String, String)>,
    /// The field on which the cursor is to stand once it is listed.
    pub(super) wanted: Option<String>,
    /// Whether anything was asked for yet.
    pub(super) begun: bool,
}

impl MappingEditor {
    /// The editor of a saved sync, on a field where one is named, else on the first broken line.
    pub(crate) fn of(world: &WorkspaceView, sync: &Sync, field: Option<&str>) -> Self {
        let mut editor = Self::with(world, SyncDraft::of(sync), BTreeSet::new(), Host::Saved);
        editor.wanted = field.map(str::to_owned);
        editor
    }

    /// The editor for a sync that is being made; `head` stands over it.
    pub(crate) fn for_new(
        world: &WorkspaceView,
        sync: SyncDraft,
        identifiers: &[String],
        head: String,
    ) -> Self {
        let identifiers = identifiers.iter().cloned().collect();
        Self::with(world, sync, identifiers, Host::New(head))
    }

    fn with(
        world: &WorkspaceView,
        sync: SyncDraft,
        identifiers: BTreeSet<String>,
        host: Host,
    ) -> Self {
        let name = &sync.settings.model;
        let model = world
            .models
            .iter()
            .find(|model| model.id.as_str() == name || model.name == *name);
        let draft = Draft::new(sync.settings.field_mappings.clone(), identifiers);
        Self {
            before: draft.now.clone(),
            model: model.cloned(),
            sync,
            host,
            draft,
            object: Waiting::Not,
            sample: Waiting::Not,
            at: 0,
            lookup: None,
            rehearsal: Waiting::Not,
            rehearsed: None,
            due: None,
            pane: Pane::default(),
            table: Table::default(),
            version: 0,
            rows: Rows::default(),
            outcomes: Vec::new(),
            problems: Vec::new(),
            step: 0,
            form: None,
            saving: None,
            trouble: None,
            wanted: None,
            begun: false,
        }
    }

    /// The sync with the mapping as it is now.
    pub(super) fn edited(&self) -> SyncDraft {
        let mut sync = self.sync.clone();
        sync.settings
            .field_mappings
            .clone_from(&self.draft.now.lines);
        sync
    }

    /// Columns that get the role identifier when the mapping is saved.
    pub(super) fn identifiers(&self) -> Vec<String> {
        self.draft.now.identifiers.iter().cloned().collect()
    }

    pub(super) fn is_edited(&self) -> bool {
        self.draft.now != self.before
    }

    /// The model with the roles that the edits give.
    pub(super) fn model_now(&self) -> Option<Model> {
        let mut model = Model::clone(self.model.as_ref()?);
        for column in &mut model.columns {
            if self.draft.now.identifiers.contains(&column.name) {
                column.role = ColumnRole::Identifier;
            }
        }
        Some(model)
    }

    /// What run variables hold in a run that does not exist.
    pub(super) fn variables(&self, state: &State) -> RunVariables {
        RunVariables {
            run_id: RunId::from_bits(0),
            started_at: state.now.wall,
            sync_name: self.sync.settings.name.clone(),
        }
    }

    /// Works out anew what follows from the mapping; what concerns lines that stay is kept, unless
    /// all is `fresh`.
    pub(super) fn settle(&mut self, state: &State, fresh: bool) {
        let (Some(model), Some(object)) = (self.model_now(), self.object.here()) else {
            return;
        };
        let variables = self.variables(state);
        let lines = &self.draft.now.lines;
        let mut known = match fresh {
            true => Vec::new(),
            false => std::mem::take(&mut self.outcomes),
        };
        let mut outcomes = Vec::with_capacity(lines.len());
        for mapping in lines {
            let place = known.iter().position(|outcome| outcome.is_of(mapping));
            outcomes.push(match place {
                Some(place) => known.swap_remove(place),
                None => {
                    let sample = self.sample.here();
                    Outcome::of(mapping, &model, &object.schema, &variables, sample)
                }
            });
        }
        let mode = self.sync.settings.mode;
        self.problems = mapping::check(&model, lines, &object.schema, &object.capabilities, mode);
        let suggested = mapping::suggest(&model, &object.schema, lines);
        self.rows = Rows::of(&object.schema, lines, &suggested);
        self.outcomes = outcomes;
        self.version += 1;
        self.table.arrange(self.version, &self.rows);
        self.trouble = None;
        let steps = self.selected_line().map_or(0, |line| line.transforms.len());
        self.step = self.step.min(steps.saturating_sub(1));
    }

    /// The line of the list on which the cursor stands.
    pub(super) fn selected(&self) -> Option<&Row> {
        self.rows.all.get(self.table.selected()?)
    }

    /// The mapping of that line.
    pub(super) fn selected_line(&self) -> Option<&FieldMapping> {
        self.draft.now.lines.get(self.selected()?.line?)
    }

    /// The cells of the sample row that is shown.
    pub(super) fn sample_row(&self) -> Option<&[crate::domain::row::Cell]> {
        let rows = &self.sample.here()?.rows;
        rows.get(self.at).map(Vec::as_slice)
    }

    /// Problems that concern a line of the list: its own, and a missing value of a required field.
    pub(super) fn problems_of<'a>(
        &'a self,
        row: &'a Row,
    ) -> impl Iterator<Item = &'a MappingProblem> {
        let own = move |problem: &&MappingProblem| row.line.is_some() && problem.line == row.line;
        self.problems.iter().filter(own)
    }

    /// Whether a line of the list keeps the mapping from being saved.
    pub(super) fn is_broken(&self, row: &Row) -> bool {
        let missing = row.required
            && row.line.is_none()
            && self
                .problems
                .iter()
                .any(|problem| problem.code == "required_not_mapped");
        let own = self.problems_of(row);
        missing
            || own
                .into_iter()
                .any(|problem| problem.severity == Severity::Error)
    }

    /// Problems that keep the mapping from being saved.
    pub(super) fn errors(&self) -> impl Iterator<Item = &MappingProblem> {
        let problems = self.problems.iter();
        problems.filter(|problem| problem.severity == Severity::Error)
    }

    /// Whether what was rehearsed is the mapping as it is now.
    pub(super) fn is_rehearsed(&self) -> bool {
        self.rehearsed.as_ref() == Some(&self.draft.now)
    }

    /// Records that the sync has sent, by which the cost of saving is bounded.
    pub(super) fn known(&self, state: &State) -> u64 {
        let id = self.sync.id.as_deref();
        let syncs = &state.world.syncs;
        let own = syncs.iter().find(|sync| Some(sync.id().as_str()) == id);
        own.map_or(0, |sync| sync.known)
    }

    /// What all rows give for a line of the list, where they were checked under this mapping.
    pub(super) fn check_of(&self, row: &Row) -> Option<&FieldCheck> {
        let rehearsal = self.rehearsal.here().filter(|_| self.is_rehearsed())?;
        row.line?;
        rehearsal
            .fields
            .iter()
            .find(|check| check.field == row.field)
    }
}
