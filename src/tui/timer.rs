//! The interface's one timer: a long wait is one sleep.
//!
//! The runtime's own timers wake several times on the way to a time that is far, which is dear where
//! the process does nothing else; the system's timer does not.

use tokio::time::Instant;

/// The interface's one timer.
#[derive(Debug)]
pub(crate) struct Timer {
    #[cfg(target_os = "linux")]
    system: Option<system::Alarm>,
}

impl Timer {
    /// Makes the timer; where the system has none, the runtime's is used.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            system: system::Alarm::new().ok(),
        }
    }

    /// Waits until a time.
    pub(crate) async fn until(&self, at: Instant) {
        #[cfg(target_os = "linux")]
        if let Some(alarm) = &self.system
            && alarm.until(at).await.is_ok()
        {
            return;
        }
        tokio::time::sleep_until(at).await;
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::time::Instant;

    /// A timer of the system's.
    #[derive(Debug)]
    pub(super) struct Alarm(AsyncFd<OwnedFd>);

    impl Alarm {
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[expect(
                deprecated,
                reason = "its successor is unsafe; what that asks for holds of an owned descriptor"
            )]
            let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
            Ok(Self(timer))
        }

        pub(super) async fn until(&self, at: Instant) -> io::Result<()> {
            let left = at.saturating_duration_since(Instant::now());
            // Zero would disarm it.
            let left = left.max(Duration::from_nanos(1));
            let never = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            let value = Itimerspec {
                it_interval: never,
                it_value: Timespec {
                    tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: left.subsec_nanos().into(),
                },
            };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &value)?;
            loop {
                let mut ready = self.0.readable().await?;
                // It may have rung for an earlier wait that something else had ended.
                ready.clear_ready();
                if Instant::now() >= at {
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_wait_ends_at_its_time_and_not_because_an_earlier_one_was_given_up() {
        let timer = Timer::new();
        let began = Instant::now();
        for ms in [0, 5, 20] {
            // Given up before or after it has rung.
            let _ = tokio::time::timeout(
                Duration::from_millis(5),
                timer.until(Instant::now() + Duration::from_millis(ms)),
            )
            .await;
        }
        let at = began + Duration::from_millis(60);
        timer.until(at).await;
        assert!(Instant::now() >= at);
        // What has passed is not waited for.
        timer.until(began).await;
    }
}
