//! `apply`, `check` and `export`: resource files in and out.

use std::path::Path;

use crate::domain::command::{Change, Command, Reply};
use crate::domain::problem::{Problem, ProblemKind};

use super::args::Json;
use super::context::{Context, unexpected};
use super::output::{ask, document, json, say};

/// How a file is brought in.
pub(super) struct Wish {
    pub prune: bool,
    pub dry_run: bool,
    pub yes: bool,
    pub confirm: Vec<String>,
    pub json: Json,
}

/// Shows what a file changes, asks, and changes it.
pub(super) async fn apply(context: &Context, file: &Path, wish: Wish) -> Result<u8, Problem> {
    let changes = send(context, file, &wish, true).await?;
    let moves = changes.iter().any(|change| change.action != "unchanged");
    if wish.dry_run || !moves {
        show(&changes, wish.json)?;
        return Ok(0);
    }
    if wish.json.json && !wish.yes {
        return Err(Problem::new(
            ProblemKind::Usage,
            "with --json nobody is asked, so nothing was changed",
        )
        .hint("add --yes to apply, or --dry-run to see what would change"));
    }
    if !wish.json.json {
        show(&changes, wish.json)?;
    }
    let mut wish = wish;
    if !wish.yes {
        match ask("apply? [y/N]").as_deref() {
            Some("y" | "yes") => {}
            Some(_) => {
                say("nothing was changed");
                return Ok(0);
            }
            None => {
                return Err(
                    Problem::new(ProblemKind::Usage, "nobody is there to say yes")
                        .hint("add --yes to apply without being asked"),
                );
            }
        }
        confirm_drops(&changes, &mut wish.confirm);
    }
    let done = send(context, file, &wish, false).await?;
    if wish.json.json {
        json(&done)?;
    } else {
        say("applied");
    }
    Ok(0)
}

/// Asks for the name of each sync whose snapshot goes; without it the core refuses.
fn confirm_drops(changes: &[Change], confirm: &mut Vec<String>) {
    for change in changes.iter().filter(|change| change.drops_snapshot) {
        if !confirm.contains(&change.name) {
            let question = format!("type the name of {} to drop its snapshot:", change.name);
            confirm.extend(ask(&question));
        }
    }
}

/// Shows whether a file could be applied.
pub(super) async fn check(context: &Context, file: &Path, form: Json) -> Result<u8, Problem> {
    let wish = Wish {
        prune: false,
        dry_run: true,
        yes: false,
        confirm: Vec::new(),
        json: form,
    };
    let changes = send(context, file, &wish, true).await?;
    if form.json {
        json(&changes)?;
        return Ok(0);
    }
    let count = |action: &str| {
        changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    };
    say(format!(
        "{} is right: {} to create, {} to update, {} unchanged",
        file.display(),
        count("create"),
        count("update"),
        count("unchanged")
    ));
    for change in &changes {
        change
            .notes
            .iter()
            .for_each(|note| say(format!("  {}: {note}", change.name)));
    }
    Ok(0)
}

/// Prints the workspace, or one sync with what it needs.
pub(super) async fn export(context: &Context, sync: Option<String>) -> Result<u8, Problem> {
    match context.ask(Command::Export { sync }).await? {
        Reply::Text(text) => {
            document(&text);
            Ok(0)
        }
        other => Err(unexpected(&other)),
    }
}

async fn send(
    context: &Context,
    file: &Path,
    wish: &Wish,
    dry_run: bool,
) -> Result<Vec<Change>, Problem> {
    let cannot = |error: std::io::Error| {
        Problem::new(
            ProblemKind::Usage,
            format!("cannot read {}: {error}", file.display()),
        )
        .hint("give the path of a resource file")
    };
    let text = std::fs::read_to_string(file).map_err(cannot)?;
    let file_path = std::path::absolute(file).map_err(cannot)?;
    let base = file_path.parent().unwrap_or(Path::new("/")).to_owned();
    let (prune, confirm) = (wish.prune, wish.confirm.clone());
    let command = Command::Apply {
        text,
        base,
        prune,
        dry_run,
        confirm,
    };
    match context.ask(command).await {
        Ok(Reply::Changes(changes)) => Ok(changes),
        Ok(other) => Err(unexpected(&other)),
        Err(problem) => {
            let text = format!("{}: {}", file.display(), problem.text);
            Err(Problem { text, ..problem })
        }
    }
}

fn show(changes: &[Change], form: Json) -> Result<(), Problem> {
    if form.json {
        return json(&changes);
    }
    for change in changes {
        let sign = match change.action.as_str() {
            "create" => '+',
            "update" => '~',
            "delete" => '-',
            _ => ' ',
        };
        say(format!(
            "{sign} {} {} {}",
            change.action, change.kind, change.name
        ));
        if change.action == "update" {
            for (field, old, new) in &change.fields {
                say(format!("    {field}: {old} → {new}"));
            }
        }
        for note in &change.notes {
            say(format!("    {note}"));
        }
    }
    Ok(())
}
