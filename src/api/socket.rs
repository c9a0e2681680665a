//! Listens on the workspace's Unix socket, which only its owner can open.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use tokio::net::UnixListener;

use crate::domain::problem::{Problem, ProblemKind};
use crate::link::Link;

/// Binds the socket; one left by a dead core is replaced, for the lock says that it is dead.
///
/// Must be called within a runtime.
///
/// # Errors
/// A [`Problem`] of kind `state` where the socket cannot be made.
pub fn bind(socket: &Path) -> Result<UnixListener, Problem> {
    let cannot = |error: std::io::Error| {
        let text = format!("cannot listen at {}: {error}", socket.display());
        Problem::new(ProblemKind::State, text)
            .hint("other commands cannot reach this core; check the folder's permissions")
    };
    if let Some(folder) = socket.parent()
        && !folder.exists()
    {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(cannot)?;
    }
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(cannot)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).map_err(cannot)?;
    Ok(listener)
}

/// Serves the core's commands and view until the task is dropped.
pub async fn serve(listener: UnixListener, link: Arc<dyn Link>) {
    if let Err(error) = axum::serve(listener, super::router(link)).await {
        tracing::error!(%error, "the socket is no longer served");
    }
}
