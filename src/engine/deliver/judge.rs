//! Judging a batch that was not taken: wait, halve, give up, or end the run.

use std::time::Duration;

use crate::connectors::WriteError;
use crate::domain::problem::{Problem, ProblemKind};

use super::super::limits::{Attempts, LONGEST_WAIT, Retry, ToldWait};
use super::send::{RunEnd, Sender};

/// Tries of a batch whose answers are not of its protocol.
const MAX_PROTOCOL_ATTEMPTS: u32 = 3;

/// What becomes of a batch that was not taken.
pub(super) enum Judgement {
    /// It is sent again after this wait.
    Wait(Duration),
    /// It is sent in halves; a row that is alone is refused.
    Halve {
        /// The code.
        code: String,
        /// The destination's message.
        text: String,
    },
    /// It is not sent again in this run.
    GiveUp,
    /// The run cannot go on.
    End(RunEnd),
}

impl Sender {
    /// Says what becomes of a batch that was not taken.
    pub(super) fn judge(
        &self,
        error: &WriteError,
        attempt: u32,
        attempts: &mut Attempts,
    ) -> Judgement {
        match error {
            WriteError::Fatal(fatal) => Judgement::End(Problem::from(fatal.clone()).into()),
            WriteError::Poison { code, text } => Judgement::Halve {
                code: code.clone(),
                text: text.clone(),
            },
            WriteError::TooLarge { text } => Judgement::Halve {
                code: "too_large".into(),
                text: text.clone(),
            },
            WriteError::RateLimited {
                retry_after, daily, ..
            } => match self.limits.hold(*retry_after, attempts) {
                ToldWait::Here(wait) if !daily => Judgement::Wait(wait),
                _ => Judgement::End(self.end_of(error)),
            },
            WriteError::Retryable {
                retry_after: Some(asked),
                ..
            } => match self.limits.retry(attempts) {
                Retry::After(wait) => Judgement::Wait(wait.max(*asked).min(LONGEST_WAIT)),
                Retry::GiveUp | Retry::NoBudget => Judgement::End(self.end_of(error)),
            },
            WriteError::Ambiguous { .. } | WriteError::Protocol { .. } if !self.repeatable => {
                Judgement::GiveUp
            }
            WriteError::Protocol { .. } if attempt + 1 >= MAX_PROTOCOL_ATTEMPTS => {
                Judgement::End(self.end_of(error))
            }
            _ => match self.limits.retry(attempts) {
                Retry::After(wait) => Judgement::Wait(wait),
                Retry::GiveUp | Retry::NoBudget => Judgement::End(self.end_of(error)),
            },
        }
    }

    /// The end of a run for which this error stands.
    pub fn end_of(&self, error: &WriteError) -> RunEnd {
        let (kind, hint) = match error {
            WriteError::Fatal(fatal) => return Problem::from(fatal.clone()).into(),
            WriteError::RateLimited { .. } => (
                ProblemKind::RateLimited,
                "what was not sent goes when the limit is free again",
            ),
            WriteError::Protocol { .. } => (
                ProblemKind::Protocol,
                "check that the address is the one that takes records",
            ),
            _ => (
                ProblemKind::Destination,
                "test the destination; what was not sent stays due and goes with the next run",
            ),
        };
        let retry_at = match error {
            WriteError::RateLimited { retry_after, .. } => {
                let wait = retry_after.unwrap_or(LONGEST_WAIT);
                chrono::Duration::from_std(wait)
                    .ok()
                    .map(|wait| self.core.clock.now() + wait)
            }
            _ => None,
        };
        RunEnd {
            problem: Problem::new(kind, error.to_string()).hint(hint),
            retry_at,
        }
    }
}

/// Whether a batch that was not taken may have been applied all the same. An answer that is not of
/// the protocol says nothing, also where it ends the run: a redirect may stand behind a write.
pub(super) fn may_have_been_applied(error: &WriteError) -> bool {
    match error {
        WriteError::Ambiguous { .. } | WriteError::Protocol { .. } => true,
        WriteError::Fatal(fatal) => fatal.kind == ProblemKind::Protocol,
        _ => false,
    }
}
