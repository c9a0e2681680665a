//! Tracing to a file; never to the terminal that an interface owns.
