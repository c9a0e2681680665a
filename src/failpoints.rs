//! Named places at which a test ends the process or plants a bug; without the feature `failpoints`
//! there are none.

/// Ends the process here and now, as a kill would, where `SIGNALSMITH_FAILPOINT` names this place;
/// `name:3` waits for the third time that it is reached.
#[inline]
pub(crate) fn reach(name: &str) {
    #[cfg(feature = "failpoints")]
    armed::reach(name);
    #[cfg(not(feature = "failpoints"))]
    let _ = name;
}

/// Whether `SIGNALSMITH_PLANTED_BUG` names this bug, which a test of the tests expects to be seen.
#[inline]
pub(crate) fn planted(name: &str) -> bool {
    #[cfg(feature = "failpoints")]
    return std::env::var("SIGNALSMITH_PLANTED_BUG").is_ok_and(|bug| bug == name);
    #[cfg(not(feature = "failpoints"))]
    {
        let _ = name;
        false
    }
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::atomic::{AtomicU32, Ordering};

    static REACHED: AtomicU32 = AtomicU32::new(0);

    pub(super) fn reach(name: &str) {
        let Ok(armed) = std::env::var("SIGNALSMITH_FAILPOINT") else {
            return;
        };
        let (armed, wanted) = armed.split_once(':').unwrap_or((&armed, "1"));
        if armed == name
            && REACHED.fetch_add(1, Ordering::Relaxed) + 1 >= wanted.parse().unwrap_or(1)
        {
            std::process::abort();
        }
    }
}
