//! Tests of the subject `webhook`.
