//! What goes into the interface and what comes out of it: messages with their time, and effects.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use crossterm::event::{KeyEvent, MouseEvent};

use super::exporting::Export;
use super::log_file::SavedLog;
use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::problem::Problem;
use crate::link::{Connection, WorkspaceView};

/// A point in time on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the wall clock says.
    pub wall: DateTime<Utc>,
    /// Milliseconds of a clock that only goes forward.
    pub ms: u64,
}

/// Something that the interface is told, with the time at which it came.
#[derive(Debug)]
pub struct Msg {
    /// When.
    pub at: Moment,
    /// What.
    pub what: What,
}

/// What the interface is told.
#[derive(Debug)]
pub enum What {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted as one piece.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The core's latest state.
    View(Arc<WorkspaceView>),
    /// How the core is joined now.
    Connection(Connection),
    /// Something happened in the core.
    Event(Event),
    /// Happenings were lost on the way; what shows them reads them again.
    Lagged,
    /// The core answered the command with this token.
    Reply {
        /// The token of [`Effect::Send`].
        token: u64,
        /// The answer.
        result: Box<Result<Reply, Problem>>,
    },
    /// A log was written to a file, or could not be.
    LogSaved(Result<PathBuf, String>),
    /// The person's own editor was left, with this text.
    Edited(Result<String, String>),
    /// Time went by.
    Tick,
    /// The process was stopped and goes on.
    Resumed,
    /// Something outside asks the process to stop for a while (SIGTSTP).
    SuspendAsked,
}

/// What the loop does for the interface.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Sends a command; its answer comes back as [`What::Reply`].
    Send {
        /// Names the answer.
        token: u64,
        /// The command.
        command: Command,
    },
    /// Lets go of a command whose answer nobody wants any more; what only reads stops.
    Abandon {
        /// The token of its [`Effect::Send`].
        token: u64,
    },
    /// Gives the terminal to the person's own editor with this text; it comes back as
    /// [`What::Edited`].
    OpenEditor {
        /// How the file's name ends: `sql`.
        suffix: &'static str,
        /// The text.
        text: String,
    },
    /// Puts text on the clipboard of the person's terminal.
    Copy(String),
    /// Leaves.
    Quit(Leave),
    /// Gives the terminal back and stops the process until it is continued.
    Suspend,
    /// Paints every cell again.
    Redraw,
    /// Turns reports of the mouse on or off.
    Mouse(bool),
    /// Writes a run's log to a file in the folder for saved logs.
    SaveLog(SavedLog),
    /// Writes what may be longer than memory to a file of this name in the folder for saved logs;
    /// it ends with [`What::LogSaved`].
    Export {
        /// The file's name.
        name: String,
        /// What.
        what: Export,
    },
    /// Keeps what the next start restores.
    SaveSession(String),
}

/// How the interface was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// A person left; nothing of this process runs on.
    Quit,
    /// A person left and said that the runs in this process are to be stopped.
    StopRuns,
    /// A person left and said that the runs in this process are to go on without it.
    KeepRunning,
    /// A person wants the shell for a while, and the runs in this process to go on without it.
    Suspend,
    /// A signal asked it to end.
    Signal,
    /// The terminal went away.
    Hangup,
}
