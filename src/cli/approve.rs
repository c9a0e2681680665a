//! `approve`: lets a plan go that a person has looked at.

use crate::domain::command::{Command, Reply};
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::{ask, say};
use super::run::{finish, started};

/// Approves a waiting run, or a sync's held deletes, and waits for the run.
pub(super) async fn approve(
    context: &Context,
    target: &str,
    plan: Option<String>,
    json: Json,
) -> Result<u8, Problem> {
    let plan_hash = match plan {
        Some(hash) => hash,
        None => confirmed(context, target).await?,
    };
    let command = Command::Approve {
        target: target.to_owned(),
        plan_hash,
    };
    let run = started(context.ask(command).await?)?;
    finish(context, &run.id, json).await
}

/// Shows what waits and lets a person type the number of deletes.
async fn confirmed(context: &Context, target: &str) -> Result<String, Problem> {
    let view = context.view();
    let run = RunId::parse(target).ok();
    let sync = view.syncs.iter().find(|sync| {
        let active = sync.active.as_ref().map(|active| &active.run.id);
        sync.name() == target
            || sync.id().as_str() == target
            || (run.is_some() && active == run.as_ref())
    });
    let sync = sync.ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            format!("nothing waits for approval at '{target}'"),
        )
        .hint("signalsmith status shows what waits")
    })?;
    let (hash, count) = match (&sync.active, &sync.held) {
        (Some(active), _) => {
            let counters = &active.run.counters;
            (
                active.run.plan_hash.clone().unwrap_or_default(),
                counters.total(|t| t.unsent),
            )
        }
        (None, Some(held)) => (held.plan_hash.clone(), held.count),
        (None, None) => {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "nothing waits for approval",
            ));
        }
    };
    let waiting = sync.held.as_ref().map(|held| held.run.clone());
    let waiting = waiting.or_else(|| sync.active.as_ref().map(|active| active.run.id.clone()));
    if let Some(run) = waiting {
        let command = Command::ShowPlan {
            run,
            from: 0,
            limit: 20,
        };
        match context.ask(command).await? {
            Reply::Plan(page) => super::plan::operations(&page.operations),
            other => return Err(unexpected(&other)),
        }
    }
    say(format!("{count} operations wait in plan {hash}"));
    let typed = ask(&format!("type {count} to let them go:"));
    if typed.as_deref() == Some(count.to_string().as_str()) {
        return Ok(hash);
    }
    Err(Problem::new(
        ProblemKind::Approval,
        "not approved: the number was not typed",
    )
    .hint(format!("without a terminal: --plan {hash}")))
}
