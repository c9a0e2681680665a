//! The circuit breaker of a destination: a dead one is asked now and then, not all the time.

use std::collections::VecDeque;
use std::time::Duration;

/// Failed batches in a row that open the circuit.
const IN_A_ROW: usize = 5;
/// The batches over which the share of failures is looked at.
const WINDOW: usize = 20;
/// The first wait before a probe; it doubles with each failed probe.
const FIRST_PROBE: Duration = Duration::from_secs(30);
/// The longest wait before a probe.
const LAST_PROBE: Duration = Duration::from_mins(10);
/// A circuit that has been open for longer ends the runs that wait for it.
const OPEN_TOO_LONG: Duration = Duration::from_mins(15);

/// Whether a batch may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Send it.
    Go,
    /// Send it alone: its outcome decides for the others.
    Probe,
    /// Wait for so long, then ask again.
    Wait(Duration),
    /// A probe is under way: wait for its outcome.
    Behind,
    /// Open for too long: the run ends.
    Unavailable(Duration),
}

/// Opens after 5 failed batches in a row or 10 failures in the last 20, and closes with a success.
/// Rejected rows are answers, not failures.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    /// The last outcomes, newest last; `true` is a failure.
    outcomes: VecDeque<bool>,
    open: Option<Open>,
}

#[derive(Debug, Clone)]
struct Open {
    since: Duration,
    last_failure: Duration,
    /// When the next probe may go; `None` while one is under way.
    probe_at: Option<Duration>,
    wait: Duration,
}

impl Breaker {
    /// Asks at the monotonic time `now` to send a batch that wants to go since `wanted`. Who is told
    /// [`Admission::Probe`] must report the outcome, or that there is none. A run ends only after a
    /// failure in its own time: one that comes later may find that the destination is back.
    pub fn admit(&mut self, now: Duration, wanted: Duration) -> Admission {
        let Some(open) = &mut self.open else {
            return Admission::Go;
        };
        if open.probe_at.is_some_and(|at| at <= now) {
            open.probe_at = None;
            return Admission::Probe;
        }
        let since = now.saturating_sub(open.since);
        let left = OPEN_TOO_LONG.saturating_sub(since);
        if left.is_zero() && open.last_failure > wanted {
            return Admission::Unavailable(since);
        }
        match open.probe_at {
            None => Admission::Behind,
            Some(at) if left.is_zero() => Admission::Wait(at - now),
            // No longer than until the run would end.
            Some(at) => Admission::Wait((at - now).min(left)),
        }
    }

    /// The destination answered: the circuit is closed.
    pub fn succeeded(&mut self) {
        if self.open.take().is_some() {
            self.outcomes.clear();
        }
        self.remember(false);
    }

    /// A batch failed, `probe` or not; failures that were on their way when the circuit opened
    /// change nothing.
    pub fn failed(&mut self, now: Duration, probe: bool) {
        match &mut self.open {
            Some(open) if probe => {
                open.wait = (open.wait * 2).min(LAST_PROBE);
                open.probe_at = Some(now + open.wait);
                open.last_failure = now;
            }
            Some(_) => {}
            None => {
                self.remember(true);
                if self.must_open() {
                    self.open = Some(Open {
                        since: now,
                        last_failure: now,
                        probe_at: Some(now + FIRST_PROBE),
                        wait: FIRST_PROBE,
                    });
                }
            }
        }
    }

    /// The probe came to no outcome (its run was cancelled): another may go at once.
    pub fn abandoned(&mut self, now: Duration) {
        if let Some(open) = &mut self.open {
            open.probe_at = Some(open.probe_at.unwrap_or(now));
        }
    }

    /// Since when the circuit is open, in monotonic time.
    pub fn open_since(&self) -> Option<Duration> {
        self.open.as_ref().map(|open| open.since)
    }

    fn remember(&mut self, failure: bool) {
        if self.outcomes.len() == WINDOW {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(failure);
    }

    fn must_open(&self) -> bool {
        let newest = self.outcomes.iter().rev();
        let in_a_row = newest.take_while(|failure| **failure).count();
        let failures = self.outcomes.iter().filter(|failure| **failure).count();
        in_a_row >= IN_A_ROW || (self.outcomes.len() == WINDOW && failures * 2 >= WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        (0..5).for_each(|_| breaker.failed(Duration::ZERO, false));
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_four_do_not() {
        let mut breaker = Breaker::default();
        (0..4).for_each(|_| breaker.failed(Duration::ZERO, false));
        assert_eq!(breaker.admit(Duration::ZERO, Duration::ZERO), Admission::Go);
        breaker.succeeded();
        (0..4).for_each(|_| breaker.failed(Duration::ZERO, false));
        assert_eq!(breaker.open_since(), None);
        breaker.failed(Duration::ZERO, false);
        assert_eq!(
            breaker.admit(Duration::ZERO, Duration::ZERO),
            Admission::Wait(seconds(30))
        );
    }

    #[test]
    fn ten_failures_in_the_last_twenty_open_it_and_nine_do_not() {
        let run = |failures: usize| {
            let mut breaker = Breaker::default();
            for batch in 0..20 {
                if batch % 2 == 1 && batch / 2 < failures {
                    breaker.failed(Duration::ZERO, false);
                } else {
                    breaker.succeeded();
                }
            }
            breaker.open_since()
        };
        assert_eq!(run(9), None);
        assert_eq!(run(10), Some(Duration::ZERO));
    }

    #[test]
    fn one_probe_goes_at_a_time_and_its_failure_doubles_the_wait() {
        let mut breaker = opened();
        assert_eq!(
            breaker.admit(seconds(29), Duration::ZERO),
            Admission::Wait(seconds(1))
        );
        assert_eq!(breaker.admit(seconds(30), Duration::ZERO), Admission::Probe);
        assert_eq!(
            breaker.admit(seconds(31), Duration::ZERO),
            Admission::Behind
        );
        // A straggler from before is no probe.
        breaker.failed(seconds(31), false);
        assert_eq!(
            breaker.admit(seconds(31), Duration::ZERO),
            Admission::Behind
        );
        breaker.failed(seconds(32), true);
        assert_eq!(
            breaker.admit(seconds(32), Duration::ZERO),
            Admission::Wait(seconds(60))
        );
        assert_eq!(breaker.admit(seconds(92), Duration::ZERO), Admission::Probe);
        breaker.abandoned(seconds(93));
        assert_eq!(breaker.admit(seconds(93), Duration::ZERO), Admission::Probe);
        breaker.succeeded();
        assert_eq!(breaker.admit(seconds(94), Duration::ZERO), Admission::Go);
        assert_eq!(breaker.open_since(), None);
    }

    #[test]
    fn open_for_a_quarter_of_an_hour_it_ends_runs_but_goes_on_probing_at_most_ten_minutes_apart() {
        let mut breaker = opened();
        let mut probes = Vec::new();
        let mut ended = None;
        for now in 0..7_200 {
            match breaker.admit(seconds(now), Duration::ZERO) {
                Admission::Probe => {
                    probes.push(now);
                    breaker.failed(seconds(now), true);
                }
                Admission::Unavailable(_) if ended.is_none() => ended = Some(now),
                _ => {}
            }
        }
        assert_eq!(ended, Some(900));
        let expected = [30, 90, 210, 450, 930, 1_530, 2_130];
        assert_eq!(probes.get(..7), Some(expected.as_slice()));
    }

    #[test]
    fn who_comes_late_to_a_circuit_waits_for_the_next_probe() {
        let mut breaker = opened();
        for probe in [30, 90, 210, 450] {
            assert_eq!(
                breaker.admit(seconds(probe), Duration::ZERO),
                Admission::Probe
            );
            breaker.failed(seconds(probe), true);
        }
        let late = seconds(900);
        let unavailable = Admission::Unavailable(late);
        assert_eq!(breaker.admit(late, Duration::ZERO), unavailable);
        assert_eq!(breaker.admit(late, late), Admission::Wait(seconds(30)));
        assert_eq!(breaker.admit(seconds(930), late), Admission::Probe);
        assert_eq!(breaker.admit(seconds(931), late), Admission::Behind);
        breaker.failed(seconds(932), true);
        let unavailable = Admission::Unavailable(seconds(932));
        assert_eq!(breaker.admit(seconds(932), late), unavailable);
    }
}
