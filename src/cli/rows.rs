//! `rows`: the invalid, rejected and unknown rows of a run, with their causes.

use serde_json::json;

use crate::domain::command::{CauseName, Command, Reply, RowEntry, RowFilter};
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};

use super::args::Json;
use super::context::{Context, no_such, unexpected};
use super::output::{self, Table, say};
use super::plan::plain;

/// Rows that are asked for at once.
const PAGE: u32 = 1_000;

/// Which rows are printed.
pub(super) fn filter(
    verdict: Option<String>,
    code: Option<String>,
    field: Option<String>,
    key: Option<String>,
    unmask: bool,
) -> RowFilter {
    RowFilter {
        verdict,
        code,
        field,
        key,
        after: 0,
        limit: PAGE,
        unmask,
    }
}

/// Ignores the rows of a cause, or heeds them again.
pub(super) async fn ignore(
    context: &Context,
    target: &str,
    (verdict, code, field): (Option<String>, String, Option<String>),
    ignore: bool,
) -> Result<u8, Problem> {
    let run = run_of(context, target)?;
    let words = match &field {
        Some(field) => format!("{code} {field}"),
        None => code.clone(),
    };
    let cause = CauseName {
        verdict,
        code,
        field,
    };
    let command = Command::Ignore {
        run: run.clone(),
        cause,
        ignore,
    };
    context.ask(command).await?;
    say(match ignore {
        true => format!(
            "rows of {run} with {words} are ignored until their cause changes; they are tried as before"
        ),
        false => format!("rows of {run} with {words} count again"),
    });
    Ok(0)
}

/// Prints rows.
pub(super) async fn rows(
    context: &Context,
    target: &str,
    mut filter: RowFilter,
    form: Json,
) -> Result<u8, Problem> {
    let run = run_of(context, target)?;
    let mut table = Table::new(&["KEY", "VERDICT", "OP", "FIELD", "CAUSE", "RUNS", "REASON"]);
    let mut any = false;
    loop {
        let command = Command::Rows {
            run: run.clone(),
            filter: filter.clone(),
        };
        let rows = match context.ask(command).await? {
            Reply::Rows(rows) => rows,
            other => return Err(unexpected(&other)),
        };
        for row in &rows {
            if form.json {
                output::json(&as_json(row))?;
            } else {
                table.row(cells(row));
            }
        }
        any = any || !rows.is_empty();
        if !form.json && !rows.is_empty() {
            table.print_page();
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE as usize => filter.after = last.place,
            _ => break,
        }
    }
    if !form.json && !any {
        say(format!("no row of {run} needs a look"));
    }
    Ok(0)
}

fn as_json(row: &RowEntry) -> serde_json::Value {
    json!({
        "key": row.key,
        "verdict": row.verdict,
        "op": row.op,
        "field": row.field,
        "code": row.code,
        "reason": row.reason,
        "attempts": row.attempts,
        "payload": row.payload,
    })
}

fn cells(row: &RowEntry) -> Vec<String> {
    let key: Vec<String> = row.key.values().map(plain).collect();
    vec![
        key.join(" · "),
        row.verdict.clone(),
        row.op.clone().unwrap_or_default(),
        row.field.clone().unwrap_or_default(),
        row.code.clone(),
        if row.attempts >= 10 {
            format!("{} stuck", row.attempts)
        } else {
            row.attempts.to_string()
        },
        row.reason.clone(),
    ]
}

/// The run that is meant: by its id, or the latest of a sync.
pub(super) fn run_of(context: &Context, target: &str) -> Result<RunId, Problem> {
    if let Ok(run) = RunId::parse(target) {
        return Ok(run);
    }
    let view = context.view();
    let sync = view
        .syncs
        .iter()
        .find(|s| s.name() == target || s.id().as_str() == target);
    let names = view.syncs.iter().map(|sync| sync.name());
    let sync = sync.ok_or_else(|| no_such("sync", target, names))?;
    let active = sync.active.as_ref().map(|active| active.run.id.clone());
    active
        .or_else(|| sync.last.as_ref().map(|run| run.id.clone()))
        .ok_or_else(|| {
            Problem::new(ProblemKind::NotFound, format!("{target} has not run yet"))
                .hint(format!("signalsmith run '{target}' starts it"))
        })
}
