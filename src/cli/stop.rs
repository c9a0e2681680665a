//! `stop`: ends the workspace's core, wherever it runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::domain::problem::{Problem, ProblemKind};
use crate::link::view::SyncView;
use crate::link::{Link as _, RemoteLink};
use crate::store::{LockInfo, WorkspaceLock};

use super::context::require_workspace;
use super::output::say;

/// How often it is looked whether the core has gone.
const LOOK: Duration = Duration::from_millis(50);
/// How often at most: requests in flight are awaited for 30 s.
const LOOKS: u32 = 900;

/// Tells the core to stop and waits until it has.
pub(super) async fn stop(folder: &Path) -> Result<u8, Problem> {
    require_workspace(folder)?;
    let Some(info) = WorkspaceLock::read(folder) else {
        say("no core runs");
        return Ok(0);
    };
    // What a dead core left in the file names a process that may be anybody's by now.
    let Ok(link) = RemoteLink::attach(&info.socket).await else {
        say("no core runs");
        return Ok(0);
    };
    let under_way = |sync: &Arc<SyncView>| sync.active.is_some();
    let runs = link
        .view()
        .borrow()
        .syncs
        .iter()
        .filter(|sync| under_way(sync))
        .count();
    drop(link);
    let pid = i32::try_from(info.pid).ok().and_then(Pid::from_raw);
    let refused = |why: &dyn std::fmt::Display| {
        let text = format!("cannot stop the core, process {}: {why}", info.pid);
        Problem::new(ProblemKind::State, text)
            .hint("it may be another user's, or of another machine")
    };
    let pid = pid.ok_or_else(|| refused(&"this is no process"))?;
    kill_process(pid, Signal::TERM).map_err(|error| refused(&error))?;
    for _ in 0..LOOKS {
        if has_gone(folder, &info, pid) {
            say(told(runs));
            return Ok(0);
        }
        tokio::time::sleep(LOOK).await;
    }
    let text = format!("the core, process {}, does not end", info.pid);
    Err(Problem::new(ProblemKind::Interrupted, text)
        .hint("it awaits what is in flight; look into core.log in the workspace's folder"))
}

fn told(runs: usize) -> &'static str {
    match runs {
        0 => "stopped",
        _ => "stopped; what was under way is interrupted, and run again by the next core",
    }
}

/// Whether the core is no more; a process of ours that ended is one until it is waited for.
fn has_gone(folder: &Path, core: &LockInfo, pid: Pid) -> bool {
    WorkspaceLock::read(folder).as_ref() != Some(core) || test_kill_process(pid).is_err()
}
