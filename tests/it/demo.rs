//! Tests of the subject `demo`.
