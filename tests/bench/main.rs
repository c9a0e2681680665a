//! The budgets: what the product takes, beside the least that the same work can take.
//!
//! `cargo bench` prints one table. Every case runs in a process of its own, so that its peak memory
//! is its own. Environment variables:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `SIGNALSMITH_BENCH_ROWS` | rows of the model | 1,000,000 |
//! | `SIGNALSMITH_BENCH_DIR` | where the data is made (about 1.5 GB per million rows) | `target/tmp` |
//! | `SIGNALSMITH_BENCH_ONLY` | only cases whose name contains this | all |
//! | `SIGNALSMITH_BENCH_ROUNDS` | rounds of a timed case, of which the fastest counts | 3 |
//! | `SIGNALSMITH_BENCH_PYTHON` | a Python with `duckdb` and `polars` | `python3` |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a benchmark may panic, and prints its table"
)]

mod acknowledge;
mod cases;
mod data;
mod floor;
mod measure;
mod peers;
mod sender;
mod table;
mod workspace;

use std::path::PathBuf;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--case") => cases::child(&arguments[2..]),
        _ => cases::all(&Options::from_environment()),
    }
}

/// What is benchmarked.
pub struct Options {
    /// Rows of the model.
    pub rows: u64,
    /// Where the data is made.
    pub folder: PathBuf,
    /// Only cases whose name contains this.
    pub only: Option<String>,
    /// Rounds of a timed case.
    pub rounds: u32,
}

impl Options {
    fn from_environment() -> Self {
        let number = |name: &str| {
            std::env::var(name).ok().map(|text| {
                text.replace('_', "")
                    .parse::<u64>()
                    .expect("a whole number")
            })
        };
        let folder = std::env::var_os("SIGNALSMITH_BENCH_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
        Self {
            rows: number("SIGNALSMITH_BENCH_ROWS").unwrap_or(1_000_000),
            folder: folder.join("signalsmith-bench"),
            only: std::env::var("SIGNALSMITH_BENCH_ONLY").ok(),
            rounds: number("SIGNALSMITH_BENCH_ROUNDS").unwrap_or(3) as u32,
        }
    }

    /// Whether a case is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only))
    }
}
