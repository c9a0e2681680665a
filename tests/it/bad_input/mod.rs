//! Bad input of every kind: a clear problem with a hint, nothing lost, the right exit code.

mod files;
mod rows;
mod surroundings;
