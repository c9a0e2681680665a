//! The room snapshot.
