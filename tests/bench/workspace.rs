//! The product at work: a workspace with one sync of the people, driven as a face drives it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::run::{Run, RunOptions, RunStatus};
use signalsmith::engine::clock::SystemClock;
use signalsmith::engine::{Engine, EngineOptions};
use signalsmith::link::Link as _;
use tokio::runtime::Runtime;

use crate::data::{COLUMNS, Differences};
use crate::measure::{Measured, measured};
use crate::sink::WithSink;

/// Where the people are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Sqlite,
    Csv,
}

impl Source {
    pub fn named(word: &str) -> Self {
        match word {
            "sqlite" => Self::Sqlite,
            "csv" => Self::Csv,
            other => panic!("{other}"),
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Csv => "csv",
        }
    }

    /// The file in the workspace's folder that the source reads.
    pub fn file(self) -> &'static str {
        match self {
            Self::Sqlite => "people.db",
            Self::Csv => "people.csv",
        }
    }
}

/// A running core over the workspace in a folder.
pub struct Core {
    engine: Engine,
    runtime: Runtime,
    folder: PathBuf,
}

impl Core {
    /// Opens the workspace in `folder`, or begins it.
    pub fn open(folder: &Path) -> Self {
        let options = EngineOptions {
            folder: folder.join("workspace"),
            socket: folder.join("core.sock"),
            clock: Arc::new(SystemClock::new()),
            // Ids are drawn from it, and every process of a workspace draws its own.
            seed: u64::from(std::process::id()),
            autonomous: false,
        };
        let engine = Engine::start_with(options, Arc::new(WithSink));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            engine: engine.unwrap(),
            runtime,
            folder: folder.to_owned(),
        }
    }

    fn ask(&self, command: Command) -> Reply {
        let link = self.engine.link();
        self.runtime.block_on(link.send(command)).unwrap()
    }

    /// Brings in the one sync; `destination` are the keys of its destination, the identifier is
    /// the column `identifier`.
    pub fn apply(&self, source: Source, identifier: &str, mode: &str, destination: &str) {
        let text = resources(source, identifier, mode, destination);
        self.ask(Command::Apply {
            text,
            base: self.folder.clone(),
            prune: false,
            dry_run: false,
            confirm: Vec::new(),
        });
    }

    /// Runs the sync to its end, which must be a good one.
    pub fn run(&self) -> (Run, Measured) {
        let mut ended = None;
        let mut told = measured(|| {
            let begun = self.ask(Command::Run {
                sync: "people".to_owned(),
                options: RunOptions::default(),
            });
            let Reply::Run(run) = self.ask(Command::WaitRun {
                run: a_run(begun).id,
            }) else {
                panic!("no run")
            };
            let rows = run.counters.read;
            ended = Some(*run);
            rows
        });
        let run = ended.unwrap();
        assert_eq!(run.status, RunStatus::Completed, "{run:#?}");
        for phase in &run.phases {
            let name = serde_json::to_value(phase.name).unwrap();
            let name = name.as_str().unwrap().to_owned();
            told.parts.insert(name, phase.ms as f64 / 1000.0);
        }
        (run, told)
    }

    pub fn stop(self) {
        self.engine.stop();
    }
}

fn a_run(reply: Reply) -> Run {
    let Reply::Run(run) = reply else {
        panic!("no run: {reply:?}")
    };
    *run
}

/// A run that measured something else than it should is no measurement.
pub fn must_have_done(run: &Run, wanted: Differences, unchanged: u64) {
    let counters = &run.counters;
    let done = (
        counters.create.done,
        counters.update.done,
        counters.delete.done,
        counters.unchanged,
    );
    let wanted = (wanted.new, wanted.changed, wanted.gone, unchanged);
    assert_eq!(done, wanted, "{run:#?}");
}

fn resources(source: Source, identifier: &str, mode: &str, destination: &str) -> String {
    let mapping = COLUMNS.map(|column| {
        let mark = if column == identifier {
            ", is_identifier = true"
        } else {
            ""
        };
        format!("  {{ source_column = \"{column}\", destination_field = \"{column}\"{mark} }},\n")
    });
    let (kind, path) = match source {
        Source::Sqlite => ("sqlite", source.file()),
        Source::Csv => ("files", source.file()),
    };
    format!(
        "[[source]]\nname = \"people\"\ntype = \"{kind}\"\npath = \"{path}\"\n
[[model]]\nname = \"people\"\nsource = \"people\"\nsql = \"select {} from people\"
primary_key = [\"pk\"]\ncolumns = [{{ name = \"{identifier}\", role = \"identifier\" }}]\n
[[destination]]\nname = \"copy\"\n{destination}\n
[[sync]]\nname = \"people\"\nmodel = \"people\"\ndestination = \"copy\"
destination_object = \"people\"\nmode = \"{mode}\"\nschedule = {{ type = \"manual\" }}
paused = false\nguards = {{ delete_max = 1000000000, delete_percent = 100.0 }}
field_mappings = [\n{}]\n",
        COLUMNS.join(", "),
        mapping.concat()
    )
}

/// Puts a version of the data in the place that the source reads, without copying it.
pub fn put_data(version: &Path, folder: &Path, source: Source) {
    let place = folder.join(source.file());
    let _ = std::fs::remove_file(&place);
    std::fs::hard_link(version, place).unwrap();
}

/// Copies a folder with all that is in it, and brings it to disk: what the disk is still busy with
/// would disturb what is measured next. The files of a snapshot and plans are never written to
/// again, so one file can stand in both folders.
pub fn copy_folder(from: &Path, to: &Path) {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    let mode = std::fs::metadata(from).unwrap().permissions().mode();
    std::fs::DirBuilder::new()
        .mode(mode & 0o777)
        .create(to)
        .unwrap();
    let is_called = |path: &Path, name: &str| path.file_name().is_some_and(|it| it == name);
    // Of a snapshot: snapshots/<sync>/<seed>.
    let is_snapshot = from
        .ancestors()
        .nth(2)
        .is_some_and(|it| is_called(it, "snapshots"));
    let is_final = is_called(from, "runs") || is_snapshot;
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        let to = to.join(entry.file_name());
        if kind.is_dir() {
            copy_folder(&entry.path(), &to);
        } else if kind.is_file() && is_final {
            std::fs::hard_link(entry.path(), to).unwrap();
        } else if kind.is_file() {
            copy_file(&entry.path(), &to);
        }
    }
}

/// Copies a file over another and brings it to disk.
pub fn copy_file(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
    std::fs::File::open(to).unwrap().sync_all().unwrap();
}
