//! Peers that move rows, end to end: the program from its start to its end, from one SQLite
//! database into another, first and second run, and whether the target is then right.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cases::{Bench, TABLE};
use crate::measure::{Measured, fastest};
use crate::process::watched;
use crate::product::memory;
use crate::table::Budget;
use crate::truth::{self, Wrong};
use crate::workspace::{Source, copy_file, copy_folder, put_data};

/// Rows of a million that differ at the second run.
const DIFFERING: u64 = 20_000;
/// Seconds that a run of a million rows may take.
const PATIENCE_S: u64 = 300;
const DLT: &str = include_str!("dlt.py");

/// What is measured of one program's run.
struct Moved {
    told: Measured,
    sent: u64,
    wrong: Wrong,
}

impl Moved {
    fn note(&self) -> String {
        format!("{} rows sent; {}", self.sent, self.wrong.words())
    }
}

/// A program that copies the people by their key.
enum Mover {
    Us,
    Sling(PathBuf),
    Dlt(PathBuf),
}

/// Runs every peer that is at hand, and us beside it.
pub fn cases(bench: &Bench) {
    let wanted: Vec<&str> = ["sling", "dlt"]
        .into_iter()
        .filter(|name| bench.options.wants(&format!("peer: {name}")))
        .collect();
    if wanted.is_empty() {
        return;
    }
    let mut firsts: Vec<(f64, Measured)> = Vec::new();
    for name in wanted {
        let found = match name {
            "sling" => sling().map(Mover::Sling),
            _ => python_with_dlt().map(Mover::Dlt),
        };
        if let Some(peer) = found {
            firsts.extend(beside(bench, name, &peer));
            continue;
        }
        let why = match name {
            "sling" => "no sling on the PATH or in SIGNALSMITH_BENCH_SLING",
            _ => "no Python with dlt and sqlalchemy at hand",
        };
        let name = format!("peer: {name} end to end");
        bench.table.absent(&name, why);
    }
    let fastest_peer = firsts.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let name = "first run end to end, SQLite to SQLite";
    if let Some((theirs, ours)) = fastest_peer {
        let speed = Budget::at_least(theirs / ours.wall, 0.7, "x the fastest peer's speed");
        let budgets = [speed.headline(), memory(bench.options.rows, &ours)];
        bench.table.case(name, &ours, &budgets, &[]);
    } else {
        let (first, second) = alone(bench);
        let budgets = [memory(bench.options.rows, &first.told)];
        bench
            .table
            .case(name, &first.told, &budgets, &[first.note()]);
        let name = "2 % differ, end to end, SQLite to SQLite";
        let budgets = of_ours(bench, &second);
        bench
            .table
            .case(name, &second.told, &budgets, &[second.note()]);
    }
    for folder in ["us", "us-saved", "peer"] {
        bench.emptied(folder);
    }
}

/// First and second run of ours where no peer is at hand.
fn alone(bench: &Bench) -> (Moved, Moved) {
    let first = first_of_ours(bench);
    let saved = keep(bench);
    let second = bench.data(Source::Sqlite, bench.version(DIFFERING));
    (first, again(bench, &saved, &second))
}

/// What is asked of a second run of ours whoever is beside it.
fn of_ours(bench: &Bench, ours: &Moved) -> [Budget; 2] {
    let wrong = ours.wrong.total() as f64;
    [
        Budget::at_most(wrong, 0.0, "rows wrong in the target"),
        memory(bench.options.rows, &ours.told),
    ]
}

fn first_of_ours(bench: &Bench) -> Moved {
    let us = bench.fresh("us");
    let first = bench.data(Source::Sqlite, bench.version(0));
    put_data(&first, &us, Source::Sqlite);
    Bench::apply_mirror(Source::Sqlite, "pk", &us, TABLE);
    Mover::Us.run(bench, &us, &first).unwrap()
}

/// Keeps what our first run left.
fn keep(bench: &Bench) -> PathBuf {
    let saved = bench.emptied("us-saved");
    std::fs::rename(bench.folder.join("us"), &saved).unwrap();
    std::fs::remove_file(saved.join(Source::Sqlite.file())).unwrap();
    saved
}

/// First and second run of a peer, each with ours before it and the second with ours after it too;
/// gives the seconds of its first run and ours.
fn beside(bench: &Bench, name: &str, peer: &Mover) -> Option<(f64, Measured)> {
    let first = bench.data(Source::Sqlite, bench.version(0));
    let second = bench.data(Source::Sqlite, bench.version(DIFFERING));
    let ours_first = first_of_ours(bench);
    let folder = bench.fresh("peer");
    let title = format!("peer: {name} end to end, first run");
    let theirs = match peer.run(bench, &folder, &first) {
        Ok(theirs) => theirs,
        Err(why) => {
            bench.table.absent(&title, &why);
            return None;
        }
    };
    let speed = theirs.told.wall / ours_first.told.wall;
    let notes = [
        theirs.note(),
        format!("we: {speed:.1} x its speed; {}", ours_first.note()),
    ];
    bench.table.case(&title, &theirs.told, &[], &notes);
    let firsts = (theirs.told.wall, ours_first.told);
    let saved = keep(bench);
    let mut ours = vec![again(bench, &saved, &second)];
    let theirs = peer.run(bench, &folder, &second);
    ours.push(again(bench, &saved, &second));
    let title = format!("peer: {name} end to end, 2 % differ");
    match theirs {
        Ok(theirs) => compared(bench, name, &title, &theirs, ours),
        Err(why) => bench.table.absent(&title, &why),
    }
    Some(firsts)
}

/// A second run of ours, on the state that the first one left.
fn again(bench: &Bench, saved: &Path, data: &Path) -> Moved {
    let us = bench.emptied("us");
    copy_folder(saved, &us);
    Mover::Us.run(bench, &us, data).unwrap()
}

fn compared(bench: &Bench, name: &str, title: &str, theirs: &Moved, ours: Vec<Moved>) {
    bench.table.case(title, &theirs.told, &[], &[theirs.note()]);
    let (sent, wrong) = (ours[0].sent, ours[0].wrong);
    let ours = Moved {
        told: fastest(ours.into_iter().map(|one| one.told).collect()),
        sent,
        wrong,
    };
    let unit = match name {
        "sling" => "x sling's speed",
        _ => "x dlt's speed",
    };
    let speed = Budget::at_least(theirs.told.wall / ours.told.wall, 10.0, unit);
    let [wrong, memory] = of_ours(bench, &ours);
    let budgets = [speed.headline(), wrong, memory];
    let notes = [
        ours.note(),
        format!(
            "{:.0} x fewer rows sent, {:.1} x less memory",
            theirs.sent as f64 / ours.sent.max(1) as f64,
            theirs.told.peak_mb / ours.told.peak_mb
        ),
    ];
    let title = format!("beside {name}: we end to end, 2 % differ");
    bench.table.case(&title, &ours.told, &budgets, &notes);
}

impl Mover {
    /// Brings the people of `data` into the copy in `folder`.
    fn run(&self, bench: &Bench, folder: &Path, data: &Path) -> Result<Moved, String> {
        let copy = folder.join("copy.db");
        let source = folder.join(Source::Sqlite.file());
        match self {
            Self::Us => put_data(data, folder, Source::Sqlite),
            // Who knows what a peer does to the database that it reads.
            Self::Sling(_) | Self::Dlt(_) => copy_file(data, &source),
        }
        let mut command = match self {
            Self::Us => us(folder),
            Self::Sling(program) => run_sling(program, folder, &source, &copy),
            Self::Dlt(python) => run_dlt(python, folder, &source, &copy),
        };
        let rows = bench.options.rows;
        let limit = Duration::from_secs(PATIENCE_S * rows.div_ceil(1_000_000));
        let output = folder.join("output");
        let _ = std::fs::remove_file(&output);
        let run = watched(&mut command, &output, limit)?;
        let told = Measured { rows, ..run.told };
        let sent = self
            .sent(&run.output)
            .ok_or("it does not say what it sent")?;
        Ok(Moved {
            told,
            sent,
            wrong: truth::compare(&source, &copy),
        })
    }

    fn sent(&self, output: &str) -> Option<u64> {
        match self {
            // "inserted 1000 rows into ..."
            Self::Sling(_) => {
                let words: Vec<&str> = output.split_whitespace().collect();
                let at = words.iter().rposition(|word| *word == "inserted")?;
                words.get(at + 1)?.parse().ok()
            }
            Self::Dlt(_) => {
                let line = output.lines().rev().find(|line| line.starts_with('{'))?;
                serde_json::from_str::<serde_json::Value>(line).ok()?["rows"].as_u64()
            }
            Self::Us => {
                let at = output.find('{')?;
                let run: serde_json::Value = serde_json::from_str(&output[at..]).ok()?;
                let done = |kind: &str| run["counters"][kind]["done"].as_u64();
                Some(done("create")? + done("update")? + done("delete")?)
            }
        }
    }
}

fn us(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signalsmith"));
    command.arg("-C").arg(folder.join("workspace"));
    command.args(["run", "people", "--json"]);
    command
}

/// sling upserts by the key; without an update key it reads and sends every row.
fn run_sling(program: &Path, folder: &Path, source: &Path, copy: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([
            "run",
            "--src-conn",
            "BENCH_SOURCE",
            "--src-stream",
            "main.people",
        ])
        .args(["--tgt-conn", "BENCH_TARGET", "--tgt-object", "main.people"])
        .args(["--mode", "incremental", "--primary-key", "pk"])
        .env("BENCH_SOURCE", format!("sqlite://{}", source.display()))
        .env("BENCH_TARGET", format!("sqlite://{}", copy.display()))
        .env("SLING_HOME_DIR", folder.join("home"))
        .env("SLING_DISABLE_TELEMETRY", "TRUE");
    command
}

fn run_dlt(python: &Path, folder: &Path, source: &Path, copy: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-c", DLT])
        .args([source, copy, &folder.join("state")]);
    command
}

fn sling() -> Option<PathBuf> {
    let program = std::env::var_os("SIGNALSMITH_BENCH_SLING").unwrap_or_else(|| "sling".into());
    answers(Command::new(&program).arg("--version")).then(|| program.into())
}

fn python_with_dlt() -> Option<PathBuf> {
    let python = crate::peers::python();
    let import = "import dlt, sqlalchemy, dlt.sources.sql_database";
    answers(Command::new(&python).args(["-c", import])).then(|| python.into())
}

/// Whether a program is there and ends well.
fn answers(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
