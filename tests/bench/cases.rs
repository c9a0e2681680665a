//! The cases: what is measured, in which order, against which budget.

use std::path::{Path, PathBuf};

use crate::data::{Differences, Version};
use crate::measure::{Measured, best, give, in_child, measured};
use crate::table::{self, Budget};
use crate::workspace::{Core, Source, copy_folder, must_have_done, put_data};
use crate::{Options, acknowledge, floor, peers, sender};

/// Rows of a million that differ at the second run.
const SECOND: [u64; 3] = [0, 1_000, 20_000];
/// Rows whose acknowledgement is timed.
const ACKNOWLEDGED: u64 = 10_000;
/// Rows that are sent over HTTP with and without latency.
const SENT: [(u64, u64); 2] = [(0, 1_000_000), (20, 400_000)];

/// Runs one case in this process.
pub fn child(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["floor", "sqlite", path] => give(measured(|| floor::sqlite(Path::new(path)))),
        ["floor", _, path] => give(measured(|| floor::csv(Path::new(path)))),
        ["apply", source, identifier, mode, folder, destination] => {
            let core = Core::open(Path::new(folder));
            core.apply(Source::named(source), identifier, mode, destination);
            core.stop();
            give(Measured::default());
        }
        ["run", folder, new, changed, gone, unchanged] => {
            let core = Core::open(Path::new(folder));
            let (run, told) = core.run();
            core.stop();
            let number = |text: &str| text.parse::<u64>().unwrap();
            let wanted = Differences {
                new: number(new),
                changed: number(changed),
                gone: number(gone),
            };
            must_have_done(&run, wanted, number(unchanged));
            give(told);
        }
        ["acknowledge", folder, rows, batch] => give(acknowledge::run(
            Path::new(folder),
            rows.parse().unwrap(),
            batch.parse().unwrap(),
        )),
        ["serve", latency_ms] => sender::serve(latency_ms.parse().unwrap()),
        ["send", url, rows] => give(sender::send(url, rows.parse().unwrap())),
        other => panic!("there is no case {other:?}"),
    }
}

/// Runs all cases, each in a process of its own, and prints the table.
pub fn all(options: &Options) {
    let bench = Bench::new(options);
    table::head(options.rows);
    let floors = [Source::Sqlite, Source::Csv].map(|source| bench.floor(source));
    let mut compared = None;
    for (source, floor) in [Source::Sqlite, Source::Csv].into_iter().zip(&floors) {
        for identifier in ["pk", "email"] {
            let second = bench.product(source, identifier, floor);
            if source == Source::Csv && identifier == "pk" {
                compared = second;
            }
        }
    }
    bench.acknowledgements();
    bench.http();
    bench.peers(compared.as_ref());
    let _ = std::fs::remove_dir_all(bench.folder.join("work"));
}

struct Bench<'a> {
    options: &'a Options,
    folder: PathBuf,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options) -> Self {
        let folder = options.folder.clone();
        std::fs::create_dir_all(&folder).unwrap();
        Self { options, folder }
    }

    fn version(&self, differing: u64) -> Version {
        Version {
            rows: self.options.rows,
            differing,
        }
    }

    fn data(&self, source: Source, differing: u64) -> PathBuf {
        let version = self.version(differing);
        let name = format!("{}-{differing}", self.options.rows);
        let path = self.folder.join(name).with_extension(match source {
            Source::Sqlite => "db",
            Source::Csv => "csv",
        });
        match source {
            Source::Sqlite => version.sqlite(&path),
            Source::Csv => version.csv(&path),
        }
        path
    }

    fn best(&self, round: impl FnMut() -> Measured) -> Measured {
        best(self.options.rounds, round)
    }

    /// Reading and hashing the rows of the second run.
    fn floor(&self, source: Source) -> Measured {
        let path = self.data(source, 20_000);
        let path = path.to_str().unwrap();
        let told = self.best(|| in_child(&["floor", source.word(), path]));
        table::line(
            &format!("floor: read and hash, {}", source.word()),
            &told,
            &[],
        );
        told
    }

    /// First and second runs of the whole product; gives the second with most changes.
    fn product(&self, source: Source, identifier: &str, floor: &Measured) -> Option<Measured> {
        let key = if identifier == "pk" {
            "identifier = key"
        } else {
            "identifier not the key"
        };
        let name = format!("{}, {key}", source.word());
        if !self.options.wants(&name) {
            return None;
        }
        let work = self.fresh("work");
        put_data(&self.data(source, 0), &work, source);
        let destination = "type = \"sqlite\"\npath = \"copy.db\"";
        let (folder, rows) = (work.to_str().unwrap(), self.options.rows);
        in_child(&[
            "apply",
            source.word(),
            identifier,
            "mirror",
            folder,
            destination,
        ]);
        let told = in_child(&["run", folder, &rows.to_string(), "0", "0", "0"]);
        table::line(
            &format!("first run into SQLite: {name}"),
            &told,
            &[memory(rows, &told)],
        );
        table::parts(&told);
        let saved = self.emptied("saved");
        copy_folder(&work, &saved);
        let mut last = None;
        for differing in SECOND {
            let told = self.second(source, differing, &saved);
            self.second_line(&name, source, identifier, differing, floor, &told);
            last = Some(told);
        }
        let _ = std::fs::remove_dir_all(saved);
        last
    }

    fn second(&self, source: Source, differing: u64, saved: &Path) -> Measured {
        let data = self.data(source, differing);
        let wanted = self.version(differing).differences();
        let unchanged = self.options.rows - wanted.changed - wanted.gone;
        let counts = [wanted.new, wanted.changed, wanted.gone, unchanged].map(|it| it.to_string());
        self.best(|| {
            let work = self.emptied("work");
            copy_folder(saved, &work);
            put_data(&data, &work, source);
            let [new, changed, gone, unchanged] = counts.each_ref().map(String::as_str);
            in_child(&["run", work.to_str().unwrap(), new, changed, gone, unchanged])
        })
    }

    fn second_line(
        &self,
        name: &str,
        source: Source,
        identifier: &str,
        differing: u64,
        floor: &Measured,
        told: &Measured,
    ) {
        let limit = match (source, differing) {
            (Source::Sqlite, 0) => 2.0,
            (Source::Sqlite, _) => 2.3,
            (Source::Csv, 0) => 2.5,
            (Source::Csv, _) => 3.0,
        };
        let tenths = if identifier == "pk" { 0.0 } else { 0.3 };
        let limit = ((limit + tenths) * 10.0_f64).round() / 10.0;
        // Writing is the destination's time and the acknowledgements', which have their own budget.
        let without_writing = told.wall - told.part("writing");
        let percent = differing as f64 / 10_000.0;
        table::line(
            &format!("second, {percent} % differ: {name}"),
            told,
            &[
                Budget::at_most(without_writing / floor.wall, limit, "x floor"),
                memory(self.options.rows, told),
            ],
        );
        table::parts(told);
    }

    fn acknowledgements(&self) {
        let rows = ACKNOWLEDGED.min(self.options.rows);
        for batch in [200_u64, 5_000] {
            let name = format!("acknowledge {rows} rows in batches of {batch}");
            if !self.options.wants(&name) {
                continue;
            }
            let told = self.best(|| {
                let work = self.fresh("work");
                put_data(&self.data(Source::Sqlite, 0), &work, Source::Sqlite);
                let folder = work.to_str().unwrap();
                let destination = "type = \"sqlite\"\npath = \"copy.db\"";
                in_child(&["apply", "sqlite", "pk", "mirror", folder, destination]);
                in_child(&["acknowledge", folder, &rows.to_string(), &batch.to_string()])
            });
            let budget = Budget::at_most(told.us_a_row(), 5.0, "us/row");
            table::line(&name, &told, &[budget]);
        }
    }

    fn http(&self) {
        for (latency_ms, rows) in SENT {
            let rows = rows.min(self.options.rows);
            let name = format!("webhook connector alone, {latency_ms} ms");
            if self.options.wants(&name) {
                let server = sender::Server::start(latency_ms);
                let told = self.best(|| in_child(&["send", server.url(), &rows.to_string()]));
                table::line(&name, &told, &[http_budget(latency_ms, &told, told.wall)]);
            }
            let name = format!("first run into a webhook, {latency_ms} ms");
            if self.options.wants(&name) {
                let told = self.webhook_run(latency_ms, rows);
                let writing = told.part("writing");
                table::line(&name, &told, &[http_budget(latency_ms, &told, writing)]);
                table::parts(&told);
            }
        }
    }

    fn webhook_run(&self, latency_ms: u64, rows: u64) -> Measured {
        let server = sender::Server::start(latency_ms);
        let path = self.folder.join(format!("{rows}-0.db"));
        Version { rows, differing: 0 }.sqlite(&path);
        let destination = format!(
            "type = \"webhook\"\nurl = \"{}\"\nallow_networks = [\"127.0.0.0/8\"]\nconcurrency = {}\nbatch_size = {}",
            server.url(),
            sender::CONCURRENCY,
            sender::BATCH
        );
        self.best(|| {
            let work = self.fresh("work");
            put_data(&path, &work, Source::Sqlite);
            let folder = work.to_str().unwrap();
            in_child(&["apply", "sqlite", "pk", "upsert", folder, &destination]);
            in_child(&["run", folder, &rows.to_string(), "0", "0", "0"])
        })
    }

    fn peers(&self, ours: Option<&Measured>) {
        let (old, new) = (self.data(Source::Csv, 0), self.data(Source::Csv, 20_000));
        for engine in ["duckdb", "polars"] {
            let name = format!("peer: {engine} compares the same CSV, 2 % differ");
            if !self.options.wants(&name) {
                continue;
            }
            let Some(mut told) = peers::compare(engine, &old, &new, &self.folder) else {
                table::absent(&name, "not at hand: no Python with it");
                continue;
            };
            let wanted = self.version(20_000).differences();
            peers::must_have_found(&told, wanted);
            told.rows = self.options.rows;
            let budgets = ours.map(|ours| {
                let without_writing = ours.wall - ours.part("writing");
                [
                    Budget::at_least(told.wall / without_writing, 1.3, "x our speed"),
                    Budget::at_least(told.peak_mb / ours.peak_mb, 20.0, "x our memory"),
                ]
            });
            table::line(&name, &told, budgets.as_ref().map_or(&[], |it| it));
        }
    }

    /// An empty folder.
    fn fresh(&self, name: &str) -> PathBuf {
        let folder = self.emptied(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    /// The path of a folder that is not there.
    fn emptied(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        folder
    }
}

fn memory(rows: u64, told: &Measured) -> Budget {
    let limit = if rows > 10_000_000 { 128.0 } else { 64.0 };
    Budget::at_most(told.peak_mb, limit, "MB")
}

fn http_budget(latency_ms: u64, told: &Measured, seconds: f64) -> Budget {
    if latency_ms == 0 {
        return Budget::at_most(told.cpu * 1e6 / told.rows as f64, 1.5, "us cpu/row");
    }
    let ideal = (sender::CONCURRENCY * sender::BATCH) as f64 / (latency_ms as f64 / 1000.0);
    Budget::at_least(told.rows as f64 / seconds / ideal, 0.85, "x the ideal")
}
