//! A workspace of the real program that is changed, killed and started again.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use serde_json::Value as Json;

use super::super::program::Program;
use super::checker::{self, Evidence, Model, Records};
use super::recorder::Recorder;

/// Batches under way at once, and rows in one: what one kill may cost.
pub const CONCURRENCY: usize = 4;
pub const BATCH: usize = 10;
/// So many, where a test does not say.
const RUNS_TO_REST: usize = 8;

/// Where the rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Hook { faults: bool },
    Table,
    File,
}

/// A workspace and its surroundings.
pub struct World {
    program: Program,
    target: Target,
    mode: &'static str,
    random: ChaCha12Rng,
    model: Model,
    version: u64,
    /// The model at the start of each process.
    models: Vec<Model>,
    recorder: Option<Recorder>,
    concurrency: usize,
    /// The bug that is planted in every process that is started.
    pub planted_bug: Option<&'static str>,
    /// Runs after which everything must have come to rest.
    pub runs_to_rest: usize,
}

impl World {
    /// A workspace whose model has some rows, of which none has been sent.
    pub fn new(target: Target, mode: &'static str, seed: u64) -> Self {
        let program = Program::new();
        let recorder = match target {
            Target::Hook { faults } => Some(Recorder::start(&program.path("recorder.log"), faults)),
            _ => None,
        };
        let mut world = Self {
            program,
            target,
            mode,
            random: ChaCha12Rng::seed_from_u64(seed),
            model: Model::new(),
            version: 0,
            models: Vec::new(),
            recorder,
            concurrency: CONCURRENCY,
            planted_bug: None,
            runs_to_rest: RUNS_TO_REST,
        };
        world.program.ok(&["init"]);
        let rows = if world.recorder.is_some() {
            240
        } else {
            16_000
        };
        world.add(rows);
        world.write_source();
        world.apply();
        world
    }

    fn apply(&self) {
        std::fs::write(self.program.path("resources.toml"), self.resources()).unwrap();
        self.program.ok(&["apply", "--yes", "resources.toml"]);
    }

    /// Sends one batch after another from now on.
    pub fn one_at_a_time(&mut self) {
        self.concurrency = 1;
        self.apply();
    }

    fn resources(&self) -> String {
        let there = match &self.recorder {
            Some(recorder) => format!(
                "type = \"webhook\"\nurl = \"{}\"\nallow_networks = [\"127.0.0.0/8\"]\n\
                 batch_size = {BATCH}\nconcurrency = {}\ntimeout_s = 2",
                recorder.url(),
                self.concurrency
            ),
            None if self.target == Target::Table => "type = \"sqlite\"\npath = \"copy.db\"".into(),
            None => "type = \"file\"\npath = \"out\"".into(),
        };
        if self.target == Target::File {
            std::fs::create_dir_all(self.program.path("out")).unwrap();
        }
        if self.target == Target::Table {
            let sql = match self.mode {
                "append" => "create table people (email text, version integer)",
                _ => "create table people (email text unique, version integer)",
            };
            let db = rusqlite::Connection::open(self.program.path("copy.db")).unwrap();
            db.execute_batch(sql).unwrap();
        }
        let object = if self.target == Target::File {
            "people.jsonl"
        } else {
            "people"
        };
        let mode = self.mode;
        format!(
            r#"
[workspace.guards]
delete_rows = 100000
shrink_percent = 0.0

[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email, version from people"
primary_key = ["id"]
columns = [{{ name = "email", role = "identifier" }}]

[[destination]]
name = "there"
{there}

[[sync]]
name = "people"
model = "people"
destination = "there"
destination_object = "{object}"
mode = "{mode}"
paused = false
field_mappings = [
  {{ source_column = "email", destination_field = "email", is_identifier = true }},
  {{ source_column = "version", destination_field = "version" }},
]
"#
        )
    }

    fn add(&mut self, rows: u64) {
        let first = self
            .model
            .keys()
            .next_back()
            .map_or(0, |last| number(last) + 1);
        for id in first..first + rows {
            self.version += 1;
            self.model.insert(email(id), self.version);
        }
    }

    /// Changes, removes and adds rows of the model.
    pub fn change(&mut self) {
        let keys: Vec<String> = self.model.keys().cloned().collect();
        let share = if self.recorder.is_some() { 0.3 } else { 0.9 };
        for key in keys {
            if self.random.random_bool(0.05) {
                self.model.remove(&key);
            } else if self.random.random_bool(share) {
                self.version += 1;
                self.model.insert(key, self.version);
            }
        }
        let new = self.random.random_range(30..50);
        self.add(new);
        self.write_source();
    }

    fn write_source(&self) {
        let mut db = rusqlite::Connection::open(self.program.path("source.db")).unwrap();
        let transaction = db.transaction().unwrap();
        let sql = "drop table if exists people; create table people (id integer, email text, version integer);";
        transaction.execute_batch(sql).unwrap();
        for (email, version) in &self.model {
            let sql = "insert into people values (?1, ?2, ?3)";
            let mut insert = transaction.prepare_cached(sql).unwrap();
            insert
                .execute((number(email) as i64, email, *version as i64))
                .unwrap();
        }
        transaction.commit().unwrap();
    }

    /// A random number of the world's own.
    pub fn random(&mut self, below: u64) -> u64 {
        self.random.random_range(0..below)
    }

    /// Starts a run in a process of its own.
    fn start(&mut self, failpoint: Option<&str>) -> Child {
        if let Some(recorder) = &self.recorder {
            recorder.begin();
        }
        self.models.push(self.model.clone());
        let mut command = self
            .program
            .command(&self.program.path("."), &["run", "people", "--json"]);
        if let Some(bug) = self.planted_bug {
            command.env("SIGNALSMITH_PLANTED_BUG", bug);
        }
        if let Some(failpoint) = failpoint {
            command.env("SIGNALSMITH_FAILPOINT", failpoint);
        }
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs to the end and tells how long that took.
    pub fn run(&mut self) -> (Output, Duration) {
        let began = Instant::now();
        let output = self.start(None).wait_with_output().unwrap();
        (output, began.elapsed())
    }

    /// Runs, and kills the process after some time where it still is there.
    pub fn run_and_kill(&mut self, after: Duration) {
        let mut child = self.start(None);
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait_with_output().unwrap();
        self.must_be_whole();
    }

    /// Runs up to a failpoint; false where it was not reached.
    pub fn run_up_to(&mut self, failpoint: &str) -> bool {
        let output = self.start(Some(failpoint)).wait_with_output().unwrap();
        let aborted = output.status.signal() == Some(6);
        assert!(
            aborted
                || output
                    .status
                    .code()
                    .is_some_and(|code| code == 0 || code == 3),
            "{output:?}"
        );
        self.must_be_whole();
        aborted
    }

    /// A file that is rewritten is whole at every instant, and the state is sound.
    fn must_be_whole(&self) {
        if self.target == Target::File && self.mode != "append" {
            self.records();
        }
        let state = rusqlite::Connection::open(self.program.path("workspace/state.db")).unwrap();
        let check: String = state
            .query_row("pragma integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok");
    }

    /// Runs until nothing is due, and gives the checker's complaints about all that happened.
    pub fn complaints(&mut self) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut rested = false;
        for _ in 0..self.runs_to_rest {
            let (output, _) = self.run();
            if !output
                .status
                .code()
                .is_some_and(|code| code == 0 || code == 3)
            {
                complaints.push(format!("a run did not end well: {output:?}"));
                break;
            }
            let run: Json = serde_json::from_slice(&output.stdout).unwrap();
            let counters = &run["counters"];
            let kinds = ["create", "update", "delete"];
            rested = kinds.iter().all(|kind| counters[kind]["planned"] == 0);
            if rested {
                break;
            }
        }
        if !rested {
            complaints.push("there is always something to send".into());
        }
        self.must_be_whole();
        let runs = self
            .program
            .ok(&["list", "runs", "--limit", "10000", "--json"]);
        let runs: Json = serde_json::from_str(&runs).unwrap();
        let history = self.recorder.as_ref().map(Recorder::history);
        complaints.extend(checker::check(&Evidence {
            mode: self.mode,
            models: &self.models,
            runs: runs.as_array().unwrap(),
            history: history.as_deref(),
            records: (self.recorder.is_none()).then(|| self.records()),
        }));
        complaints
    }

    /// What the table or the file of the destination holds.
    fn records(&self) -> Records {
        let mut records = Records::new();
        if self.target == Target::Table {
            let db = rusqlite::Connection::open(self.program.path("copy.db")).unwrap();
            let mut all = db.prepare("select email, version from people").unwrap();
            let rows = all
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
                .unwrap();
            for row in rows {
                let (key, version): (String, i64) = row.unwrap();
                records.entry(key).or_default().push(version as u64);
            }
            return records;
        }
        let text =
            std::fs::read_to_string(self.program.path("out/people.jsonl")).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "a torn line");
        for line in text.lines() {
            let row: Json = serde_json::from_str(line).expect(line);
            let key = row["email"].as_str().unwrap().to_owned();
            records
                .entry(key)
                .or_default()
                .push(row["version"].as_u64().unwrap());
        }
        records
    }

    /// The program and its folder.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Starts what a test of its own looks at.
    pub fn begin(&mut self) {
        if let Some(recorder) = &self.recorder {
            recorder.begin();
        }
        self.models.push(self.model.clone());
    }
}

fn email(id: u64) -> String {
    format!("p{id:06}@x.example")
}

fn number(email: &str) -> u64 {
    email[1..7].parse().unwrap()
}

/// The worlds of a kind, one per mode, side by side.
pub fn in_every_mode(work: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        for mode in ["upsert", "mirror", "append"] {
            let work = &work;
            scope.spawn(move || work(mode));
        }
    });
}

/// No complaint.
pub fn must_be_clean(complaints: &[String], about: &str) {
    let first: BTreeMap<_, _> = complaints.iter().take(12).enumerate().collect();
    assert!(
        complaints.is_empty(),
        "{about}: {} complaints: {first:#?}",
        complaints.len()
    );
}
