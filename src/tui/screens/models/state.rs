//! What the list of models remembers, and what it lists.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::model::Model;
use crate::link::WorkspaceView;
use crate::link::view::SyncView;
use crate::tui::state::State;
use crate::tui::widgets::table::{Listing, Table};

/// The list of models.
#[derive(Debug, Default)]
pub(crate) struct Models {
    pub(super) table: Table,
    /// Syncs of each model, by its id.
    pub(super) used: HashMap<String, u64>,
    /// The model that is being deleted, with the token of that.
    pub(super) deleting: Option<(u64, String)>,
    /// The name on which the cursor is to stand once it is listed.
    pub(super) wanted: Option<String>,
}

impl Models {
    /// The model on which the cursor stands.
    pub(super) fn selected<'a>(&self, state: &'a State) -> Option<&'a Arc<Model>> {
        state.world.models.get(self.table.selected()?)
    }
}

/// The syncs that carry the rows of a model.
pub(super) fn users<'a>(
    world: &'a WorkspaceView,
    model: &'a Model,
) -> impl Iterator<Item = &'a Arc<SyncView>> {
    let all = world.syncs.iter();
    all.filter(|sync| sync.sync.settings.model == model.id)
}

/// How many syncs carry the rows of each model.
pub(super) fn uses(world: &WorkspaceView) -> HashMap<String, u64> {
    let mut used = HashMap::new();
    for sync in &world.syncs {
        let id = sync.sync.settings.model.to_string();
        *used.entry(id).or_insert(0) += 1;
    }
    used
}

/// The name of a model's source.
pub(super) fn source_name<'a>(world: &'a WorkspaceView, model: &'a Model) -> &'a str {
    let found = world
        .sources
        .iter()
        .find(|source| source.id == model.source);
    found.map_or(model.source.as_str(), |source| &source.name)
}

/// The models as they are listed.
pub(super) struct ModelListing<'a>(pub &'a WorkspaceView, pub &'a HashMap<String, u64>);

impl ModelListing<'_> {
    fn model(&self, at: usize) -> Option<&Model> {
        self.0.models.get(at).map(Arc::as_ref)
    }
}

impl Listing for ModelListing<'_> {
    fn total(&self) -> usize {
        self.0.models.len()
    }

    fn id(&self, at: usize) -> String {
        self.model(at)
            .map_or(String::new(), |model| model.id.to_string())
    }

    fn text(&self, at: usize) -> String {
        self.model(at).map_or(String::new(), |model| {
            format!("{} {}", model.name, source_name(self.0, model))
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        &["name", "source", "use"]
    }

    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        let (Some(a), Some(b)) = (self.model(a), self.model(b)) else {
            return Ordering::Equal;
        };
        let by = match order {
            1 => source_name(self.0, a).cmp(source_name(self.0, b)),
            2 => {
                let used = |model: &Model| self.1.get(model.id.as_str());
                used(b).cmp(&used(a))
            }
            _ => Ordering::Equal,
        };
        by.then_with(|| a.name.cmp(&b.name))
    }
}
