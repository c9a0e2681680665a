//! The parts of an operation that the model predicts.

use signalsmith::domain::plan::{Cause, Operation, OperationKind};
use signalsmith::snapshot::encode_identifier;

/// The parts of an operation that the model predicts.
pub type Brief = (OperationKind, Vec<u8>, &'static str, Option<String>);

pub fn brief(operation: &Operation) -> Brief {
    let cause = match operation.cause {
        Cause::Changed => "changed",
        Cause::Dirty => "dirty",
        Cause::Resync => "resync",
        Cause::HandOver { .. } => "hand over",
        Cause::FormerIdentifier => "former",
        Cause::Foreign => "foreign",
    };
    (
        operation.kind,
        encode_identifier(&operation.identifier),
        cause,
        operation.destination_id.clone(),
    )
}
