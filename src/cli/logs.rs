//! `logs`: a run's log, to its end or as it grows.

use tokio::sync::broadcast::error::RecvError;

use crate::domain::command::{Command, LogPlace, Reply};
use crate::domain::event::{EventKind, LogLine};
use crate::domain::id::RunId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::link::Connection;

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
    // Listens before it looks, so that no end is missed.
    let mut events = context.link.events();
    let mut connection = context.link.connection();
    let mut ended = is_final(context, &run).await?;
    let mut printed = print_from(context, &run, 0, form).await?;
    while follow && !ended {
        let next = async {
            tokio::select! {
                event = events.recv() => Some(event),
                _ = connection.changed() => None,
            }
        };
        let Some(next) = super::or_interrupt(next).await else {
            return Ok(0);
        };
        let gone = matches!(next, None | Some(Err(RecvError::Closed)));
        if gone
            && !matches!(
                *connection.borrow(),
                Connection::Local | Connection::Attached
            )
        {
            return Err(Problem::new(
                ProblemKind::Interrupted,
                "the core went away before the run ended",
            )
            .hint(format!(
                "signalsmith show run {run} tells what became of it"
            )));
        }
        ended = match next {
            Some(Ok(event)) if event.run.as_ref() != Some(&run) => continue,
            Some(Ok(event)) => is_end(&event.kind),
            // What a slow reader missed is in the file and in the store.
            _ => is_final(context, &run).await?,
        };
        printed = print_from(context, &run, printed, form).await?;
    }
    Ok(0)
}

fn is_end(kind: &EventKind) -> bool {
    matches!(kind, EventKind::RunStatus { status } if status.is_final())
}

async fn is_final(context: &Context, run: &RunId) -> Result<bool, Problem> {
    match context.ask(Command::ShowRun { run: run.clone() }).await? {
        Reply::Run(found) => Ok(found.status.is_final()),
        other => Err(unexpected(&other)),
    }
}

/// Prints what stands in the log from a place on, and gives the place after it.
async fn print_from(context: &Context, run: &RunId, from: u64, form: Json) -> Result<u64, Problem> {
    let mut next = from;
    loop {
        let command = Command::LogPage {
            run: run.clone(),
            from: LogPlace::After(next),
            limit: PAGE,
            text: None,
        };
        let page = match context.ask(command).await? {
            Reply::LogPage(page) => page,
            other => return Err(unexpected(&other)),
        };
        for line in &page.lines {
            print(&line.line, form)?;
        }
        if page.end == next {
            return Ok(next);
        }
        next = page.end;
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
