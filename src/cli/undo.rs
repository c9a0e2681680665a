//! `undo`: shows what an undo takes back and what it cannot, and lets it go when that was approved.

use crate::domain::browse::{Browse, Browsed, PlanPart, PlanRow};
use crate::domain::command::{Command, Reply};
use crate::domain::id::RunId;
use crate::domain::problem::Problem;

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::say;
use super::plan::plain;
use super::progress;
use super::run::{finish, parse, started};

/// Rows that stay as they are of which a person is told one by one.
const SHOWN: u32 = 20;

/// Plans the undo of a run, shows it, and waits for its approval and its end.
pub(super) async fn undo(
    context: &Context,
    run: &str,
    approved_plan: Option<String>,
    json: Json,
) -> Result<u8, Problem> {
    let command = Command::Undo {
        run: parse(run)?,
        approved_plan,
    };
    let undo = started(context.ask(command).await?)?;
    let undo = progress::follow(context, &undo.id, json.json).await?;
    if !json.json && undo.plan_hash.is_some() {
        stays(context, &undo.id, undo.counters.skipped).await?;
    }
    finish(context, &undo.id, json).await
}

/// Names what the undo leaves as it is, and why.
async fn stays(context: &Context, undo: &RunId, rows: u64) -> Result<(), Problem> {
    if rows == 0 {
        return Ok(());
    }
    let question = Browse::Entries {
        run: undo.clone(),
        part: PlanPart::Invalid,
        offset: 0,
        limit: SHOWN,
    };
    let shown = match context.ask(Command::Browse(question)).await? {
        Reply::Browsed(browsed) => match *browsed {
            Browsed::Entries(rows) => rows,
            other => return Err(unexpected(&Reply::Browsed(Box::new(other)))),
        },
        other => return Err(unexpected(&other)),
    };
    for row in &shown {
        say(format!("  = stays {}", words(row)));
    }
    let told = u64::try_from(shown.len()).unwrap_or(u64::MAX);
    if told < rows {
        say(format!(
            "  … and {} more that stay as they are",
            rows - told
        ));
    }
    Ok(())
}

fn words(row: &PlanRow) -> String {
    let key: Vec<String> = row.key.values().map(plain).collect();
    let why = row.why.as_deref().unwrap_or_default();
    format!("{}: {why}", key.join(" · "))
}
