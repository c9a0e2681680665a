//! Which paths a source may open: regular files that are not the workspace's own.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::connectors::contract::ConnectorError;
use crate::domain::problem::ProblemKind;

/// Gives the canonical form of `path`, where a regular file stands there that may be read.
pub(super) fn find_file(path: &Path, forbidden: &[PathBuf]) -> Result<PathBuf, ConnectorError> {
    let found = path
        .canonicalize()
        .map_err(|error| cannot_find(path, &error))?;
    let metadata = found
        .metadata()
        .map_err(|error| cannot_find(path, &error))?;
    check_regular(path, &metadata)?;
    check_allowed(path, &found, &metadata, forbidden)?;
    Ok(found)
}

/// Refuses what is not a regular file: reading a pipe or a device may never end.
pub(super) fn check_regular(path: &Path, metadata: &Metadata) -> Result<(), ConnectorError> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() {
        "a folder"
    } else {
        "a pipe, socket or device"
    };
    Err(ConnectorError::new(
        ProblemKind::Config,
        format!("cannot read {}: it is {what}", path.display()),
    )
    .hint("give the path of a regular file"))
}

/// Refuses the workspace's own files, under whatever name they are reached (also a hard link).
pub(super) fn check_allowed(
    path: &Path,
    canonical: &Path,
    metadata: &Metadata,
    forbidden: &[PathBuf],
) -> Result<(), ConnectorError> {
    let own = forbidden.iter().any(|own| {
        let by_name = own.canonicalize().map_or_else(
            |_| canonical == own,
            |own| canonical == own || canonical.starts_with(&own),
        );
        by_name
            || own.metadata().is_ok_and(|own| {
                own.is_file() && own.dev() == metadata.dev() && own.ino() == metadata.ino()
            })
    });
    if own {
        return Err(ConnectorError::new(
            ProblemKind::Config,
            format!(
                "cannot read {}: it belongs to the workspace itself",
                path.display()
            ),
        )
        .hint("give another file"));
    }
    Ok(())
}

/// Says why a path leads to nothing.
pub(super) fn cannot_find(path: &Path, error: &std::io::Error) -> ConnectorError {
    let (why, hint) = match error.kind() {
        std::io::ErrorKind::NotFound => ("there is no such file", "look at the setting path"),
        std::io::ErrorKind::PermissionDenied => (
            "permission was denied",
            "let the user that runs this core read the file and enter its folders",
        ),
        _ => ("the system refused", ""),
    };
    let detail = match why {
        "the system refused" => format!("{why} ({error})"),
        _ => why.to_owned(),
    };
    ConnectorError::new(
        ProblemKind::Source,
        format!("cannot open {}: {detail}", path.display()),
    )
    .hint(hint)
}
