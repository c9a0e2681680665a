//! What one destination bears, shared by all syncs to it: permits, pace, retries, circuit.

mod backoff;
mod breaker;
mod budget;
mod rate;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

pub use self::backoff::{Attempts, LONGEST_WAIT, ToldWait, full_jitter, told_to_wait};
pub use self::breaker::{Admission, Breaker};
pub use self::budget::RetryBudget;
pub use self::rate::{BatchSize, Pace};
use super::clock::Clock;
use crate::domain::problem::{Problem, ProblemKind};

/// Why no batch may go to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Its circuit has been open for too long.
    #[error("the destination has not answered for {} min; the rows that were not sent stay due", open_for.as_secs() / 60)]
    Unavailable {
        /// For how long.
        open_for: Duration,
    },
    /// Its settings changed, so that other limits hold now.
    #[error("the destination was changed or removed while a batch waited for it")]
    Closed,
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        Self::new(ProblemKind::Destination, error.to_string())
            .hint("test the destination; what was not sent goes with the next run")
    }
}

/// What to do with a batch that failed in a way that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Send it again after this wait.
    After(Duration),
    /// It has had its attempts or its time.
    GiveUp,
    /// The destination's retry budget is empty.
    NoBudget,
}

/// The limits of one destination; runs share it through an [`Arc`].
#[derive(Debug)]
pub struct DestinationLimits {
    clock: Arc<dyn Clock>,
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    /// The circuit has changed.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    budget: RetryBudget,
    breaker: Breaker,
    batch_size: BatchSize,
    rng: ChaCha8Rng,
}

impl DestinationLimits {
    /// Takes the batches that may be under way at once (at least 1), the requests a second, and
    /// the seed of all jitter.
    pub fn new(
        concurrency: u32,
        requests_per_second: Option<f64>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Self {
        let permits = usize::try_from(concurrency.max(1)).unwrap_or(1);
        let state = State {
            pace: Pace::new(requests_per_second),
            budget: RetryBudget::new(clock.monotonic()),
            breaker: Breaker::default(),
            batch_size: BatchSize::default(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        };
        Self {
            clock,
            permits: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Waits until a batch may go out: a permit is free, the circuit lets it pass and the pace has
    /// room; the batch wants to go since the monotonic time `wanted`. Giving up the wait costs
    /// nothing.
    ///
    /// # Errors
    /// [`LimitError`] where the run should end instead of waiting longer.
    pub async fn enter(self: &Arc<Self>, wanted: Duration) -> Result<Pass, LimitError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| LimitError::Closed)?;
        let pass = self.admitted(permit, wanted).await?;
        loop {
            // The lock is gone before the wait.
            let taken = self.state().pace.take(self.clock.monotonic());
            match taken {
                Ok(()) => return Ok(pass),
                Err(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    async fn admitted(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        wanted: Duration,
    ) -> Result<Pass, LimitError> {
        loop {
            let changed = self.changed.notified();
            let admission = self.state().breaker.admit(self.clock.monotonic(), wanted);
            match admission {
                Admission::Go | Admission::Probe => {
                    return Ok(Pass {
                        limits: Arc::clone(self),
                        _permit: permit,
                        probe: admission == Admission::Probe,
                        reported: false,
                    });
                }
                Admission::Wait(wait) => {
                    tokio::select! {
                        () = changed => {}
                        () = self.clock.sleep(wait) => {}
                    }
                }
                Admission::Behind => changed.await,
                Admission::Unavailable(open_for) => {
                    return Err(LimitError::Unavailable { open_for });
                }
            }
        }
    }

    /// Ends all waits for a permit, because other limits hold from now on.
    pub fn close(&self) {
        self.permits.close();
    }

    /// Begins the count of one batch's attempts.
    pub fn attempts(&self) -> Attempts {
        Attempts::new(self.clock.monotonic())
    }

    /// Counts a failure of a batch and says whether it is sent again.
    pub fn retry(&self, attempts: &mut Attempts) -> Retry {
        let now = self.clock.monotonic();
        let mut state = self.state();
        match attempts.failed(now, &mut state.rng) {
            None => Retry::GiveUp,
            Some(wait) if state.budget.take(now) => Retry::After(wait),
            Some(_) => Retry::NoBudget,
        }
    }

    /// The destination asked all its syncs to wait (`asked`, or a back-off where it did not say
    /// for how long): nothing goes out meanwhile, and the batch's attempts are not touched. A batch
    /// that was told to wait for more than 15 minutes in all is for a later run.
    pub fn hold(&self, asked: Option<Duration>, attempts: &mut Attempts) -> ToldWait {
        let now = self.clock.monotonic();
        let mut state = self.state();
        // No wait at all, again and again, would be a loop that never ends.
        let told = match asked.filter(|asked| !asked.is_zero()) {
            Some(asked) => told_to_wait(asked, &mut state.rng),
            None => ToldWait::Here(full_jitter(attempts.told(), &mut state.rng)),
        };
        if let ToldWait::Here(wait) = told
            && attempts.told_time() + wait > LONGEST_WAIT
        {
            return ToldWait::Later(wait);
        }
        if let ToldWait::Here(wait) = told {
            state.pace.hold(now, wait);
            attempts.excuse(wait);
        }
        told
    }

    /// The rows to put into one batch, at most `limit`.
    pub fn batch_rows(&self, limit: u32) -> u32 {
        self.state().batch_size.rows(limit)
    }

    /// A batch of `rows` was too large: smaller ones are cut from now on.
    pub fn too_large(&self, rows: u32) {
        self.state().batch_size.too_large(rows);
    }

    /// A run ended without a batch that was too large: they may grow towards `limit` again.
    pub fn clean_run(&self, limit: u32) {
        self.state().batch_size.clean_run(limit);
    }

    /// For how long the circuit has been open.
    pub fn open_for(&self) -> Option<Duration> {
        let since = self.state().breaker.open_since()?;
        Some(self.clock.monotonic().saturating_sub(since))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to send one batch; it is given back when it is dropped, whatever became of the batch.
#[derive(Debug)]
#[must_use = "a pass that is dropped lets the next batch go"]
pub struct Pass {
    limits: Arc<DestinationLimits>,
    _permit: OwnedSemaphorePermit,
    probe: bool,
    reported: bool,
}

impl Pass {
    /// The destination took the batch, with or without rejected rows.
    pub fn succeeded(self) {
        self.limits.state().budget.succeeded();
        self.answered();
    }

    /// The destination is there but did not take the batch: its limit, a batch that was refused.
    pub fn answered(mut self) {
        self.reported = true;
        self.limits.state().breaker.succeeded();
        self.limits.changed.notify_waiters();
    }

    /// The destination could not be reached, or was broken.
    pub fn failed(mut self) {
        self.reported = true;
        let now = self.limits.clock.monotonic();
        self.limits.state().breaker.failed(now, self.probe);
        self.limits.changed.notify_waiters();
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe && !self.reported {
            let now = self.limits.clock.monotonic();
            self.limits.state().breaker.abandoned(now);
            self.limits.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests;
