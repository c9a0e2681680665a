//! Folder and files of a workspace: who can reach them, and on what kind of disk they are.

use std::fs::{DirBuilder, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::error::StoreError;

const DOING: &str = "prepare the workspace's folder";

/// Makes the folder (0700) where it is missing; refuses one that others can reach, or that is on
/// a network file system.
pub(super) fn prepare_folder(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| StoreError::io(DOING, &error))?;
    let found = std::fs::metadata(dir).map_err(|error| StoreError::io(DOING, &error))?;
    check(dir, &found, 0o700)?;
    if is_network(dir) {
        return Err(StoreError::NetworkFilesystem {
            path: dir.to_owned(),
        });
    }
    Ok(())
}

/// Refuses an existing file that others can reach, or that is no plain file; a missing one is well.
///
/// Looks at the name only: the file is not opened.
pub(super) fn check_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::Io {
            doing: DOING,
            detail: format!("{} is not a plain file", path.display()),
        }),
        // By what was seen just now: the files of a core that is going may go with it.
        Ok(found) => check(path, &found, 0o600),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io(DOING, &error)),
    }
}

/// Makes an empty file (0600) where there is none, so that SQLite does not make it with more
/// rights. An existing file is not opened.
pub(super) fn create_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io(DOING, &error)),
    }
}

fn check(path: &Path, found: &Metadata, wanted: u32) -> Result<(), StoreError> {
    let mode = found.mode() & 0o7777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(StoreError::LooseModes {
            path: path.to_owned(),
            mode,
            wanted,
        })
    }
}

/// Magic numbers of NFS, SMB, CIFS, SMB2, AFS and Ceph (statfs(2)).
#[cfg(target_os = "linux")]
fn is_network(dir: &Path) -> bool {
    const NETWORK: [i128; 6] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x5346_414f,
        0x00c3_6400,
    ];
    rustix::fs::statfs(dir).is_ok_and(|found| {
        let magic = i128::from(found.f_type) & 0xffff_ffff;
        NETWORK.contains(&magic)
    })
}

#[cfg(not(target_os = "linux"))]
fn is_network(_dir: &Path) -> bool {
    false
}
