//! Goes to the place where something can be done about a cause.

use super::Overview;
use super::setting_aside::Asking;
use crate::domain::edit::Side;
use crate::domain::id::SyncId;
use crate::link::troubles::{Place, Trouble};
use crate::tui::overlays::picker::{self, Item};
use crate::tui::screens::connections::Connections;
use crate::tui::screens::mapping::MappingEditor;
use crate::tui::screens::page::Tag;
use crate::tui::screens::plan::Plan;
use crate::tui::screens::rows::Rows;
use crate::tui::screens::runs::RunPage;
use crate::tui::state::State;
use crate::tui::text;

pub(super) const SYNC: Tag = "which sync";

impl Overview {
    /// Opens the place of the selected cause; asks for the sync where there are several.
    pub(super) fn open_place(&mut self, state: &mut State) {
        let Some(trouble) = self.selected(state).cloned() else {
            return;
        };
        match &trouble.place {
            Place::Nowhere => state.note("there is no place in here where that can be mended"),
            Place::Destination(id) => {
                let known = state.world.destinations.iter().find(|one| one.id == *id);
                if let Some(name) = known.map(|one| one.name.clone()) {
                    let page = Connections::testing(Side::Destination, name);
                    state.router.open(page);
                }
            }
            Place::Source(id) => {
                let known = state.world.sources.iter().find(|one| one.id == *id);
                if let Some(name) = known.map(|one| one.name.clone()) {
                    state.router.open(Connections::testing(Side::Source, name));
                }
            }
            _ => match trouble.syncs.as_slice() {
                [] => {}
                [one] => open_sync(state, &trouble.place, &one.sync),
                _ => self.ask_sync(state, &trouble),
            },
        }
    }

    fn ask_sync(&mut self, state: &mut State, trouble: &Trouble) {
        let items = trouble.syncs.iter().map(|one| Item {
            value: one.sync.to_string(),
            label: one.name.clone(),
            note: match one.rows {
                0 => String::new(),
                rows => text::counted(rows, "row"),
            },
            refused: None,
        });
        let items = items.collect();
        self.asking = Some(Asking::about(trouble));
        picker::open(state, SYNC, &trouble.title, items, "");
    }

    /// Opens the place of what was asked about for one of its syncs.
    pub(super) fn open_picked(&mut self, state: &mut State, sync: &str) {
        let Some(asking) = self.asking.take() else {
            return;
        };
        let place = state.troubles.get(&asking.key).map(|it| it.place.clone());
        match (place, SyncId::parse(sync)) {
            (Some(place), Ok(sync)) => open_sync(state, &place, &sync),
            _ => state.note("that is over meanwhile"),
        }
    }
}

fn open_sync(state: &mut State, place: &Place, id: &SyncId) {
    let Some(sync) = state.sync(id).cloned() else {
        return state.note("that sync is gone");
    };
    let active = sync.active.as_ref().map(|active| &active.run);
    match place {
        Place::Plan => match Plan::waiting(&sync) {
            Some(plan) => state.router.open(plan),
            None => state.note("nothing waits any more"),
        },
        Place::Mapping(_) => {
            let editor = MappingEditor::of(&state.world, &sync.sync, None);
            state.router.open(editor);
        }
        Place::Rows => {
            if let Some(run) = &sync.last {
                state.router.open(Rows::of(run));
            }
        }
        _ => {
            if let Some(run) = sync.last.as_ref().or(active) {
                state.router.open(RunPage::of(run));
            }
        }
    }
}
