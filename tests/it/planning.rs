//! Tests of the subject `planning`.
