//! The dispatcher: the one writer of live state, where commands, runs and the schedule meet.

mod asides;
mod checks;
mod commands;
mod going_on;
mod ignoring;
mod keeping;
mod live;
mod polling;
mod runs;
mod scheduling;
mod undoing;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::command::{Command, Reply};
use crate::domain::id::SyncId;
use crate::domain::problem::Problem;
use crate::domain::run::Run;
use crate::link::WorkspaceView;

use super::core::Core;
use super::pending::Asked;
pub(crate) use live::{Active, Live};

/// Wall time is looked at again after this long, in case the clock was set.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The answer to a command.
pub(crate) type Answering = oneshot::Sender<Result<Reply, Problem>>;

/// What reaches the dispatcher.
pub(crate) enum Message {
    /// A face asks for something.
    Command(Box<Command>, Answering),
    /// A run's counters or phase changed.
    RunChanged(Box<Run>),
    /// A run is final, and stored so.
    RunEnded(Box<Run>),
    /// What an earlier core left open of a sync is settled.
    Settled(SyncId),
    /// A sync was asked for its pending outcomes; nothing where that could not be done.
    Polled(SyncId, Option<Asked>),
    /// The catalog changed in the store; who changed it is answered when that is seen everywhere.
    CatalogChanged(Option<(Answering, Result<Reply, Problem>)>),
    /// The core goes away; answered when every run has ended.
    Stop {
        /// Whether another core goes on with the runs.
        hand_over: bool,
        /// Where the answer goes.
        done: oneshot::Sender<()>,
    },
}

/// How the dispatcher works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conduct {
    /// Whether schedules fire and interrupted syncs are run again; off for a single command.
    pub autonomous: bool,
}

/// When the dispatcher looks at the time again, and what for.
enum Wake {
    /// A slot, or a run that begins later.
    Work(DateTime<Utc>),
    /// Nothing but a check of a destination.
    Housekeeping(DateTime<Utc>),
    Never,
}

/// The one writer of live state.
pub(crate) struct Dispatcher {
    pub(super) core: Arc<Core>,
    pub(super) live: Live,
    pub(super) conduct: Conduct,
    pub(super) sender: mpsc::UnboundedSender<Message>,
    view: watch::Sender<Arc<WorkspaceView>>,
    stopping: Option<oneshot::Sender<()>>,
}

impl Dispatcher {
    /// Loads the workspace and makes the first view.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where the store cannot be read.
    pub async fn load(
        core: Arc<Core>,
        conduct: Conduct,
        sender: mpsc::UnboundedSender<Message>,
        view: watch::Sender<Arc<WorkspaceView>>,
    ) -> Result<Self, Problem> {
        let mut live = Live::load(&core).await?;
        if !conduct.autonomous {
            // It starts nothing, and shows what comes next.
            live.scheduler.catch_up(live.now);
        }
        let mut dispatcher = Self {
            core,
            live,
            conduct,
            sender,
            view,
            stopping: None,
        };
        dispatcher.note_used();
        dispatcher.refresh_all();
        dispatcher.drop_asides().await;
        Ok(dispatcher)
    }

    /// Works until the core stops.
    pub async fn work(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        if self.conduct.autonomous {
            // A core that only answers one command starts nothing that nobody asked it for.
            self.start_ready().await;
        }
        loop {
            if self.stopping.is_some() && self.live.active.is_empty() {
                break;
            }
            let wake = self.wake();
            let clock = Arc::clone(&self.core.clock);
            let sleep = async move {
                match wake {
                    Wake::Work(at) => clock.sleep_until_within(at, LOOK_AGAIN).await,
                    Wake::Housekeeping(at) => clock.rest(at, LOOK_AGAIN).await,
                    Wake::Never => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                message = messages.recv() => match message {
                    Some(message) => self.take(message).await,
                    None => break,
                },
                () = sleep => self.look().await,
            }
        }
        if let Some(done) = self.stopping.take() {
            let _ = done.send(());
        }
    }

    async fn take(&mut self, message: Message) {
        self.live.now = self.core.clock.now();
        match message {
            Message::Command(command, answer) => self.command(*command, answer).await,
            Message::RunChanged(run) => {
                let begins = self.undo_begins(&run);
                self.live.run_changed(&run, self.core.clock.now());
                if begins {
                    self.undo_began(&run).await;
                }
                self.refresh(&run.sync);
                // One that was handed over may have been answered before it came to ask.
                let active = self.live.active.get(&run.sync);
                if active.is_some_and(|active| active.run.id == run.id && active.asks()) {
                    // It may wait for a day: who waits for it is told now.
                    self.live.answer_waiters(&run);
                }
            }
            Message::RunEnded(run) => self.run_ended(*run).await,
            Message::Settled(sync) => {
                self.poll_what_is_left(&sync).await;
                self.settled(&sync).await;
            }
            Message::Polled(sync, asked) => self.polled(&sync, asked).await,
            Message::CatalogChanged(waiting) => {
                self.reload().await;
                if let Some((answer, result)) = waiting {
                    let _ = answer.send(result);
                }
            }
            Message::Stop { hand_over, done } => self.stop(hand_over, done),
        }
    }

    fn stop(&mut self, hand_over: bool, done: oneshot::Sender<()>) {
        for active in self.live.active.values() {
            if hand_over {
                active.stop.hand_over.cancel();
            }
            active.stop.shutdown.cancel();
            active.stop.token.cancel();
        }
        self.stopping = Some(done);
    }

    /// Whether the core is about to go away, so that nothing new may start.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// Reads the catalog again and shows it; a failed read leaves the old one.
    pub(crate) async fn reload(&mut self) {
        match self.live.reload(&self.core).await {
            Ok(()) => {
                self.note_used();
                self.refresh_all();
                self.drop_asides().await;
            }
            Err(problem) => tracing::error!(%problem, "cannot read the catalog again"),
        }
    }

    /// Shows a new state of one sync.
    pub(super) fn refresh(&mut self, sync: &SyncId) {
        if let Some(view) = self.live.refresh(sync) {
            self.view.send_replace(view);
        }
    }

    /// Shows a new state of everything.
    pub(super) fn refresh_all(&mut self) {
        let view = self.live.refresh_all();
        self.view.send_replace(view);
    }
}
