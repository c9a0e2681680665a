//! `serve`: the workspace's core without an interface.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use crate::domain::problem::{Problem, ProblemKind};

use super::context::{Context, require_workspace, socket_of};
use super::headless;
use super::output::say;

/// The word with which it says that it can be reached.
pub(super) const READY: &str = "serving";

/// Runs a core until it is told to stop; `take_over` goes on with what another core left, whose lock
/// is standard input.
pub(super) async fn serve(folder: &Path, take_over: bool) -> Result<u8, Problem> {
    require_workspace(folder)?;
    // Before it says that it is there: from then on it may be told to stop.
    let signals = headless::Signals::listen()?;
    let context = if take_over {
        Context::take_over(folder, passed_lock()?)?
    } else {
        Context::host(folder, true)?
    };
    say(format!(
        "{READY} {} at {}; process {}",
        folder.display(),
        socket_of(folder).display(),
        std::process::id()
    ));
    if take_over {
        headless::let_go_of_terminal();
    } else {
        say("ctrl-c, or `signalsmith stop` from anywhere, stops it");
    }
    signals.stay().await;
    context.close();
    Ok(0)
}

fn passed_lock() -> Result<File, Problem> {
    let lock = io::stdin().as_fd().try_clone_to_owned();
    lock.map(File::from).map_err(|error| {
        let text = format!("cannot take over: standard input is closed: {error}");
        Problem::new(ProblemKind::Usage, text).hint("start a core with: signalsmith serve")
    })
}
