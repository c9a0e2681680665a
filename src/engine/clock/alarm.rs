//! A wait for a time of day that the system ends at that time, or when its clock is set: nothing
//! has to look at the clock in between.

use std::io;

use chrono::{DateTime, Utc};

/// Waits until the time of day is `at`, or the clock is set.
///
/// # Errors
/// Where the system has no such timer.
#[cfg(target_os = "linux")]
pub(super) async fn ring(at: DateTime<Utc>) -> io::Result<()> {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    // All zeros would disarm the timer.
    let seconds = at.timestamp().max(1);
    let never = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let timer = timerfd_create(
        TimerfdClockId::Realtime,
        TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
    )?;
    // timerfd_create(2): with this flag a read, and so the wait for one, ends when the clock is set.
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    let value = Itimerspec {
        it_interval: never,
        it_value: Timespec {
            tv_sec: seconds,
            tv_nsec: at.timestamp_subsec_nanos().min(999_999_999).into(),
        },
    };
    timerfd_settime(&timer, flags, &value)?;
    #[expect(
        deprecated,
        reason = "its successor is unsafe; what that asks for holds of an owned descriptor"
    )]
    let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
    timer.readable().await?.retain_ready();
    Ok(())
}

/// As on Linux, where the system has such a timer: here it has none.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub(super) async fn ring(_at: DateTime<Utc>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
