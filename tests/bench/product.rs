//! The whole product, from a source into a destination that takes no time: first runs, and second
//! runs with more or less changed, each beside the reading and hashing of the same rows in turns.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cases::{Bench, SINK};
use crate::data::Version;
use crate::measure::{Measured, fastest, in_child};
use crate::peers;
use crate::table::{Budget, parts};
use crate::workspace::{Source, copy_folder, put_data};

/// Rows of a million that differ at the second run.
const SECOND: [u64; 3] = [0, 1_000, 20_000];
/// The unit of what a run takes beside the floor.
const FLOORS: &str = "x reading and hashing";

/// Runs every source with every identifier.
pub fn cases(bench: &Bench) {
    for source in [Source::Sqlite, Source::Csv] {
        for identifier in ["pk", "email"] {
            let key = if identifier == "pk" {
                "identifier = key"
            } else {
                "identifier not the key"
            };
            let name = format!("{}, {key}", source.word());
            if bench.options.wants(&name) {
                let case = Case {
                    bench,
                    source,
                    identifier,
                    name,
                };
                case.measure();
            }
        }
        // The tables are what the later cases read.
        if source == Source::Csv {
            bench.remove_data(source);
        }
    }
    let _ = std::fs::remove_dir_all(bench.folder.join("work"));
}

struct Case<'a> {
    bench: &'a Bench,
    source: Source,
    identifier: &'a str,
    name: String,
}

/// What the rounds of one second run found.
#[derive(Default)]
struct Rounds {
    floor: Vec<Measured>,
    run: Vec<Measured>,
    rewritten: u64,
    peers: Vec<(&'static str, Vec<Measured>)>,
}

impl Case<'_> {
    fn measure(&self) {
        let saved = self.first();
        for differing in SECOND {
            let rounds = self.rounds(differing, &saved);
            self.second(differing, rounds);
        }
        std::fs::remove_dir_all(saved).unwrap();
    }

    /// The first run; gives the folder in which its end is kept.
    fn first(&self) -> PathBuf {
        let bench = self.bench;
        let is_plain = self.source == Source::Sqlite && self.identifier == "pk";
        let quarter = is_plain.then(|| {
            self.first_run(Version {
                rows: bench.options.rows / 4,
                differing: 0,
            })
        });
        let told = self.first_run(bench.version(0));
        let mut budgets = vec![memory(bench.options.rows, &told)];
        if let Some(quarter) = quarter {
            // Four times the rows in four times the time: a quadratic step would make it four.
            budgets.push(Budget::at_most(
                told.us_a_row() / quarter.us_a_row(),
                2.0,
                "x the time a row of a quarter of the rows",
            ));
        }
        let name = format!("first run: {}", self.name);
        bench.table.case(&name, &told, &budgets, &[parts(&told)]);
        let saved = bench.emptied("saved");
        std::fs::rename(bench.folder.join("work"), &saved).unwrap();
        std::fs::remove_file(saved.join(self.source.file())).unwrap();
        saved
    }

    fn first_run(&self, version: Version) -> Measured {
        let work = self.bench.fresh("work");
        put_data(&self.bench.data(self.source, version), &work, self.source);
        Bench::apply_mirror(self.source, self.identifier, &work, SINK);
        let rows = version.rows.to_string();
        in_child(&["run", work.to_str().unwrap(), &rows, "0", "0", "0"])
    }

    /// Rounds of floor, run and peers: whatever disturbs the machine
    /// for a while disturbs all of them.
    fn rounds(&self, differing: u64, saved: &Path) -> Rounds {
        let bench = self.bench;
        let version = bench.version(differing);
        let data = bench.data(self.source, version);
        let wanted = version.differences();
        let unchanged = version.rows - wanted.changed - wanted.gone;
        let counts = [wanted.new, wanted.changed, wanted.gone, unchanged].map(|it| it.to_string());
        let [new, changed, gone, unchanged] = counts.each_ref().map(String::as_str);
        let mut rounds = Rounds::default();
        for _ in 0..bench.options.rounds {
            let work = bench.emptied("work");
            copy_folder(saved, &work);
            put_data(&data, &work, self.source);
            let before = partitions(&work);
            let path = data.to_str().unwrap();
            let folder = work.to_str().unwrap();
            let floor = in_child(&["floor", self.source.word(), path]);
            rounds.floor.push(floor);
            let run = in_child(&["run", folder, new, changed, gone, unchanged]);
            rounds.run.push(run);
            rounds.rewritten = partitions(&work).difference(&before).count() as u64;
            if self.is_compared(differing) {
                let old = bench.data(self.source, bench.version(0));
                for engine in ["duckdb", "polars"] {
                    let Some(peer) = peers::compare(engine, &old, &data, &bench.folder) else {
                        continue;
                    };
                    peers::must_have_found(&peer, wanted);
                    match rounds.peers.iter_mut().find(|(name, _)| *name == engine) {
                        Some((_, all)) => all.push(peer),
                        None => rounds.peers.push((engine, vec![peer])),
                    }
                }
            }
        }
        rounds
    }

    /// Whether DuckDB and Polars make the same comparison.
    fn is_compared(&self, differing: u64) -> bool {
        self.source == Source::Csv && self.identifier == "pk" && differing == 20_000
    }

    fn second(&self, differing: u64, rounds: Rounds) {
        let bench = self.bench;
        let (floor, told) = (fastest(rounds.floor), fastest(rounds.run));
        let own_budget = Budget::at_most(told.wall / floor.wall, self.limit(differing), FLOORS);
        let own_budget = match (self.identifier, differing) {
            ("pk", 0 | 20_000) => own_budget.headline(),
            _ => own_budget,
        };
        let mut budgets = vec![own_budget, memory(bench.options.rows, &told)];
        if differing > 0 {
            budgets.push(Budget::at_most(
                rounds.rewritten as f64,
                0.0,
                "snapshot files rewritten",
            ));
        }
        let compared = (told.part("querying") + told.part("comparing")) / floor.wall;
        let notes = [
            format!(
                "reading and hashing {:.2} s; reading and comparing {compared:.2} x that; CPU {:.2} x",
                floor.wall,
                told.cpu / floor.cpu.max(0.01)
            ),
            parts(&told),
        ];
        let percent = differing as f64 / 10_000.0;
        let name = format!("second run, {percent} % differ: {}", self.name);
        bench.table.case(&name, &told, &budgets, &notes);
        if self.is_compared(differing) {
            self.compared(&told, rounds.peers);
        }
    }

    fn limit(&self, differing: u64) -> f64 {
        let limit = match (self.source, differing) {
            (Source::Sqlite, 0) => 2.0,
            (Source::Sqlite, _) => 2.3,
            (Source::Csv, 0) => 2.5,
            (Source::Csv, _) => 3.0,
        };
        let more = if self.identifier == "pk" { 0.0 } else { 0.3 };
        ((limit + more) * 10.0_f64).round() / 10.0
    }

    /// Says how the peers did beside this run.
    fn compared(&self, ours: &Measured, peers: Vec<(&'static str, Vec<Measured>)>) {
        let table = &self.bench.table;
        for engine in ["duckdb", "polars"] {
            let name = format!("peer: {engine} compares the same CSV, 2 % differ");
            let rounds = peers.iter().find(|(peer, _)| *peer == engine);
            let Some((_, rounds)) = rounds else {
                table.absent(&name, &format!("no Python with {engine} at hand"));
                continue;
            };
            let mut told = fastest(rounds.clone());
            told.rows = self.bench.options.rows;
            let (speed, memory) = (told.wall / ours.wall, told.peak_mb / ours.peak_mb);
            // At a million rows the gap is memory, not time: the limits are for ten million.
            let bound = engine == "duckdb" && self.bench.options.rows >= 10_000_000;
            let budgets = [
                Budget::at_least(speed, 1.3, "x DuckDB's speed").headline(),
                Budget::at_least(memory, 20.0, "x less memory than DuckDB").headline(),
            ];
            let budgets = if bound { budgets.as_slice() } else { &[] };
            let note = format!("we: {speed:.2} x its speed, {memory:.1} x less memory");
            table.case(&name, &told, budgets, &[note]);
        }
    }
}

/// The files of the snapshot.
fn partitions(work: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut folders = vec![work.join("workspace/snapshots")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    files
}

/// The budget of peak memory.
pub fn memory(rows: u64, told: &Measured) -> Budget {
    let limit = if rows > 10_000_000 { 128.0 } else { 64.0 };
    Budget::at_most(told.peak_mb, limit, "MB")
}
