//! Tests of the subject `rooms`.
