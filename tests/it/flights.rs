//! Tests of the subject `flights`.
