//! `demo`: a workspace with sample data, models, embedded destinations and syncs in all modes.

use std::path::Path;

use crate::domain::problem::Problem;

/// Sets up the demo and opens it, or runs it without a terminal.
pub(super) async fn demo(dir: Option<&Path>, headless: bool, seed: u64) -> Result<u8, Problem> {
    let _ = (dir, headless, seed);
    Ok(0)
}
