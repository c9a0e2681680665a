//! Makes it happen: owns the core's runtime, the dispatcher and the store of one workspace.

mod ack_log;
mod browse;
pub mod clock;
mod configure;
mod connect;
mod core;
mod deliver;
pub mod diff;
mod dispatcher;
mod explore;
mod history;
pub mod limits;
mod local;
mod log_page;
mod look;
mod names;
mod pending;
mod prune;
mod recover;
mod rehearse;
mod render;
mod run;
mod run_log;
pub mod scheduler;
mod secret;
mod view;

use std::fs::File;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

use crate::connectors::registry::{BuiltIn, Connectors};
use crate::domain::id::SyncId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Trigger;
use crate::link::{Connection, WorkspaceView};
use crate::store::{Store, WorkspaceLock};

use clock::Clock;
use dispatcher::{Conduct, Dispatcher, Message};
pub use local::LocalLink;

/// Runs in flight are awaited so long when the core stops.
const DRAIN: Duration = Duration::from_secs(30);
/// So long where they are handed over: what they leave is written down once the answers are in,
/// which a run awaits for 30 s.
const HAND_OVER_DRAIN: Duration = Duration::from_secs(40);
/// Interrupted syncs are run again spread over this time.
const SPREAD_S: i64 = 60;
/// Deaths within the window after which a sync is paused.
const QUARANTINE_DEATHS: u32 = 3;
/// The window of the quarantine, in hours.
const QUARANTINE_HOURS: i64 = 72;

/// How a core is started.
pub struct EngineOptions {
    /// The workspace's folder.
    pub folder: PathBuf,
    /// The socket on which the core can be reached, as the lock file names it.
    pub socket: PathBuf,
    /// The one notion of time.
    pub clock: Arc<dyn Clock>,
    /// Seeds everything that is drawn at random.
    pub seed: u64,
    /// Whether schedules fire and interrupted syncs are run again; off for a single command.
    pub autonomous: bool,
}

/// A running core.
pub struct Engine {
    runtime: Option<Runtime>,
    link: LocalLink,
    store: Store,
    lock: WorkspaceLock,
}

impl Engine {
    /// Opens the workspace, settles what an earlier core left, and starts to work.
    ///
    /// # Errors
    /// A [`Problem`]: another core has the workspace, its state cannot be read, a newer schema.
    pub fn start(options: EngineOptions) -> Result<Self, Problem> {
        Self::start_with(options, Arc::new(BuiltIn))
    }

    /// As [`Engine::start`], with other connectors than those of this program.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_with(
        options: EngineOptions,
        connectors: Arc<dyn Connectors>,
    ) -> Result<Self, Problem> {
        let lock = WorkspaceLock::acquire(&options.folder, &options.socket)?;
        Self::start_under(lock, options, connectors)
    }

    /// Starts as [`Engine::start`], and goes on with the runs that the core before left which passed
    /// its lock.
    ///
    /// # Errors
    /// As [`Engine::start`]; where the lock is not that of this workspace.
    pub fn take_over(options: EngineOptions, lock: File) -> Result<Self, Problem> {
        let lock = WorkspaceLock::adopt(lock, &options.folder, &options.socket)?;
        Self::start_under(lock, options, Arc::new(BuiltIn))
    }

    fn start_under(
        lock: WorkspaceLock,
        options: EngineOptions,
        connectors: Arc<dyn Connectors>,
    ) -> Result<Self, Problem> {
        // Spools that a kill left; nobody else is in here while the lock is ours.
        let _ = std::fs::remove_dir_all(options.folder.join("tmp"));
        for folder in ["runs", "snapshots", "tmp"] {
            make_folder(&options.folder.join(folder))?;
        }
        let mut random = ChaCha12Rng::seed_from_u64(options.seed);
        let now = options.clock.now();
        let store = Store::open(&options.folder, random.next_u64(), now)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("core")
            .enable_all()
            .build()
            .map_err(|error| {
                Problem::new(
                    ProblemKind::Internal,
                    format!("cannot start the core: {error}"),
                )
            })?;
        let core = core::Core::new(
            store.clone(),
            options.clock,
            connectors,
            &options.folder,
            random,
        );
        let link = runtime.block_on(begin(Arc::new(core), options.autonomous))?;
        Ok(Self {
            runtime: Some(runtime),
            link,
            store,
            lock,
        })
    }

    /// A face's way to this core.
    pub fn link(&self) -> LocalLink {
        self.link.clone()
    }

    /// The core's runtime, for tasks that serve it.
    ///
    /// # Errors
    /// A [`Problem`] where the core has stopped.
    pub fn spawn<F>(&self, task: F) -> Result<(), Problem>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stopped = || Problem::new(ProblemKind::Interrupted, "the core has stopped");
        self.runtime.as_ref().ok_or_else(stopped)?.spawn(task);
        Ok(())
    }

    /// Does something that needs the core's runtime about it.
    ///
    /// # Errors
    /// A [`Problem`] where the core has stopped.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> Result<T, Problem> {
        let stopped = || Problem::new(ProblemKind::Interrupted, "the core has stopped");
        let _guard = self.runtime.as_ref().ok_or_else(stopped)?.enter();
        Ok(work())
    }

    /// Stops: no new batch starts, those in flight are awaited, runs under way are interrupted.
    pub fn stop(mut self) {
        self.end(false);
    }

    /// Stops as [`Engine::stop`], and gives the lock for another core, which goes on with the runs.
    ///
    /// # Errors
    /// A [`Problem`] where the lock cannot be passed.
    pub fn hand_over(mut self) -> Result<File, Problem> {
        self.end(true);
        Ok(self.lock.pass()?)
    }

    fn end(&mut self, hand_over: bool) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        let (done, stopped) = oneshot::channel();
        let _ = self.link.messages.send(Message::Stop { hand_over, done });
        let most = if hand_over { HAND_OVER_DRAIN } else { DRAIN };
        runtime.block_on(async {
            if tokio::time::timeout(most, stopped).await.is_err() {
                tracing::warn!("runs under way did not end in time");
            }
            self.store.close().await;
        });
        runtime.shutdown_timeout(Duration::from_secs(2));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Only where it was not stopped: a runtime must not be waited for in here.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn make_folder(path: &Path) -> Result<(), Problem> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| {
            Problem::new(
                ProblemKind::State,
                format!("cannot make the folder {}: {error}", path.display()),
            )
        })
}

async fn begin(core: Arc<core::Core>, autonomous: bool) -> Result<LocalLink, Problem> {
    let orphans = recover::end_orphans(&core).await?;
    let orphaned: Vec<SyncId> = orphans.iter().map(|run| run.sync.clone()).collect();
    let handed_over = recover::handed_over(&core, &orphaned).await?;
    let (messages, receiver) = mpsc::unbounded_channel();
    let (view_sender, view) = watch::channel(Arc::new(WorkspaceView::default()));
    let conduct = Conduct { autonomous };
    let mut dispatcher =
        Dispatcher::load(Arc::clone(&core), conduct, messages.clone(), view_sender).await?;
    if autonomous {
        quarantine(&core, &mut dispatcher, &orphaned).await?;
    }
    dispatcher.settle_intents().await?;
    if autonomous {
        dispatcher.note_pending().await?;
        for (run, pinned, remainder) in handed_over {
            let id = run.id.clone();
            if let Err(problem) = dispatcher.go_on(run, pinned, remainder).await {
                tracing::error!(run = %id, %problem, "cannot go on with the run");
            }
        }
        dispatcher.catch_up().await;
        for (sync, at) in dispatcher.put_off() {
            dispatcher.run_later(sync, at, Trigger::FollowUp);
        }
        let mut interrupted = dispatcher.interrupted();
        for run in orphans {
            // An undo is not made good by a run that sends the model's rows.
            if run.options.undo_of.is_none() && !interrupted.contains(&run.sync) {
                interrupted.push(run.sync);
            }
        }
        resume(&core, &mut dispatcher, interrupted);
    }
    tokio::spawn(dispatcher.work(receiver));
    let connection = watch::channel(Connection::Local).1;
    Ok(LocalLink {
        messages,
        view,
        events: core.events.clone(),
        connection,
    })
}

/// Pauses syncs that keep bringing the core down, before anything of them is sent again.
async fn quarantine(
    core: &Arc<core::Core>,
    dispatcher: &mut Dispatcher,
    interrupted: &[SyncId],
) -> Result<(), Problem> {
    let now = core.clock.now();
    let since = now - chrono::Duration::hours(QUARANTINE_HOURS);
    for sync in interrupted {
        if core.store.crash_count(sync, since).await? >= QUARANTINE_DEATHS {
            let reason = format!(
                "the core stopped {QUARANTINE_DEATHS} times within {QUARANTINE_HOURS} h while it ran"
            );
            let event = core
                .store
                .set_paused(sync, true, "core", Some(reason), now)
                .await?;
            core.tell(event);
            dispatcher.reload().await;
        }
    }
    Ok(())
}

/// Begins one run per interrupted sync, spaced; a paused sync waits for a person.
fn resume(core: &core::Core, dispatcher: &mut Dispatcher, interrupted: Vec<SyncId>) {
    let now = core.clock.now();
    let count = i64::try_from(interrupted.len()).unwrap_or(1).max(1);
    for (place, sync) in (0_i64..).zip(interrupted) {
        let at = now + chrono::Duration::seconds(SPREAD_S * place / count);
        dispatcher.run_later(sync, at, Trigger::Recovery);
    }
}
