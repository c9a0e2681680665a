//! Where an object's file lies: names are checked, links are not followed, and what an earlier run
//! left beside it is removed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::connectors::contract::{ConnectorError, WriteError};
use crate::connectors::destinations::disk::refuse_forbidden;
use crate::domain::id::RunId;
use crate::domain::problem::ProblemKind;

use super::stage::Stage;

/// Leaves room for a run's id and a suffix in the 255 bytes of a file name.
const MAX_NAME_BYTES: usize = 200;
/// Ends the name of a run's stage.
const STAGE: &str = ".stage";
/// Ends the name of a file that is not yet renamed to the object's.
const TEMPORARY: &str = ".tmp";

/// An object's file in its folder.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: PathBuf,
    name: String,
    forbidden: Vec<PathBuf>,
}

/// Checks the name of an object.
///
/// # Errors
/// [`ConnectorError`] of kind `config` for a name that is not one plain file name.
pub(super) fn check_name(name: &str) -> Result<(), ConnectorError> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.contains(['/', '\\']) || name == "." || name == ".." {
        "it must name a file inside the destination's folder"
    } else if name.starts_with('.') {
        "hidden names are kept for unfinished work"
    } else if name.chars().any(char::is_control) {
        "it holds a control character"
    } else if name.len() > MAX_NAME_BYTES {
        "it is longer than 200 bytes"
    } else {
        return Ok(());
    };
    let shown: String = name.chars().take(80).collect();
    Err(ConnectorError::new(
        ProblemKind::Config,
        format!("cannot use the file '{shown}': {why}"),
    )
    .hint("give a name such as customers.jsonl"))
}

impl Place {
    /// The place of a checked name in a resolved folder.
    pub(super) fn new(folder: PathBuf, name: &str, forbidden: Vec<PathBuf>) -> Self {
        Self {
            folder,
            name: name.to_owned(),
            forbidden,
        }
    }

    /// The file's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file's path.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// The stage of a run.
    pub(super) fn stage(&self, run: &RunId) -> PathBuf {
        self.folder.join(format!(".{}.{run}{STAGE}", self.name))
    }

    /// The file that a run will rename to the object's.
    pub(super) fn temporary(&self, run: &RunId) -> PathBuf {
        self.folder.join(format!(".{}.{run}{TEMPORARY}", self.name))
    }

    /// Whether the file is there; what is no plain file of ours to write is refused.
    ///
    /// # Errors
    /// [`ConnectorError`] for a link, a folder, a device, a file of the workspace.
    pub(super) fn check(&self) -> Result<bool, ConnectorError> {
        let path = self.path();
        refuse_forbidden(&path, &self.forbidden)?;
        let refused = |why: &str| {
            Err(ConnectorError::new(
                ProblemKind::Config,
                format!("cannot use {}: {why}", path.display()),
            ))
        };
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => refused("it is a link, and links are not followed"),
            Ok(found) if !found.is_file() => refused("it is not a plain file"),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// Opens the file to read, where it is there.
    ///
    /// # Errors
    /// As [`Self::check`], and where it cannot be read.
    pub(super) fn open(&self) -> Result<Option<File>, ConnectorError> {
        self.open_with(OpenOptions::new().read(true))
    }

    /// Opens the file to append to; `None` where it is not there.
    ///
    /// # Errors
    /// As [`Self::check`], and where it cannot be written.
    pub(super) fn open_to_append(&self) -> Result<Option<File>, ConnectorError> {
        self.open_with(OpenOptions::new().read(true).append(true))
    }

    /// Makes the file, which must not be there.
    ///
    /// # Errors
    /// [`ConnectorError`] where it is there or cannot be made.
    pub(super) fn create(&self) -> Result<File, ConnectorError> {
        refuse_forbidden(&self.path(), &self.forbidden)?;
        OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path())
            .map_err(|error| self.failed("make", &error))
    }

    fn open_with(&self, options: &mut OpenOptions) -> Result<Option<File>, ConnectorError> {
        if !self.check()? {
            return Ok(None);
        }
        // The flags close the gap between the check and the opening: no link, no waiting pipe.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let file = options
            .custom_flags(flags)
            .open(self.path())
            .map_err(|error| self.failed("open", &error))?;
        let plain = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if !plain {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!(
                    "cannot use {}: it is not a plain file",
                    self.path().display()
                ),
            ));
        }
        Ok(Some(file))
    }

    /// Keeps other sessions, also of other programs that ask, from writing in the folder until
    /// the lock is dropped.
    ///
    /// # Errors
    /// [`ConnectorError`] where the folder cannot be opened.
    pub(super) fn lock(&self) -> Result<File, ConnectorError> {
        let folder = File::open(&self.folder).map_err(|error| self.failed("lock", &error))?;
        folder.lock().map_err(|error| self.failed("lock", &error))?;
        Ok(folder)
    }

    /// Removes stages and temporary files of other runs, unless a session still has them open.
    ///
    /// # Errors
    /// [`ConnectorError`] where the folder cannot be read.
    pub(super) fn remove_stale(&self, run: &RunId) -> Result<(), ConnectorError> {
        let entries =
            std::fs::read_dir(&self.folder).map_err(|error| self.failed("look beside", &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| self.failed("look beside", &error))?;
            let Some(other) = entry
                .file_name()
                .to_str()
                .and_then(|name| self.run_of(name))
            else {
                continue;
            };
            if other == *run {
                continue;
            }
            let stage = self.stage(&other);
            if !Stage::is_live(&stage) {
                Stage::remove(&stage);
                let _ = std::fs::remove_file(self.temporary(&other));
            }
        }
        Ok(())
    }

    /// The run whose stage or temporary file has this name.
    fn run_of(&self, file_name: &str) -> Option<RunId> {
        let rest = file_name.strip_prefix('.')?.strip_prefix(&self.name)?;
        let rest = rest.strip_prefix('.')?;
        let run = rest
            .strip_suffix(STAGE)
            .or_else(|| rest.strip_suffix(TEMPORARY))?;
        RunId::parse(run).ok()
    }

    /// The error of an attempt to `doing` the file.
    pub(super) fn failed(&self, doing: &str, error: &io::Error) -> ConnectorError {
        let hint = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free space on its disk",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "let this user write to the file and its folder"
            }
            io::ErrorKind::NotFound => "make the folder, or correct the setting path",
            _ => "",
        };
        ConnectorError::new(
            ProblemKind::Destination,
            format!("cannot {doing} {}: {error}", self.path().display()),
        )
        .hint(hint)
    }

    /// As [`Self::failed`], for a batch.
    pub(super) fn write_failed(&self, doing: &str, error: &io::Error) -> WriteError {
        WriteError::Fatal(self.failed(doing, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_taken() {
        for name in ["customers.csv", "a b.jsonl", "..x"] {
            assert_eq!(check_name(name).is_ok(), !name.starts_with('.'), "{name}");
        }
        for name in [
            "", ".", "..", "../x.csv", "a/b.csv", "a\\b.csv", ".x.csv", "a\nb.csv", "a\0.csv",
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"x".repeat(201)).is_err());
    }
}
