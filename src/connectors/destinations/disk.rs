//! What destinations on this machine's disk share: the workspace's own files are refused, slow work
//! leaves the async threads, and values that no text can carry are found.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use chrono::Datelike as _;

use crate::connectors::contract::ConnectorError;
use crate::domain::problem::ProblemKind;
use crate::domain::value::Value;

/// What SQLite puts beside a database.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Runs `work` on a thread where it may wait for the disk.
pub(super) async fn blocking<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<ConnectorError> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            // Cancelled work is that of a core which goes away; it is no fault.
            let kind = if error.is_cancelled() {
                ProblemKind::Interrupted
            } else {
                ProblemKind::Internal
            };
            let text = "the work at the destination stopped before its end";
            Err(E::from(ConnectorError::new(kind, text)))
        })
}

/// Gives the absolute path with every link resolved; the last part need not be there yet.
///
/// # Errors
/// [`ConnectorError`] of kind `destination` where its folder cannot be found.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, ConnectorError> {
    let absolute = std::path::absolute(path).map_err(|error| missing(path, &error))?;
    if let Ok(found) = absolute.canonicalize() {
        return Ok(found);
    }
    if absolute.is_symlink() {
        return Err(ConnectorError::new(
            ProblemKind::Config,
            format!("{} is a link that leads nowhere", path.display()),
        )
        .hint("correct the link, or the setting path"));
    }
    let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(ConnectorError::new(
            ProblemKind::Config,
            format!("{} does not name a file", path.display()),
        ));
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| missing(folder, &error))?;
    Ok(folder.join(name))
}

fn missing(path: &Path, error: &std::io::Error) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Destination,
        format!("cannot find {}: {error}", path.display()),
    )
    .hint("make the folder, or correct the setting path")
}

/// Refuses a resolved path that is one of the workspace's own files, lies in one of its folders,
/// or is another name (a link) for one.
///
/// # Errors
/// [`ConnectorError`] of kind `config`.
pub(super) fn refuse_forbidden(path: &Path, forbidden: &[PathBuf]) -> Result<(), ConnectorError> {
    let inode = inode(path);
    for own in forbidden {
        let own = resolve(own).unwrap_or_else(|_| own.clone());
        let linked = inode.is_some() && inode == self::inode(&own);
        if linked || path.starts_with(&own) || is_side_file(path, &own) {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!(
                    "cannot write to {}: it belongs to the workspace",
                    path.display()
                ),
            )
            .hint("choose a path outside the workspace's own files"));
        }
    }
    Ok(())
}

/// Only asks for metadata: opening and closing a database's file would drop its locks.
fn inode(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn is_side_file(path: &Path, own: &Path) -> bool {
    let (Some(name), Some(own_name)) = (path.file_name(), own.file_name()) else {
        return false;
    };
    path.parent() == own.parent()
        && SIDE_FILES.iter().any(|suffix| {
            let mut side = own_name.to_owned();
            side.push(suffix);
            side.as_os_str() == AsRef::<OsStr>::as_ref(name)
        })
}

/// Says why the RFC 3339 text of `value` would not be the value.
pub(super) fn text_loses(value: &Value) -> Option<&'static str> {
    let year = match value {
        Value::Date(date) => date.year(),
        Value::Timestamp(instant) => {
            if instant.offset().local_minus_utc() % 60 != 0 {
                return Some("its offset from UTC has seconds, which RFC 3339 cannot carry");
            }
            instant.year()
        }
        _ => return None,
    };
    (!(0..=9999).contains(&year)).then_some("its year has not four digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_s_files_are_refused_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let own = folder.join("state.db");
        std::fs::write(&own, "").unwrap();
        std::os::unix::fs::symlink(&own, folder.join("soft.db")).unwrap();
        std::fs::hard_link(&own, folder.join("hard.db")).unwrap();
        std::fs::create_dir(folder.join("runs")).unwrap();
        let forbidden = vec![own, folder.join("runs")];
        for name in [
            "state.db",
            "soft.db",
            "hard.db",
            "state.db-wal",
            "runs/a.csv",
        ] {
            let path = resolve(&folder.join(name)).unwrap();
            assert!(refuse_forbidden(&path, &forbidden).is_err(), "{name}");
        }
        std::os::unix::fs::symlink(folder.join("runs/none"), folder.join("none.db")).unwrap();
        assert!(resolve(&folder.join("none.db")).is_err());
        let other = resolve(&folder.join("other.db")).unwrap();
        assert!(refuse_forbidden(&other, &forbidden).is_ok());
    }
}
