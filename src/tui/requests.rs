//! What was asked of the core: pending in sight, let go at will, failing visibly.

use ratatui::text::Line;

use super::look::Look;
use super::msg::Effect;
use super::state::State;
use super::text;
use super::theme::Role;
use crate::domain::command::{Command, Reply};
use crate::domain::problem::{Problem, ProblemKind};

/// Something that a page asks the core for, in each state that it can be in.
#[derive(Debug, Default)]
pub(crate) enum Waiting<T> {
    /// Not asked for.
    #[default]
    Not,
    /// Asked for, and not answered yet.
    Asked { token: u64, since_ms: u64 },
    /// Here.
    Here(T),
    /// Not to be had.
    Failed(Problem),
}

impl<T> Waiting<T> {
    /// It was asked for under this token.
    pub(crate) fn asked(state: &State, token: u64) -> Self {
        Self::Asked {
            token,
            since_ms: state.now.ms,
        }
    }

    /// Asks anew; what was asked before is let go.
    pub(crate) fn ask(
        &mut self,
        state: &mut State,
        doing: &'static str,
        command: Command,
    ) -> Vec<Effect> {
        let mut effects = match self.token() {
            Some(token) => state.let_go(token),
            None => Vec::new(),
        };
        let (token, effect) = state.ask(doing, command);
        *self = Self::asked(state, token);
        effects.push(effect);
        effects
    }

    /// Whether the answer to `token` is awaited here.
    pub(crate) fn awaits(&self, token: u64) -> bool {
        matches!(self, Self::Asked { token: own, .. } if *own == token)
    }

    /// The token under which it is awaited.
    pub(crate) fn token(&self) -> Option<u64> {
        match self {
            Self::Asked { token, .. } => Some(*token),
            _ => None,
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Asked { .. })
    }

    pub(crate) fn here(&self) -> Option<&T> {
        match self {
            Self::Here(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn here_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Here(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Failed(problem) => Some(problem),
            _ => None,
        }
    }

    /// Takes the answer, where it is awaited; `read` says what of a reply is meant.
    pub(crate) fn take(
        &mut self,
        token: u64,
        result: Result<Reply, Problem>,
        read: impl FnOnce(Reply) -> Option<T>,
    ) -> bool {
        if !self.awaits(token) {
            return false;
        }
        *self = match result {
            Ok(reply) => read(reply).map_or_else(|| Self::Failed(misfit()), Self::Here),
            Err(problem) => Self::Failed(problem),
        };
        true
    }

    /// What is to be shown while it is not here: that it is awaited and how long, or why it failed.
    pub(crate) fn line(&self, state: &State, look: &Look, doing: &str) -> Option<Line<'static>> {
        match self {
            Self::Not | Self::Here(_) => None,
            Self::Asked { since_ms, .. } => {
                let ms = state.now.ms.saturating_sub(*since_ms);
                let spinner = look.spinner(state.now.ms);
                // The first second needs no figure.
                let time = match ms {
                    0..1000 => String::new(),
                    _ => format!(" {}", text::countdown(ms / 1000)),
                };
                Some(Line::from(
                    look.span(Role::Running, format!("{spinner} {doing}{time}")),
                ))
            }
            Self::Failed(problem) => Some(Line::from(vec![
                look.span(Role::Error, format!("{} ", look.glyphs.failed)),
                look.foreign(Role::Error, &problem.text, 2_000),
            ])),
        }
    }
}

/// The problem of an answer that does not answer.
pub(crate) fn misfit() -> Problem {
    Problem::new(
        ProblemKind::Internal,
        "the core gave an answer to another question",
    )
    .hint("interface and core may be of different versions")
}
