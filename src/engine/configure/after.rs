//! Schedules that follow other syncs: names in a file, ids in the store.

use std::collections::HashMap;

use crate::domain::id::SyncId;
use crate::domain::near::{did_you_mean, nearest};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::schedule::Schedule;
use crate::domain::sync::Sync;

/// The ids of the syncs that a sync runs after.
pub(super) fn predecessors(sync: &Sync) -> Vec<&str> {
    match &sync.settings.schedule {
        Schedule::After { syncs } => syncs.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A schedule with ids where the file has names.
pub(super) fn with_ids(
    schedule: &Schedule,
    ids: &HashMap<String, SyncId>,
) -> Result<Schedule, Problem> {
    let Schedule::After { syncs } = schedule else {
        return Ok(schedule.clone());
    };
    let id = |name: &String| {
        let found = ids
            .get(name)
            .or_else(|| ids.values().find(|id| id.as_str() == name));
        found.map(ToString::to_string).ok_or_else(|| {
            Problem::new(
                ProblemKind::Config,
                format!("there is no sync '{name}' to run after"),
            )
            .hint(did_you_mean(nearest(name, ids.keys().map(String::as_str))))
        })
    };
    Ok(Schedule::After {
        syncs: syncs.iter().map(id).collect::<Result<_, _>>()?,
    })
}
