//! Where a workspace is, and where its socket.

use std::path::{Path, PathBuf};

use crate::domain::problem::{Problem, ProblemKind};

/// The longest path that a Unix socket surely takes, in bytes.
const MAX_SOCKET_BYTES: usize = 100;

/// The workspace's folder: as given, else `SIGNALSMITH_DIR` (which the caller reads), else
/// `signalsmith` in the user's data folder.
///
/// # Errors
/// A [`Problem`] of kind `usage` where none is given and there is no home.
pub fn workspace(
    given: Option<&Path>,
    data_home: Option<&Path>,
    home: Option<&Path>,
) -> Result<PathBuf, Problem> {
    if let Some(given) = given {
        return std::path::absolute(given).map_err(|error| {
            Problem::new(
                ProblemKind::Usage,
                format!("cannot use {}: {error}", given.display()),
            )
        });
    }
    let data = data_home
        .filter(|path| path.is_absolute())
        .map(Path::to_owned)
        .or_else(|| home.map(|home| home.join(".local/share")));
    data.map(|data| data.join("signalsmith")).ok_or_else(|| {
        Problem::new(
            ProblemKind::Usage,
            "cannot tell where the workspace is: HOME is not set",
        )
        .hint("name its folder with -C DIR")
    })
}

/// The core's socket: in the workspace's folder, or where that path is too long for a socket, in
/// the runtime folder under a hash of it.
pub fn socket(workspace: &Path, runtime: Option<&Path>) -> PathBuf {
    let near = workspace.join("core.sock");
    if near.as_os_str().len() <= MAX_SOCKET_BYTES {
        return near;
    }
    let hash = blake3::hash(workspace.as_os_str().as_encoded_bytes()).to_hex();
    let short = hash.get(..16).unwrap_or("workspace");
    let folder = runtime.map_or_else(std::env::temp_dir, Path::to_owned);
    folder.join("signalsmith").join(format!("{short}.sock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_moves_the_socket() {
        let near = socket(Path::new("/srv/acme"), None);
        assert_eq!(near, Path::new("/srv/acme/core.sock"));
        let deep = PathBuf::from("/srv").join("x".repeat(120));
        let far = socket(&deep, Some(Path::new("/run/user/7")));
        assert!(far.starts_with("/run/user/7/signalsmith"));
        assert_eq!(far, socket(&deep, Some(Path::new("/run/user/7"))));
    }

    #[test]
    fn the_folder_follows_the_environment() {
        let home = Some(Path::new("/home/ada"));
        let path = workspace(None, None, home).unwrap();
        assert_eq!(path, Path::new("/home/ada/.local/share/signalsmith"));
        assert!(workspace(None, None, None).is_err());
    }
}
