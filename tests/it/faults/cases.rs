//! The fault matrix of answers: each fault with the class, the verdicts, the tries, the duplicates
//! and the time that it may cost.

use std::ops::RangeInclusive;

use signalsmith::domain::problem::ProblemKind::{
    self, Auth, Config, Destination, Protocol, RateLimited,
};

use super::Lane;
use crate::support::fault_proxy::{Answer, Fault};

/// How the run that meets a fault ends, and what becomes of the rows of the batch that is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// It completes; all rows are accepted.
    Delivered,
    /// It fails; the rows are unknown.
    Unknown(ProblemKind),
    /// It fails; the rows are provably not applied and stay due.
    Unsent(ProblemKind),
}

/// One fault.
pub struct Case {
    pub name: &'static str,
    /// What becomes of the tries of the batch, in order; those after the last are not broken.
    pub faults: Vec<Fault>,
    pub ends: Ends,
    /// Tries of the batch, all under one id.
    pub tries: RangeInclusive<usize>,
    /// Seconds of the engine's clock that the run takes.
    pub seconds: RangeInclusive<i64>,
    /// Milliseconds that a try may take.
    pub held: RangeInclusive<u128>,
    /// Whether the first fault leaves it open if the rows were applied: where rows of unknown
    /// outcome are held, that try is the last.
    pub doubt: bool,
    /// Whether the first fault ends the run in any lane.
    pub ends_at_once: bool,
    pub lanes: &'static [Lane],
}

impl Case {
    fn new(
        name: &'static str,
        faults: Vec<Fault>,
        ends: Ends,
        tries: RangeInclusive<usize>,
    ) -> Self {
        Self {
            name,
            faults,
            ends,
            tries,
            seconds: 0..=3,
            held: 0..=3_000,
            doubt: true,
            ends_at_once: false,
            lanes: &super::LANES,
        }
    }

    /// The fault proves that nothing was applied.
    fn harmless(self) -> Self {
        Self {
            doubt: false,
            ..self
        }
    }

    fn seconds(self, seconds: RangeInclusive<i64>) -> Self {
        Self { seconds, ..self }
    }

    fn held(self, held: RangeInclusive<u128>) -> Self {
        Self { held, ..self }
    }

    fn ends_at_once(self) -> Self {
        Self {
            ends_at_once: true,
            ..self
        }
    }
}

/// More often than any batch is tried.
const ALWAYS: usize = 2_000;
/// Six tries: five waits of at most 1, 2, 4, 8 and 16 s, and the circuit's probe after 30 s; each
/// move of the clock is up to a second too long.
const SIX_TRIES: RangeInclusive<i64> = 30..=75;
/// The longest silence is 1 s.
const IDLE: RangeInclusive<u128> = 900..=3_500;

fn once(fault: Fault) -> Vec<Fault> {
    vec![fault]
}

fn always(fault: Fault) -> Vec<Fault> {
    vec![fault; ALWAYS]
}

fn status(head: &str) -> Fault {
    Fault::instead(head, "")
}

fn json(body: &str) -> Fault {
    Fault::after(Answer::Raw(
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    ))
}

fn raw(bytes: &str) -> Fault {
    Fault::after(Answer::Raw(bytes.as_bytes().to_vec()))
}

/// The connection breaks under a request or an answer.
pub fn broken() -> Vec<Case> {
    use Ends::{Delivered, Unknown};
    vec![
        Case::new(
            "reset before the reply",
            once(Fault::after(Answer::Reset)),
            Delivered,
            2..=2,
        ),
        Case::new(
            "reset, nothing applied",
            once(Fault::before(Answer::Reset)),
            Delivered,
            2..=2,
        ),
        Case::new(
            "reset every time",
            always(Fault::after(Answer::Reset)),
            Unknown(Destination),
            6..=6,
        )
        .seconds(SIX_TRIES),
        Case::new(
            "reset in the reply",
            once(Fault::after(Answer::ResetMid)),
            Delivered,
            2..=2,
        ),
        Case {
            // The whole answer is there before the reset, and either may be seen first.
            lanes: &[Lane::Upsert, Lane::Mirror, Lane::Deletes, Lane::Append],
            ..Case::new(
                "reset behind the reply",
                once(Fault::after(Answer::ResetAfter)),
                Delivered,
                1..=2,
            )
        },
        Case::new(
            "truncated",
            once(Fault::after(Answer::Truncated)),
            Delivered,
            2..=2,
        ),
        Case::new(
            "truncated every time",
            always(Fault::after(Answer::Truncated)),
            Unknown(Destination),
            6..=6,
        )
        .seconds(SIX_TRIES),
        Case::new(
            "a length that is too small",
            once(Fault::after(Answer::LyingLess(5))),
            Delivered,
            2..=2,
        ),
        Case::new(
            "a length that is no number",
            once(raw("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}")),
            Delivered,
            2..=2,
        ),
        Case::new(
            "two lengths",
            once(raw(
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{}",
            )),
            Delivered,
            2..=2,
        ),
        Case::new("no HTTP", once(raw("SSH-2.0-x\r\n\r\n")), Delivered, 2..=2),
    ]
}

/// The peer falls silent, or nearly.
pub fn slow() -> Vec<Case> {
    use Ends::{Delivered, Unknown};
    vec![
        Case::new("stall", once(Fault::after(Answer::Stall)), Delivered, 2..=2).held(IDLE),
        Case::new(
            "stall every time",
            always(Fault::before(Answer::Stall)),
            Unknown(Destination),
            6..=6,
        )
        .seconds(SIX_TRIES)
        .held(IDLE),
        Case::new(
            "stall after the head",
            once(Fault::after(Answer::StallAfterHead)),
            Delivered,
            2..=2,
        )
        .held(IDLE),
        Case::new("drip", once(Fault::after(Answer::Drip)), Delivered, 2..=2).held(3_900..=7_000),
    ]
}

/// The answer is whole and not of its protocol.
pub fn strange() -> Vec<Case> {
    use Ends::{Delivered, Unknown};
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 20\r\nconnection: close\r\n\r\n<html>sign in</html>";
    let deep = format!("{{\"results\":{}{}}}", "[".repeat(64), "]".repeat(64));
    let redirect = |to: &str| {
        Fault::after(Answer::Raw(
        format!("HTTP/1.1 307 Moved\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes(),
    ))
    };
    let mut cases = vec![
        Case::new(
            "broken JSON once",
            once(json("{\"results\":")),
            Delivered,
            2..=2,
        ),
        Case::new("a page once", once(raw(page)), Delivered, 2..=2),
        Case::new(
            "to the metadata address",
            once(redirect("http://169.254.169.254/latest/meta-data/")),
            Unknown(Protocol),
            1..=1,
        )
        .ends_at_once(),
    ];
    for (name, fault) in [
        ("a page every time", raw(page)),
        ("broken JSON", json("{\"results\":")),
        ("verdicts of a wrong type", json("{\"results\":{\"a\":1}}")),
        ("verdicts that are numbers", json("{\"results\":[1,2]}")),
        ("deep JSON", json(&deep)),
        (
            "a status from nowhere",
            raw("HTTP/1.1 999 Odd\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        ),
    ] {
        cases.push(Case::new(name, always(fault), Unknown(Protocol), 3..=3).seconds(0..=6));
    }
    cases
}

/// The endpoint says that it does not take the batch.
pub fn refused() -> Vec<Case> {
    use Ends::{Delivered, Unknown, Unsent};
    let burst = [
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ];
    vec![
        Case::new(
            "502, 503, 504",
            burst.map(status).to_vec(),
            Delivered,
            4..=4,
        )
        .harmless()
        .seconds(0..=12),
        Case::new(
            "503 every time",
            always(status("503 No")),
            Unsent(Destination),
            6..=6,
        )
        .harmless()
        .seconds(SIX_TRIES),
        Case::new("500", once(status("500 Oops")), Delivered, 2..=2),
        Case::new(
            "500 every time",
            always(status("500 Oops")),
            Unknown(Destination),
            6..=6,
        )
        .seconds(SIX_TRIES),
        Case::new("401", once(status("401 No")), Unsent(Auth), 1..=1).harmless(),
        Case::new("403", once(status("403 No")), Unsent(Auth), 1..=1).harmless(),
        Case::new("404", once(status("404 No")), Unsent(Config), 1..=1).harmless(),
        Case::new("410", once(status("410 Gone")), Unsent(Destination), 1..=1).harmless(),
    ]
}

/// The endpoint says that it is enough for now.
pub fn limited() -> Vec<Case> {
    use Ends::{Delivered, Unsent};
    let told = |wait: &str| status(&format!("429 Slow\r\nretry-after: {wait}"));
    let date = "429 Slow\r\ndate: Sun, 06 Nov 1994 08:49:07 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT";
    let past = "429 Slow\r\ndate: Sun, 06 Nov 1994 08:49:07 GMT\r\nretry-after: Sun, 06 Nov 1994 08:00:00 GMT";
    let deferred = Unsent(RateLimited);
    let cases = vec![
        Case::new("429", once(status("429 Slow")), Delivered, 2..=2),
        Case::new("429 for 7 s, twice", vec![told("7"); 2], Delivered, 3..=3).seconds(14..=18),
        Case::new("429 until a date", once(status(date)), Delivered, 2..=2).seconds(30..=35),
        Case::new(
            "429 until a date that has passed",
            once(status(past)),
            Delivered,
            2..=2,
        ),
        Case::new(
            "429 for a negative time",
            once(told("-5")),
            Delivered,
            2..=2,
        ),
        Case::new(
            "429 for a time that is none",
            once(told("soon")),
            Delivered,
            2..=2,
        ),
        Case::new("429 ten times", vec![told("20"); 10], Delivered, 11..=11).seconds(200..=235),
        Case::new("429 for ages", once(told("1000000000000")), deferred, 1..=1),
        Case::new(
            "429 without end",
            always(status("429 Slow")),
            deferred,
            15..=120,
        )
        .seconds(700..=1_000),
        Case::new(
            "429 for no time, without end",
            always(told("0")),
            deferred,
            15..=120,
        )
        .seconds(700..=1_000),
        Case::new(
            "429 until the past, without end",
            always(status(past)),
            deferred,
            15..=120,
        )
        .seconds(700..=1_000),
        Case::new(
            "503 for 5 s",
            once(status("503 Busy\r\nretry-after: 5")),
            Delivered,
            2..=2,
        )
        .seconds(5..=7),
        Case::new(
            "503 for no time, without end",
            always(status("503 Busy\r\nretry-after: 0")),
            deferred,
            15..=120,
        )
        .seconds(700..=1_000),
    ];
    cases.into_iter().map(Case::harmless).collect()
}
