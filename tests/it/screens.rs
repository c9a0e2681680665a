//! Tests of the subject `screens`.
