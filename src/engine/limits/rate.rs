//! The pace of a destination: so many requests a second, evenly spaced, and none while it asked
//! for a pause; and the batch size that it has shown to bear.

use std::time::Duration;

/// Slower than one request an hour is no pace that a setting can mean.
const SLOWEST: Duration = Duration::from_hours(1);

/// Spaces requests evenly, so that no second holds more of them than its rate.
#[derive(Debug, Clone)]
pub struct Pace {
    interval: Duration,
    free_at: Duration,
}

impl Pace {
    /// Takes a rate; `None` and what is no rate (zero, negative, not a number) set none.
    pub fn new(requests_per_second: Option<f64>) -> Self {
        let interval = requests_per_second
            .filter(|rate| *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Self {
            interval: interval.unwrap_or_default().min(SLOWEST),
            free_at: Duration::ZERO,
        }
    }

    /// Takes the right to send one request at the monotonic time `now`.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        match self.free_at.checked_sub(now) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.free_at = now + self.interval;
                Ok(())
            }
        }
    }

    /// Lets no request go for `wait` from now on: all syncs of the destination share its limit.
    pub fn hold(&mut self, now: Duration, wait: Duration) {
        self.free_at = self.free_at.max(now + wait);
    }
}

/// The rows that a batch may have after the destination called larger ones too large.
#[derive(Debug, Clone, Default)]
pub struct BatchSize {
    most: Option<u32>,
}

impl BatchSize {
    /// The rows to put into one batch, at most `limit`.
    pub fn rows(&self, limit: u32) -> u32 {
        self.most.map_or(limit, |most| most.min(limit))
    }

    /// A batch of `rows` was too large: half of it from now on.
    pub fn too_large(&mut self, rows: u32) {
        let half = (rows / 2).max(1);
        self.most = Some(self.most.map_or(half, |most| most.min(half)));
    }

    /// A run ended without such an answer: a tenth more, until `limit` is reached again.
    pub fn clean_run(&mut self, limit: u32) {
        self.most = self
            .most
            .map(|most| most.saturating_add((most / 10).max(1)))
            .filter(|most| *most < limit);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_second_holds_more_requests_than_the_rate(
            rate in 1..50_u32,
            asks in proptest::collection::vec(0..200_u64, 1..300),
        ) {
            let mut pace = Pace::new(Some(f64::from(rate)));
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for millis in asks {
                now += Duration::from_millis(millis);
                if pace.take(now).is_ok() {
                    sent.push(now);
                }
            }
            for first in &sent {
                let second = *first..*first + Duration::from_millis(999);
                let inside = sent.iter().filter(|at| second.contains(*at)).count();
                prop_assert!(inside <= usize::try_from(rate).unwrap());
            }
        }
    }

    #[test]
    fn a_pause_holds_everyone_and_a_shorter_one_does_not_cut_it() {
        let mut pace = Pace::new(None);
        let second = Duration::from_secs(1);
        assert_eq!(pace.take(second), Ok(()));
        assert_eq!(pace.take(second), Ok(()));
        pace.hold(second, 10 * second);
        pace.hold(second, second);
        assert_eq!(pace.take(2 * second), Err(9 * second));
        assert_eq!(pace.take(11 * second), Ok(()));
    }

    #[test]
    fn what_is_no_rate_sets_none() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
            let mut pace = Pace::new(Some(rate));
            assert_eq!(pace.take(Duration::ZERO), Ok(()));
            assert!(pace.take(SLOWEST).is_ok());
        }
    }

    #[test]
    fn a_size_is_halved_at_once_and_grows_back_by_a_tenth_a_run() {
        let mut size = BatchSize::default();
        assert_eq!(size.rows(200), 200);
        size.too_large(200);
        size.too_large(200);
        assert_eq!(size.rows(200), 100);
        size.clean_run(200);
        assert_eq!(size.rows(200), 110);
        (0..10).for_each(|_| size.clean_run(200));
        assert_eq!(size.rows(1_000), 1_000);
        size.too_large(1);
        assert_eq!(size.rows(200), 1);
        size.clean_run(200);
        assert_eq!(size.rows(200), 2);
    }
}
