//! The hand-over: a core of this process ends, and `serve` goes on with its runs in another one.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::problem::{Problem, ProblemKind};

use super::context::Context;
use super::serve::READY;

/// How long the other core may take until it can be reached.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hands the runs of this process's core over to another process and gives that one's id; nothing
/// where the core is another's already.
///
/// # Errors
/// A [`Problem`] where the other core does not come up: the runs are interrupted, and go on with the
/// next core.
pub(super) async fn hand_over(context: Context, folder: &Path) -> Result<Option<u32>, Problem> {
    let Some(lock) = context.hand_over()? else {
        return Ok(None);
    };
    let child = spawn(folder, lock).map_err(|error| failed(&error))?;
    let pid = child.id();
    ready(child).await?;
    Ok(Some(pid))
}

fn failed(why: &dyn std::fmt::Display) -> Problem {
    let text = format!("cannot hand the runs over: {why}");
    Problem::new(ProblemKind::Internal, text)
        .hint("they are interrupted, and go on with the next core: signalsmith serve")
}

/// Starts `serve` in a process group of its own, so that no key of this terminal reaches it.
fn spawn(folder: &Path, lock: File) -> std::io::Result<Child> {
    Command::new(program())
        .arg0("signalsmith")
        .arg("-C")
        .arg(std::path::absolute(folder)?)
        .args(["serve", "--take-over"])
        .stdin(lock)
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// This program, also where its file was replaced meanwhile.
fn program() -> PathBuf {
    let named = std::env::current_exe().ok().filter(|path| path.exists());
    named.unwrap_or_else(|| PathBuf::from("/proc/self/exe"))
}

/// Waits until the other core says that it can be reached.
async fn ready(mut child: Child) -> Result<(), Problem> {
    let (said, heard) = oneshot::channel();
    let output = child.stdout.take();
    // It outlives the wait: whoever started a process is told when it has ended.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = output.map(|output| BufReader::new(output).read_line(&mut line));
        let _ = said.send(matches!(read, Some(Ok(_))) && line.starts_with(READY));
        let _ = child.wait();
    });
    match tokio::time::timeout(PATIENCE, heard).await {
        Ok(Ok(true)) => Ok(()),
        Ok(_) => Err(failed(&"the other core ended at once")),
        Err(_) => Err(failed(&"the other core does not answer")),
    }
}
