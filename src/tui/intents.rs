//! Intents: what a person has decided, turned into commands.

use super::msg::{Effect, Leave};
use super::router::{PageId, with_page, with_top};
use super::screens::page::{Heard, Tag};
use super::state::{Purpose, State};
use crate::domain::command::Command;
use crate::domain::id::{RunId, SyncId};
use crate::domain::run::RunOptions;

/// What a person has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Intent {
    Run(Vec<SyncId>, RunOptions),
    Pause(Vec<SyncId>),
    Resume(Vec<SyncId>),
    Cancel(Vec<(SyncId, RunId)>),
    Approve {
        sync: SyncId,
        target: String,
        plan_hash: String,
    },
    Leave(Leave),
    Suspend,
    /// Something that the page that is shown had asked.
    Confirmed(Tag),
    /// Something that a page had asked, which may be out of sight meanwhile.
    ConfirmedTo(PageId, Tag),
}

/// Does what was decided.
pub(crate) fn perform(state: &mut State, intent: Intent) -> Vec<Effect> {
    match intent {
        Intent::Run(syncs, options) => each(state, syncs, "starting", "run", |sync| {
            let command = Command::Run {
                sync: sync.as_str().to_owned(),
                options: options.clone(),
            };
            (command, String::new())
        }),
        Intent::Pause(syncs) => each(state, syncs, "pausing", "pause", |sync| {
            let sync = sync.as_str().to_owned();
            let done = "paused: no scheduled run starts; a running one goes on".to_owned();
            (Command::Pause { sync }, done)
        }),
        Intent::Resume(syncs) => each(state, syncs, "resuming", "resume", |sync| {
            let sync = sync.as_str().to_owned();
            let done = "resumed; what was missed is not made up".to_owned();
            (Command::Resume { sync }, done)
        }),
        Intent::Cancel(runs) => runs
            .into_iter()
            .map(|(sync, run)| {
                let target = run.as_str().to_owned();
                let done = "cancelling: what is in flight is awaited for up to 30 s".to_owned();
                act(
                    state,
                    sync,
                    "cancelling",
                    "cancel",
                    Command::Cancel { target },
                    done,
                )
            })
            .collect(),
        Intent::Approve {
            sync,
            target,
            plan_hash,
        } => {
            let command = Command::Approve { target, plan_hash };
            let done = "approved".to_owned();
            vec![act(state, sync, "approving", "approve", command, done)]
        }
        Intent::Leave(leave) => vec![
            Effect::SaveSession(super::session::keep(state)),
            Effect::Quit(leave),
        ],
        Intent::Suspend => vec![Effect::Suspend],
        Intent::Confirmed(tag) => {
            with_top(state, |page, state| page.hear(state, Heard::Confirmed(tag)))
        }
        Intent::ConfirmedTo(page, tag) => with_page(state, page, |page, state| {
            page.hear(state, Heard::Confirmed(tag))
        }),
    }
}

fn each(
    state: &mut State,
    syncs: Vec<SyncId>,
    doing: &'static str,
    verb: &str,
    command: impl Fn(&SyncId) -> (Command, String),
) -> Vec<Effect> {
    syncs
        .into_iter()
        .map(|sync| {
            let (command, done) = command(&sync);
            act(state, sync, doing, verb, command, done)
        })
        .collect()
}

fn act(
    state: &mut State,
    sync: SyncId,
    doing: &'static str,
    verb: &str,
    command: Command,
    done: String,
) -> Effect {
    let name = state
        .sync(&sync)
        .map_or_else(|| sync.as_str().to_owned(), |sync| sync.name().to_owned());
    let done = if done.is_empty() {
        String::new()
    } else {
        format!("{name}: {done}")
    };
    let purpose = Purpose::Act {
        sync,
        doing,
        failed: format!("could not {verb} {name}"),
        done,
    };
    state.send(purpose, command)
}
