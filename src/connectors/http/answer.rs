//! The classification of answers that is common to every HTTP destination.
//!
//! Contract: `webhook_http.md`, section 6; reliability.md, section 6.

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use url::Url;

use super::client::{Answer, BodyEnd, HttpError};
use super::redact::Redactor;
use super::retry_after::{self, Wait};
use crate::connectors::contract::{ConnectorError, WriteError};
use crate::domain::problem::ProblemKind;
use crate::domain::verdict::Rejection;

/// How many rows a request carries: a refusal of one row is that row's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One, at a URL that is the same for every row.
    Row,
    /// One, at a URL of its own.
    RowAtItsUrl,
    /// Any number.
    Batch,
}

/// What must be known of a request to judge its answer.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// How many rows it carries.
    pub scope: Scope,
    /// Whether it was sent before under the same idempotency key.
    pub repeat: bool,
    /// The host, as texts name it.
    pub place: &'a str,
    /// The time, for `Retry-After`.
    pub now: DateTime<Utc>,
}

/// What an answer's status says.
#[derive(Debug)]
pub enum Outcome {
    /// 2xx with a whole body; the body may say more.
    Good,
    /// The one row that was sent is refused.
    Row(Rejection),
    /// The request as a whole has failed.
    Failed(WriteError),
}

/// Judges an answer by its status and how it ended; `redactor` is asked only where the body is
/// shown.
pub fn classify(answer: &Answer, asked: Asked<'_>, redactor: impl FnOnce() -> Redactor) -> Outcome {
    let place = asked.place;
    let status = answer.status;
    if (200..300).contains(&status) {
        return match &answer.end {
            BodyEnd::Cut(reason) => Outcome::Failed(WriteError::Ambiguous {
                text: format!("the answer {status} of {place} was cut: {reason}"),
            }),
            BodyEnd::Whole | BodyEnd::PastCap => Outcome::Good,
        };
    }
    let said = said(answer, redactor);
    let text = format!("{place} answered {status}{said}");
    let wait = retry_after::wait(&answer.headers, asked.now);
    let retry_after = wait.map(|wait| wait.wait);
    let code = format!("http_{status}");
    let single = asked.scope != Scope::Batch;
    Outcome::Failed(match status {
        429 => limited(text, wait),
        503 if wait.is_some() => limited(text, wait),
        408 | 423 | 425 | 502 | 503 | 504 => WriteError::Retryable { text, retry_after },
        409 if asked.repeat => WriteError::Ambiguous {
            text: format!("{text}: an earlier try under this key may still be under way"),
        },
        413 if !single => WriteError::TooLarge { text },
        400 | 409 | 413 | 422 if single => return Outcome::Row(rejection(code, text)),
        404 if asked.scope == Scope::RowAtItsUrl => return Outcome::Row(rejection(code, text)),
        400 | 409 | 412 | 422 | 424 => WriteError::Poison { code, text },
        501 | 505 => fatal(ProblemKind::Config, text, "check method and URL"),
        500..600 => WriteError::Ambiguous { text },
        300..400 => redirected(answer, asked.place),
        400..500 => refused(status, text),
        _ => WriteError::Protocol { text },
    })
}

/// Judges the lack of an answer.
pub fn no_answer(error: &HttpError, place: &str) -> WriteError {
    let text = format!("cannot write to {place}: {error}");
    match error {
        HttpError::Refused(_) => fatal(
            ProblemKind::Config,
            text,
            "allow_networks opens a network for this destination",
        ),
        HttpError::Certificate(_) => fatal(
            ProblemKind::Config,
            text,
            "check the host name and the certificate's dates and issuer",
        ),
        HttpError::Connect(_) => WriteError::Retryable {
            text,
            retry_after: None,
        },
        HttpError::Lost(_) => WriteError::Ambiguous { text },
    }
}

/// Whether an answer is a page for people: a sign-in form or an error page under status 200.
pub fn is_html(answer: &Answer) -> bool {
    let kind = content_type(answer);
    if kind == "text/html" || kind == "application/xhtml+xml" {
        return true;
    }
    let head = answer.body.trim_ascii_start();
    let head = head.get(..head.len().min(14)).unwrap_or_default();
    let head = head.to_ascii_lowercase();
    kind.is_empty() && (head.starts_with(b"<!doctype html") || head.starts_with(b"<html"))
}

/// Whether an answer says that it is JSON.
pub fn is_json(answer: &Answer) -> bool {
    let kind = content_type(answer);
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn content_type(answer: &Answer) -> String {
    let value = answer.headers.get(CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = text.split(';').next().unwrap_or("");
    kind.trim().to_ascii_lowercase()
}

fn said(answer: &Answer, redactor: impl FnOnce() -> Redactor) -> String {
    if answer.body.is_empty() || (300..400).contains(&answer.status) {
        String::new()
    } else if is_html(answer) {
        ": an HTML page".to_owned()
    } else {
        format!(": {}", redactor().sample(&answer.body))
    }
}

fn limited(text: String, wait: Option<Wait>) -> WriteError {
    WriteError::RateLimited {
        text,
        retry_after: wait.map(|wait| wait.wait),
        daily: wait.is_some_and(|wait| wait.longer),
    }
}

fn rejection(code: String, text: String) -> Rejection {
    Rejection {
        code,
        field: None,
        text,
        transient: false,
    }
}

fn fatal(kind: ProblemKind, text: String, hint: &str) -> WriteError {
    WriteError::Fatal(ConnectorError::new(kind, text).hint(hint))
}

fn refused(status: u16, text: String) -> WriteError {
    let (kind, hint) = match status {
        401 | 403 => (ProblemKind::Auth, "check the secrets of this destination"),
        404 | 405 => (ProblemKind::Config, "check method and URL"),
        407 => (
            ProblemKind::Config,
            "a proxy stands between: this client uses none",
        ),
        410 => (
            ProblemKind::Destination,
            "the endpoint is gone for good: pause the sync, or give it another URL",
        ),
        _ => (
            ProblemKind::Config,
            "the receiver does not take such requests: check method, URL and headers",
        ),
    };
    fatal(kind, text, hint)
}

fn redirected(answer: &Answer, place: &str) -> WriteError {
    let target = answer.headers.get(LOCATION);
    let target = target
        .and_then(|value| value.to_str().ok())
        .and_then(|text| Url::parse(text).ok());
    let host = target.as_ref().and_then(Url::host_str).map_or_else(
        || "elsewhere".to_owned(),
        |host| format!("to {}", Redactor::default().message(host)),
    );
    fatal(
        ProblemKind::Protocol,
        format!(
            "{place} answered {}: a redirect {host}, which is never followed",
            answer.status
        ),
        "set the final URL",
    )
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, RETRY_AFTER};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            end: BodyEnd::Whole,
        }
    }

    fn judged(answer: &Answer, scope: Scope, repeat: bool) -> &'static str {
        let asked = Asked {
            scope,
            repeat,
            place: "a.example",
            now: DateTime::UNIX_EPOCH,
        };
        match classify(answer, asked, Redactor::default) {
            Outcome::Good => "good",
            Outcome::Row(_) => "row",
            Outcome::Failed(error) => match error {
                WriteError::Retryable { .. } => "retryable",
                WriteError::Ambiguous { .. } => "ambiguous",
                WriteError::Poison { .. } => "poison",
                WriteError::TooLarge { .. } => "too large",
                WriteError::RateLimited { daily: true, .. } => "put off",
                WriteError::RateLimited { .. } => "limited",
                WriteError::Protocol { .. } => "protocol",
                WriteError::Fatal(error) => error.kind_word(),
            },
        }
    }

    impl ConnectorError {
        fn kind_word(&self) -> &'static str {
            match self.kind {
                ProblemKind::Auth => "auth",
                ProblemKind::Config => "config",
                ProblemKind::Destination => "gone",
                ProblemKind::Protocol => "redirect",
                _ => "other",
            }
        }
    }

    #[test]
    fn every_status_has_its_class_for_a_batch_and_for_a_row() {
        for (status, batch, row, own) in [
            (200, "good", "good", "good"),
            (204, "good", "good", "good"),
            (299, "good", "good", "good"),
            (301, "redirect", "redirect", "redirect"),
            (308, "redirect", "redirect", "redirect"),
            (400, "poison", "row", "row"),
            (401, "auth", "auth", "auth"),
            (403, "auth", "auth", "auth"),
            (404, "config", "config", "row"),
            (405, "config", "config", "config"),
            (407, "config", "config", "config"),
            (408, "retryable", "retryable", "retryable"),
            (409, "poison", "row", "row"),
            (410, "gone", "gone", "gone"),
            (413, "too large", "row", "row"),
            (415, "config", "config", "config"),
            (422, "poison", "row", "row"),
            (425, "retryable", "retryable", "retryable"),
            (429, "limited", "limited", "limited"),
            (500, "ambiguous", "ambiguous", "ambiguous"),
            (501, "config", "config", "config"),
            (502, "retryable", "retryable", "retryable"),
            (503, "retryable", "retryable", "retryable"),
            (504, "retryable", "retryable", "retryable"),
            (599, "ambiguous", "ambiguous", "ambiguous"),
            (999, "protocol", "protocol", "protocol"),
        ] {
            let answer = answer(status, "x");
            assert_eq!(judged(&answer, Scope::Batch, false), batch, "{status}");
            assert_eq!(judged(&answer, Scope::Row, false), row, "{status}");
            assert_eq!(judged(&answer, Scope::RowAtItsUrl, false), own, "{status}");
        }
    }

    #[test]
    fn a_conflict_of_a_repeat_may_be_our_own_earlier_try() {
        assert_eq!(judged(&answer(409, ""), Scope::Batch, true), "ambiguous");
        assert_eq!(judged(&answer(409, ""), Scope::Row, true), "ambiguous");
    }

    #[test]
    fn a_long_wait_puts_the_run_off_and_a_bad_one_is_ignored() {
        for (value, class) in [("5", "limited"), ("901", "put off"), ("-1", "limited")] {
            let mut answer = answer(429, "");
            answer.headers.insert(RETRY_AFTER, value.parse().unwrap());
            assert_eq!(judged(&answer, Scope::Batch, false), class, "{value}");
        }
        let mut unavailable = answer(503, "");
        unavailable
            .headers
            .insert(RETRY_AFTER, "5".parse().unwrap());
        assert_eq!(judged(&unavailable, Scope::Batch, false), "limited");
    }

    #[test]
    fn a_cut_answer_is_ambiguous_only_where_it_was_good() {
        let mut good = answer(200, "{");
        good.end = BodyEnd::Cut("reset".into());
        assert_eq!(judged(&good, Scope::Batch, false), "ambiguous");
        let mut bad = answer(401, "{");
        bad.end = BodyEnd::Cut("reset".into());
        assert_eq!(judged(&bad, Scope::Batch, false), "auth");
    }

    #[test]
    fn pages_for_people_are_known_by_type_or_by_their_beginning() {
        let mut page = answer(200, "hello");
        assert!(!is_html(&page));
        page.headers
            .insert(CONTENT_TYPE, "text/HTML; charset=utf-8".parse().unwrap());
        assert!(is_html(&page));
        assert!(is_html(&answer(200, "\n <!DOCTYPE html><p>")));
        assert!(!is_html(&answer(200, "<")));
    }
}
