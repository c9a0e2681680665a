//! Tests of the subject `sources`.
