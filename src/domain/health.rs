//! Health of a sync from 0 to 100: success 40, error trend 20, duration 20, freshness 20.

use super::run::RunStatus;

/// Runs at the end of the history that the trend looks at.
const LATEST: usize = 5;

/// One ended run, oldest first in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub status: RunStatus,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

fn success(run: &Ended) -> f64 {
    match run.status {
        RunStatus::Completed => 1.0,
        RunStatus::CompletedWithErrors => 0.5,
        _ => 0.0,
    }
}

fn mean(runs: &[Ended], of: impl Fn(&Ended) -> f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most a few runs")]
    let count = runs.len().max(1) as f64;
    runs.iter().map(of).sum::<f64>() / count
}

/// Scores a sync: healthy from 80, warning from 60, degraded from 40, else critical. Nothing
/// before its first run.
///
/// `overdue` is the age of its last good run as a multiple of the schedule's interval, or nothing
/// where no schedule says when it should run.
pub fn score(history: &[Ended], overdue: Option<f64>) -> Option<u8> {
    let last = history.last()?;
    let split = history.len().saturating_sub(LATEST);
    let (before, latest) = history.split_at(split);
    let overall = mean(history, success);
    let trend = if before.is_empty() {
        mean(latest, success)
    } else {
        (1.0 + mean(latest, success) - mean(before, success)).clamp(0.0, 1.0)
    };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
    let length = |run: &Ended| run.ms.max(1) as f64;
    let duration = (2.0 - length(last) / mean(history, length)).clamp(0.0, 1.0);
    let fresh = overdue.map_or(1.0, |times| (2.0 - times).clamp(0.0, 1.0));
    let points = 40.0 * overall + 20.0 * trend + 20.0 * duration + 20.0 * fresh;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 100 by construction"
    )]
    Some(points.round().clamp(0.0, 100.0) as u8)
}

/// The word for a score.
pub fn word(score: u8) -> &'static str {
    match score {
        80.. => "healthy",
        60..=79 => "warning",
        40..=59 => "degraded",
        _ => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: RunStatus) -> Ended {
        Ended { status, ms: 1_000 }
    }

    #[test]
    fn a_sync_that_never_ran_has_no_health() {
        assert_eq!(score(&[], None), None);
    }

    #[test]
    fn good_runs_make_full_health_and_failures_make_none_but_the_steady_part() {
        assert_eq!(
            score(&[run(RunStatus::Completed); 20], Some(0.5)),
            Some(100)
        );
        assert_eq!(score(&[run(RunStatus::Failed); 3], Some(9.0)), Some(20));
    }

    #[test]
    fn recent_failures_weigh_more_than_old_ones() {
        let mut old = vec![run(RunStatus::Failed); 5];
        old.extend([run(RunStatus::Completed); 5]);
        let mut new = vec![run(RunStatus::Completed); 5];
        new.extend([run(RunStatus::Failed); 5]);
        assert!(score(&old, None) > score(&new, None));
    }

    #[test]
    fn a_run_that_is_late_or_slow_costs_points() {
        let steady = [run(RunStatus::Completed); 5];
        assert!(score(&steady, Some(3.0)) < score(&steady, Some(1.0)));
        let mut slow = steady;
        slow[4].ms = 60_000;
        assert!(score(&slow, None) < score(&steady, None));
    }
}
