//! Tests of the subject `bad_input`.
