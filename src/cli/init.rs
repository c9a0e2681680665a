//! `init`: makes an empty workspace.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::domain::command::Command;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::schedule::parse_zone;

use super::context::Context;
use super::output::say;

/// Makes an empty workspace in a folder.
pub(super) async fn init(
    folder: &Path,
    name: Option<String>,
    timezone: &str,
) -> Result<u8, Problem> {
    let name = name.unwrap_or_else(|| {
        folder
            .file_name()
            .map_or_else(|| "workspace".into(), |name| name.to_string_lossy().into())
    });
    create(folder, &name, timezone).await?.close();
    say(format!("made the workspace {name} in {}", folder.display()));
    say("next: write sources, models, destinations and syncs into a file, then");
    say("  signalsmith apply FILE");
    Ok(0)
}

/// Makes an empty workspace and gives its core.
pub(super) async fn create(folder: &Path, name: &str, timezone: &str) -> Result<Context, Problem> {
    // Before anything is made, so that a slip leaves nothing behind.
    parse_zone(timezone).map_err(|error| {
        let problem = Problem::from(error);
        Problem {
            kind: ProblemKind::Usage,
            ..problem
        }
    })?;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Problem::new(
            ProblemKind::Usage,
            "the name of the workspace must be plain text",
        )
        .hint("give another with --name"));
    }
    if folder.join("state.db").exists() {
        return Err(Problem::new(
            ProblemKind::Usage,
            format!("there is a workspace in {} already", folder.display()),
        )
        .hint("open it with: signalsmith"));
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| {
            let text = format!("cannot make the folder {}: {error}", folder.display());
            Problem::new(ProblemKind::Usage, text)
        })?;
    let context = Context::host(folder, false)?;
    let text = format!(
        "[workspace]\nname = {}\ntimezone = {}\n",
        toml::Value::String(name.to_owned()),
        toml::Value::String(timezone.to_owned()),
    );
    let command = Command::Apply {
        text,
        base: folder.to_owned(),
        prune: false,
        dry_run: false,
        confirm: Vec::new(),
    };
    match context.ask(command).await {
        Ok(_) => Ok(context),
        Err(problem) => {
            context.close();
            Err(problem)
        }
    }
}
