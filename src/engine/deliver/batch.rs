//! A batch as the connector reads it and as its intent proves it.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::connectors::{BatchReader, ConnectorError};
use crate::snapshot::plan_file::PackedOperations;

use super::cut::unreadable;

/// Lets a connector read packed operations, each decoded only while it is looked at.
pub(crate) fn batch_reader(operations: &Arc<PackedOperations>) -> BatchReader {
    let operations = Arc::clone(operations);
    let count = operations.len();
    let decoded = (0..count).map(move |at| {
        operations.get(at).map_err(|error| {
            let problem = unreadable(error);
            ConnectorError::new(problem.kind, problem.text).hint(problem.hint)
        })
    });
    BatchReader::new(count, decoded)
}

/// The hash that proves a replay to be verbatim: the records of the plan, in order.
pub(crate) fn payload_hash(operations: &PackedOperations) -> [u8; 16] {
    let mut hasher = Xxh3::new();
    for record in operations.records() {
        hasher.update(record);
    }
    hasher.digest128().to_be_bytes()
}
