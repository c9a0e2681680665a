//! Tracing to a file in the workspace's folder; never to the terminal that an interface owns.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

/// Starts to write the core's own log to `core.log`; a second start, or a folder that cannot be
/// written, leaves everything as it is.
///
/// The environment variable `SIGNALSMITH_LOG` sets what is written (`info` by default).
pub fn start(folder: &Path) {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(folder.join("core.log"));
    let Ok(file) = file else { return };
    let filter =
        EnvFilter::try_from_env("SIGNALSMITH_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(Mutex::new(file))
        .finish();
    // Another subscriber is there already in tests, which start many cores in one process.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
