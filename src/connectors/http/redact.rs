//! Redaction: takes secrets and the rows' own values out of text that came from a destination.
//!
//! What is left may be shown, logged and stored as the cause of a failure (reliability.md, C15).
//! It is not safe for a terminal yet: faces sanitise it.

use std::collections::HashMap;

/// Bytes that a sample of an answer has at most.
pub const SAMPLE_BYTES: usize = 1024;
/// A message of one row has at most this many bytes.
const MESSAGE_BYTES: usize = 512;
const MARK: &str = "•••";
/// Shorter values are left: replacing every "1" would make a message unreadable.
const SHORTEST: usize = 3;
/// Shorter values are replaced as whole words only.
const SHORTEST_ANYWHERE: usize = 5;

/// Knows what must not be shown. ASCII letters of either case are taken for the same, since
/// destinations fold addresses.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Needles by their first three bytes, the longest first, so that a text is read once however
    /// many rows were sent.
    needles: HashMap<[u8; SHORTEST], Vec<Box<str>>>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count: usize = self.needles.values().map(Vec::len).sum();
        write!(f, "Redactor of {count} texts")
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
        for_each_value(body, |text| self.add(text));
        self.settle();
        self
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        self.insert(text);
        if let Ok(quoted) = serde_json::to_string(text) {
            let inner = quoted.get(1..quoted.len().saturating_sub(1));
            let inner = inner.unwrap_or_default();
            if inner != text {
                self.insert(inner);
            }
        }
    }

    fn insert(&mut self, text: &str) {
        let needle = text.to_ascii_lowercase();
        if text.chars().count() >= SHORTEST
            && let Some(head) = needle.as_bytes().first_chunk()
        {
            let bucket = self.needles.entry(*head).or_default();
            bucket.push(needle.into_boxed_str());
        }
    }

    /// Longer needles go first, so that none leaves a part of another behind.
    fn settle(&mut self) {
        for bucket in self.needles.values_mut() {
            bucket.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            bucket.dedup();
        }
    }

    /// The text without what must not be shown, at most 512 bytes.
    pub fn message(&self, text: &str) -> String {
        cut(self.scrub(text, MESSAGE_BYTES), MESSAGE_BYTES)
    }

    /// A sample of a body without what must not be shown, at most 1 KiB on one line.
    pub fn sample(&self, body: &[u8]) -> String {
        let text = unescape(&String::from_utf8_lossy(body));
        let scrubbed = self.scrub(&text, 4 * SAMPLE_BYTES);
        let words: Vec<&str> = scrubbed.split_whitespace().collect();
        cut(words.join(" "), SAMPLE_BYTES)
    }

    /// Reads `text` until `enough` bytes and one more are there.
    fn scrub(&self, text: &str, enough: usize) -> String {
        // ASCII folding keeps every byte position.
        let folded = text.to_ascii_lowercase();
        let mut kept = String::new();
        let mut at = 0;
        while kept.len() <= enough
            && let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next())
        {
            if let Some(length) = self.found(&folded, at) {
                kept.push_str(MARK);
                at += length;
            } else {
                kept.push(letter);
                at += letter.len_utf8();
            }
        }
        kept
    }

    /// The length of the longest needle at `at`.
    fn found(&self, folded: &str, at: usize) -> Option<usize> {
        let rest = folded.get(at..)?;
        let bucket = self.needles.get(rest.as_bytes().first_chunk()?)?;
        let needle = bucket.iter().find(|needle| {
            rest.starts_with(needle.as_ref())
                && (needle.len() >= SHORTEST_ANYWHERE || is_word(folded, at, at + needle.len()))
        })?;
        Some(needle.len())
    }
}

fn is_word(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|head| head.chars().next_back());
    let after = text.get(end..).and_then(|tail| tail.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// Calls `see` with each text, unescaped, and each number, as it is written, of JSON that we wrote
/// ourselves; names of fields are passed over. Nothing of the documents is kept in memory.
fn for_each_value(json: &[u8], mut see: impl FnMut(&str)) {
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        let rest = json.get(at..).unwrap_or_default();
        let length = match byte {
            b'"' => text_length(rest),
            b'-' | b'0'..=b'9' => rest
                .iter()
                .position(|byte| !matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                .unwrap_or(rest.len()),
            _ => {
                at += 1;
                continue;
            }
        };
        let token = rest.get(..length).unwrap_or_default();
        at += length;
        if *byte != b'"' {
            see(std::str::from_utf8(token).unwrap_or_default());
        } else if json.get(at) != Some(&b':')
            && let Ok(text) = serde_json::from_slice::<String>(token)
        {
            see(&text);
        }
    }
}

/// The length of the JSON text at the front, with both quotes.
fn text_length(json: &[u8]) -> usize {
    let mut escaped = false;
    for (position, byte) in json.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position + 1,
            _ => {}
        }
    }
    json.len()
}

/// Undoes the escapes by which receivers spell a value otherwise than we do: `\u00eb` and `\/`.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = after;
        if let Some(slash) = after.strip_prefix('/') {
            plain.push('/');
            rest = slash;
        } else if let Some((letter, tail)) = unicode_escape(after) {
            plain.push(letter);
            rest = tail;
        } else {
            plain.push('\\');
            // An escaped backslash does not begin the next escape.
            if let Some(tail) = after.strip_prefix('\\') {
                plain.push('\\');
                rest = tail;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Reads `uXXXX`, and the pair of a surrogate, after a backslash; a control or a quote stays
/// escaped, as we escape it too.
fn unicode_escape(text: &str) -> Option<(char, &str)> {
    let unit = |text: &str| {
        let digits = text.strip_prefix('u')?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let high = unit(text)?;
    let tail = text.get(5..)?;
    let low = tail.strip_prefix('\\').and_then(unit);
    let decoded = char::decode_utf16([Some(high), low].into_iter().flatten()).next()?;
    let letter = decoded.ok()?;
    if letter.is_control() || matches!(letter, '"' | '\\') {
        return None;
    }
    let used = if letter.len_utf16() == 2 { 6 } else { 0 };
    Some((letter, tail.get(used..)?))
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
        let body = r#"{"data":[{"email":"Ada@Example.com","name":"Zoë","n":12345678901234567890.120,"t":"EUR","s":"a\"b\"c","u":"x/y/z"}]}"#;
        let redactor = Redactor::default().with_sent(body.as_bytes());
        let answer = br#"{"error":"ada@example.com of Zo\u00EB (12345678901234567890.120) in eur, not EUROPE: a\"b\"c x\/y\/z"}"#;
        assert_eq!(
            redactor.sample(answer),
            r#"{"error":"••• of ••• (•••) in •••, not EUROPE: ••• •••"}"#
        );
    }

    #[test]
    fn names_of_fields_stay() {
        let redactor = Redactor::default().with_sent(br#"{"email_address":"a@b.example"}"#);
        assert_eq!(
            redactor.message("email_address is bad"),
            "email_address is bad"
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
        let redactor = Redactor::new(["example", "ada@example.com", "ada@e"]);
        assert_eq!(redactor.message("<ada@example.com>"), "<•••>");
    }

    #[test]
    fn samples_are_one_line_of_a_kibibyte() {
        let body = "ë \r\n".repeat(2_000);
        let sample = Redactor::default().sample(body.as_bytes());
        assert!(sample.len() <= SAMPLE_BYTES && sample.ends_with('…'));
        assert!(!sample.contains('\n'));
    }

    #[test]
    fn a_value_at_the_end_of_the_sample_is_not_cut_into_view() {
        let value = "canary".repeat(20);
        let redactor = Redactor::new([value.as_str()]);
        for before in 900..1100 {
            let body = format!("{}{value}{value}", "-".repeat(before));
            assert!(
                !redactor.sample(body.as_bytes()).contains("can"),
                "{before}"
            );
        }
    }

    #[test]
    fn escapes_are_undone_where_they_spell_letters() {
        assert_eq!(
            unescape(r"\u00eb \ud83d\ude00 \/ \\u0041 \u0022 \n \ud83d \"),
            r"ë 😀 / \\u0041 \u0022 \n \ud83d \"
        );
    }

    proptest! {
        #[test]
        fn no_long_value_survives_in_any_surrounding(
            value in "[a-zA-Z0-9@.é]{5,30}", before in "[ -~]{0,40}", after in "[ -~]{0,40}",
        ) {
            let redactor = Redactor::new([value.as_str()]);
            let shown = redactor.message(&format!("{before}{value}{after}"));
            prop_assert!(!shown.to_ascii_lowercase().contains(&value.to_ascii_lowercase()));
        }

        #[test]
        fn any_bytes_are_scrubbed_without_a_panic(sent in any::<Vec<u8>>(), answer in any::<Vec<u8>>()) {
            let sample = Redactor::default().with_sent(&sent).sample(&answer);
            prop_assert!(sample.len() <= SAMPLE_BYTES);
        }

        #[test]
        fn every_text_that_serde_writes_is_found(text in any::<String>()) {
            let json = serde_json::to_vec(&serde_json::json!({"a": [text]})).unwrap();
            let mut seen = Vec::new();
            for_each_value(&json, |found| seen.push(found.to_owned()));
            prop_assert_eq!(seen, [text]);
        }
    }
}
