//! Tests of the subject `cli`.
