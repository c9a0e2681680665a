//! Verdicts per row from the body of a good answer.
//!
//! The default form is `{"results":[{"id":"42","status":"ok"},{"id":"43","status":"error",
//! "message":"…"}]}`. A row that the answer leaves out is unknown, never accepted.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::body::Row;
use super::extent::Extent;
use crate::connectors::contract::WriteError;
use crate::connectors::http::answer::{is_html, is_json};
use crate::connectors::http::{Answer, BodyEnd, Redactor};
use crate::domain::verdict::{Rejection, Verdict};

/// Nesting of an answer that is still read.
const DEEPEST: usize = 32;
/// Values in an answer that are read in any case; a few bytes can become a hundred times as many.
const MOST_VALUES: usize = 1_024;
/// Values that the verdict of a row may have, beside those that were sent.
const VERDICT_VALUES: usize = 64;
/// Words by which receivers say that they have a row.
const GOOD: [&str; 10] = [
    "ok",
    "success",
    "succeeded",
    "accepted",
    "created",
    "updated",
    "upserted",
    "deleted",
    "unchanged",
    "duplicate",
];
/// Words by which receivers say that they refuse a row.
const BAD: [&str; 8] = [
    "error", "failed", "failure", "rejected", "refused", "invalid", "fail", "denied",
];

/// Whether answers hold verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultsPolicy {
    /// They are used where they are there.
    Auto,
    /// An answer without them is not understood.
    Required,
    /// Only the status counts.
    Ignored,
}

/// Where the parts of the verdicts are, as JSON pointers (RFC 6901).
#[derive(Debug, Clone)]
pub(super) struct Pointers {
    /// The list, in the document.
    pub(super) results: String,
    /// The row's identifier, in a verdict; nothing to match by position.
    pub(super) id: Option<String>,
    /// `ok` or `error`, in a verdict.
    pub(super) status: String,
    /// The message, in a verdict.
    pub(super) message: String,
}

/// Reads the verdicts of `rows` out of a 2xx answer.
///
/// # Errors
/// [`WriteError::Protocol`] for an HTML page, an answer past the cap, JSON that is broken, too deep
/// or more than can be said of the rows, a list that is none, and verdicts that cannot be told apart.
pub(super) fn read(
    answer: &Answer,
    rows: &[Row],
    sent: &[u8],
    policy: ResultsPolicy,
    pointers: &Pointers,
    place: &str,
    redactor: impl FnOnce() -> Redactor,
) -> Result<Vec<(u64, Verdict)>, WriteError> {
    let accepted = || {
        rows.iter()
            .map(|row| (row.number, Verdict::ACCEPTED))
            .collect()
    };
    if policy == ResultsPolicy::Ignored {
        return Ok(accepted());
    }
    let protocol = |what: &str| WriteError::Protocol {
        text: format!("the webhook at {place} answered {}: {what}", answer.status),
    };
    if is_html(answer) {
        return Err(WriteError::Protocol {
            text: format!(
                "the webhook at {place} answered HTML under status {}",
                answer.status
            ),
        });
    }
    if answer.end == BodyEnd::PastCap {
        return Err(protocol("the answer is larger than is read"));
    }
    let required = policy == ResultsPolicy::Required;
    if !required && (!is_json(answer) || answer.body.trim_ascii().is_empty()) {
        return Ok(accepted());
    }
    let extent = Extent::of(&answer.body);
    if extent.depth > DEEPEST {
        return Err(protocol("the JSON is nested too deeply"));
    }
    let echoed = Extent::of(sent).values.saturating_mul(2);
    if extent.values > MOST_VALUES + VERDICT_VALUES * rows.len() + echoed {
        return Err(protocol("the JSON holds more than can be said of the rows"));
    }
    let document: Json = serde_json::from_slice(&answer.body)
        .map_err(|error| protocol(&format!("the body is not JSON: {error}")))?;
    match document.pointer(&pointers.results) {
        Some(Json::Array(items)) => assign(items, rows, pointers, &redactor())
            .ok_or_else(|| protocol("the verdicts are not as many as the rows")),
        None if !required => Ok(accepted()),
        None => Err(protocol(&format!(
            "there is nothing at {}",
            pointers.results
        ))),
        // The whole document is the list only where it was said to be one.
        Some(_) if !required && pointers.results.is_empty() => Ok(accepted()),
        Some(_) => Err(protocol(&format!(
            "there is no list at {}",
            pointers.results
        ))),
    }
}

/// Matches verdicts to rows: by identifier where every verdict has one and any is a row's, else by
/// position, which only a full list allows.
fn assign(
    items: &[Json],
    rows: &[Row],
    pointers: &Pointers,
    redactor: &Redactor,
) -> Option<Vec<(u64, Verdict)>> {
    let verdict = |item: &Json, id| verdict(item, pointers, redactor, id);
    if let Some(by_id) = by_id(items, rows, pointers) {
        let found = rows.iter().map(|row| {
            let found = by_id.get(&plain(row)).map(Vec::as_slice);
            let verdict = match found {
                Some([item]) => verdict(item, None),
                Some(_) => unknown("the answer holds several verdicts for this row"),
                None => unknown("the answer left this row out"),
            };
            (row.number, verdict)
        });
        return Some(found.collect());
    }
    if items.len() != rows.len() {
        return None;
    }
    let paired = rows.iter().zip(items).map(|(row, item)| {
        let id = pointers
            .id
            .as_ref()
            .and_then(|id| scalar(item.pointer(id)?));
        (row.number, verdict(item, id))
    });
    Some(paired.collect())
}

fn by_id<'a>(
    items: &'a [Json],
    rows: &[Row],
    pointers: &Pointers,
) -> Option<HashMap<String, Vec<&'a Json>>> {
    let pointer = pointers.id.as_ref()?;
    let mut found: HashMap<String, Vec<&Json>> = HashMap::new();
    for item in items {
        found
            .entry(scalar(item.pointer(pointer)?)?)
            .or_default()
            .push(item);
    }
    rows.iter()
        .any(|row| row.identifier.len() == 1 && found.contains_key(&plain(row)))
        .then_some(found)
}

fn plain(row: &Row) -> String {
    match row.identifier.as_slice() {
        [value] => value.to_plain(),
        _ => String::new(),
    }
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn unknown(reason: &str) -> Verdict {
    Verdict::Unknown {
        reason: reason.to_owned(),
    }
}

fn verdict(item: &Json, pointers: &Pointers, redactor: &Redactor, id: Option<String>) -> Verdict {
    let status = item.pointer(&pointers.status);
    let good = match status {
        Some(Json::Bool(flag)) => Some(*flag),
        Some(Json::Number(number)) => number.as_u64().and_then(|code| match code {
            200..300 => Some(true),
            400..500 => Some(false),
            _ => None,
        }),
        Some(Json::String(word)) => {
            let word = word.to_ascii_lowercase();
            if GOOD.contains(&word.as_str()) {
                Some(true)
            } else if BAD.contains(&word.as_str()) {
                Some(false)
            } else {
                None
            }
        }
        _ => None,
    };
    match good {
        Some(true) => Verdict::Accepted {
            destination_id: id,
            existed: None,
        },
        Some(false) => {
            let message = item.pointer(&pointers.message).and_then(scalar);
            Verdict::Rejected(Rejection {
                code: "rejected".to_owned(),
                field: None,
                text: message.map_or_else(
                    || "the receiver gave no reason".to_owned(),
                    |message| redactor.message(&message),
                ),
                transient: false,
            })
        }
        None => unknown("the answer's verdict for this row is neither ok nor error"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::{CONTENT_TYPE, HeaderMap};

    use super::*;
    use crate::domain::value::Value;

    fn rows() -> Vec<Row> {
        ["a", "b", "c"]
            .iter()
            .zip(10..)
            .map(|(id, number)| Row {
                number,
                identifier: vec![Value::text(*id)],
            })
            .collect()
    }

    fn answered(body: &[u8], kind: &str, policy: ResultsPolicy) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        let answer = Answer {
            status: 200,
            headers,
            body: body.to_vec(),
            end: BodyEnd::Whole,
        };
        let pointers = Pointers {
            results: "/results".into(),
            id: Some("/id".into()),
            status: "/status".into(),
            message: "/message".into(),
        };
        let verdicts = read(
            &answer,
            &rows(),
            b"[]",
            policy,
            &pointers,
            "x",
            Redactor::default,
        )
        .ok()?;
        assert!(verdicts.iter().map(|(number, _)| *number).eq([10, 11, 12]));
        let letters = verdicts.iter().map(|(_, verdict)| match verdict {
            Verdict::Accepted { .. } => 'A',
            Verdict::Rejected(_) => 'R',
            Verdict::Unknown { .. } => '?',
            Verdict::Pending { .. } => 'P',
        });
        Some(letters.collect())
    }

    fn auto(body: &str) -> Option<String> {
        answered(body.as_bytes(), "application/json", ResultsPolicy::Auto)
    }

    #[test]
    fn verdicts_are_matched_by_identifier_in_any_order() {
        let body = r#"{"results":[{"id":"c","status":"error"},{"id":"a","status":"OK"},{"id":"b","status":true}]}"#;
        assert_eq!(auto(body).as_deref(), Some("AAR"));
    }

    #[test]
    fn a_row_that_is_left_out_or_told_twice_is_unknown() {
        let body = r#"{"results":[{"id":"a","status":"ok"},{"id":"b","status":"ok"},{"id":"b","status":"error"}]}"#;
        assert_eq!(auto(body).as_deref(), Some("A??"));
    }

    #[test]
    fn without_identifiers_a_full_list_is_matched_by_position() {
        let full = r#"{"results":[{"status":200},{"status":422},{"status":"queued"}]}"#;
        assert_eq!(auto(full).as_deref(), Some("AR?"));
        let foreign = r#"{"results":[{"id":"x1","status":"ok"},{"id":"x2","status":"ok"},{"id":"x3","status":"error"}]}"#;
        assert_eq!(auto(foreign).as_deref(), Some("AAR"));
        assert_eq!(auto(r#"{"results":[{"status":"ok"}]}"#), None);
    }

    #[test]
    fn an_answer_without_verdicts_accepts_all_unless_they_are_required() {
        for body in ["", "{}", "null", "[1]", r#"{"ok":true}"#] {
            assert_eq!(auto(body).as_deref(), Some("AAA"), "{body}");
            assert_eq!(
                answered(body.as_bytes(), "application/json", ResultsPolicy::Required),
                None
            );
        }
        let text = answered(b"thanks", "text/plain", ResultsPolicy::Auto);
        assert_eq!(text.as_deref(), Some("AAA"));
    }

    #[test]
    fn answers_that_are_not_understood_are_no_verdicts() {
        let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
        for body in [
            "{",
            "nonsense",
            r#"{"results":"all"}"#,
            r#"{"results":{}}"#,
            &deep,
        ] {
            assert_eq!(auto(body), None, "{body}");
        }
        assert_eq!(answered(b"hi", "text/html", ResultsPolicy::Auto), None);
        let ignored = answered(b"hi", "text/html", ResultsPolicy::Ignored);
        assert_eq!(ignored.as_deref(), Some("AAA"));
    }

    #[test]
    fn more_values_than_can_be_said_of_the_rows_are_not_read() {
        let of = |count: usize| format!(r#"{{"other":[{}]}}"#, vec!["{}"; count].join(","));
        assert_eq!(auto(&of(500)).as_deref(), Some("AAA"));
        assert_eq!(auto(&of(700)), None);
    }

    #[test]
    fn brackets_in_texts_are_not_nesting() {
        let text = format!(r#"{{"note":"{}\"["}}"#, "[".repeat(100));
        assert_eq!(auto(&text).as_deref(), Some("AAA"));
    }

    proptest! {
        #[test]
        fn any_body_gives_each_row_one_verdict_or_none_at_all(body in any::<Vec<u8>>()) {
            let _ = answered(&body, "application/json", ResultsPolicy::Required);
        }
    }
}
