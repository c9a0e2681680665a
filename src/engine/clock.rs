//! The one place that time comes from: the system's, or one that is moved by hand.

mod alarm;
mod manual;

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub use manual::ManualClock;

/// Where the system does not tell when its clock is set, a wait for a time of day looks at the clock
/// at least this often: monotonic sleeps also stand still while the machine does.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Tells the time and waits for it.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time of day; it can be set, forwards and back.
    fn now(&self) -> DateTime<Utc>;

    /// Time since some moment of the past; it never goes back.
    fn monotonic(&self) -> Duration;

    /// Waits for a length of time.
    async fn sleep(&self, duration: Duration);

    /// Waits until the time of day is `at` or later.
    async fn sleep_until(&self, at: DateTime<Utc>);

    /// Waits until the time of day is `at` or later, or the clock is set: who must not miss that
    /// looks again after it. Where the system does not tell of it, waits no longer than `limit`.
    async fn sleep_until_within(&self, at: DateTime<Utc>, limit: Duration);

    /// Waits as [`Clock::sleep_until_within`], for housekeeping that no work depends on: a clock
    /// that is moved by hand does not count it among its sleepers.
    async fn rest(&self, at: DateTime<Utc>, limit: Duration) {
        self.sleep_until_within(at, limit).await;
    }
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
}

impl SystemClock {
    /// Counts monotonic time from now.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn sleep_until(&self, at: DateTime<Utc>) {
        // An error is a time that has passed.
        while let Ok(left) = (at - self.now()).to_std() {
            if left.is_zero() {
                return;
            }
            if alarm::ring(at).await.is_err() {
                tokio::time::sleep(left.min(LOOK_AGAIN)).await;
            }
        }
    }

    async fn sleep_until_within(&self, at: DateTime<Utc>, limit: Duration) {
        if self.now() >= at || alarm::ring(at).await.is_ok() {
            return;
        }
        // The timeout is the limit; nothing is lost by it.
        tokio::time::timeout(limit, self.sleep_until(at)).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_system_clock_does_not_wait_for_what_has_passed_but_for_what_comes() {
        let clock = SystemClock::new();
        let day = TimeDelta::days(1);
        assert!(
            clock
                .sleep_until(clock.now() - day)
                .now_or_never()
                .is_some()
        );
        assert!(
            clock
                .sleep_until(clock.now() + day)
                .now_or_never()
                .is_none()
        );
    }

    #[tokio::test]
    async fn the_system_rings_at_its_time_and_at_once_for_one_that_has_passed() {
        let now = Utc::now();
        for at in [
            now - TimeDelta::days(1),
            now + TimeDelta::milliseconds(30),
            DateTime::UNIX_EPOCH,
        ] {
            let rung = tokio::time::timeout(Duration::from_secs(20), alarm::ring(at)).await;
            if cfg!(target_os = "linux") {
                rung.unwrap().unwrap();
                assert!(Utc::now() >= at);
            }
        }
    }
}
