//! `status`: how every sync is, and what waits for a person.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::domain::health;
use crate::domain::problem::Problem;
use crate::link::view::{SyncState, SyncView};

use super::args::Json;
use super::context::Context;
use super::output::{self, Table, say};

/// Prints how every sync is.
pub(super) fn status(context: &Context, form: Json) -> Result<u8, Problem> {
    let view = context.view();
    if form.json {
        let syncs: Vec<_> = view.syncs.iter().map(|sync| as_json(sync)).collect();
        output::json(&json!({"workspace": view.name, "halted": view.halted, "syncs": syncs}))?;
        return Ok(0);
    }
    if let Some(reason) = &view.halted {
        say(format!("nothing is sent at the moment: {reason}"));
    }
    if view.syncs.is_empty() {
        say("no syncs yet: bring some in with signalsmith apply FILE");
        return Ok(0);
    }
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
    for sync in &view.syncs {
        if let SyncState::NeedsAttention { reason } = &sync.state {
            say(format!("{} needs attention: {reason}", sync.name()));
        }
        if let Some(held) = &sync.held {
            say(format!(
                "{}: {} deletes are held: signalsmith approve '{}' --plan {}",
                sync.name(),
                held.count,
                sync.name(),
                held.plan_hash
            ));
        }
        if let Some(problem) = sync.last.as_ref().and_then(|run| run.error.as_ref()) {
            say(format!("{}: {}", sync.name(), problem.text));
        }
    }
    Ok(0)
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
