//! Where a command runs: attached to the workspace's core, or with a core of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::api::socket;
use crate::config::paths;
use crate::domain::command::{Command, Reply};
use crate::domain::near::nearest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Phase;
use crate::engine::clock::SystemClock;
use crate::engine::{Engine, EngineOptions};
use crate::link::view::ActiveRun;
use crate::link::{Link, RemoteLink, WorkspaceView};
use crate::store::WorkspaceLock;
use crate::telemetry;

use super::or_interrupt;
use super::output::remark;
use super::visitors::Visitors;

/// How often a core that is starting or stopping is tried.
const ATTACH_TRIES: u32 = 40;
/// The pause between two tries.
const ATTACH_PAUSE: Duration = Duration::from_millis(50);
/// How long a state is waited for that the core has already come to.
const VIEW_WAIT: Duration = Duration::from_secs(2);

/// The link that a command uses, and the core behind it where that is its own.
pub(crate) struct Context {
    /// The way to the core.
    pub link: Arc<dyn Link>,
    engine: Option<Engine>,
    socket: PathBuf,
    /// How many commands of other processes are under way at a core of its own.
    visitors: watch::Receiver<usize>,
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
        require_workspace(folder)?;
        // Another command's core may be just starting or stopping.
        let mut tries = 0;
        loop {
            if let Some(info) = WorkspaceLock::read(folder)
                && let Ok(link) = RemoteLink::attach(&info.socket).await
            {
                return Ok(Self {
                    link: Arc::new(link),
                    engine: None,
                    socket: info.socket,
                    visitors: watch::channel(0).1,
                });
            }
            tries += 1;
            match Self::host(folder, autonomous) {
                Err(problem) if problem.kind == ProblemKind::Conflict && tries < ATTACH_TRIES => {
                    tokio::time::sleep(ATTACH_PAUSE).await;
                }
                result => return result,
            }
        }
    }

    /// Starts a core for a workspace in this process and lets others reach it.
    ///
    /// # Errors
    /// A [`Problem`] where another core has the workspace or its state cannot be used.
    pub fn host(folder: &Path, autonomous: bool) -> Result<Self, Problem> {
        Self::host_with(folder, autonomous, None)
    }

    /// Starts a core as [`Context::host`] that goes on with what the core before left which passed
    /// its `lock`.
    ///
    /// # Errors
    /// As [`Context::host`].
    pub fn take_over(folder: &Path, lock: File) -> Result<Self, Problem> {
        Self::host_with(folder, true, Some(lock))
    }

    fn host_with(folder: &Path, autonomous: bool, lock: Option<File>) -> Result<Self, Problem> {
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
            let start = || match lock {
                Some(lock) => Engine::take_over(options, lock),
                None => Engine::start(options),
            };
            scope.spawn(start).join()
        })
        .map_err(|_| {
            Problem::new(ProblemKind::Internal, "the core broke off while it started")
        })??;
        let link: Arc<dyn Link> = Arc::new(engine.link());
        let listener = engine.enter(|| socket::bind(&socket))??;
        let (served, visitors) = Visitors::new(Arc::clone(&link));
        engine.spawn(socket::serve(listener, Arc::new(served)))?;
        Ok(Self {
            link,
            engine: Some(engine),
            socket,
            visitors,
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

    /// The first state in which something holds, or the latest where it does not come: a core
    /// beyond a socket tells of a change a moment after it made it.
    pub async fn view_when(&self, holds: impl Fn(&WorkspaceView) -> bool) -> Arc<WorkspaceView> {
        let mut view = self.link.view();
        let found = view.wait_for(|view| holds(view));
        match tokio::time::timeout(VIEW_WAIT, found).await {
            Ok(Ok(found)) => Arc::clone(&found),
            _ => self.view(),
        }
    }

    /// Waits for what other processes have asked of a core of its own, for it ends with this
    /// command; ctrl-c leaves at once.
    pub async fn see_off(&self) {
        if self.engine.is_none() {
            return;
        }
        let (mut view, mut visitors) = (self.link.view(), self.visitors.clone());
        let mut told = false;
        while *visitors.borrow_and_update() > 0 || is_busy(&view.borrow_and_update()) {
            if !told {
                remark("another command uses this core: it goes on until that is done");
                told = true;
            }
            let changed = async {
                tokio::select! {
                    seen = view.changed() => seen.is_ok(),
                    seen = visitors.changed() => seen.is_ok(),
                }
            };
            if or_interrupt(changed).await != Some(true) {
                return;
            }
        }
    }

    /// Stops a core of its own and gives its lock for another process, which goes on with its runs;
    /// nothing where the core is another's.
    ///
    /// # Errors
    /// A [`Problem`] where the lock cannot be passed.
    pub fn hand_over(self) -> Result<Option<File>, Problem> {
        let Self { link, engine, .. } = self;
        drop(link);
        let Some(engine) = engine else {
            return Ok(None);
        };
        let lock = std::thread::scope(|scope| scope.spawn(|| engine.hand_over()).join());
        let broke = |_| Problem::new(ProblemKind::Internal, "the core broke off while it stopped");
        Ok(Some(lock.map_err(broke)??))
    }

    /// Lets go; a core of its own is stopped.
    pub fn close(self) {
        let Self {
            link,
            engine,
            socket,
            visitors: _,
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

/// Refuses a folder without a workspace.
///
/// # Errors
/// A [`Problem`] of kind `usage`.
pub(crate) fn require_workspace(folder: &Path) -> Result<(), Problem> {
    if folder.join("state.db").exists() {
        return Ok(());
    }
    let text = format!("there is no workspace in {}", folder.display());
    Err(Problem::new(ProblemKind::Usage, text)
        .hint("make one with: signalsmith init   or look around first: signalsmith demo"))
}

/// Whether a run goes on or is about to; one that waits for a person would wait in vain.
fn is_busy(view: &WorkspaceView) -> bool {
    view.syncs.iter().any(|sync| {
        let waits = |active: &ActiveRun| active.run.phase == Some(Phase::AwaitingApproval);
        sync.active.as_ref().is_some_and(|active| !waits(active))
    })
}

/// The problem of a name that nothing has, with the one that was probably meant.
pub(crate) fn no_such<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Problem {
    let hint = match nearest(name, known) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("signalsmith list {what}s shows them"),
    };
    Problem::new(
        ProblemKind::NotFound,
        format!("there is no {what} '{name}'"),
    )
    .hint(hint)
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
