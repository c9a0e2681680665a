//! `plan`: what a run would do, without sending anything.

use serde_json::{Value as Json, json};

use crate::domain::command::{Command, PlanEntry, PlanPage, Reply};
use crate::domain::id::RunId;
use crate::domain::plan::OperationKind;
use crate::domain::problem::Problem;
use crate::domain::run::{RunOptions, RunStatus};

use super::args;
use super::context::{Context, unexpected};
use super::output::{self, say};
use super::progress;
use super::run::started;

/// Operations that are asked for at once.
const PAGE: u32 = 1_000;

/// Shows what a run would do.
pub(super) async fn plan(
    context: &Context,
    sync: &str,
    limit: u32,
    all: bool,
    form: args::Json,
) -> Result<u8, Problem> {
    let options = RunOptions {
        plan_only: true,
        ..RunOptions::default()
    };
    let command = Command::Run {
        sync: sync.to_owned(),
        options,
    };
    let run = started(context.ask(command).await?)?;
    let run = progress::follow(context, &run.id, form.json).await?;
    if let Some(problem) = run.error.clone()
        && run.plan_hash.is_none()
    {
        return Err(problem);
    }
    let limit = if all { u32::MAX } else { limit };
    let page = pages(context, &run.id, limit).await?;
    if form.json {
        output::json(&json!({
            "plan_hash": page.plan_hash,
            "counters": page.counters,
            "operations": page.operations,
        }))?;
    } else {
        let total = show(&page);
        let shown = u64::try_from(page.operations.len()).unwrap_or(u64::MAX);
        if shown < total {
            say(format!("  … and {} more: --all shows them", total - shown));
        }
        if run.counters.invalid > 0 {
            say(format!("  invalid rows: signalsmith rows {}", run.id));
        }
        say("nothing has been sent");
    }
    match (run.status, run.error) {
        (RunStatus::Failed, Some(problem)) => Err(problem),
        _ => Ok(if run.counters.delete.held > 0 { 4 } else { 0 }),
    }
}

async fn pages(context: &Context, run: &RunId, limit: u32) -> Result<PlanPage, Problem> {
    let mut whole: Option<PlanPage> = None;
    loop {
        let have = whole.as_ref().map_or(0, |page| page.operations.len());
        let from = u64::try_from(have).unwrap_or(u64::MAX);
        let left = limit
            .saturating_sub(u32::try_from(have).unwrap_or(u32::MAX))
            .min(PAGE);
        let command = Command::ShowPlan {
            run: run.clone(),
            from,
            limit: left,
        };
        let page = match context.ask(command).await? {
            Reply::Plan(page) => *page,
            other => return Err(unexpected(&other)),
        };
        let got = page.operations.len();
        match &mut whole {
            Some(whole) => whole.operations.extend(page.operations),
            None => whole = Some(page),
        }
        if got < PAGE as usize
            && let Some(whole) = whole
        {
            return Ok(whole);
        }
    }
}

/// Prints a plan and gives the number of its operations.
fn show(page: &PlanPage) -> u64 {
    let counters = &page.counters;
    let held = if counters.delete.held > 0 {
        " HELD"
    } else {
        ""
    };
    say(format!(
        "create {}  update {}  delete {}{held}  unchanged {}  invalid {}",
        counters.create.planned,
        counters.update.planned,
        counters.delete.planned,
        counters.unchanged,
        counters.invalid
    ));
    say(format!("plan {}", page.plan_hash));
    operations(&page.operations);
    counters.total(|tally| tally.planned)
}

/// Prints operations: what was and what is to be, field by field.
pub(super) fn operations(operations: &[PlanEntry]) {
    for operation in operations {
        let sign = match operation.op {
            OperationKind::Create => '+',
            OperationKind::Update => '~',
            OperationKind::Delete => '-',
        };
        let key: Vec<String> = operation.key.values().map(plain).collect();
        say(format!("  {sign} {} {}", operation.op, key.join(" · ")));
        let Some(Json::Object(new)) = &operation.new else {
            continue;
        };
        let old = operation.old.as_ref().and_then(Json::as_object);
        for (field, value) in new {
            match old.and_then(|old| old.get(field)) {
                Some(before) if before == value => {}
                Some(before) => say(format!(
                    "      {field}: {} → {}",
                    plain(before),
                    plain(value)
                )),
                None => say(format!("      {field}: {}", plain(value))),
            }
        }
    }
}

/// A JSON value as people read it.
pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "null".to_owned(),
        other => other.to_string(),
    }
}
