//! Words for each cause: what happened, what did not, what to do now.

use super::Concerned;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::words::counted;

/// Why something is wrong.
pub(super) enum Cause<'a> {
    /// The core sends nothing.
    Halted { reason: &'a str },
    /// A destination does not answer, or refuses us.
    Destination { name: &'a str, reason: &'a str },
    /// A run failed; `at` is the source or destination, empty where it is neither's.
    Failed { problem: &'a Problem, at: &'a str },
    /// A run failed and nothing says why.
    FailedUnsaid,
    /// The core went away under a run.
    Interrupted,
    /// A sync does not run until someone mends it.
    Attention { model: &'a str, reason: &'a str },
    /// Deletes are held.
    Held { model: &'a str },
    /// A run waits for a person.
    Approval,
    /// Rows have failed again and again.
    Stuck { destination: &'a str },
    /// Rows were refused, or had no answer.
    Refused { destination: &'a str },
    /// Rows were stopped before they were sent.
    Invalid { model: &'a str },
    /// Slots were missed and made up for.
    Missed,
}

/// What is said of a cause.
pub(super) struct Said {
    pub state: &'static str,
    pub title: String,
    pub happened: String,
    pub not_done: String,
    pub now: String,
}

fn said(state: &'static str, title: String, happened: String, not_done: &str, now: &str) -> Said {
    Said {
        state,
        title,
        happened,
        not_done: not_done.to_owned(),
        now: now.to_owned(),
    }
}

/// The word of a kind, as it stands in keys.
pub(super) fn kind(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Usage => "usage",
        ProblemKind::NotFound => "not_found",
        ProblemKind::Conflict => "conflict",
        ProblemKind::Config => "config",
        ProblemKind::Source => "source",
        ProblemKind::Destination => "destination",
        ProblemKind::Auth => "auth",
        ProblemKind::RateLimited => "rate_limited",
        ProblemKind::Protocol => "protocol",
        ProblemKind::Guard => "guard",
        ProblemKind::Approval => "approval",
        ProblemKind::State => "state",
        ProblemKind::Interrupted => "interrupted",
        ProblemKind::Internal => "internal",
    }
}

/// A text with its figures left out, so that it is the same from run to run.
pub(super) fn shape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut number = false;
    for one in text.chars() {
        let figure = one.is_ascii_digit() || number && matches!(one, ',' | '.');
        if figure && !number {
            out.push('#');
        }
        number = figure;
        if !figure {
            out.push(one);
        }
    }
    out
}

/// A short sign of a text's shape.
pub(super) fn sign(text: &str) -> String {
    let hash = blake3::hash(shape(text).as_bytes()).to_hex();
    hash.chars().take(8).collect()
}

/// A sentence of a text that begins small and ends without a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut rest = text.chars();
    let Some(first) = rest.next() else {
        return String::new();
    };
    // What is spelled in its own way, as a name or a code, stays so.
    let plain = rest
        .clone()
        .next()
        .is_none_or(|next| next == ' ' || next.is_lowercase());
    let head: String = match plain {
        true => first.to_uppercase().collect(),
        false => first.to_string(),
    };
    let stop = match text.ends_with(['.', '!', '?']) {
        true => "",
        false => ".",
    };
    format!("{head}{}{stop}", rest.as_str())
}

fn syncs(all: &[Concerned]) -> String {
    counted(u64::try_from(all.len()).unwrap_or(u64::MAX), "sync")
}

fn one<'a>(all: &[Concerned], single: &'a str, several: &'a str) -> &'a str {
    match all.len() {
        1 => single,
        _ => several,
    }
}

fn rows(all: &[Concerned]) -> u64 {
    all.iter().map(|one| one.rows).sum()
}

/// Says what there is to say of a cause.
pub(super) fn say(cause: &Cause<'_>, all: &[Concerned]) -> Said {
    match cause {
        Cause::Halted { reason } => said(
            "halted",
            format!("Nothing is sent: {reason}"),
            sentence(reason),
            "No sync writes anything; what is due stays due.",
            "Mend it; the core goes on by itself.",
        ),
        Cause::Destination { name, reason } => said(
            "failing",
            format!("{name}: {reason}"),
            format!("{name} could not be written to. {}", sentence(reason)),
            &format!(
                "{} cannot write there; what was not sent stays due.",
                syncs(all)
            ),
            "Mend its settings or secret, then test it; the next run sends what is due.",
        ),
        Cause::Failed { problem, at } => failed(problem, at, all),
        Cause::FailedUnsaid => said(
            "failed",
            format!("{} failed", one(all, "A run", "Runs")),
            "The last run failed and left no reason.".to_owned(),
            "What was not sent stays due.",
            "The run's log has what it did.",
        ),
        Cause::Interrupted => said(
            "interrupted",
            format!("{} interrupted", one(all, "A run was", "Runs were")),
            "The core went away under the last run.".to_owned(),
            "What was in flight is settled when the core starts; what was not sent stays due.",
            "Nothing, unless it happens again: an interrupted sync runs again by itself, unless it is paused.",
        ),
        Cause::Attention { model, reason } => said(
            "needs mending",
            format!("{model}: {reason}"),
            sentence(reason),
            one(
                all,
                "The sync does not run until it is mended.",
                "These syncs do not run until they are mended.",
            ),
            "Mend the mapping, or the model.",
        ),
        Cause::Held { model } => held(model, rows(all)),
        Cause::Approval => approval(rows(all), all.len()),
        Cause::Stuck { destination } => stuck(destination, rows(all)),
        Cause::Refused { destination } => refused(destination, rows(all)),
        Cause::Invalid { model } => invalid(model, rows(all)),
        Cause::Missed => said(
            "made up",
            format!("Slots missed by {}", syncs(all)),
            "Their time passed while the core was down or the machine slept.".to_owned(),
            "Each sync made up for its missed slots by one run.",
            "Nothing: the schedule goes on.",
        ),
    }
}

fn failed(problem: &Problem, at: &str, all: &[Concerned]) -> Said {
    // That it was stopped stands beside the title already.
    let text = problem.text.strip_prefix("stopped: ");
    let text = text.unwrap_or(&problem.text);
    let title = match at.is_empty() {
        true => sentence(text).trim_end_matches('.').to_owned(),
        false => format!("{at}: {text}"),
    };
    let (state, not_done, otherwise) = match problem.kind {
        ProblemKind::Guard => (
            "stopped",
            "The rest was not sent, and nothing was forgotten.",
            "Look at the run, and decide.",
        ),
        ProblemKind::RateLimited => (
            "limited",
            "What was not sent stays due.",
            "Nothing: a run follows when the destination takes more.",
        ),
        ProblemKind::Approval => (
            "failed",
            "Nothing of the plan was sent.",
            "The next run plans anew.",
        ),
        ProblemKind::Source => (
            "failed",
            "The model was not read to its end, so nothing was sent or deleted.",
            "Test the source; the next run reads it again.",
        ),
        _ => (
            "failed",
            "What was not sent stays due.",
            "Look at the run; the next one sends what is due.",
        ),
    };
    let now = match problem.hint.is_empty() {
        true => otherwise.to_owned(),
        false => sentence(&problem.hint),
    };
    let happened = sentence(&problem.text);
    let happened = match all.len() {
        1 => happened,
        // The text is of one of them; the others failed alike.
        _ => format!("{happened} The others failed alike."),
    };
    said(state, title, happened, not_done, &now)
}

fn held(model: &str, deletes: u64) -> Said {
    said(
        "held",
        format!("{model}: {} held", counted(deletes, "delete")),
        format!(
            "{} left the model: more than may be deleted unasked.",
            counted(deletes, "row")
        ),
        "Creates and updates went through; nothing is deleted until you approve it.",
        "Look at the plan, then approve or reject it.",
    )
}

fn approval(operations: u64, runs: usize) -> Said {
    let title = match runs {
        1 => "A run waits for approval".to_owned(),
        runs => format!("{runs} runs wait for approval"),
    };
    let are = if operations == 1 { "is" } else { "are" };
    said(
        "waits",
        title,
        format!(
            "{} {are} planned and not sent.",
            counted(operations, "operation")
        ),
        "Nothing is sent until you approve the plan; after 24 h it is dropped.",
        "Look at the plan, then approve or reject it.",
    )
}

/// Rows with their number, where it is known.
fn some_rows(number: u64) -> String {
    match number {
        0 => "rows".to_owned(),
        number => counted(number, "row"),
    }
}

fn stuck(destination: &str, number: u64) -> Said {
    let words = some_rows(number);
    said(
        "stuck",
        format!("{destination}: {words} stuck"),
        format!("{words} failed in ten runs in a row or more."),
        "The destination keeps what it last accepted of them; the others went through.",
        "Mend them at the source or in the mapping: each run tries them again.",
    )
}

fn invalid(model: &str, number: u64) -> Said {
    let words = some_rows(number);
    let were = if number == 1 { "was" } else { "were" };
    said(
        "invalid",
        format!("{model}: {words} invalid"),
        format!("{words} did not fit and {were} stopped before sending."),
        "These were not sent; the others went through.",
        "Mend them at the source or in the mapping: each run tries them again.",
    )
}

fn refused(destination: &str, number: u64) -> Said {
    let words = some_rows(number);
    let were = if number == 1 { "was" } else { "were" };
    said(
        "refused",
        format!("{destination}: {words} refused"),
        format!("{words} {were} refused, or had no answer."),
        "The destination keeps what it last accepted of them; the others went through.",
        "The causes say why; each run tries them again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_no_figures_and_a_sign_is_that_of_the_shape() {
        assert_eq!(
            shape("the first 500 of 47,710 rows"),
            "the first # of # rows"
        );
        assert_eq!(sign("500 rows (LastName)"), sign("1,200 rows (LastName)"));
        assert_ne!(sign("500 rows (LastName)"), sign("500 rows (Email)"));
    }

    #[test]
    fn a_sentence_begins_large_and_ends_with_one_stop() {
        assert_eq!(sentence("cannot sign in"), "Cannot sign in.");
        assert_eq!(sentence("HTTP 401."), "HTTP 401.");
        assert_eq!(sentence("iOS is odd"), "iOS is odd.");
        assert_eq!(sentence(""), "");
    }
}
