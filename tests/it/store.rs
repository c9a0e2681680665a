//! Tests of the subject `store`.
