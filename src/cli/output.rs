//! What the command line prints: text for people through the sanitizer, JSON, tables, problems.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::domain::problem::{Problem, ProblemKind};
use crate::safe_text::safe;

/// Prints one line of text; what came from outside in it cannot move the cursor.
pub(crate) fn say(text: impl AsRef<str>) {
    raw(&safe(text.as_ref()));
}

/// Prints a document byte by byte, which holds nothing that a terminal obeys by its own form.
pub(crate) fn document(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a value as one JSON document.
///
/// # Errors
/// A [`Problem`] of kind `internal` where it does not serialize.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Problem> {
    raw(&json_text(value)?);
    Ok(())
}

/// A value as JSON in which whatever a terminal would obey or nobody would see is spelled out.
///
/// # Errors
/// As [`json`].
pub(crate) fn json_text(value: &impl Serialize) -> Result<String, Problem> {
    let text = serde_json::to_string(value).map_err(|error| {
        Problem::new(
            ProblemKind::Internal,
            format!("cannot print the answer as JSON: {error}"),
        )
    })?;
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(text);
    }
    // All that is not ASCII stands inside strings, where an escape means the same.
    let mut plain = String::with_capacity(text.len());
    let mut units = [0; 2];
    for scalar in text.chars() {
        let is_shown = matches!(scalar, ' '..='~') || scalar.escape_debug().nth(1).is_none();
        if is_shown {
            plain.push(scalar);
            continue;
        }
        for unit in scalar.encode_utf16(&mut units) {
            let _ = write!(plain, "\\u{unit:04x}");
        }
    }
    Ok(plain)
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

/// Whether a person is there to answer.
pub(crate) fn is_answered() -> bool {
    std::io::stdin().is_terminal() && is_watched()
}

/// Asks a person for a line; nothing where nobody is there to answer.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !is_answered() {
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
            header: header
                .iter()
                .map(|cell| crate::safe_text::line(cell, MAX_WIDTH))
                .collect(),
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

    /// Prints it and forgets its rows; the next rows follow without a header.
    pub fn print_page(&mut self) {
        self.print();
        self.rows.clear();
        self.header.iter_mut().for_each(String::clear);
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
            let line = line.trim_end();
            if !line.is_empty() {
                raw(line);
            }
        }
    }
}
