//! The workspace's lock: one core per folder, and where that core listens.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::files;

/// The lock file's name in the workspace's folder.
const LOCK_FILE: &str = "lock";
/// Bytes of the lock file that are read at most.
const LONGEST: u64 = 64 << 10;

/// Who holds a workspace, as the lock file tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockInfo {
    /// The core's process.
    pub pid: u32,
    /// The socket on which it listens.
    pub socket: PathBuf,
}

/// The right to be a workspace's core, held until dropped.
///
/// The lock is on a file of its own: to open and close the database file would drop the locks that
/// SQLite holds on it.
#[derive(Debug)]
pub struct WorkspaceLock {
    /// Nothing where it was passed on.
    file: Option<File>,
}

impl WorkspaceLock {
    /// Takes the lock of the workspace in `dir` and writes down where its core listens.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another core has it; loose modes; the file system's errors.
    pub fn acquire(dir: &Path, socket: &Path) -> Result<Self, StoreError> {
        const DOING: &str = "take the workspace's lock";
        files::prepare_folder(dir)?;
        let path = dir.join(LOCK_FILE);
        files::check_file(&path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| StoreError::io(DOING, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    by: read_info(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(DOING, &error)),
        }
        Self::held(file, socket).map_err(|error| StoreError::io(DOING, &error))
    }

    /// Takes the lock of the workspace in `dir` from the core that has it and passed `file` on.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where the file does not hold the lock and another core does; a file that
    /// is not this workspace's lock; the file system's errors.
    pub fn adopt(mut file: File, dir: &Path, socket: &Path) -> Result<Self, StoreError> {
        const DOING: &str = "take over the workspace's lock";
        let failed = |error: std::io::Error| StoreError::io(DOING, &error);
        let (given, own) = (
            file.metadata().map_err(failed)?,
            std::fs::metadata(dir.join(LOCK_FILE)).map_err(failed)?,
        );
        if (given.dev(), given.ino()) != (own.dev(), own.ino()) {
            return Err(failed(std::io::Error::other(
                "what was passed on is not the lock of this workspace",
            )));
        }
        // The lock is the open file's, whichever process has it; this takes what is taken already.
        match file.try_lock() {
            Ok(()) => Self::held(file, socket).map_err(failed),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
                by: read_info(&mut file),
            }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    fn held(mut file: File, socket: &Path) -> std::io::Result<Self> {
        let info = LockInfo {
            pid: std::process::id(),
            socket: socket.to_owned(),
        };
        let text = serde_json::to_string(&info).map_err(std::io::Error::other)?;
        write_info(&mut file, &text)?;
        Ok(Self { file: Some(file) })
    }

    /// Gives the lock away as a file that holds it, for [`WorkspaceLock::adopt`] in another process.
    ///
    /// # Errors
    /// Where it was given away already.
    pub fn pass(&mut self) -> Result<File, StoreError> {
        let gone = || std::io::Error::other("it was passed on already");
        let file = self.file.take();
        file.ok_or_else(|| StoreError::io("pass the workspace's lock on", &gone()))
    }

    /// Reads who holds the workspace in `dir`; nothing where its last core stopped cleanly.
    ///
    /// After a crash the dead core's entry stays: that nobody listens on its socket tells.
    pub fn read(dir: &Path) -> Option<LockInfo> {
        let mut file = File::open(dir.join(LOCK_FILE)).ok()?;
        read_info(&mut file)
    }
}

impl Drop for WorkspaceLock {
    fn drop(&mut self) {
        // An entry that stays is as after a crash: its reader finds that nobody listens.
        if let Some(file) = &self.file {
            let _ = file.set_len(0);
        }
    }
}

fn write_info(file: &mut File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

fn read_info(file: &mut File) -> Option<LockInfo> {
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
