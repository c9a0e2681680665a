//! Where messages come from: signals, the terminal, the core, and what was asked of it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as Input, EventStream};
use futures_util::StreamExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{broadcast, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::exporting::{Export, export};
use super::log_file::{self, SavedLog};
use super::timer::Timer;
use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::problem::Problem;
use crate::link::{Connection, Link, WorkspaceView};

/// How long ctrl-c is not heard after another program had the terminal.
const DEAF: Duration = Duration::from_millis(300);

/// What ended a wait.
#[derive(Debug)]
pub(crate) enum Wake {
    /// The process is to end.
    Leave,
    /// The terminal is gone.
    Hangup,
    Suspend,
    Continued,
    Input(Input),
    View(Arc<WorkspaceView>),
    Connection(Connection),
    Event(Event),
    Lagged,
    Reply(u64, Result<Reply, Problem>),
    Saved(Result<PathBuf, String>),
    Time,
}

/// Where messages come from.
pub(crate) struct Sources {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    go_on: Signal,
    resized: Signal,
    input: EventStream,
    timer: Timer,
    view: watch::Receiver<Arc<WorkspaceView>>,
    connection: watch::Receiver<Connection>,
    events: broadcast::Receiver<Event>,
    /// What was closed at the other end is not asked again.
    view_open: bool,
    connection_open: bool,
    events_open: bool,
    /// Until when ctrl-c is not heard.
    deaf_until: Instant,
    /// Commands and files under way.
    work: JoinSet<Wake>,
    /// Commands under way by their token.
    asked: BTreeMap<u64, AbortHandle>,
}

impl Sources {
    /// Opens all of them.
    ///
    /// # Errors
    /// Where the system does not deliver signals.
    pub(crate) fn open(link: &dyn Link) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            resized: signal(SignalKind::window_change())?,
            input: EventStream::new(),
            timer: Timer::new(),
            view: link.view(),
            connection: link.connection(),
            events: link.events(),
            view_open: true,
            connection_open: true,
            events_open: true,
            deaf_until: Instant::now(),
            work: JoinSet::new(),
            asked: BTreeMap::new(),
        })
    }

    pub(crate) fn world(&mut self) -> Arc<WorkspaceView> {
        Arc::clone(&self.view.borrow_and_update())
    }

    pub(crate) fn connection(&mut self) -> Connection {
        self.connection.borrow_and_update().clone()
    }

    /// Waits for the next message; signals and keys come before what the core says, and the time
    /// comes last, so that all that is there is taken before a frame is drawn.
    pub(crate) async fn next(&mut self, until: Instant) -> Wake {
        loop {
            let wake = tokio::select! {
                biased;
                _ = self.terminate.recv() => Wake::Leave,
                _ = self.hangup.recv() => Wake::Hangup,
                // What was pressed in the person's own editor was meant for that.
                _ = self.interrupt.recv() => match Instant::now() < self.deaf_until {
                    true => continue,
                    false => Wake::Leave,
                },
                _ = self.stop.recv() => Wake::Suspend,
                _ = self.go_on.recv() => Wake::Continued,
                // The event stream forgets a resize that comes together with a key.
                _ = self.resized.recv() => match crossterm::terminal::size() {
                    Ok((columns, rows)) => Wake::Input(Input::Resize(columns, rows)),
                    Err(_) => continue,
                },
                input = self.input.next() => match input {
                    Some(Ok(Input::Resize(..))) => continue,
                    Some(Ok(input)) => Wake::Input(input),
                    // Without a terminal there is nobody to talk to.
                    Some(Err(_)) | None => Wake::Hangup,
                },
                changed = self.view.changed(), if self.view_open => match changed {
                    Ok(()) => Wake::View(Arc::clone(&self.view.borrow_and_update())),
                    Err(_) => {
                        self.view_open = false;
                        Wake::Connection(Connection::Lost { retry_in_s: 0 })
                    }
                },
                changed = self.connection.changed(), if self.connection_open => match changed {
                    Ok(()) => Wake::Connection(self.connection.borrow_and_update().clone()),
                    Err(_) => {
                        self.connection_open = false;
                        continue;
                    }
                },
                Some(done) = self.work.join_next() => match done {
                    Ok(wake) => wake,
                    // The hook has given the terminal back; there is no going on from here.
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => continue,
                },
                event = self.events.recv(), if self.events_open => match event {
                    Ok(event) => Wake::Event(event),
                    Err(broadcast::error::RecvError::Lagged(_)) => Wake::Lagged,
                    Err(broadcast::error::RecvError::Closed) => {
                        self.events_open = false;
                        continue;
                    }
                },
                () = self.timer.until(until) => Wake::Time,
            };
            return wake;
        }
    }

    /// Sends a command; the answer comes as [`Wake::Reply`].
    pub(crate) fn send(&mut self, link: Arc<dyn Link>, token: u64, command: Command) {
        let work = async move { Wake::Reply(token, link.send(command).await) };
        let handle = self.work.spawn(work);
        self.asked.retain(|_, asked| !asked.is_finished());
        self.asked.insert(token, handle);
    }

    /// Hears no ctrl-c for a moment: it came while another program had the terminal.
    pub(crate) fn deafen(&mut self) {
        self.deaf_until = Instant::now() + DEAF;
    }

    /// Lets go of a command: its answer does not come, and a core that only reads for it stops.
    pub(crate) fn let_go(&mut self, token: u64) {
        if let Some(asked) = self.asked.remove(&token) {
            asked.abort();
        }
    }

    /// Writes a log to a file; what came of it comes as [`Wake::Saved`].
    pub(crate) fn save(&mut self, link: Arc<dyn Link>, folder: PathBuf, log: SavedLog) {
        self.work
            .spawn(async move { Wake::Saved(log_file::save(link, folder, log).await) });
    }

    /// Writes what the core has, page by page, to a file that was not there before.
    pub(crate) fn export(&mut self, link: Arc<dyn Link>, path: PathBuf, what: Export) {
        let work = async move { Wake::Saved(export(link, path, what).await) };
        self.work.spawn(work);
    }

    /// Lets go of what is under way.
    pub(crate) async fn close(&mut self) {
        self.work.shutdown().await;
    }
}
