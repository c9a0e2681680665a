//! The shared HTTP client with its guards.
