//! The workspace's lock: one core per folder, and where that core listens.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
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
    file: File,
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
        let info = LockInfo {
            pid: std::process::id(),
            socket: socket.to_owned(),
        };
        let text = serde_json::to_string(&info)
            .map_err(|error| StoreError::io(DOING, &std::io::Error::other(error)))?;
        write_info(&mut file, &text).map_err(|error| StoreError::io(DOING, &error))?;
        Ok(Self { file })
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
        let _ = self.file.set_len(0);
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
