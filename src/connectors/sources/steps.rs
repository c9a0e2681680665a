//! Steps of a connection test, noted as they are tried.

use crate::connectors::contract::ConnectorError;
use crate::domain::destination::{StepOutcome, TestStep};

/// Notes what came of a step, and gives it on.
pub(super) fn note<T>(
    steps: &mut Vec<TestStep>,
    name: &str,
    outcome: Result<T, ConnectorError>,
    detail: impl FnOnce(&T) -> String,
) -> Result<T, ConnectorError> {
    steps.push(TestStep {
        name: name.to_owned(),
        outcome: if outcome.is_ok() {
            StepOutcome::Passed
        } else {
            StepOutcome::Failed
        },
        detail: match &outcome {
            Ok(value) => detail(value),
            Err(error) if error.hint.is_empty() => error.text.clone(),
            Err(error) => format!("{}; {}", error.text, error.hint),
        },
    });
    outcome
}
