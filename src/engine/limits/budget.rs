//! The retry budget of a destination: retries stay a small share of what goes through.

use std::time::Duration;

/// Successes that earn one retry.
const SUCCESSES_PER_RETRY: u32 = 5;
/// Earned retries are kept up to here, so that a good day does not pay for a storm.
const MOST_EARNED: u32 = 100;
/// Retries that every minute allows, whatever was earned.
const FLOOR: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);

/// Counts what may be sent again: a fifth of the successes, and ten a minute in any case.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    successes: u32,
    floor_left: u32,
    minute_began: Duration,
}

impl RetryBudget {
    /// Begins at the monotonic time `now`, with nothing earned.
    pub fn new(now: Duration) -> Self {
        Self {
            successes: 0,
            floor_left: FLOOR,
            minute_began: now,
        }
    }

    /// Earns a fifth of a retry.
    pub fn succeeded(&mut self) {
        self.successes = (self.successes + 1).min(MOST_EARNED * SUCCESSES_PER_RETRY);
    }

    /// Takes one retry; `false` when the budget is empty and the batch is not sent again.
    #[must_use]
    pub fn take(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.minute_began) >= MINUTE {
            self.minute_began = now;
            self.floor_left = FLOOR;
        }
        if let Some(left) = self.floor_left.checked_sub(1) {
            self.floor_left = left;
            true
        } else if let Some(left) = self.successes.checked_sub(SUCCESSES_PER_RETRY) {
            self.successes = left;
            true
        } else {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn retries_never_exceed_the_budget(
            steps in proptest::collection::vec((any::<bool>(), 0..5_000_u64), 0..400)
        ) {
            let mut budget = RetryBudget::new(Duration::ZERO);
            let (mut now, mut successes, mut retries) = (Duration::ZERO, 0_u64, 0_u64);
            for (success, millis) in steps {
                now += Duration::from_millis(millis);
                if success {
                    budget.succeeded();
                    successes += 1;
                } else if budget.take(now) {
                    retries += 1;
                }
                let minutes = now.as_secs() / 60 + 1;
                prop_assert!(retries <= successes / 5 + 10 * minutes);
            }
        }
    }

    #[test]
    fn ten_a_minute_are_free_and_five_successes_earn_one_more() {
        let mut budget = RetryBudget::new(Duration::ZERO);
        let spend = |budget: &mut RetryBudget, now| {
            (0..1_000)
                .take_while(|_| budget.take(Duration::from_secs(now)))
                .count()
        };
        assert_eq!(spend(&mut budget, 0), 10);
        assert_eq!(spend(&mut budget, 59), 0);
        (0..14).for_each(|_| budget.succeeded());
        assert_eq!(spend(&mut budget, 59), 2);
        assert_eq!(spend(&mut budget, 60), 10);
        (0..10_000).for_each(|_| budget.succeeded());
        assert_eq!(spend(&mut budget, 61), 100);
    }
}
