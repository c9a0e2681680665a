//! How long to wait before a batch is sent again, and how often it is.

use std::time::Duration;

use rand::{Rng, RngExt};

/// The first bound of the back-off; it doubles with each failure.
const BASE: Duration = Duration::from_secs(1);
/// The last bound of the back-off.
const CAP: Duration = Duration::from_secs(60);
/// How often one batch is sent.
const ATTEMPTS: u32 = 6;
/// How long one batch is tried.
const BATCH_TIME: Duration = Duration::from_mins(10);
/// The longest wait that a destination may ask for within a run.
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// A random wait between nothing and the smaller of 60 s and 1 s doubled with each failure before
/// this one (full jitter: waiting batches spread over the whole time).
pub fn full_jitter(failures: u32, rng: &mut impl Rng) -> Duration {
    // Beyond 2^6 s the cap rules.
    let bound = BASE.saturating_mul(1 << failures.min(6)).min(CAP);
    rng.random_range(Duration::ZERO..=bound)
}

/// What becomes of a wait that the destination asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldWait {
    /// Wait within the run: never less than was asked for.
    Here(Duration),
    /// Longer than a run waits: it ends, and one follow-up starts after this time.
    Later(Duration),
}

/// Takes a wait that the destination asked for (`Retry-After`) and adds up to a tenth, so that not
/// all come back at once; what is longer than 15 minutes is for a later run.
pub fn told_to_wait(asked: Duration, rng: &mut impl Rng) -> ToldWait {
    if asked > LONGEST_WAIT {
        return ToldWait::Later(asked);
    }
    let jitter = rng.random_range(Duration::ZERO..=asked / 10);
    ToldWait::Here((asked + jitter).min(LONGEST_WAIT))
}

/// The attempts of one batch: six, within ten minutes; waits that the destination asked for count
/// as neither.
#[derive(Debug, Clone)]
pub struct Attempts {
    failures: u32,
    began: Duration,
    told: u32,
    told_time: Duration,
}

impl Attempts {
    /// Begins at the monotonic time `now`.
    pub fn new(now: Duration) -> Self {
        Self {
            failures: 0,
            began: now,
            told: 0,
            told_time: Duration::ZERO,
        }
    }

    /// How often the batch has failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure; the wait before the next attempt, or `None` when there is none.
    pub fn failed(&mut self, now: Duration, rng: &mut impl Rng) -> Option<Duration> {
        let wait = full_jitter(self.failures, rng);
        self.failures += 1;
        let in_time = (now + wait).saturating_sub(self.began) <= BATCH_TIME;
        (self.failures < ATTEMPTS && in_time).then_some(wait)
    }

    /// How often the batch was told to wait.
    pub fn told(&self) -> u32 {
        self.told
    }

    /// For how long the batch was told to wait, in all.
    pub fn told_time(&self) -> Duration {
        self.told_time
    }

    /// Leaves a wait that the destination asked for out of the batch's time.
    pub fn excuse(&mut self, wait: Duration) {
        self.began += wait;
        self.told = self.told.saturating_add(1);
        self.told_time += wait;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn waits_spread_over_the_whole_time_up_to_their_bound() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for (failures, bound) in [(0, 1), (1, 2), (5, 32), (6, 60), (7, 60), (u32::MAX, 60)] {
            let waits: Vec<f64> = (0..1_000)
                .map(|_| full_jitter(failures, &mut rng).as_secs_f64() / f64::from(bound))
                .collect();
            assert!(waits.iter().all(|share| (0.0..=1.0).contains(share)));
            for part in 0..10 {
                let part = f64::from(part) / 10.0;
                assert!(waits.iter().any(|share| (part..part + 0.1).contains(share)));
            }
        }
    }

    proptest! {
        #[test]
        fn a_batch_is_sent_at_most_six_times_within_ten_minutes(
            seed: u64,
            slow in 0..200_u64,
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut now = Duration::from_secs(1_000);
            let mut attempts = Attempts::new(now);
            let mut sent = 0;
            loop {
                prop_assert!(now - Duration::from_secs(1_000) <= BATCH_TIME);
                sent += 1;
                now += Duration::from_secs(slow);
                match attempts.failed(now, &mut rng) {
                    Some(wait) => now += wait,
                    None => break,
                }
            }
            prop_assert!(sent <= ATTEMPTS);
            prop_assert!(slow > 100 || sent == ATTEMPTS);
        }

        #[test]
        fn a_told_wait_is_never_cut_short_nor_more_than_a_tenth_longer(
            seed: u64,
            asked in 0..=2_000_000_u64,
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let asked = Duration::from_millis(asked);
            match told_to_wait(asked, &mut rng) {
                ToldWait::Here(wait) => {
                    prop_assert!(asked <= LONGEST_WAIT);
                    prop_assert!(wait >= asked && wait <= asked + asked / 10);
                    prop_assert!(wait <= LONGEST_WAIT);
                }
                ToldWait::Later(wait) => prop_assert!(asked > LONGEST_WAIT && wait == asked),
            }
        }
    }

    #[test]
    fn a_told_wait_takes_nothing_of_the_batchs_time() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut attempts = Attempts::new(Duration::ZERO);
        attempts.excuse(LONGEST_WAIT);
        assert!(attempts.failed(LONGEST_WAIT, &mut rng).is_some());
        assert_eq!(attempts.failures(), 1);
        let later = LONGEST_WAIT + BATCH_TIME + Duration::from_secs(1);
        assert!(attempts.failed(later, &mut rng).is_none());
    }
}
