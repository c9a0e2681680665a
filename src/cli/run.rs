//! `run` and `retry`: starts a run, waits for it, says what it did.

use serde_json::json;

use crate::domain::command::{Command, Reply};
use crate::domain::id::RunId;
use crate::domain::plan::OperationKind;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Phase, Run, RunOptions, RunStatus};

use super::approve::{Waiting, is_confirmed};
use super::args::{Json, RunArguments};
use super::context::{Context, unexpected};
use super::output::{self, complain, say};
use super::progress;

/// Runs a sync.
pub(super) async fn run(context: &Context, arguments: RunArguments) -> Result<u8, Problem> {
    let options = RunOptions {
        limit: arguments.limit,
        keys: arguments.key,
        full: arguments.full,
        duplicate: arguments.duplicate,
        from_now: arguments.from_now,
        without_deletes: arguments.without_deletes,
        accept_size: arguments.accept_size,
        approved_plan: arguments.plan,
        ..RunOptions::default()
    };
    if arguments.no_wait && context.is_host() {
        return Err(Problem::new(
            ProblemKind::Usage,
            "no core is running that could go on with the run",
        )
        .hint("leave out --no-wait, or keep the interface open"));
    }
    let command = Command::Run {
        sync: arguments.sync,
        options,
    };
    let run = started(context.ask(command).await?)?;
    if arguments.no_wait {
        return shown(context, &run, arguments.json);
    }
    finish(context, &run.id, arguments.json).await
}

/// Sends rows of an earlier run again.
pub(super) async fn retry(
    context: &Context,
    run: &str,
    cause: Option<String>,
    keys: Vec<String>,
    json: Json,
) -> Result<u8, Problem> {
    let run = parse(run)?;
    let run = started(context.ask(Command::Retry { run, cause, keys }).await?)?;
    finish(context, &run.id, json).await
}

/// Reads a run's id.
pub(super) fn parse(text: &str) -> Result<RunId, Problem> {
    RunId::parse(text).map_err(|error| {
        Problem::new(ProblemKind::Usage, error.to_string()).hint("signalsmith list runs shows them")
    })
}

/// The run that a command started.
pub(super) fn started(reply: Reply) -> Result<Run, Problem> {
    match reply {
        Reply::Run(run) => Ok(*run),
        other => Err(unexpected(&other)),
    }
}

/// Waits for a run and shows it.
pub(super) async fn finish(context: &Context, id: &RunId, json: Json) -> Result<u8, Problem> {
    let run = progress::follow(context, id, json.json).await?;
    if waits(&run) && context.is_host() {
        return unattended(context, run, json).await;
    }
    shown(context, &run, json)
}

fn waits(run: &Run) -> bool {
    run.status == RunStatus::Running && run.phase == Some(Phase::AwaitingApproval)
}

/// Lets a person approve here and now; else ends the run, for its core ends with this command and
/// nobody could approve it later. Its plan stays, and `run --plan` lets exactly that plan go.
async fn unattended(context: &Context, run: Run, json: Json) -> Result<u8, Problem> {
    let plan_hash = run.plan_hash.clone().unwrap_or_default();
    let waiting = Waiting {
        run: run.id.clone(),
        plan_hash: plan_hash.clone(),
        count: run.counters.total(|tally| tally.unsent),
        only_deletes: false,
    };
    let target = run.id.to_string();
    if !json.json && output::is_answered() && is_confirmed(context, &waiting).await? {
        context.ask(Command::Approve { target, plan_hash }).await?;
        let run = progress::follow(context, &run.id, false).await?;
        return shown(context, &run, json);
    }
    context.ask(Command::Cancel { target }).await?;
    let run = progress::follow(context, &run.id, true).await?;
    shown(context, &run, json)?;
    let name = name_of(context, &run);
    let hint = match &run.options.undo_of {
        Some(undone) => {
            format!("exactly this undo goes with signalsmith undo {undone} --plan {plan_hash}")
        }
        None => format!(
            "look at it with signalsmith plan '{name}' --all; exactly this plan goes with \
             signalsmith run '{name}' --plan {plan_hash}"
        ),
    };
    Err(Problem::new(
        ProblemKind::Approval,
        "the plan needs approval, and no core is running that could wait for it: nothing was sent",
    )
    .hint(hint))
}

fn shown(context: &Context, run: &Run, form: Json) -> Result<u8, Problem> {
    if form.json {
        output::json(&as_json(run))?;
    } else {
        summary(context, run);
    }
    Ok(run.exit_code())
}

fn name_of(context: &Context, run: &Run) -> String {
    let view = context.view();
    let sync = view.syncs.iter().find(|sync| *sync.id() == run.sync);
    sync.map_or_else(|| run.sync.to_string(), |sync| sync.name().to_owned())
}

/// A run in the form that scripts read.
pub(super) fn as_json(run: &Run) -> serde_json::Value {
    let mut shown = json!({
        "id": run.id,
        "sync": run.sync,
        "revision": run.revision,
        "trigger": run.trigger.word(),
        "mode": run.mode,
        "status": run.status,
        "phase": run.phase,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "error": run.error,
        "plan_hash": run.plan_hash,
        "counters": run.counters,
        "phases": run.phases,
    });
    if let (Some(undone), Some(keys)) = (&run.options.undo_of, shown.as_object_mut()) {
        keys.insert("undo_of".to_owned(), json!(undone));
    }
    shown
}

/// Says what a run did, and what to do about what it could not.
pub(super) fn summary(context: &Context, run: &Run) {
    let name = name_of(context, run);
    let took = run.phases.iter().map(|phase| phase.ms).sum::<u64>();
    say(format!(
        "{name}: {} in {}.{:03} s  ({})",
        run.status,
        took / 1000,
        took % 1000,
        run.id
    ));
    let counters = &run.counters;
    match &run.options.undo_of {
        Some(undone) => say(format!(
            "  undo of {undone}: {} stay as they are",
            counters.skipped
        )),
        None => say(format!(
            "  read {}  unchanged {}  invalid {}  skipped {}",
            counters.read, counters.unchanged, counters.invalid, counters.skipped
        )),
    }
    for kind in OperationKind::ALL {
        let tally = counters.of(kind);
        if tally.planned == 0 {
            continue;
        }
        let parts = [
            ("done", tally.done),
            ("rejected", tally.rejected),
            ("unknown", tally.unknown),
            ("pending", tally.pending),
            ("held", tally.held),
            ("unsent", tally.unsent),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{word} {count}"))
            .collect();
        say(format!(
            "  {:<6} {}: {}",
            kind.word(),
            tally.planned,
            parts.join(", ")
        ));
    }
    if let Some(problem) = &run.error {
        complain(problem);
    }
    if run.phase == Some(Phase::AwaitingApproval) && run.status == RunStatus::Running {
        let hash = run.plan_hash.as_deref().unwrap_or_default();
        say(format!(
            "  waits for approval: signalsmith approve {} --plan {hash}",
            run.id
        ));
    }
    let wrote = run.phase == Some(Phase::Writing);
    if run.options.undo_of.is_some() && wrote && run.status.is_final() {
        say(format!(
            "  the sync is paused: mend what was wrong, then signalsmith resume '{name}'"
        ));
    }
    if counters.delete.held > 0 {
        let hash = run.plan_hash.as_deref().unwrap_or_default();
        say(format!(
            "  deletes are held until you approve them: signalsmith approve '{name}' --plan {hash}"
        ));
    }
    if counters.has_errors() {
        say(format!("  causes, row by row: signalsmith rows {}", run.id));
    }
}
