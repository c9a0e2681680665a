//! Tests of the subject `terminal`.
