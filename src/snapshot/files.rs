//! Durable files: private on creation, complete before they get their name.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::SnapshotError;

/// A file that has its name only once it is on disk; without [`Self::commit`] it goes away.
#[derive(Debug)]
pub(crate) struct PendingFile {
    file: Option<File>,
    unfinished: PathBuf,
    path: PathBuf,
}

impl PendingFile {
    /// Opens a file of mode 0600 under a name that marks it as unfinished.
    pub fn create(path: &Path) -> Result<Self, SnapshotError> {
        if let Some(folder) = path.parent() {
            let is_new = !folder.exists();
            fs::create_dir_all(folder)
                .map_err(|error| SnapshotError::io("create", folder, error))?;
            // The name of a folder is as durable as what stands in it.
            for new in folder.ancestors().take(2).filter(|_| is_new) {
                sync_folder_of(new)?;
            }
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".unfinished");
        let unfinished = path.with_file_name(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(|error| SnapshotError::io("create", &unfinished, error))?;
        Ok(Self {
            file: Some(file),
            unfinished,
            path: path.to_owned(),
        })
    }

    /// The file, to write into.
    pub fn file(&mut self) -> Result<&mut File, SnapshotError> {
        let path = &self.path;
        self.file
            .as_mut()
            .ok_or_else(|| SnapshotError::damaged(path, "the file is closed"))
    }

    /// The name that the file gets.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Brings content, name and folder to disk.
    pub fn commit(mut self) -> Result<(), SnapshotError> {
        let path = self.path.clone();
        let file = self.file()?;
        file.sync_all()
            .map_err(|error| SnapshotError::io("sync", &path, error))?;
        fs::rename(&self.unfinished, &path)
            .map_err(|error| SnapshotError::io("rename", &path, error))?;
        self.file = None;
        sync_folder_of(&path)
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nothing is lost when this fails: an unfinished name is never read.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// Brings the names in the folder of `path` to disk.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), SnapshotError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| SnapshotError::io("sync", folder, error))
}
