//! `approve`: lets a plan go that a person has looked at.

use crate::domain::command::{Command, PlanEntry, Reply};
use crate::domain::id::RunId;
use crate::domain::plan::OperationKind;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Phase;
use crate::link::view::SyncView;

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::{ask, say};
use super::run::{finish, started};

/// Operations that a person is shown before being asked.
const SHOWN: usize = 20;
/// Operations that are asked for at once.
const PAGE: u32 = 1_000;

/// What waits for a person.
pub(super) struct Waiting {
    /// The run whose plan it is.
    pub run: RunId,
    /// The plan's hash.
    pub plan_hash: String,
    /// How many operations wait.
    pub count: u64,
    /// Whether only the plan's deletes wait.
    pub only_deletes: bool,
}

/// Approves a waiting run, or a sync's held deletes, and waits for the run.
pub(super) async fn approve(
    context: &Context,
    target: &str,
    plan: Option<String>,
    json: Json,
) -> Result<u8, Problem> {
    let plan_hash = match plan {
        Some(hash) => hash,
        None => {
            let waiting = waiting(context, target)?;
            if !is_confirmed(context, &waiting).await? {
                let hash = &waiting.plan_hash;
                return Err(Problem::new(
                    ProblemKind::Approval,
                    "not approved: the number was not typed",
                )
                .hint(format!("without a terminal: --plan {hash}")));
            }
            waiting.plan_hash
        }
    };
    let command = Command::Approve {
        target: target.to_owned(),
        plan_hash,
    };
    let run = started(context.ask(command).await?)?;
    finish(context, &run.id, json).await
}

fn waiting(context: &Context, target: &str) -> Result<Waiting, Problem> {
    let view = context.view();
    let run = RunId::parse(target).ok();
    let is_meant = |sync: &SyncView| {
        let active = sync.active.as_ref().map(|active| &active.run.id);
        sync.name() == target
            || sync.id().as_str() == target
            || (run.is_some() && active == run.as_ref())
    };
    let none = || {
        Problem::new(
            ProblemKind::NotFound,
            format!("nothing waits for approval at '{target}'"),
        )
        .hint("signalsmith status shows what waits")
    };
    let sync = view
        .syncs
        .iter()
        .find(|sync| is_meant(sync))
        .ok_or_else(none)?;
    let active = sync.active.as_ref().map(|active| &active.run);
    if let Some(run) = active.filter(|run| run.phase == Some(Phase::AwaitingApproval)) {
        return Ok(Waiting {
            run: run.id.clone(),
            plan_hash: run.plan_hash.clone().unwrap_or_default(),
            count: run.counters.total(|tally| tally.unsent),
            only_deletes: false,
        });
    }
    let held = sync.held.as_ref().ok_or_else(none)?;
    Ok(Waiting {
        run: held.run.clone(),
        plan_hash: held.plan_hash.clone(),
        count: held.count,
        only_deletes: true,
    })
}

/// Shows what waits and lets a person type its number; false where nobody did.
pub(super) async fn is_confirmed(context: &Context, waiting: &Waiting) -> Result<bool, Problem> {
    let shown = first_operations(context, waiting).await?;
    super::plan::operations(&shown);
    let count = waiting.count;
    let what = if waiting.only_deletes {
        "deletes"
    } else {
        "operations"
    };
    say(format!("{count} {what} wait in plan {}", waiting.plan_hash));
    let typed = ask(&format!("type {count} to let them go:"));
    Ok(typed.as_deref() == Some(count.to_string().as_str()))
}

/// The first operations that wait; deletes can stand anywhere in a plan.
async fn first_operations(context: &Context, waiting: &Waiting) -> Result<Vec<PlanEntry>, Problem> {
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let command = Command::ShowPlan {
            run: waiting.run.clone(),
            from,
            limit: PAGE,
        };
        let page = match context.ask(command).await? {
            Reply::Plan(page) => page.operations,
            other => return Err(unexpected(&other)),
        };
        from += u64::from(PAGE);
        let is_last = page.len() < PAGE as usize;
        let waits = |entry: &PlanEntry| !waiting.only_deletes || entry.op == OperationKind::Delete;
        found.extend(page.into_iter().filter(waits));
        if is_last || found.len() >= SHOWN {
            found.truncate(SHOWN);
            return Ok(found);
        }
    }
}
