//! Where a command runs: attached to the workspace's core, or with a core of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::api::socket;
use crate::config::paths;
use crate::domain::command::{Command, Reply};
use crate::domain::problem::{Problem, ProblemKind};
use crate::engine::clock::SystemClock;
use crate::engine::{Engine, EngineOptions};
use crate::link::{Link, RemoteLink, WorkspaceView};
use crate::store::WorkspaceLock;
use crate::telemetry;

/// The link that a command uses, and the core behind it where that is its own.
pub(crate) struct Context {
    /// The way to the core.
    pub link: Arc<dyn Link>,
    engine: Option<Engine>,
    socket: PathBuf,
}

/// The folder of the workspace that is meant.
///
/// # Errors
/// A [`Problem`] of kind `usage` where it cannot be told.
pub(crate) fn folder(given: Option<&Path>) -> Result<PathBuf, Problem> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    paths::workspace(
        given,
        path("XDG_DATA_HOME").as_deref(),
        path("HOME").as_deref(),
    )
}

/// The socket of a workspace's core.
pub(crate) fn socket_of(folder: &Path) -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    paths::socket(folder, runtime.as_deref())
}

impl Context {
    /// Attaches to the workspace's core, or starts one: `autonomous` lets schedules fire in it.
    ///
    /// # Errors
    /// A [`Problem`] where there is no workspace or its state cannot be used.
    pub async fn open(folder: &Path, autonomous: bool) -> Result<Self, Problem> {
        if !folder.join("state.db").exists() {
            return Err(Problem::new(
                ProblemKind::Usage,
                format!("there is no workspace in {}", folder.display()),
            )
            .hint("make one with: signalsmith init   or look around first: signalsmith demo"));
        }
        if let Some(info) = WorkspaceLock::read(folder)
            && let Ok(link) = RemoteLink::attach(&info.socket).await
        {
            return Ok(Self {
                link: Arc::new(link),
                engine: None,
                socket: info.socket,
            });
        }
        Self::host(folder, autonomous)
    }

    /// Starts a core for a workspace in this process and lets others reach it.
    ///
    /// # Errors
    /// A [`Problem`] where another core has the workspace or its state cannot be used.
    pub fn host(folder: &Path, autonomous: bool) -> Result<Self, Problem> {
        let socket = socket_of(folder);
        telemetry::start(folder);
        let options = EngineOptions {
            folder: folder.to_owned(),
            socket: socket.clone(),
            clock: Arc::new(SystemClock::new()),
            seed: seed()?,
            autonomous,
        };
        let engine = std::thread::scope(|scope| {
            // A runtime must not be made within another one's thread.
            scope.spawn(|| Engine::start(options)).join()
        })
        .map_err(|_| {
            Problem::new(ProblemKind::Internal, "the core broke off while it started")
        })??;
        let link: Arc<dyn Link> = Arc::new(engine.link());
        let listener = engine.enter(|| socket::bind(&socket))??;
        engine.spawn(socket::serve(listener, Arc::clone(&link)))?;
        Ok(Self {
            link,
            engine: Some(engine),
            socket,
        })
    }

    /// Whether the core ends with this command.
    pub fn is_host(&self) -> bool {
        self.engine.is_some()
    }

    /// The latest state.
    pub fn view(&self) -> Arc<WorkspaceView> {
        self.link.view().borrow().clone()
    }

    /// Asks the core.
    ///
    /// # Errors
    /// The core's problem.
    pub async fn ask(&self, command: Command) -> Result<Reply, Problem> {
        self.link.send(command).await
    }

    /// Lets go; a core of its own is stopped.
    pub fn close(self) {
        let Self {
            link,
            engine,
            socket,
        } = self;
        drop(link);
        if let Some(engine) = engine {
            std::thread::scope(|scope| {
                let _ = scope.spawn(|| engine.stop()).join();
            });
            let _ = std::fs::remove_file(socket);
        }
    }
}

/// Draws a seed from the system.
fn seed() -> Result<u64, Problem> {
    getrandom::u64().map_err(|error| {
        Problem::new(
            ProblemKind::Internal,
            format!("cannot draw random bits: {error}"),
        )
    })
}

/// The problem of an answer of the wrong kind.
pub(crate) fn unexpected(reply: &Reply) -> Problem {
    Problem::new(
        ProblemKind::Internal,
        format!("the core gave an answer of another kind: {reply:?}"),
    )
}
