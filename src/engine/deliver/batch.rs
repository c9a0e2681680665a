//! A batch as the connector reads it and as its intent proves it.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::connectors::{BatchReader, ConnectorError};
use crate::domain::row::Damaged;
use crate::snapshot::plan_file::PackedOperations;

use super::cut::unreadable;

/// Lets a connector read packed operations, each decoded only while it is looked at.
pub(crate) fn batch_reader(operations: &Arc<PackedOperations>) -> BatchReader {
    let (whole, identifiers) = (Arc::clone(operations), Arc::clone(operations));
    BatchReader::new(operations.len(), move |at| whole.get(at).map_err(lost)).identifiers(
        move |at| {
            let raw = identifiers.raw(at).map_err(lost)?;
            raw.identifier().map_err(lost)
        },
    )
}

fn lost(error: Damaged) -> ConnectorError {
    let problem = unreadable(error);
    ConnectorError::new(problem.kind, problem.text).hint(problem.hint)
}

/// The hash that proves a replay to be verbatim: the records of the plan, in order.
pub(crate) fn payload_hash(operations: &PackedOperations) -> [u8; 16] {
    let mut hasher = Xxh3::new();
    for record in operations.records() {
        hasher.update(record);
    }
    hasher.digest128().to_be_bytes()
}
