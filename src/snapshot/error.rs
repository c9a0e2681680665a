//! What can go wrong with the files and the journal of a snapshot.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::row::Damaged;

/// Why a snapshot, a spool or a plan file cannot be read or written; always of kind `state`.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file that must be there is not.
    #[error("cannot read {path}: the file is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file does not hold what was written into it.
    #[error("cannot read {path}: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// The layout or the journal of acknowledgements is not what was written.
    #[error("cannot read the snapshot's journal: {0}")]
    Journal(String),
    /// The store refused.
    #[error("cannot reach the journal of acknowledgements: {0}")]
    Log(String),
}

impl SnapshotError {
    /// Makes an error of the file system.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound && doing == "open" {
            return Self::Missing { path: path.into() };
        }
        Self::Io {
            doing,
            path: path.into(),
            source,
        }
    }

    /// Makes an error about a file's content.
    pub(crate) fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.into(),
            why: why.into(),
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check free space and permissions of the workspace's folder",
            Self::Missing { .. } | Self::Damaged { .. } | Self::Journal(_) => {
                "restore the workspace from a backup, or forget the sync's state and run it again"
            }
            Self::Log(_) => "look into core.log in the workspace's folder; nothing was sent",
        }
    }
}

impl From<Damaged> for SnapshotError {
    fn from(damaged: Damaged) -> Self {
        Self::Journal(damaged.to_string())
    }
}

impl From<SnapshotError> for Problem {
    fn from(error: SnapshotError) -> Self {
        Self::new(ProblemKind::State, error.to_string()).hint(error.hint())
    }
}
