//! Redaction: takes secrets and the rows' own values out of text that came from a destination.
//!
//! What is left may be shown, logged and stored as the cause of a failure (reliability.md, C15).
//! It is not safe for a terminal yet: faces sanitise it.

use serde_json::Value as Json;

/// Bytes that a sample of an answer has at most.
pub const SAMPLE_BYTES: usize = 1024;
const MARK: &str = "•••";
/// Shorter values are left: replacing every "1" would make a message unreadable.
const SHORTEST: usize = 3;
/// Shorter values are replaced as whole words only.
const SHORTEST_ANYWHERE: usize = 5;
/// A message of one row has at most this many bytes.
const MESSAGE_BYTES: usize = 512;

/// Knows what must not be shown. Letters of either case are taken for the same, since destinations
/// fold addresses.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor of {} texts", self.needles.len())
    }
}

impl Redactor {
    /// Hides each of `texts`, as it is and as it stands in JSON.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut redactor = Self::default();
        for text in texts {
            redactor.add(text);
        }
        redactor.settle();
        redactor
    }

    /// Hides every value of the JSON documents in `body` too: the rows that were sent.
    #[must_use]
    pub fn with_sent(mut self, body: &[u8]) -> Self {
        for document in serde_json::Deserializer::from_slice(body).into_iter::<Json>() {
            let Ok(document) = document else { break };
            self.add_all(document);
        }
        self.settle();
        self
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.chars().count() < SHORTEST {
            return;
        }
        if let Ok(quoted) = serde_json::to_string(text) {
            let inner = quoted.trim_matches('"');
            if inner != text && inner.len() >= SHORTEST {
                self.needles.push(inner.to_ascii_lowercase());
            }
        }
        self.needles.push(text.to_ascii_lowercase());
    }

    fn add_all(&mut self, document: Json) {
        let mut open = vec![document];
        while let Some(next) = open.pop() {
            match next {
                Json::String(text) => self.add(&text),
                Json::Number(number) => self.add(&number.to_string()),
                Json::Array(items) => open.extend(items),
                Json::Object(fields) => open.extend(fields.into_iter().map(|(_, value)| value)),
                Json::Null | Json::Bool(_) => {}
            }
        }
    }

    /// Longer needles go first, so that none leaves a part of another behind.
    fn settle(&mut self) {
        self.needles
            .sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.needles.dedup();
    }

    /// The text without what must not be shown, at most 512 bytes.
    pub fn message(&self, text: &str) -> String {
        cut(self.scrub(text), MESSAGE_BYTES)
    }

    /// A sample of a body without what must not be shown, at most 1 KiB on one line.
    pub fn sample(&self, body: &[u8]) -> String {
        // JSON is written anew, so that `\u00eb` and `ë` are one.
        let text = match serde_json::from_slice::<Json>(body) {
            Ok(document) => document.to_string(),
            Err(_) => String::from_utf8_lossy(body).into_owned(),
        };
        let scrubbed = self.scrub(&text);
        let line: Vec<&str> = scrubbed.split_whitespace().collect();
        cut(line.join(" "), SAMPLE_BYTES)
    }

    fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for needle in &self.needles {
            text = replace(&text, needle);
        }
        text
    }
}

fn replace(text: &str, needle: &str) -> String {
    // ASCII folding keeps every byte position.
    let folded = text.to_ascii_lowercase();
    let mut kept = String::new();
    let mut from = 0;
    for (at, found) in folded.match_indices(needle) {
        let end = at + found.len();
        if needle.len() < SHORTEST_ANYWHERE && !is_word(&folded, at, end) {
            continue;
        }
        kept.push_str(text.get(from..at).unwrap_or_default());
        kept.push_str(MARK);
        from = end;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

fn is_word(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|head| head.chars().next_back());
    let after = text.get(end..).and_then(|tail| tail.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// Cuts at a character's border, with an ellipsis within the bound.
fn cut(text: String, bytes: usize) -> String {
    if text.len() <= bytes {
        return text;
    }
    let end = text.floor_char_boundary(bytes.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_of_the_rows_do_not_come_back() {
        let body = br#"{"data":[{"email":"Ada@Example.com","name":"Zo\u00eb","n":123456,"t":"EUR","s":"a\"b\"c"}]}"#;
        let redactor = Redactor::default().with_sent(body);
        let answer =
            br#"{"error":"ada@example.com of Zo\u00EB (123456) in eur, not EUROPE: a\"b\"c"}"#;
        let shown = redactor.sample(answer);
        assert_eq!(
            shown,
            r#"{"error":"••• of ••• (•••) in •••, not EUROPE: •••"}"#
        );
    }

    #[test]
    fn secrets_do_not_come_back_and_the_rest_stays() {
        let redactor = Redactor::new(["s3cr3t-token", "ab"]);
        assert_eq!(
            redactor.message("bad token S3CR3T-TOKEN, about"),
            "bad token •••, about"
        );
    }

    #[test]
    fn a_value_within_another_leaves_nothing_behind() {
        let redactor = Redactor::new(["example", "ada@example.com"]);
        assert_eq!(redactor.message("<ada@example.com>"), "<•••>");
    }

    #[test]
    fn samples_are_one_line_of_a_kibibyte() {
        let body = "ë \r\n".repeat(2_000);
        let sample = Redactor::default().sample(body.as_bytes());
        assert!(sample.len() <= SAMPLE_BYTES && sample.ends_with('…'));
        assert!(!sample.contains('\n'));
    }

    proptest! {
        #[test]
        fn no_long_value_survives_in_any_surrounding(
            value in "[a-zA-Z0-9@.é]{5,30}", before in ".{0,40}", after in ".{0,40}",
        ) {
            let redactor = Redactor::new([value.as_str()]);
            let shown = redactor.message(&format!("{before}{value}{after}"));
            prop_assert!(!shown.to_ascii_lowercase().contains(&value.to_ascii_lowercase()));
        }
    }
}
