//! `logs`: a run's log, to its end or as it grows.

use crate::domain::command::{Command, Reply};
use crate::domain::event::{EventKind, LogLine};
use crate::domain::id::RunId;
use crate::domain::problem::Problem;

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::{self, say};
use super::rows::run_of;

/// Lines that are asked for at once.
const PAGE: u32 = 1_000;

/// Prints a run's log.
pub(super) async fn logs(
    context: &Context,
    target: &str,
    follow: bool,
    form: Json,
) -> Result<u8, Problem> {
    let run = run_of(context, target)?;
    let mut events = context.link.events();
    let mut printed = print_from(context, &run, 0, form).await?;
    if !follow {
        return Ok(0);
    }
    loop {
        let active = context.view().syncs.iter().any(|sync| {
            sync.active
                .as_ref()
                .is_some_and(|active| active.run.id == run)
        });
        if !active {
            print_from(context, &run, printed, form).await?;
            return Ok(0);
        }
        let Some(event) = super::or_interrupt(events.recv()).await else {
            return Ok(0);
        };
        let concerns = event
            .as_ref()
            .is_ok_and(|event| event.run.as_ref() == Some(&run));
        let line = matches!(&event, Ok(event) if matches!(event.kind, EventKind::Log(_)));
        // The file has every line, also those that a slow reader missed.
        if event.is_err() || (concerns && line) {
            printed = print_from(context, &run, printed, form).await?;
        }
    }
}

async fn print_from(context: &Context, run: &RunId, from: u64, form: Json) -> Result<u64, Problem> {
    let mut next = from;
    loop {
        let command = Command::Log {
            run: run.clone(),
            from: next,
            limit: PAGE,
        };
        let lines = match context.ask(command).await? {
            Reply::Log(lines) => lines,
            other => return Err(unexpected(&other)),
        };
        for line in &lines {
            print(line, form)?;
        }
        next += u64::try_from(lines.len()).unwrap_or_default();
        if lines.len() < PAGE as usize {
            return Ok(next);
        }
    }
}

fn print(line: &LogLine, form: Json) -> Result<(), Problem> {
    if form.json {
        return output::json(line);
    }
    say(format!(
        "{} {:<10} {}",
        line.at.format("%H:%M:%S"),
        line.word,
        line.text
    ));
    Ok(())
}
