//! What the command line prints: text for people through the sanitizer, JSON, tables, problems.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::domain::problem::{Problem, ProblemKind};
use crate::safe_text::safe;

/// Prints one line of text; what came from outside in it cannot move the cursor.
pub(crate) fn say(text: impl AsRef<str>) {
    raw(&safe(text.as_ref()));
}

/// Prints text of several lines, each through the sanitizer.
pub(crate) fn say_lines(text: &str) {
    text.lines().for_each(say);
}

/// Prints a value as one JSON document.
///
/// # Errors
/// A [`Problem`] of kind `internal` where it does not serialize.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Problem> {
    let text = serde_json::to_string(value).map_err(|error| {
        Problem::new(
            ProblemKind::Internal,
            format!("cannot print the answer as JSON: {error}"),
        )
    })?;
    raw(&text);
    Ok(())
}

fn raw(line: &str) {
    // A reader that has gone away (`| head`) is no error of ours.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a problem to the error stream.
pub(crate) fn complain(problem: &Problem) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "error: {}", safe(&problem.text));
    if !problem.hint.is_empty() {
        let _ = writeln!(err, " hint: {}", safe(&problem.hint));
    }
}

/// Prints a remark to the error stream, so that the output stays clean.
pub(crate) fn remark(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", safe(text.as_ref()));
}

/// Whether a person looks at the error stream.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Asks a person for a line; nothing where nobody is there to answer.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !is_watched() {
        return None;
    }
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{} ", safe(question));
    let _ = err.flush();
    drop(err);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// A table for people: columns as wide as their widest cell, up to a limit.
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The widest that a column is printed.
const MAX_WIDTH: usize = 48;

impl Table {
    /// Starts a table.
    pub fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|cell| (*cell).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(
            cells
                .iter()
                .map(|cell| crate::safe_text::line(cell, MAX_WIDTH))
                .collect(),
        );
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints it.
    pub fn print(&self) {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let widths: Vec<usize> = (0..self.header.len())
            .map(|at| {
                all()
                    .filter_map(|row| row.get(at))
                    .map(|cell| cell.width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for row in all() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(
                    ' ',
                    width.saturating_sub(cell.width()) + 2,
                ));
            }
            raw(line.trim_end());
        }
    }
}
