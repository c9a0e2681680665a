//! The room api.
