//! The budgets: what the product takes, beside the least that the same work can take.
//!
//! `cargo bench --bench budgets` prints one table. Every case runs in a process of its own, so that
//! its peak memory is its own; what a ratio divides was measured in turns, so that whatever else the
//! machine does disturbs both. The ratios are meant for a million rows and more; of a few thousand
//! a run takes mostly what it takes of none. A case's files are removed when it ends. Environment
//! variables:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `SIGNALSMITH_BENCH_ROWS` | rows of the model | 1,000,000 |
//! | `SIGNALSMITH_BENCH_DIR` | where the files are made (about 2 GB per million rows) | `target/tmp` |
//! | `SIGNALSMITH_BENCH_ONLY` | only cases whose name contains this | all |
//! | `SIGNALSMITH_BENCH_ROUNDS` | rounds of a timed case, of which the fastest counts | 3 |
//! | `SIGNALSMITH_BENCH_KEEP` | keeps the data for the next time | no |
//! | `SIGNALSMITH_BENCH_MARKDOWN` | prints the budgets as the table of a README too | no |
//! | `SIGNALSMITH_BENCH_GENERATED` | compares so many generated rows (100,000,000), and nothing else | no |
//! | `SIGNALSMITH_BENCH_PYTHON` | a Python that has `duckdb`, `polars`, `dlt` with `sqlalchemy`, or some of them | `python3` |
//! | `SIGNALSMITH_BENCH_SLING` | the program sling | `sling` |
//!
//! A peer that is not at hand is left out and the table says so. `pip install duckdb polars dlt
//! sqlalchemy pyarrow pandas sling-linux-amd64==1.4.11` brings all of them; the program sling then
//! stands in `site-packages/sling_linux_amd64/bin` and wants to be made executable.

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
mod acks;
mod cases;
mod data;
mod floor;
mod frame;
mod generated;
mod measure;
mod movers;
mod peers;
mod process;
mod product;
mod sender;
mod sink;
mod table;
mod truth;
mod workspace;
mod writes;

use std::path::PathBuf;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--case") => cases::child(&arguments[2..]),
        _ => cases::all(Options::from_environment()),
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
    /// Whether the data is kept.
    pub keep: bool,
    /// Whether the budgets are printed as a README has them.
    pub markdown: bool,
    /// Generated rows that are compared instead of all other cases.
    pub generated: Option<u64>,
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
            rounds: number("SIGNALSMITH_BENCH_ROUNDS").unwrap_or(3).max(1) as u32,
            keep: number("SIGNALSMITH_BENCH_KEEP").is_some_and(|it| it > 0),
            markdown: number("SIGNALSMITH_BENCH_MARKDOWN").is_some_and(|it| it > 0),
            generated: number("SIGNALSMITH_BENCH_GENERATED"),
        }
    }

    /// Whether a case is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only))
    }
}
