//! The command line, run as a person or a script runs it.

mod approving;
mod attached;
mod keeping;
mod looking;
mod plain_output;
mod running;
mod serving;
mod setting_up;
mod undoing;
