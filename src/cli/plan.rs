//! `plan`: what a run would do, without sending anything.

use serde_json::Value as Json;

use crate::domain::command::{Command, PlanEntry, PlanPage, Reply};
use crate::domain::id::RunId;
use crate::domain::plan::OperationKind;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Run, RunOptions, RunStatus};

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
    if run.plan_hash.is_none() {
        return Err(run.error.unwrap_or_else(|| {
            Problem::new(ProblemKind::Interrupted, "the plan was not finished")
        }));
    }
    let limit = if all { u64::MAX } else { limit.into() };
    let shown = print(context, &run, limit, form).await?;
    if !form.json {
        let total = run.counters.total(|tally| tally.planned);
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
        (RunStatus::Completed | RunStatus::CompletedWithErrors, _) => {
            Ok(if run.counters.delete.held > 0 { 4 } else { 0 })
        }
        _ => Ok(1),
    }
}

/// Prints a plan page by page, for it may be longer than memory; gives the operations shown.
async fn print(context: &Context, run: &Run, limit: u64, form: args::Json) -> Result<u64, Problem> {
    let mut shown = 0;
    loop {
        let page = page(context, &run.id, shown, limit - shown).await?;
        if shown == 0 {
            head(&page, form)?;
        }
        if form.json {
            for operation in &page.operations {
                let comma = if shown == 0 { "" } else { "," };
                output::document(&format!("{comma}{}", output::json_text(operation)?));
                shown += 1;
            }
        } else {
            operations(&page.operations);
            shown += u64::try_from(page.operations.len()).unwrap_or_default();
        }
        if page.operations.len() < PAGE as usize {
            break;
        }
    }
    if form.json {
        output::document("]}\n");
    }
    Ok(shown)
}

async fn page(context: &Context, run: &RunId, from: u64, left: u64) -> Result<PlanPage, Problem> {
    let limit = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
    let command = Command::ShowPlan {
        run: run.clone(),
        from,
        limit,
    };
    match context.ask(command).await? {
        Reply::Plan(page) => Ok(*page),
        other => Err(unexpected(&other)),
    }
}

fn head(page: &PlanPage, form: args::Json) -> Result<(), Problem> {
    let counters = &page.counters;
    if form.json {
        output::document(&format!(
            "{{\"plan_hash\":{},\"counters\":{},\"operations\":[",
            output::json_text(&page.plan_hash)?,
            output::json_text(counters)?
        ));
        return Ok(());
    }
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
    Ok(())
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
