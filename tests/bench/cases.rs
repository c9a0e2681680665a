//! The cases: which there are, in which order they are run, and where their files stand.

use std::path::{Path, PathBuf};

use crate::data::{Differences, Version};
use crate::measure::{Measured, best, give, in_child, measured};
use crate::table::Table;
use crate::workspace::{Core, Source, must_have_done};
use crate::{Options, acknowledge, floor, frame, generated, movers, product, sender, writes};

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
            let wanted = Differences {
                new: number(new),
                changed: number(changed),
                gone: number(gone),
            };
            must_have_done(&run, wanted, number(unchanged));
            give(told);
        }
        ["acknowledge", folder, rows, batch, together] => {
            give(acknowledge::run(
                Path::new(folder),
                number(rows),
                number(batch),
                number(together),
            ));
        }
        ["append", file, rows, batch, together] => {
            give(acknowledge::floor(
                Path::new(file),
                number(rows),
                number(batch),
                number(together),
            ));
        }
        ["serve", latency_ms] => sender::serve(number(latency_ms)),
        ["send", url, rows] => give(sender::send(url, number(rows))),
        ["generate", rows, differing] => give(generated::generate(version(rows, differing))),
        ["plan", folder, identifier, rows, differing] => give(generated::plan(
            Path::new(folder),
            identifier,
            version(rows, differing),
        )),
        ["accept", folder, rows] => give(generated::accept(Path::new(folder), number(rows))),
        ["frame", folder] => give(frame::run(Path::new(folder))),
        other => panic!("there is no case {other:?}"),
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}

fn version(rows: &str, differing: &str) -> Version {
    Version {
        rows: number(rows),
        differing: number(differing),
    }
}

/// Runs all cases, each in a process of its own, and prints the table.
pub fn all(options: Options) {
    let bench = Bench::new(options);
    if let Some(rows) = bench.options.generated {
        generated::cases(&bench, rows);
    } else {
        product::cases(&bench);
        writes::acknowledgements(&bench);
        writes::http(&bench);
        movers::cases(&bench);
        frame::cases(&bench);
    }
    bench.table.end();
    if !bench.options.keep {
        let _ = std::fs::remove_dir_all(&bench.folder);
    }
}

/// The keys of a destination that takes no time.
pub const SINK: &str = "type = \"sink\"";
/// The keys of a table in the workspace's folder.
pub const TABLE: &str = "type = \"sqlite\"\npath = \"copy.db\"";

/// What all cases share.
pub struct Bench {
    pub options: Options,
    pub folder: PathBuf,
    pub table: Table,
}

impl Bench {
    fn new(options: Options) -> Self {
        let folder = options.folder.clone();
        std::fs::create_dir_all(&folder).unwrap();
        let rows = options.generated.unwrap_or(options.rows);
        let table = Table::new(&format!("{rows} rows"), options.markdown);
        Self {
            options,
            folder,
            table,
        }
    }

    /// The data with so many rows of a million differing from the first version.
    pub fn version(&self, differing: u64) -> Version {
        Version {
            rows: self.options.rows,
            differing,
        }
    }

    /// The file of a version, made where it is not there yet.
    pub fn data(&self, source: Source, version: Version) -> PathBuf {
        let name = format!("{}-{}", version.rows, version.differing);
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

    /// Removes the files of all versions, except where they are to be kept.
    pub fn remove_data(&self, source: Source) {
        let extension = match source {
            Source::Sqlite => "db",
            Source::Csv => "csv",
        };
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            if !self.options.keep && path.extension().is_some_and(|it| it == extension) {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// The fastest of the wanted rounds.
    pub fn best(&self, round: impl FnMut() -> Measured) -> Measured {
        best(self.options.rounds, round)
    }

    /// Brings in the sync of the people, a mirror.
    pub fn apply_mirror(source: Source, identifier: &str, folder: &Path, destination: &str) {
        let folder = folder.to_str().unwrap();
        in_child(&[
            "apply",
            source.word(),
            identifier,
            "mirror",
            folder,
            destination,
        ]);
    }

    /// An empty folder.
    pub fn fresh(&self, name: &str) -> PathBuf {
        let folder = self.emptied(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    /// The path of a folder that is not there.
    pub fn emptied(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        folder
    }
}
