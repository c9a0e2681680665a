//! The real program over a workspace whose webhook answers when it is let, so that a run lasts.

use std::path::{Path, PathBuf};

use portable_pty::CommandBuilder;
use serde_json::Value as Json;
use signalsmith::store::WorkspaceLock;
use tokio::runtime::Runtime;

use super::pty::Pty;
use crate::support::desk::{Desk, UPSERT};
use crate::support::gate::Gate;

/// What the terminal is taken for.
pub const SIZE: (u16, u16) = (100, 30);
/// Longer than anything here takes.
const HANGS: std::time::Duration = std::time::Duration::from_secs(30);

/// A workspace with the sync `contacts` to a gate.
pub struct Host {
    pub desk: Desk,
    pub gate: Gate,
    runtime: Runtime,
}

impl Host {
    /// So many customers, sent one by one.
    pub fn new(customers: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let gate = Gate::start(runtime.handle());
        let desk = Desk::new(customers);
        let hook = format!(
            "[[destination]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n\
             allow_networks = [\"127.0.0.0/8\"]\nbatch_size = 1\nconcurrency = 1\n",
            gate.url()
        );
        let sync = desk
            .resources(UPSERT)
            .replace("destination = \"copy\"", "destination = \"hook\"");
        desk.apply(&format!("{sync}\n{hook}"));
        Self {
            desk,
            gate,
            runtime,
        }
    }

    pub fn workspace(&self) -> PathBuf {
        self.desk.path("workspace")
    }

    /// The interface, as a person starts it.
    pub fn interface(&self) -> Pty {
        self.interface_with("LANG", "C.UTF-8")
    }

    /// As [`Self::interface`], with a variable in its environment.
    pub fn interface_with(&self, variable: &str, value: &str) -> Pty {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_signalsmith"));
        self.environment(&mut command);
        command.env(variable, value);
        let pty = Pty::start(command, SIZE);
        pty.sees("core ● local");
        pty
    }

    /// A shell that runs a script, in which `signalsmith` is the program.
    pub fn shell(&self, options: &[&str], script: &str) -> Pty {
        let program = Path::new(env!("CARGO_BIN_EXE_signalsmith"));
        let mut command = CommandBuilder::new("sh");
        command.args(options);
        command.arg("-c");
        command.arg(script);
        self.environment(&mut command);
        let rest = std::env::var("PATH").unwrap_or_default();
        command.env(
            "PATH",
            format!("{}:{rest}", program.parent().unwrap().display()),
        );
        Pty::start(command, SIZE)
    }

    pub fn environment(&self, command: &mut CommandBuilder) {
        command.env_clear();
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        command.env("HOME", self.desk.path(""));
        command.env("TMPDIR", self.desk.path(""));
        command.env("SIGNALSMITH_DIR", self.workspace());
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
    }

    /// Waits until so many requests have come.
    pub fn arrived(&self, count: usize) {
        self.runtime
            .block_on(async { tokio::time::timeout(HANGS, self.gate.arrived(count)).await })
            .expect("the run sends");
    }

    /// Answers one request after another until something has come about: whether the one in flight is
    /// the last depends on what comes first, its answer or the word to stop.
    #[track_caller]
    pub fn answers_until(&self, answered: usize, is_so: impl Fn() -> bool) {
        let (mut answered, began) = (answered, std::time::Instant::now());
        while !is_so() {
            assert!(began.elapsed() < HANGS, "{}", self.gate.came().len());
            let came = self.gate.came().len();
            self.gate.open(came - answered);
            answered = came;
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    }

    /// The process that is the workspace's core.
    pub fn core(&self) -> u32 {
        WorkspaceLock::read(&self.workspace())
            .expect("there is a core")
            .pid
    }

    /// Waits for the end of the last run and gives it.
    pub fn ended_run(&self) -> Json {
        // Followed to its end; where the core is just another's, once more.
        while !self
            .desk
            .run(&["logs", "contacts", "--follow"])
            .stdout
            .contains("completed: ")
        {}
        self.desk.json(0, &["show", "run", "contacts", "--json"])
    }

    /// Makes sure that every customer was sent once, by one run.
    #[track_caller]
    pub fn sent_once(&self, customers: usize) {
        let mut bodies: Vec<String> = self.gate.came().into_iter().map(|(_, body)| body).collect();
        assert_eq!(bodies.len(), customers, "{bodies:#?}");
        bodies.sort();
        bodies.dedup();
        assert_eq!(bodies.len(), customers, "something went twice");
        let runs = self.desk.json(0, &["list", "runs", "--json"]);
        assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.gate.open(10_000);
        // A core that a test left behind must not outlive it.
        let _ = self.desk.run(&["stop"]);
    }
}

/// Where a descriptor of a process leads.
pub fn descriptor(process: u32, number: u32) -> PathBuf {
    std::fs::read_link(format!("/proc/{process}/fd/{number}")).unwrap()
}
