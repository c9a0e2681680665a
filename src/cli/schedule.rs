//! `schedule next`: the next times of a cron expression, or of words for one.

use chrono::{SecondsFormat, Utc};

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::schedule::{CronSchedule, ScheduleError, parse_zone};

use super::args::ScheduleAction;
use super::output::{json, say};

/// Prints next times.
pub(super) fn next(action: ScheduleAction) -> Result<u8, Problem> {
    let ScheduleAction::Next {
        expression,
        zone,
        from,
        count,
        json: form,
    } = action;
    let tz = parse_zone(&zone).map_err(usage)?;
    let schedule = CronSchedule::parse(&expression).map_err(usage)?;
    let mut after = from.map_or_else(Utc::now, |from| from.with_timezone(&Utc));
    let mut times = Vec::new();
    for _ in 0..count {
        let Some(at) = schedule.next_after(after, tz) else {
            break;
        };
        after = at;
        times.push(
            at.with_timezone(&tz)
                .to_rfc3339_opts(SecondsFormat::Secs, false),
        );
    }
    if form.json {
        json(&times)?;
    } else {
        times.iter().for_each(say);
    }
    Ok(0)
}

/// The problem of what was typed wrong.
fn usage(error: ScheduleError) -> Problem {
    let problem = Problem::from(error);
    Problem {
        kind: ProblemKind::Usage,
        ..problem
    }
}
