//! What the Syncs screen opens and edits: mapping, schedule, settings, new syncs, clones, deleting.

use super::page::SyncsPage;
use crate::domain::command::Command;
use crate::domain::edit::Edit;
use crate::link::view::SyncView;
use crate::tui::available::{Refusal, reachable};
use crate::tui::msg::Effect;
use crate::tui::questions::{ask_name, ask_page};
use crate::tui::screens::mapping::MappingEditor;
use crate::tui::screens::new_sync::NewSync;
use crate::tui::screens::page::{Handed, Heard, Tag, no};
use crate::tui::screens::schedule::ScheduleEditor;
use crate::tui::screens::sync_edit::SyncEditor;
use crate::tui::state::State;
use crate::tui::text;

/// What the Syncs screen has of its own; its keys stand in the table of what all screens share,
/// among those that it always had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Mapping,
    Schedule,
    Edit,
    New,
    Clone,
    Delete,
    PutBack,
}

const DELETE: Tag = "delete the sync";
const PUT_BACK: Tag = "put the state back";

/// Whether something can be done now.
///
/// # Errors
/// Why it cannot.
pub(super) fn can(state: &State, act: Act) -> Result<(), Refusal> {
    if act == Act::New {
        return Ok(());
    }
    let Some(sync) = state.selected() else {
        return no("no sync is selected");
    };
    match act {
        Act::Mapping | Act::Schedule | Act::Edit | Act::Clone | Act::New => Ok(()),
        Act::PutBack if sync.kept.is_none() => no("none is kept for its object"),
        Act::Delete | Act::PutBack => {
            reachable(state)?;
            match sync.active.is_some() || sync.queued.is_some() {
                true => no("a run of it is under way: `c` cancels it"),
                false => Ok(()),
            }
        }
    }
}

impl SyncsPage {
    pub(super) fn own(&mut self, state: &mut State, act: Act) -> Vec<Effect> {
        if act == Act::New {
            state.router.open(NewSync::go_on(state));
            return Vec::new();
        }
        let Some(sync) = state.selected().cloned() else {
            return Vec::new();
        };
        match act {
            Act::New => {}
            Act::Edit => state.router.open(SyncEditor::of(&state.world, &sync)),
            Act::Clone => state.router.open(NewSync::like(&sync)),
            Act::Mapping => {
                let editor = MappingEditor::of(&state.world, &sync.sync, None);
                state.router.open(editor);
            }
            Act::Schedule => state.router.open(ScheduleEditor::of(&sync.sync)),
            Act::PutBack => {
                ask_put_back(state, &sync);
                self.deleting = Some(sync.id().clone());
            }
            Act::Delete => {
                let name = sync.name();
                let body = vec![
                    format!(
                        "Its settings, its history and what it knows of {} go.",
                        text::counted(sync.known, "record")
                    ),
                    format!("{} keeps its records.", sync.destination),
                ];
                let title = format!("Delete the sync {name}?");
                ask_name(state, title, body, name, "delete it", DELETE);
                self.deleting = Some(sync.id().clone());
            }
        }
        Vec::new()
    }

    pub(super) fn heard(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Confirmed(DELETE) => {
                let id = self.deleting.take();
                let Some(sync) = id.and_then(|id| state.sync(&id)).cloned() else {
                    return Vec::new();
                };
                let name = sync.name().to_owned();
                let command = Command::Edit(Edit::DeleteSync {
                    sync: sync.id().to_string(),
                    confirm: name.clone(),
                });
                let failed = format!("could not delete {name}");
                let done = format!("{name} is deleted; {} keeps its records", sync.destination);
                vec![state.order("deleting", failed, done, command).1]
            }
            Heard::Confirmed(PUT_BACK) => {
                let id = self.deleting.take();
                let Some(sync) = id.and_then(|id| state.sync(&id)).cloned() else {
                    return Vec::new();
                };
                let name = sync.name();
                let command = Command::PutBack {
                    sync: sync.id().to_string(),
                };
                let failed = format!("could not put back the state of {name}");
                let done = format!("{name}: its earlier state is back");
                vec![state.order("putting back", failed, done, command).1]
            }
            // What was ordered here has no place on the screen of its own.
            Heard::Answer {
                result: Err(problem),
                ..
            } => {
                state.fail(problem.text, problem.hint);
                Vec::new()
            }
            Heard::Handed(Handed::Saved { kind: "sync", name }) => {
                select(state, &name);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

/// Asks before what a sync knows now makes room for what it knew.
fn ask_put_back(state: &mut State, sync: &SyncView) {
    let Some(at) = sync.kept else { return };
    let at = text::when(state.zone, state.now.wall, at);
    let body = vec![
        format!(
            "What it knew of {} until it went elsewhere ({at}) is put back; nothing is sent by that. \
             Its next run sends what differs.",
            sync.sync.settings.destination_object
        ),
        format!(
            "What it knows now, {}, is kept in its turn for 30 days.",
            text::counted(sync.known, "record")
        ),
    ];
    let title = format!("Put back the earlier state of {}?", sync.name());
    ask_page(state, title, body, ("leave it", "put it back"), PUT_BACK);
}

/// Puts the cursor on the sync of a name, now or as soon as it is listed.
fn select(state: &mut State, name: &str) {
    let world = state.world.clone();
    state.syncs.wanted = Some(name.to_owned());
    state.syncs.arrange(&world);
}
