//! The binary: parses arguments, picks a mode, turns the error into an exit code. Nothing else.

fn main() {}
