//! A clock that is moved by hand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot};

use super::Clock;

/// How often a woken task may hand on to another before [`ManualClock::advance`] goes on.
const SETTLE_ROUNDS: usize = 32;

/// A clock that stands still until it is moved; sleepers wake in the order of their times.
///
/// It expects the current-thread runtime, where a yield lets every ready task run.
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<ManualState>,
    fell_asleep: Notify,
}

#[derive(Debug)]
struct ManualState {
    now: DateTime<Utc>,
    monotonic: Duration,
    sleepers: Vec<Sleeper>,
}

#[derive(Debug)]
struct Sleeper {
    until: Until,
    is_resting: bool,
    wake: oneshot::Sender<()>,
}

#[derive(Debug, Clone, Copy)]
enum Until {
    Monotonic(Duration),
    Wall(DateTime<Utc>),
    /// Whichever comes first.
    Either(DateTime<Utc>, Duration),
}

impl ManualClock {
    /// Stands at `now`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            state: Mutex::new(ManualState {
                now,
                monotonic: Duration::ZERO,
                sleepers: Vec::new(),
            }),
            fell_asleep: Notify::new(),
        }
    }

    /// Lets time pass: each sleeper wakes at its own time, and what it does at that time is done
    /// before the clock goes on.
    pub async fn advance(&self, duration: Duration) {
        settle().await;
        let mut left = duration;
        loop {
            // The lock is gone before the wait.
            let woken = self.state().wake_next(left);
            let Some(passed) = woken else { break };
            left -= passed;
            settle().await;
        }
        self.state().pass(left);
        settle().await;
    }

    /// Sets the time of day without letting time pass, as an operator or a time server does.
    pub async fn set(&self, now: DateTime<Utc>) {
        self.state().now = now;
        while self.state().wake_next(Duration::ZERO).is_some() {
            settle().await;
        }
    }

    /// Waits until at least `count` tasks are asleep, so that a test can then move the clock.
    pub async fn sleepers(&self, count: usize) {
        loop {
            let fell_asleep = self.fell_asleep.notified();
            if self.state().asleep() >= count {
                return;
            }
            fell_asleep.await;
        }
    }

    async fn wait(&self, is_resting: bool, until: impl FnOnce(&ManualState) -> Until) {
        let woken = {
            let mut state = self.state();
            let until = until(&state);
            if state.left(until).is_zero() {
                return;
            }
            let (wake, woken) = oneshot::channel();
            state.sleepers.push(Sleeper {
                until,
                is_resting,
                wake,
            });
            woken
        };
        self.fell_asleep.notify_waiters();
        // An error would be the clock's end, with which its sleepers end as well.
        woken.await.ok();
    }

    fn state(&self) -> MutexGuard<'_, ManualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ManualState {
    fn left(&self, until: Until) -> Duration {
        match until {
            Until::Monotonic(at) => at.saturating_sub(self.monotonic),
            Until::Wall(at) => (at - self.now).to_std().unwrap_or_default(),
            Until::Either(at, monotonic) => self
                .left(Until::Wall(at))
                .min(self.left(Until::Monotonic(monotonic))),
        }
    }

    fn asleep(&mut self) -> usize {
        self.sleepers.retain(|sleeper| !sleeper.wake.is_closed());
        let working = self.sleepers.iter().filter(|sleeper| !sleeper.is_resting);
        working.count()
    }

    fn pass(&mut self, duration: Duration) {
        self.monotonic += duration;
        self.now += TimeDelta::from_std(duration).unwrap_or_default();
    }

    /// Wakes the first sleeper whose time comes within `limit`; the time that passed until then.
    fn wake_next(&mut self, limit: Duration) -> Option<Duration> {
        self.asleep();
        // Of equal times the first is taken: who fell asleep first.
        let (index, left) = self
            .sleepers
            .iter()
            .map(|sleeper| self.left(sleeper.until))
            .enumerate()
            .min_by_key(|(_, left)| *left)
            .filter(|(_, left)| *left <= limit)?;
        self.pass(left);
        let sleeper = self.sleepers.remove(index);
        // An error is a sleeper that has given up meanwhile.
        sleeper.wake.send(()).ok();
        Some(left)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.state().now
    }

    fn monotonic(&self) -> Duration {
        self.state().monotonic
    }

    async fn sleep(&self, duration: Duration) {
        self.wait(false, |state| {
            Until::Monotonic(state.monotonic.saturating_add(duration))
        })
        .await;
    }

    async fn sleep_until(&self, at: DateTime<Utc>) {
        self.wait(false, |_| Until::Wall(at)).await;
    }

    async fn sleep_until_within(&self, at: DateTime<Utc>, limit: Duration) {
        self.wait(false, |state| {
            Until::Either(at, state.monotonic.saturating_add(limit))
        })
        .await;
    }

    async fn rest(&self, at: DateTime<Utc>, limit: Duration) {
        self.wait(true, |state| {
            Until::Either(at, state.monotonic.saturating_add(limit))
        })
        .await;
    }
}

/// Lets every task run that can.
async fn settle() {
    for _ in 0..SETTLE_ROUNDS {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::new(DateTime::UNIX_EPOCH))
    }

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_times_and_sleep_again_within_one_move() {
        let clock = clock();
        let log = Arc::new(Mutex::new(Vec::new()));
        for (name, every) in [("slow", 5), ("fast", 2)] {
            let (clock, log) = (Arc::clone(&clock), Arc::clone(&log));
            tokio::spawn(async move {
                loop {
                    clock.sleep(Duration::from_secs(every)).await;
                    let at = clock.monotonic().as_secs();
                    log.lock().unwrap().push((name, at));
                }
            });
        }
        clock.sleepers(2).await;
        clock.advance(Duration::from_secs(7)).await;
        let expected = [("fast", 2), ("fast", 4), ("slow", 5), ("fast", 6)];
        assert_eq!(*log.lock().unwrap(), expected);
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH + TimeDelta::seconds(7));
    }

    #[tokio::test]
    async fn setting_the_time_of_day_wakes_who_waits_for_it_and_nobody_else() {
        let clock = clock();
        let noon = DateTime::UNIX_EPOCH + TimeDelta::hours(12);
        let spawn = |wall: bool| {
            let clock = Arc::clone(&clock);
            tokio::spawn(async move {
                if wall {
                    clock.sleep_until(noon).await;
                } else {
                    clock.sleep(Duration::from_secs(60)).await;
                }
            })
        };
        let (wall, length) = (spawn(true), spawn(false));
        clock.sleepers(2).await;
        clock.set(noon).await;
        assert!(wall.is_finished());
        assert!(!length.is_finished());
        assert_eq!(clock.monotonic(), Duration::ZERO);
        clock.advance(Duration::from_secs(60)).await;
        assert!(length.is_finished());
    }

    #[tokio::test]
    async fn a_wait_with_a_limit_ends_though_the_time_of_day_was_set_back() {
        let clock = clock();
        let noon = DateTime::UNIX_EPOCH + TimeDelta::hours(12);
        clock.set(noon).await;
        let spawn = |at: DateTime<Utc>| {
            let clock = Arc::clone(&clock);
            tokio::spawn(async move {
                clock.sleep_until_within(at, Duration::from_secs(30)).await;
            })
        };
        let (near, far) = (
            spawn(noon + TimeDelta::seconds(10)),
            spawn(noon + TimeDelta::hours(1)),
        );
        clock.sleepers(2).await;
        clock.set(DateTime::UNIX_EPOCH).await;
        clock.advance(Duration::from_secs(29)).await;
        assert!(!near.is_finished() && !far.is_finished());
        clock.set(noon + TimeDelta::seconds(11)).await;
        assert!(near.is_finished() && !far.is_finished());
        clock.advance(Duration::from_secs(1)).await;
        assert!(far.is_finished());
    }

    #[tokio::test]
    async fn who_rests_wakes_but_does_not_count_as_asleep() {
        let clock = clock();
        let other = Arc::clone(&clock);
        let rest = tokio::spawn(async move {
            let at = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
            other.rest(at, Duration::from_secs(5)).await;
        });
        clock.advance(Duration::from_secs(4)).await;
        assert_eq!(clock.state().asleep(), 0);
        assert!(!rest.is_finished());
        clock.advance(Duration::from_secs(1)).await;
        assert!(rest.is_finished());
    }

    #[tokio::test]
    async fn who_gives_up_is_forgotten_and_what_has_passed_is_not_waited_for() {
        let clock = clock();
        clock.sleep(Duration::ZERO).await;
        clock.sleep_until(DateTime::UNIX_EPOCH).await;
        drop(tokio::time::timeout(Duration::ZERO, clock.sleep(Duration::from_secs(1))).await);
        assert_eq!(clock.state().asleep(), 0);
    }
}
