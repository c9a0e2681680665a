//! A core without a face: its descriptors moved away from a terminal, until it is told to stop.

use std::fs::OpenOptions;
use std::os::fd::IntoRawFd as _;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::domain::problem::{Problem, ProblemKind};

/// Moves the standard descriptors away from a terminal, which may be gone, or another's soon.
pub(super) fn let_go_of_terminal() {
    let Ok(nowhere) = OpenOptions::new().write(true).open("/dev/null") else {
        return;
    };
    // Whoever still reads keys waits for ever here. At the end of a file it would read the end of
    // the file again and again, with a whole core.
    let Ok((silence, speaker)) = std::io::pipe() else {
        return;
    };
    let _open_as_long_as_the_process = speaker.into_raw_fd();
    let moved = [
        rustix::stdio::dup2_stdin(&silence),
        rustix::stdio::dup2_stdout(&nowhere),
        rustix::stdio::dup2_stderr(&nowhere),
    ];
    for error in moved.into_iter().filter_map(Result::err) {
        tracing::warn!(%error, "cannot let go of the terminal");
    }
}

/// The signals that a core without a face listens to.
pub(super) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// A [`Problem`] where the system does not deliver signals.
    pub fn listen() -> Result<Self, Problem> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                let text = format!("cannot listen for signals: {error}");
                Problem::new(ProblemKind::Internal, text)
            })
        };
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Keeps the process until SIGTERM or SIGINT; that a terminal goes away does not concern it.
    pub async fn stay(mut self) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {}
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
            }
        }
    }
}

/// Waits until the process is told to end by SIGTERM, as `signalsmith stop` does.
pub(super) async fn told_to_end() -> Problem {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => terminate.recv().await,
        // Then the signal has its usual effect.
        Err(_) => std::future::pending().await,
    };
    Problem::new(ProblemKind::Interrupted, "the command was told to end")
        .hint("what it had begun is interrupted, and run again by the next core")
}
