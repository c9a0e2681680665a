//! What a batch carries, as a hash.

use xxhash_rust::xxh3::Xxh3;

use crate::domain::plan::Operation;

/// The hash that proves a replay to be verbatim: kinds, identifiers and records in order.
pub(crate) fn payload_hash(operations: &[Operation]) -> [u8; 16] {
    let mut hasher = Xxh3::new();
    let mut scratch = Vec::new();
    for operation in operations {
        scratch.clear();
        scratch.extend_from_slice(operation.kind.word().as_bytes());
        for value in &operation.identifier {
            crate::domain::row::encode(value, &mut scratch);
        }
        if let Some(record) = &operation.new {
            record.encode(&mut scratch);
        }
        hasher.update(&scratch);
    }
    hasher.digest128().to_be_bytes()
}
