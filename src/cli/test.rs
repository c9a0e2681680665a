//! `test`: tries a source or destination step by step.

use crate::domain::command::{Command, Reply};
use crate::domain::destination::StepOutcome;
use crate::domain::problem::Problem;

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::{self, say};

/// Tests a connection; exit code 1 where a step failed.
pub(super) async fn test(context: &Context, connection: String, form: Json) -> Result<u8, Problem> {
    let steps = match context.ask(Command::Test { connection }).await? {
        Reply::Steps(steps) => steps,
        other => return Err(unexpected(&other)),
    };
    if form.json {
        output::json(&steps)?;
    }
    let mut code = 0;
    for step in &steps {
        let word = match step.outcome {
            StepOutcome::Passed => "ok     ",
            StepOutcome::Warning => "warning",
            StepOutcome::Failed => "failed ",
        };
        if step.outcome == StepOutcome::Failed {
            code = 1;
        }
        if !form.json {
            say(format!("{word}  {}: {}", step.name, step.detail));
        }
    }
    Ok(code)
}
