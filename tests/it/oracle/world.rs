//! A workspace whose core writes to the scripted destination; it serves many histories, for a core
//! takes longer to start than a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Value as Sql;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::id::RunId;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::{Cause, Operation};
use signalsmith::domain::problem::Problem;
use signalsmith::domain::row::Fingerprint;
use signalsmith::domain::run::{Phase, Run, RunOptions};
use signalsmith::engine::clock::ManualClock;
use signalsmith::engine::{Engine, EngineOptions};
use signalsmith::link::Link as _;
use signalsmith::link::view::SyncView;
use signalsmith::snapshot::plan_file::PlanReader;
use tokio::runtime::Runtime;

use super::history::{Cell, Row};
use super::mapped::{KEYS, MAPPINGS};
use crate::support::scripted::{Said, Scripted, Silence, said_by};
use crate::support::workspace::adds_up;

/// Longer than anything here takes.
const HANGS: Duration = Duration::from_secs(30);

/// What a sync is set to.
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: String,
    pub mode: Mode,
    pub scope_all: bool,
    pub foreign_allowed: bool,
    pub mapping: u8,
    pub key: u8,
    pub object: u8,
    pub from_now: bool,
    pub hold: bool,
    pub delete_rows: u64,
    pub paused: bool,
}

impl Settings {
    pub fn object_name(&self) -> String {
        format!("object {}", self.object)
    }

    fn file(&self) -> String {
        let Self {
            name,
            mode,
            delete_rows,
            paused,
            ..
        } = self;
        let (mapping, key) = (
            MAPPINGS[usize::from(self.mapping)],
            KEYS[usize::from(self.key)],
        );
        let object = self.object_name();
        let choose = |choice: bool, one: &'static str, other: &'static str| {
            if choice { one } else { other }
        };
        let scope = choose(self.scope_all, "all", "own");
        let foreign = choose(self.foreign_allowed, "allow", "ask");
        let first = choose(self.from_now, "from_now", "backfill");
        let on_unknown = choose(self.hold, "hold", "resend");
        format!(
            r#"
[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email, name, score from people"
primary_key = ["{key}"]
columns = [
  {{ name = "id", type = "integer", role = "identifier" }},
  {{ name = "email", type = "text", role = "identifier" }},
  {{ name = "name", type = "text" }},
  {{ name = "score", type = "double" }},
]

[[destination]]
name = "there"
type = "scripted"

[[sync]]
name = "{name}"
model = "people"
destination = "there"
destination_object = "{object}"
mode = "{mode}"
mirror_scope = "{scope}"
mirror_foreign = "{foreign}"
first_run = "{first}"
on_unknown = "{on_unknown}"
paused = {paused}
guards = {{ delete_rows = {delete_rows}, delete_percent = 0.0, invalid_percent = 100.0 }}
field_mappings = [{mapping}]
"#
        )
    }
}

/// How a run went.
#[derive(Debug)]
pub enum Went {
    /// It ended.
    Ended(Box<Run>),
    /// The destination went silent, and the core was taken away.
    Died(RunId),
    /// It was refused.
    Refused(Problem),
}

/// An operation of a plan.
#[derive(Debug, Clone)]
pub struct Planned {
    pub said: Said,
    pub cause: Cause,
    pub hash: Fingerprint,
}

/// A workspace with its data beside it.
pub struct World {
    dir: tempfile::TempDir,
    source: rusqlite::Connection,
    runtime: Runtime,
    clock: Arc<ManualClock>,
    engine: Option<Engine>,
    starts: u64,
    pub there: Scripted,
    last: Option<String>,
}

/// In memory where the system has such a place: every commit is synced.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

impl World {
    pub fn new() -> Self {
        let dir = folder();
        let source = rusqlite::Connection::open(dir.path().join("source.db")).unwrap();
        source
            .execute_batch(
                "pragma synchronous = off; create table people (id, email, name, score);",
            )
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut new = Self {
            source,
            runtime,
            clock: Arc::new(ManualClock::new("2026-03-02T08:00:00Z".parse().unwrap())),
            engine: None,
            starts: 0,
            there: Scripted::new(),
            last: None,
            dir,
        };
        new.start();
        new
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("workspace")
    }

    /// Starts the core; it begins nothing by itself.
    pub fn start(&mut self) {
        self.starts += 1;
        let options = EngineOptions {
            folder: self.folder(),
            socket: self.dir.path().join("core.sock"),
            clock: self.clock.clone(),
            seed: self.starts,
            autonomous: false,
        };
        let there = Arc::new(self.there.clone());
        self.engine = Some(Engine::start_with(options, there).unwrap());
    }

    /// Takes the core away under whatever it does, as a kill would.
    pub fn die(&mut self) {
        drop(self.engine.take());
    }

    /// Starts the core anew, in peace.
    pub fn restart(&mut self) {
        self.engine.take().unwrap().stop();
        self.start();
    }

    fn wait_for<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime
            .block_on(async { tokio::time::timeout(HANGS, what).await })
            .expect("what is waited for comes")
    }

    pub fn ask(&self, command: Command) -> Result<Reply, Problem> {
        let link = self.engine.as_ref().unwrap().link();
        self.wait_for(link.send(command))
    }

    /// Begins a history with a sync of its own; what an earlier one left goes.
    pub fn begin(&mut self, settings: &Settings) {
        self.configure(settings);
        self.last = Some(settings.name.clone());
    }

    /// Brings settings in, as a person does who confirms what follows from them.
    pub fn configure(&self, settings: &Settings) {
        let names = self.last.iter().chain([&settings.name]);
        self.ask(Command::Apply {
            text: settings.file(),
            base: self.dir.path().to_owned(),
            prune: true,
            dry_run: false,
            confirm: names.cloned().collect(),
        })
        .unwrap();
    }

    /// Puts rows into the source in place of those that were there.
    pub fn rows(&mut self, rows: &[Row]) {
        let transaction = self.source.transaction().unwrap();
        transaction.execute("delete from people", []).unwrap();
        for row in rows {
            let cells = [row.id, row.email, row.name, row.score].map(|cell| match cell {
                Cell::Null => Sql::Null,
                Cell::Integer(number) => Sql::Integer(number),
                Cell::Real(number) => Sql::Real(number),
                Cell::Text(text) => Sql::Text(text.to_owned()),
            });
            transaction
                .prepare_cached("insert into people values (?1, ?2, ?3, ?4)")
                .unwrap()
                .execute(rusqlite::params_from_iter(cells))
                .unwrap();
        }
        transaction.commit().unwrap();
    }

    /// A run to its end, or until the destination goes silent; `answer` decides where it asks.
    pub fn run(&mut self, command: Command, approves: bool, silence: Option<Silence>) -> Went {
        self.there.fall_silent(silence);
        let mut run = match self.ask(command) {
            Ok(Reply::Run(run)) => run.id,
            Ok(reply) => panic!("no run: {reply:?}"),
            Err(problem) => return Went::Refused(problem),
        };
        let link = self.engine.as_ref().unwrap().link();
        let ended = self.wait_for(async {
            loop {
                let silent = self.there.silent();
                let reply = tokio::select! {
                    reply = link.send(Command::WaitRun { run: run.clone() }) => reply,
                    () = silent => return None,
                };
                let Ok(Reply::Run(now)) = reply else {
                    panic!("no run: {reply:?}")
                };
                if now.phase != Some(Phase::AwaitingApproval) || now.status.is_final() {
                    return Some(now);
                }
                run = now.id;
                let target = run.to_string();
                let answer = if approves {
                    let plan_hash = now.plan_hash.unwrap();
                    Command::Approve { target, plan_hash }
                } else {
                    Command::Reject { target }
                };
                link.send(answer).await.unwrap();
            }
        });
        let Some(run_now) = ended else {
            self.until_on_record(&run);
            self.die();
            return Went::Died(run);
        };
        self.there.fall_silent(None);
        adds_up(&run_now);
        Went::Ended(run_now)
    }

    /// Waits until all that was answered is on record: what the core does beside a batch that has no
    /// answer is not to depend on who is faster.
    fn until_on_record(&self, run: &RunId) {
        let seen = self.there.there().seen.clone();
        let answered = seen.iter().filter(|it| !it.unanswered).count() as u64;
        for _ in 0..100_000 {
            let counters = self.show(run).counters;
            if counters.total(|it| it.done + it.rejected + it.unknown + it.pending) == answered {
                return;
            }
        }
        panic!("{answered} answers are not on record");
    }

    /// Waits for the destination's silence while a core that was just started sends open batches
    /// again, and takes the core away; tells whether it came to that.
    pub fn die_again(&mut self, silence: Silence) {
        self.there.fall_silent(Some(silence));
        self.start();
        self.wait_for(self.there.silent());
        self.die();
        self.there.fall_silent(None);
    }

    /// A run as it is on record.
    pub fn show(&self, run: &RunId) -> Run {
        let Reply::Run(run) = self.ask(Command::ShowRun { run: run.clone() }).unwrap() else {
            panic!("no run")
        };
        adds_up(&run);
        *run
    }

    /// The operations of a run's plan; none where there is no plan.
    pub fn plan(&self, run: &RunId) -> Option<Vec<Planned>> {
        let path = self.folder().join("runs").join(format!("{run}.plan"));
        let reader = PlanReader::open(&path).ok()?;
        let shape = &reader.header().shape;
        let planned = |operation: Operation| Planned {
            said: said_by(shape, &operation),
            cause: operation.cause,
            hash: operation.key_hash,
        };
        Some(
            reader
                .operations(0)
                .map(|it| planned(it.unwrap()))
                .collect(),
        )
    }

    /// The sync as faces see it.
    pub fn sync(&self, name: &str) -> Arc<SyncView> {
        let view = self.engine.as_ref().unwrap().link().view();
        let view = view.borrow();
        let found = view.syncs.iter().find(|sync| sync.name() == name);
        Arc::clone(found.expect("there is the sync"))
    }
}

/// A plain run of a sync.
pub fn run_of(name: &str, options: RunOptions) -> Command {
    Command::Run {
        sync: name.to_owned(),
        options,
    }
}
