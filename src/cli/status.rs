//! `status`: what is wrong, by cause, and how every sync is; causes are set aside.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::domain::command::{Command, Reply};
use crate::domain::health;
use crate::domain::problem::Problem;
use crate::domain::run::Phase;
use crate::domain::trouble::{Aside, SetAside, Until};
use crate::domain::words::counted;
use crate::link::WorkspaceView;
use crate::link::troubles::{Place, Trouble, Troubles};
use crate::link::view::{SyncState, SyncView};

use super::args::{Json, StatusAction};
use super::context::{Context, unexpected};
use super::output::{self, Table, say};

/// Prints how every sync is.
pub(super) fn status(context: &Context, form: Json) -> Result<u8, Problem> {
    let view = context.view();
    let troubles = Troubles::of(&view, Utc::now());
    if form.json {
        let syncs: Vec<_> = view.syncs.iter().map(|sync| as_json(sync)).collect();
        let problems: Vec<_> = troubles.all.iter().map(trouble_as_json).collect();
        output::json(&json!({
            "workspace": view.name,
            "halted": view.halted,
            "problems": problems,
            "syncs": syncs,
        }))?;
        return Ok(0);
    }
    if view.syncs.is_empty() && troubles.all.is_empty() {
        say("no syncs yet: bring some in with signalsmith apply FILE");
        return Ok(0);
    }
    tell(&troubles, &view);
    let mut table = Table::new(&[
        "SYNC", "STATE", "LAST RUN", "KNOWN", "HEALTH", "SCHEDULE", "NEXT",
    ]);
    for sync in &view.syncs {
        let last = sync
            .last
            .as_ref()
            .and_then(|run| run.ended_at)
            .map(time)
            .unwrap_or_default();
        let health = sync
            .health
            .map(|score| format!("{score} {}", health::word(score)));
        table.row(vec![
            sync.name().to_owned(),
            state_words(sync),
            last,
            sync.known.to_string(),
            health.unwrap_or_default(),
            sync.schedule_words.clone(),
            sync.next_run_at.map(time).unwrap_or_default(),
        ]);
    }
    table.print();
    Ok(0)
}

/// Sets a cause aside, or takes it up again.
pub(super) async fn set_aside(context: &Context, action: StatusAction) -> Result<u8, Problem> {
    let (cause, until, done) = match action {
        StatusAction::Acknowledge { cause } => (
            cause,
            Some(Until::Worse),
            "acknowledged: it counts no more until it is worse".to_owned(),
        ),
        StatusAction::Snooze {
            cause,
            until_change: true,
            ..
        } => (
            cause,
            Some(Until::Change),
            "snoozed until it changes".to_owned(),
        ),
        StatusAction::Snooze { cause, hours, .. } => {
            let at = Utc::now() + TimeDelta::hours(i64::from(hours));
            let done = format!("snoozed until {}, unless it becomes worse", time(at));
            (cause, Some(Until::Time { at }), done)
        }
        StatusAction::TakeUp { cause } => (cause, None, "taken up again".to_owned()),
    };
    let seen = None;
    let wanted = SetAside { cause, until, seen };
    match context.ask(Command::SetAside(wanted)).await? {
        Reply::Done => say(done),
        other => return Err(unexpected(&other)),
    }
    Ok(0)
}

/// Tells what is wrong, by cause, the worst first; what was set aside stands apart.
fn tell(troubles: &Troubles, view: &WorkspaceView) {
    let (problems, causes) = troubles.figures();
    if problems > 0 {
        let (problems, causes) = (counted(problems, "problem"), counted(causes, "cause"));
        say(format!("{problems} in {causes}"));
    }
    for trouble in &troubles.all {
        let names: Vec<&str> = trouble.syncs.iter().map(|one| one.name.as_str()).collect();
        let since = trouble.since.map(|at| format!(", since {}", time(at)));
        let syncs = match names.as_slice() {
            [] => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        let aside = match &trouble.aside {
            Some(aside) => format!(", {}", aside_words(aside)),
            None => String::new(),
        };
        say(format!(
            "- {}: {}{syncs}{}{aside}",
            trouble.state,
            trouble.title,
            since.unwrap_or_default()
        ));
        say(format!("  cause {}", trouble.key));
        if trouble.aside.is_none() {
            say(format!("  {} {}", trouble.not_done, trouble.now));
            approvals(trouble, view);
        }
    }
    if !troubles.all.is_empty() {
        say("");
    }
}

fn aside_words(aside: &Aside) -> String {
    match aside.until {
        Until::Worse => format!("acknowledged by {}", aside.by),
        Until::Change => format!("snoozed by {} until it changes", aside.by),
        Until::Time { at } => format!("snoozed by {} until {}", aside.by, time(at)),
    }
}

/// The commands that approve what waits.
fn approvals(trouble: &Trouble, view: &WorkspaceView) {
    if trouble.place != Place::Plan {
        return;
    }
    for one in &trouble.syncs {
        let Some(sync) = view.syncs.iter().find(|sync| *sync.id() == one.sync) else {
            continue;
        };
        let active = sync.active.as_ref().map(|active| &active.run);
        let waiting = active.filter(|run| run.phase == Some(Phase::AwaitingApproval));
        let hash = match (waiting, &sync.held) {
            (Some(run), _) => run.plan_hash.clone().unwrap_or_default(),
            (None, Some(held)) => held.plan_hash.clone(),
            (None, None) => continue,
        };
        let name = sync.name();
        say(format!("  signalsmith approve '{name}' --plan {hash}"));
    }
}

fn trouble_as_json(trouble: &Trouble) -> serde_json::Value {
    let syncs: Vec<_> = trouble
        .syncs
        .iter()
        .map(|one| json!({"id": one.sync, "name": one.name, "run": one.run, "rows": one.rows}))
        .collect();
    json!({
        "cause": trouble.key,
        "severity": trouble.severity,
        "state": trouble.state,
        "title": trouble.title,
        "since": trouble.since,
        "happened": trouble.happened,
        "not_done": trouble.not_done,
        "now": trouble.now,
        "syncs": syncs,
        "aside": trouble.aside,
    })
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// The state of a sync in words.
pub(super) fn state_words(sync: &SyncView) -> String {
    let words = match &sync.state {
        SyncState::NeedsAttention { .. } => "needs attention",
        SyncState::Running => "running",
        SyncState::AwaitingApproval => "awaiting approval",
        SyncState::Queued => "queued",
        SyncState::Held => "deletes held",
        SyncState::Failed => sync
            .last
            .as_ref()
            .map_or("failed", |run| run.status.words()),
        SyncState::Errors => "completed with errors",
        SyncState::Ok => "ok",
        SyncState::Paused => "paused",
        SyncState::Manual => "manual, never run",
        SyncState::Waiting => "waiting for its first run",
    };
    if sync.sync.settings.paused && sync.state != SyncState::Paused {
        return format!("{words}, paused");
    }
    words.to_owned()
}

fn as_json(sync: &SyncView) -> serde_json::Value {
    json!({
        "id": sync.id(),
        "name": sync.name(),
        "state": sync.state,
        "paused": sync.sync.settings.paused,
        "last_run": sync.last.as_ref().map(super::run::as_json),
        "known": sync.known,
        "health": sync.health,
        "schedule": sync.schedule_words,
        "next_run_at": sync.next_run_at,
        "held": sync.held,
    })
}
