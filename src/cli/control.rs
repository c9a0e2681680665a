//! `pause`, `resume`, `cancel`, `reject` and `forget`: one word to the core each.

use crate::domain::command::{Command, Reply};
use crate::domain::problem::Problem;

use crate::link::WorkspaceView;
use crate::link::view::SyncView;

use super::context::{Context, unexpected};
use super::output::{ask, say};

/// Turns a sync's schedule off.
pub(super) async fn pause(context: &Context, sync: String) -> Result<u8, Problem> {
    context.ask(Command::Pause { sync: sync.clone() }).await?;
    say(format!(
        "{sync} is paused: its schedule is off, a run under way goes on"
    ));
    Ok(0)
}

/// Turns a sync's schedule on.
pub(super) async fn resume(context: &Context, sync: String) -> Result<u8, Problem> {
    context.ask(Command::Resume { sync: sync.clone() }).await?;
    let is_meant = |s: &SyncView| s.name() == sync || s.id().as_str() == sync;
    let is_on = |view: &WorkspaceView| {
        view.syncs
            .iter()
            .any(|s| is_meant(s) && !s.sync.settings.paused)
    };
    let view = context.view_when(is_on).await;
    let found = view
        .syncs
        .iter()
        .find(|s| s.name() == sync || s.id().as_str() == sync);
    let next = found.and_then(|sync| sync.next_run_at);
    match next {
        Some(at) => say(format!(
            "{sync} is on; next run {}",
            at.format("%Y-%m-%d %H:%M UTC")
        )),
        None => say(format!(
            "{sync} is on; it has no schedule: signalsmith run '{sync}' starts it"
        )),
    }
    Ok(0)
}

/// Ends a run.
pub(super) async fn cancel(context: &Context, target: String) -> Result<u8, Problem> {
    match context.ask(Command::Cancel { target }).await? {
        Reply::Run(run) => {
            say(format!(
                "{} is being cancelled; batches in flight are awaited",
                run.id
            ));
            Ok(0)
        }
        other => Err(unexpected(&other)),
    }
}

/// Ends a waiting run, or drops held deletes.
pub(super) async fn reject(context: &Context, target: String) -> Result<u8, Problem> {
    context.ask(Command::Reject { target }).await?;
    say("rejected: nothing was sent");
    Ok(0)
}

/// Empties the snapshot of a sync.
pub(super) async fn forget(
    context: &Context,
    sync: String,
    confirm: Option<String>,
) -> Result<u8, Problem> {
    let question =
        format!("type the name of {sync} to forget what it sent (nothing is deleted there):");
    let confirm = confirm.or_else(|| ask(&question)).unwrap_or_default();
    context
        .ask(Command::Forget {
            sync: sync.clone(),
            confirm,
        })
        .await?;
    say(format!(
        "the state of {sync} was forgotten: its next run sends every row"
    ));
    Ok(0)
}

/// Puts back what was known of a sync before it went elsewhere.
pub(super) async fn put_back(context: &Context, sync: String) -> Result<u8, Problem> {
    let command = Command::PutBack { sync: sync.clone() };
    context.ask(command).await?;
    say(format!(
        "the earlier state of {sync} was put back: its next run sends what differs from it"
    ));
    Ok(0)
}
