//! `Retry-After`: how long an answer asks to wait (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The longest wait within a run; one that is told to wait longer is put off.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// The longest time after which a run that is put off comes again.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that an answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// At most a day.
    pub wait: Duration,
    /// Whether more than [`LONGEST_WAIT`] was asked for.
    pub longer: bool,
}

/// Reads `Retry-After`: seconds, or a date in any of the three HTTP forms. A date is measured from
/// the answer's own `Date` where it has one, else from `now`; a past date is no wait. A negative
/// number or garbage is nothing.
pub fn wait(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Wait> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let until = httpdate::parse_http_date(text).ok()?;
        until.duration_since(base(headers, now)).unwrap_or_default()
    };
    Some(Wait {
        wait: asked.min(DAY),
        longer: asked > LONGEST_WAIT,
    })
}

fn base(headers: &HeaderMap, now: DateTime<Utc>) -> SystemTime {
    headers
        .get(DATE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| httpdate::parse_http_date(text.trim()).ok())
        .unwrap_or_else(|| now.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(value: &str, date: Option<&str>) -> Option<(u64, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().ok()?);
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        wait(&headers, now).map(|wait| (wait.wait.as_secs(), wait.longer))
    }

    #[test]
    fn seconds_are_taken_and_clamped() {
        assert_eq!(asked("0", None), Some((0, false)));
        assert_eq!(asked(" 120 ", None), Some((120, false)));
        assert_eq!(asked("900", None), Some((900, false)));
        assert_eq!(asked("901", None), Some((901, true)));
        assert_eq!(asked("1000000000000", None), Some((86_400, true)));
        assert_eq!(
            asked("99999999999999999999999999", None),
            Some((86_400, true))
        );
    }

    #[test]
    fn all_three_forms_of_a_date_are_read() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(asked(date, None), Some((37, false)), "{date}");
        }
    }

    #[test]
    fn the_server_s_own_clock_is_preferred() {
        let date = Some("Sun, 06 Nov 1994 08:49:27 GMT");
        assert_eq!(
            asked("Sun, 06 Nov 1994 08:49:37 GMT", date),
            Some((10, false))
        );
        let garbage = Some("yesterday");
        assert_eq!(
            asked("Sun, 06 Nov 1994 08:49:37 GMT", garbage),
            Some((37, false))
        );
    }

    #[test]
    fn a_past_date_is_no_wait() {
        assert_eq!(
            asked("Sun, 06 Nov 1994 08:48:00 GMT", None),
            Some((0, false))
        );
    }

    #[test]
    fn negatives_and_garbage_are_nothing() {
        for text in ["-1", "+5", "1.5", "", "soon", "1e3", "٣", "12 34"] {
            assert_eq!(asked(text, None), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_at_most_the_longest_wait(text in ".*") {
            if let Some((seconds, _)) = asked(&text, None) {
                prop_assert!(seconds <= LONGEST_WAIT.as_secs());
            }
        }
    }
}
