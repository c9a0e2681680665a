//! Errors of files that a person wrote: which line, what is wrong, what was meant.

use crate::domain::near::nearest;
use crate::domain::problem::{Problem, ProblemKind};

/// The line of what stands in no file but came from a form.
pub const NO_LINE: usize = 0;

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{text}", place(*line))]
pub struct ConfigError {
    /// The line, counted from 1, or [`NO_LINE`].
    pub line: usize,
    /// What is wrong there.
    pub text: String,
    /// What was meant, or what is allowed.
    pub hint: String,
}

fn place(line: usize) -> String {
    match line {
        NO_LINE => String::new(),
        line => format!("line {line}: "),
    }
}

impl ConfigError {
    /// Makes an error without a hint.
    pub fn new(line: usize, text: impl Into<String>) -> Self {
        Self {
            line,
            text: text.into(),
            hint: String::new(),
        }
    }

    /// Adds what was meant.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Self::new(ProblemKind::Config, error.to_string()).hint(error.hint)
    }
}

/// The word of `allowed` that `word` was most likely meant to be.
pub(crate) fn meant<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    nearest(word, allowed.iter().copied())
}
