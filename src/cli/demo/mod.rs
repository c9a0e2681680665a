//! `demo`: a workspace with sample data, models, embedded destinations and syncs in all modes.

mod changes;
mod expected;
mod found;
mod headless;
mod people;
mod receivers;
mod sample;
mod truth;
mod workspace;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::domain::command::Command;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Run, RunOptions};

use super::context::Context;
use super::interface;
use super::output::say;
use super::run::started;
use expected::CASES;
use receivers::Receivers;

/// What an answer of a webhook takes while a person looks on, as over a network.
const LATENCY: Duration = Duration::from_millis(80);

/// Sets up the demo and opens it, or runs it without a terminal.
pub(super) async fn demo(dir: Option<&Path>, headless: bool, seed: u64) -> Result<u8, Problem> {
    // The variable names the workspace that a person works in: the demo must not go there.
    let own = std::env::var_os("SIGNALSMITH_DIR").map(PathBuf::from);
    let folder = Folder::make(dir.filter(|dir| own.as_deref() != Some(*dir)))?;
    let latency = if headless { Duration::ZERO } else { LATENCY };
    let demo = Demo::start(folder, seed, latency, !headless).await?;
    let result = if headless {
        // The interface minds these signals itself.
        tokio::select! {
            // First, so that the signals are minded before anything is said or made.
            biased;
            problem = told_to_stop() => Err(problem),
            wrong = headless::run(&demo) => wrong.map(u8::from),
        }
    } else {
        demo.show().await.map(|()| 0)
    };
    demo.end();
    result
}

/// Waits until the terminal goes away or someone ends the program: the folder must still go.
async fn told_to_stop() -> Problem {
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => signal.recv().await,
            // Then this one has its usual effect.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = wait(SignalKind::hangup()) => {}
        _ = wait(SignalKind::interrupt()) => {}
        _ = wait(SignalKind::terminate()) => {}
    }
    Problem::new(ProblemKind::Interrupted, "the demo was stopped")
}

/// The demo's folder: one that goes with it, or one that a person named and that stays.
enum Folder {
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn make(dir: Option<&Path>) -> Result<Self, Problem> {
        let Some(dir) = dir else {
            let made = tempfile::Builder::new()
                .prefix("signalsmith-demo-")
                .tempdir();
            return made.map(Self::Temporary).map_err(|error| {
                Problem::new(
                    ProblemKind::State,
                    format!("cannot make a temporary folder: {error}"),
                )
            });
        };
        let usage = |why: &dyn std::fmt::Display| {
            let text = format!("cannot set up the demo in {}: {why}", dir.display());
            Problem::new(ProblemKind::Usage, text)
                .hint("name an empty folder, or one yet to be made")
        };
        let dir = std::path::absolute(dir).map_err(|error| usage(&error))?;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(|error| usage(&error))?;
        let mut entries = std::fs::read_dir(&dir).map_err(|error| usage(&error))?;
        if entries.next().is_some() {
            return Err(usage(&"it is not empty"));
        }
        Ok(Self::Kept(dir))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

/// A demo that is set up: its data, its receivers, and a core over its workspace.
struct Demo {
    folder: Folder,
    seed: u64,
    receivers: Receivers,
    context: Context,
}

impl Demo {
    async fn start(
        folder: Folder,
        seed: u64,
        latency: Duration,
        autonomous: bool,
    ) -> Result<Self, Problem> {
        let source = folder.path().join(workspace::SAMPLE);
        sample::create(&source, seed, sample::CUSTOMERS)
            .map_err(|error| unusable("make", &source, &error))?;
        let secret = receivers::draw_secret()?;
        let receivers = Receivers::start(&secret, latency).await?;
        let endpoints = receivers.endpoints();
        let context = workspace::set_up(folder.path(), &endpoints, &secret, autonomous).await?;
        Ok(Self {
            folder,
            seed,
            receivers,
            context,
        })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a run of every sync.
    async fn start_runs(&self) -> Result<Vec<Run>, Problem> {
        let mut runs = Vec::new();
        for case in CASES {
            let command = Command::Run {
                sync: case.sync.to_owned(),
                options: RunOptions::default(),
            };
            runs.push(started(self.context.ask(command).await?)?);
        }
        Ok(runs)
    }

    /// Opens the interface over the first runs of all syncs.
    async fn show(&self) -> Result<(), Problem> {
        self.start_runs().await?;
        interface::show(&self.context, self.path(), false, None)
            .await
            .map(|_| ())
    }

    /// Stops the core before the receivers, so that batches under way get their answers.
    fn end(self) {
        self.context.close();
        drop(self.receivers);
        match self.folder {
            Folder::Temporary(folder) => {
                let path = folder.path().to_owned();
                if let Err(error) = folder.close() {
                    say(format!("cannot remove {}: {error}", path.display()));
                }
            }
            Folder::Kept(folder) => {
                say(format!("the demo stays in {}", folder.display()));
                say("  its data are sample.db, its resources demo.toml");
                say("  its webhook receivers have ended");
                say(format!("  signalsmith -C {} status", folder.display()));
            }
        }
    }
}

/// The problem of a database of the demo that cannot be used.
fn unusable(doing: &str, path: &Path, error: &rusqlite::Error) -> Problem {
    let text = format!(
        "cannot {doing} the sample data in {}: {error}",
        path.display()
    );
    Problem::new(ProblemKind::State, text)
}
