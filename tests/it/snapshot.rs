//! Tests of the subject `snapshot`.
