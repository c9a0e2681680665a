//! An open file: reached without following a link, unpacked as it is read, and looked at again at
//! its end.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, PathBuf};

use rustix::fs::{Mode, OFlags, open, openat};

use super::find::Found;
use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::cells::BOMB_BYTES;
use crate::connectors::sources::paths::{cannot_find, check_allowed, check_regular};
use crate::connectors::sources::stream::{Stop, stopped};
use crate::domain::problem::ProblemKind;

/// Bytes read from a packed file at a time.
const PACKED_BUFFER: usize = 256 << 10;

/// An open file.
pub(super) struct Opened {
    unpacked: Box<dyn Read + Send>,
    file: File,
    before: Stamp,
    path: PathBuf,
    stop: Stop,
    since_row: usize,
}

/// What changes when a file is written to.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

impl Opened {
    /// Opens a file that was found.
    pub(super) fn new(
        found: &Found,
        forbidden: &[PathBuf],
        stop: &Stop,
    ) -> Result<Self, ConnectorError> {
        let refused = |error: io::Error| cannot_find(&found.path, &error);
        let file = walk(found).map_err(refused)?;
        let metadata = file.metadata().map_err(refused)?;
        check_regular(&found.path, &metadata)?;
        let canonical = found.root.join(&found.below);
        check_allowed(&found.path, &canonical, &metadata, forbidden)?;
        let before = Stamp::of(&file).map_err(refused)?;
        let packed = file.try_clone().map_err(refused)?;
        let extension = found.path.extension().and_then(|end| end.to_str());
        let unpacked: Box<dyn Read + Send> = match extension {
            Some("gz") => {
                let packed = io::BufReader::with_capacity(PACKED_BUFFER, packed);
                Box::new(flate2::bufread::MultiGzDecoder::new(packed))
            }
            Some("zst") => {
                let packed = io::BufReader::with_capacity(PACKED_BUFFER, packed);
                Box::new(zstd::stream::read::Decoder::with_buffer(packed).map_err(refused)?)
            }
            _ => Box::new(packed),
        };
        Ok(Self {
            unpacked,
            file,
            before,
            path: found.path.clone(),
            stop: stop.clone(),
            since_row: 0,
        })
    }

    /// Says that a row has ended: the count of bytes that guards against endless ones starts anew.
    pub(super) fn row_ended(&mut self) {
        self.since_row = 0;
    }

    /// Fails where the file was written to since it was opened.
    pub(super) fn check_unchanged(&self) -> Result<(), ConnectorError> {
        let now = Stamp::of(&self.file).map_err(|error| self.explain(&error))?;
        if now == self.before {
            return Ok(());
        }
        Err(ConnectorError::new(
            ProblemKind::Source,
            format!(
                "cannot trust {}: it changed while it was read",
                self.path.display()
            ),
        )
        .hint("run again when it is complete; write such files under another name and rename them"))
    }

    /// Says why reading failed.
    pub(super) fn explain(&self, error: &io::Error) -> ConnectorError {
        if self.stop.is_set() {
            return stopped();
        }
        let (why, hint) = match error.kind() {
            io::ErrorKind::UnexpectedEof => (
                "the packed file is cut".to_owned(),
                "fetch it again as a whole",
            ),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => (
                format!("the packed file is damaged ({error})"),
                "fetch it again as a whole",
            ),
            io::ErrorKind::FileTooLarge => (
                "one row is larger than 64 MiB".to_owned(),
                "look for a quote that is never closed, or at the setting quote",
            ),
            _ => (error.to_string(), ""),
        };
        ConnectorError::new(
            ProblemKind::Source,
            format!("cannot read {} to its end: {why}", self.path.display()),
        )
        .hint(hint)
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_set() {
            return Err(io::Error::other("stopped"));
        }
        let count = self.unpacked.read(buffer)?;
        self.since_row += count;
        if self.since_row > BOMB_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(count)
    }
}

/// Opens the file folder by folder from its root, so that no link put there meanwhile is followed,
/// and without waiting for the other end of a pipe.
fn walk(found: &Found) -> io::Result<File> {
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let last = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut at = open(&found.root, folder, Mode::empty())?;
    let mut parts = found.below.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let flags = if parts.peek().is_some() { folder } else { last };
        at = openat(&at, name, flags, Mode::empty())?;
    }
    Ok(File::from(at))
}
