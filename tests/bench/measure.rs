//! Measuring a case in a process of its own: wall time, processor time, peak memory.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// What a case measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Measured {
    /// Seconds.
    pub wall: f64,
    /// Seconds of this process on processors.
    pub cpu: f64,
    /// Peak resident memory of the whole process.
    pub peak_mb: f64,
    /// Rows or operations of which it is told.
    pub rows: u64,
    /// Seconds of parts, by name.
    #[serde(default)]
    pub parts: BTreeMap<String, f64>,
}

impl Measured {
    /// Microseconds of wall time a row.
    pub fn us_a_row(&self) -> f64 {
        self.wall * 1e6 / self.rows.max(1) as f64
    }

    /// A part's seconds.
    pub fn part(&self, name: &str) -> f64 {
        self.parts.get(name).copied().unwrap_or_default()
    }
}

/// Measures `work`, which gives its rows.
pub fn measured(work: impl FnOnce() -> u64) -> Measured {
    let (cpu, began) = (cpu_s(), Instant::now());
    let rows = work();
    Measured {
        wall: began.elapsed().as_secs_f64(),
        cpu: cpu_s() - cpu,
        rows,
        ..Measured::default()
    }
}

/// Seconds that this process has been on processors.
fn cpu_s() -> f64 {
    times(11)
}

/// Seconds that the processes which this one has waited for have been on processors.
pub fn children_cpu_s() -> f64 {
    times(13)
}

/// User and system time, which stand side by side from the field `at` after the name.
fn times(at: usize) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    // The kernel counts in hundredths whatever its own tick is.
    (ticks(at) + ticks(at + 1)) / 100.0
}

/// The peak resident memory that a process's status file tells; 0 where it tells none any more.
pub fn peak_mb(status: &str) -> f64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<f64>().ok())
        .unwrap_or_default()
        / 1024.0
}

/// Gives a case's result to the process that asked for it.
pub fn give(mut measured: Measured) {
    measured.peak_mb = peak_mb("/proc/self/status");
    println!("{}", serde_json::to_string(&measured).unwrap());
}

/// Runs a case in a process of its own.
pub fn in_child(arguments: &[&str]) -> Measured {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--case")
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "the case {arguments:?} failed");
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

/// The fastest of some rounds; the peak is the highest.
pub fn best(rounds: u32, mut round: impl FnMut() -> Measured) -> Measured {
    fastest((0..rounds.max(1)).map(|_| round()).collect())
}

/// The fastest of rounds that were made; the peak is the highest.
pub fn fastest(all: Vec<Measured>) -> Measured {
    let peak = all.iter().map(|one| one.peak_mb).fold(0.0, f64::max);
    let fastest = all.into_iter().min_by(|a, b| a.wall.total_cmp(&b.wall));
    Measured {
        peak_mb: peak,
        ..fastest.unwrap()
    }
}
