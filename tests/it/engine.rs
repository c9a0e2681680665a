//! Tests of the subject `engine`.
