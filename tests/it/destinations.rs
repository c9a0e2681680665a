//! Tests of the subject `destinations`.
