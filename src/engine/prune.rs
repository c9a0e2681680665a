//! Removes plan files that nobody needs any more: by number, by age, by size.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Run;
use crate::snapshot::sweep_all;

use super::core::Core;
use super::deliver::broken;

/// Days for which a state is kept that a sync left behind.
const KEPT_DAYS: i64 = 30;
/// Runs of one sync whose plans are kept; mere plans are counted apart.
const RUNS: usize = 10;
/// Days for which a plan is kept.
const DAYS: i64 = 30;
/// Bytes of all plans of a workspace that are kept.
const BYTES: u64 = 10 << 30;
/// Runs that are looked at: older ones have lost their plans already.
const LOOKED_AT: u32 = 200;

/// Removes what is not kept: of a sync by number and age, of the workspace by size. A plan that
/// held deletes, an open batch, or a row without an outcome names is never removed.
///
/// # Errors
/// A [`Problem`] of kind `state` where store or folder cannot be read.
pub(crate) async fn prune(core: &Arc<Core>, sync: &SyncId) -> Result<(), Problem> {
    let_go(core, sync).await?;
    let needed = core.store.runs_with_open_ends().await?;
    let runs = core.store.runs(Some(sync), None, LOOKED_AT).await?;
    let spent = spent(&runs, core.clock.now());
    let paths = spent
        .into_iter()
        .filter(|run| !needed.contains(run))
        .map(|run| core.plan_path(&run))
        .collect::<Vec<_>>();
    let folder = core.folder.join("runs");
    let work = move || {
        for path in paths {
            remove(&path)?;
        }
        let plans = plans(&folder)?;
        let kept = |plan: &Plan| needed.contains(&plan.run);
        for path in too_many_bytes(plans, BYTES, kept) {
            remove(&path)?;
        }
        Ok(())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| broken(&error))?
}

/// Lets go of states that were kept long enough, and of files that no state names.
async fn let_go(core: &Core, sync: &SyncId) -> Result<(), Problem> {
    let before = core.clock.now() - TimeDelta::days(KEPT_DAYS);
    core.store.expire_kept(sync, before).await?;
    let layouts = core.store.layouts(sync).await?;
    let (root, sync) = (core.snapshots(), sync.clone());
    let swept = tokio::task::spawn_blocking(move || sweep_all(&root, &sync, &layouts));
    Ok(swept.await.map_err(|error| broken(&error))??)
}

/// Runs whose plans are not kept, of those given, newest first.
fn spent(runs: &[Run], now: DateTime<Utc>) -> Vec<RunId> {
    let oldest = now - TimeDelta::days(DAYS);
    let (mut sent, mut planned) = (0, 0);
    let mut spent = Vec::new();
    for run in runs.iter().filter(|run| run.status.is_final()) {
        let count = if run.options.plan_only {
            &mut planned
        } else {
            &mut sent
        };
        *count += 1;
        if *count > RUNS || run.queued_at < oldest {
            spent.push(run.id.clone());
        }
    }
    spent
}

/// One plan file.
struct Plan {
    run: RunId,
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
}

fn plans(folder: &Path) -> Result<Vec<Plan>, Problem> {
    let mut plans = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed("list", folder, &error))? {
        let path = entry
            .map_err(|error| failed("list", folder, &error))?
            .path();
        let is_plan = path
            .extension()
            .is_some_and(|extension| extension == "plan");
        let name = path.file_stem().and_then(|name| name.to_str());
        let Some(Ok(run)) = name.filter(|_| is_plan).map(RunId::parse) else {
            continue;
        };
        // One that goes meanwhile takes no space.
        let Ok(facts) = path.metadata() else { continue };
        plans.push(Plan {
            run,
            bytes: facts.len(),
            written: facts.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            path,
        });
    }
    Ok(plans)
}

/// The oldest plans, so many that the others fit into `most` bytes.
fn too_many_bytes(mut plans: Vec<Plan>, most: u64, kept: impl Fn(&Plan) -> bool) -> Vec<PathBuf> {
    let mut bytes: u64 = plans.iter().map(|plan| plan.bytes).sum();
    plans.sort_by_key(|plan| plan.written);
    let mut gone = Vec::new();
    for plan in plans {
        if bytes <= most {
            break;
        }
        if !kept(&plan) {
            bytes -= plan.bytes;
            gone.push(plan.path);
        }
    }
    gone
}

fn remove(path: &Path) -> Result<(), Problem> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(failed("remove", path, &error))
        }
        _ => Ok(()),
    }
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        ProblemKind::State,
        format!("cannot {doing} {}: {error}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn plan(number: u64, bytes: u64) -> Plan {
        Plan {
            run: RunId::from_bits(number),
            path: PathBuf::from(number.to_string()),
            bytes,
            written: SystemTime::UNIX_EPOCH + Duration::from_secs(number),
        }
    }

    #[test]
    fn the_oldest_go_until_the_others_fit_and_those_in_use_stay() {
        let plans = || vec![plan(3, 10), plan(1, 10), plan(2, 10), plan(4, 10)];
        let none = |_: &Plan| false;
        assert_eq!(too_many_bytes(plans(), 40, none), [] as [PathBuf; 0]);
        assert_eq!(
            too_many_bytes(plans(), 25, none),
            ["1", "2"].map(PathBuf::from)
        );
        let first = RunId::from_bits(1);
        let kept = |plan: &Plan| plan.run == first;
        assert_eq!(
            too_many_bytes(plans(), 25, kept),
            ["2", "3"].map(PathBuf::from)
        );
    }
}
