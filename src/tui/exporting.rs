//! Exports what is longer than the screen, and may be longer than memory, to a file of JSON lines.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::domain::browse::{Browse, Browsed, PlanPart};
use crate::domain::command::{Command, Reply, RowFilter};
use crate::domain::id::RunId;
use crate::domain::problem::Problem;
use crate::link::Link;

/// Entries that are asked for at once.
const PAGE: u32 = 1_000;

/// What is exported.
#[derive(Debug, Clone, PartialEq)]
pub enum Export {
    /// A part of a run's plan.
    Plan {
        /// The run.
        run: RunId,
        /// Which entries.
        part: PlanPart,
    },
    /// Rows of a run.
    Rows {
        /// The run.
        run: RunId,
        /// Which of them; place and limit do not count.
        filter: RowFilter,
    },
}

/// Writes all of it into a file that was not there before, for its owner alone.
///
/// # Errors
/// What went wrong, in words; what was written until then stays.
pub(crate) async fn export(
    link: Arc<dyn Link>,
    path: PathBuf,
    what: Export,
) -> Result<PathBuf, String> {
    let shown = path.display().to_string();
    let trouble = |error: std::io::Error| format!("{shown}: {error}");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(trouble)?;
    let mut after = 0;
    loop {
        let page = page(&*link, &what, after)
            .await
            .map_err(|problem| format!("{shown} is not whole: {}", problem.text))?;
        let is_last = page.lines < PAGE;
        let text = page.text;
        let written = tokio::task::spawn_blocking(move || write(file, &text)).await;
        file = match written {
            Ok(file) => file.map_err(trouble)?,
            Err(error) => return Err(format!("{shown}: {error}")),
        };
        after = page.next;
        if is_last {
            return Ok(path);
        }
    }
}

fn write(mut file: File, text: &str) -> std::io::Result<File> {
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Some lines, and the place from which the next ones follow.
struct Page {
    text: String,
    lines: u32,
    next: u64,
}

async fn page(link: &dyn Link, what: &Export, after: u64) -> Result<Page, Problem> {
    let misfit = || super::requests::misfit();
    match what {
        Export::Plan { run, part } => {
            let command = Command::Browse(Browse::Entries {
                run: run.clone(),
                part: *part,
                offset: after,
                limit: PAGE,
            });
            let Reply::Browsed(browsed) = link.send(command).await? else {
                return Err(misfit());
            };
            let Browsed::Entries(rows) = *browsed else {
                return Err(misfit());
            };
            let lines = u32::try_from(rows.len()).unwrap_or(PAGE);
            let next = after + u64::from(lines);
            let text = lines_of(&rows)?;
            Ok(Page { text, lines, next })
        }
        Export::Rows { run, filter } => {
            let command = Command::Rows {
                run: run.clone(),
                filter: RowFilter {
                    after,
                    limit: PAGE,
                    ..filter.clone()
                },
            };
            let Reply::Rows(rows) = link.send(command).await? else {
                return Err(misfit());
            };
            let next = rows.last().map_or(after, |row| row.place);
            let lines = u32::try_from(rows.len()).unwrap_or(PAGE);
            let text = lines_of(&rows)?;
            Ok(Page { text, lines, next })
        }
    }
}

fn lines_of<T: Serialize>(rows: &[T]) -> Result<String, Problem> {
    let mut text = String::new();
    for row in rows {
        let line = serde_json::to_string(row).map_err(|_| super::requests::misfit())?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}
