//! What is wrong with a mapping before any row is read.

use serde::{Deserialize, Serialize};

use crate::domain::near::{did_you_mean, nearest};

/// Whether a problem keeps a sync from being saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but someone should look.
    Warning,
}

/// One problem of a mapping, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingProblem {
    /// The line's position in the mapping, from 0; nothing where the whole mapping is meant.
    pub line: Option<usize>,
    /// Whether it keeps the sync from being saved.
    pub severity: Severity,
    /// A stable word: `no_identifier`, `required_not_mapped`, `unknown_column`, …
    pub code: String,
    /// What is wrong, in sentences.
    pub text: String,
    /// What to do now; empty where the text says it.
    pub hint: String,
}

impl MappingProblem {
    pub(super) fn error(code: &str, text: impl Into<String>) -> Self {
        Self {
            line: None,
            severity: Severity::Error,
            code: code.to_owned(),
            text: text.into(),
            hint: String::new(),
        }
    }

    pub(super) fn warning(code: &str, text: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, text)
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Hints at the candidate that `name` was probably meant to be.
    pub(super) fn near<'c>(
        self,
        name: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Self {
        let hint = did_you_mean(nearest(name, candidates));
        self.hint(hint)
    }

    pub(super) fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

/// `A`, `A or B`, `A, B or C`.
pub(super) fn either(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [many @ .., last] => format!("{} or {last}", many.join(", ")),
    }
}
