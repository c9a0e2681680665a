//! Programs beside us, and our own: run to their end, watched from outside.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::measure::{Measured, children_cpu_s, peak_mb};

/// How often a program's peak memory is looked at; the kernel keeps the peak itself.
const LOOK: Duration = Duration::from_millis(5);

/// What a program did.
pub struct Watched {
    /// From its start to its end.
    pub told: Measured,
    /// What it printed.
    pub output: String,
}

/// Runs a program; gives why not where it failed or took longer than `limit`. Its output goes
/// through a file, so that it never waits for us.
pub fn watched(command: &mut Command, output: &Path, limit: Duration) -> Result<Watched, String> {
    let (out, err) = (file(output), file(output));
    let (cpu, began) = (children_cpu_s(), Instant::now());
    let child = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|error| format!("it does not start: {error}"))?;
    let (peak, ended) = follow(child, began, limit)?;
    let told = Measured {
        wall: began.elapsed().as_secs_f64(),
        cpu: children_cpu_s() - cpu,
        peak_mb: peak,
        ..Measured::default()
    };
    let output = std::fs::read_to_string(output).unwrap_or_default();
    if !ended {
        let tail: Vec<&str> = output.lines().rev().take(3).collect();
        return Err(format!("it failed: {}", tail.join(" / ")));
    }
    Ok(Watched { told, output })
}

fn file(path: &Path) -> File {
    let mut options = File::options();
    options.create(true).append(true);
    options.open(path).unwrap()
}

/// Waits for the end; gives the peak memory and whether it was a good end.
fn follow(mut child: Child, began: Instant, limit: Duration) -> Result<(f64, bool), String> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    loop {
        if let Some(ended) = child.try_wait().unwrap() {
            return Ok((peak, ended.success()));
        }
        peak = peak.max(peak_mb(&status));
        if began.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("ended after {} s", limit.as_secs()));
        }
        std::thread::sleep(LOOK);
    }
}
