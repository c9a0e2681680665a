//! What can go wrong with the workspace's own state, and what people are told of it.

use std::path::PathBuf;

use super::lock::LockInfo;
use crate::domain::problem::{Problem, ProblemKind};

/// Why a change was refused though nothing is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConflictKind {
    /// Someone else saved a newer revision meanwhile.
    Revision,
    /// The name belongs to another resource of the same kind.
    NameTaken,
    /// Something else uses what was to be deleted.
    InUse,
    /// The sync has a running run.
    Running,
    /// The sync has a queued run.
    Queued,
    /// The slot has had its run.
    SlotFired,
    /// The run cannot go from its status to the wanted one, or the intent is closed already.
    Status,
    /// An identifier is used already.
    Exists,
}

/// Why the store could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No space is left; nothing was changed.
    #[error("cannot {doing}: the disk that holds the workspace is full")]
    Full {
        /// What was being done.
        doing: &'static str,
    },
    /// The file system failed; nothing was changed.
    #[error("cannot {doing}: {detail}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        detail: String,
    },
    /// Another program kept the database locked for longer than the timeout.
    #[error("cannot {doing}: another program has locked the state database")]
    Busy {
        /// What was being done.
        doing: &'static str,
    },
    /// What is stored cannot be right.
    #[error("the workspace's state is damaged: {detail}")]
    Damaged {
        /// What was found.
        detail: String,
    },
    /// Refused in the present state; nothing was changed.
    #[error("{text}")]
    Conflict {
        /// Why, for code.
        kind: ConflictKind,
        /// Why, for people.
        text: String,
    },
    /// Something named is not there.
    #[error("there is no {what}")]
    NotFound {
        /// Its kind and name.
        what: String,
    },
    /// A later core has taken over: this one may not write any more.
    #[error("cannot {doing}: another core has taken over this workspace or run")]
    Fenced {
        /// What was being done.
        doing: &'static str,
    },
    /// Another core has the workspace.
    #[error("the workspace is in use{}", .by.as_ref().map(|by| format!(" by process {}", by.pid)).unwrap_or_default())]
    Locked {
        /// That core, where it told.
        by: Option<LockInfo>,
    },
    /// The database was written by a newer version.
    #[error("the state database has schema {found}, this version knows schemas up to {known}")]
    NewerSchema {
        /// The database's schema.
        found: u32,
        /// The newest one that is known here.
        known: u32,
    },
    /// Others than the owner can reach a file or folder.
    #[error("others can reach {}: its mode is {mode:04o}", path.display())]
    LooseModes {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode that it should have.
        wanted: u32,
    },
    /// The folder is on a network file system, whose locks cannot be relied on.
    #[error("the workspace {} is on a network file system", path.display())]
    NetworkFilesystem {
        /// The folder.
        path: PathBuf,
    },
    /// The SQLite library is one that can lose committed data.
    #[error("the SQLite library {found} can lose committed data in WAL mode")]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// A stored secret cannot be opened or kept.
    #[error("cannot open the stored secret {field} of {connection}: {why}")]
    Secret {
        /// The connection's id.
        connection: String,
        /// The setting.
        field: String,
        /// Why.
        why: String,
    },
    /// The store was closed.
    #[error("cannot {doing}: the state database is closed")]
    Closed {
        /// What was being done.
        doing: &'static str,
    },
    /// A statement failed in a way that is our own fault.
    #[error("cannot {doing}: {detail}")]
    Internal {
        /// What was being done.
        doing: &'static str,
        /// What SQLite or the decoder said.
        detail: String,
    },
}

/// Stands in an error until the calling method is known.
const SOMETHING: &str = "use the state database";

impl StoreError {
    /// Refuses for a reason that people can understand.
    pub(crate) fn conflict(kind: ConflictKind, text: impl Into<String>) -> Self {
        Self::Conflict {
            kind,
            text: text.into(),
        }
    }

    /// Says that something named is not there.
    pub(crate) fn not_found(kind: &str, name: impl std::fmt::Display) -> Self {
        Self::NotFound {
            what: format!("{kind} {name}"),
        }
    }

    /// Says that something stored does not read back.
    pub(crate) fn damaged(detail: impl Into<String>) -> Self {
        Self::Damaged {
            detail: detail.into(),
        }
    }

    /// Wraps a failure of the file system.
    pub(crate) fn io(doing: &'static str, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            Self::Full { doing }
        } else {
            Self::Io {
                doing,
                detail: error.to_string(),
            }
        }
    }

    /// Names what was being done, where the error does not know it yet.
    pub(crate) fn doing(mut self, what: &'static str) -> Self {
        match &mut self {
            Self::Full { doing }
            | Self::Io { doing, .. }
            | Self::Busy { doing }
            | Self::Fenced { doing }
            | Self::Closed { doing }
            | Self::Internal { doing, .. }
                if *doing == SOMETHING =>
            {
                *doing = what;
            }
            _ => {}
        }
        self
    }

    /// A fence, to be named by the writer.
    pub(crate) fn fenced() -> Self {
        Self::Fenced { doing: SOMETHING }
    }

    /// A closed store, to be named by the caller.
    pub(crate) fn closed() -> Self {
        Self::Closed { doing: SOMETHING }
    }

    /// Whether sending must stop until the disk is well again.
    pub fn halts(&self) -> bool {
        matches!(
            self,
            Self::Full { .. } | Self::Io { .. } | Self::Busy { .. } | Self::Damaged { .. }
        )
    }

    /// What to do now.
    fn hint(&self) -> String {
        match self {
            Self::Full { .. } => "free some space; sending goes on by itself afterwards".into(),
            Self::Io { .. } => {
                "look at the disk and the rights of the workspace's folder, then try again".into()
            }
            Self::Busy { .. } => {
                "close other programs that have state.db open, then try again".into()
            }
            Self::Damaged { .. } => {
                "put a copy of the workspace's folder back; destinations keep what was sent".into()
            }
            Self::Conflict { kind, .. } => match kind {
                ConflictKind::Revision => "load it again and repeat the change".into(),
                ConflictKind::NameTaken => "choose another name".into(),
                ConflictKind::InUse => "change or delete those first".into(),
                ConflictKind::Running => "wait for the run, or cancel it".into(),
                _ => String::new(),
            },
            Self::Fenced { .. } => "use the core that runs now".into(),
            Self::Locked { .. } => {
                "it may be starting or stopping: try again, or end that process first".into()
            }
            Self::NewerSchema { .. } => "use the newer signalsmith that wrote it".into(),
            Self::LooseModes { path, wanted, .. } => {
                format!("run chmod {wanted:o} {}", path.display())
            }
            Self::NetworkFilesystem { .. } => "move the workspace to a local disk".into(),
            Self::OldSqlite { .. } => "build with the bundled SQLite".into(),
            Self::Secret { .. } => {
                "put the right secret.key back, or enter the secret again".into()
            }
            Self::NotFound { .. } | Self::Closed { .. } | Self::Internal { .. } => String::new(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let doing = SOMETHING;
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { doing },
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Io { doing, detail },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { doing },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { detail },
            _ => Self::Internal { doing, detail },
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Conflict { .. } | StoreError::Locked { .. } => ProblemKind::Conflict,
            StoreError::NotFound { .. } => ProblemKind::NotFound,
            StoreError::Fenced { .. } | StoreError::Closed { .. } => ProblemKind::Interrupted,
            StoreError::LooseModes { .. }
            | StoreError::NetworkFilesystem { .. }
            | StoreError::Secret { .. } => ProblemKind::Config,
            StoreError::OldSqlite { .. } | StoreError::Internal { .. } => ProblemKind::Internal,
            StoreError::Full { .. }
            | StoreError::Io { .. }
            | StoreError::Busy { .. }
            | StoreError::Damaged { .. }
            | StoreError::NewerSchema { .. } => ProblemKind::State,
        };
        Self::new(kind, error.to_string()).hint(error.hint())
    }
}
