//! The binary: parses arguments, picks a mode, turns the error into an exit code. Nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(signalsmith::cli::run())
}
