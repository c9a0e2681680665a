//! The one sanitizer for text from outside: for the terminal, logs and plain output.
//!
//! Rows, names and answers may hold escape sequences, text that runs backwards and characters
//! that nobody sees. All of these are shown, never obeyed and never dropped, so that what is on
//! screen is what is in the data.

use std::borrow::Cow;
use std::fmt;
use std::iter;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A cluster keeps so many scalar values; piles of accents would write over other lines.
const MAX_CLUSTER: usize = 16;
/// Says that something was left out.
const ELLIPSIS: char = '…';
/// Carries an accent that has no letter of its own to stand on.
const DOTTED_CIRCLE: char = '◌';

/// Text from outside that is sanitized wherever it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Safe<'a>(pub &'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&safe(self.0))
    }
}

/// Makes text from outside safe to write: control characters become glyphs (`␛`), what is
/// invisible or turns text around is spelled out (`<U+202E>`), and a cluster of more than 16
/// scalar values is cut. Harmless text is borrowed.
pub fn safe(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut clean: Option<String> = None;
    for (at, piece) in pieces(text) {
        match (&mut clean, piece) {
            (None, Cow::Borrowed(_)) => {}
            (Some(clean), piece) => clean.push_str(&piece),
            (None, Cow::Owned(piece)) => {
                let mut start = text.get(..at).unwrap_or_default().to_owned();
                start.push_str(&piece);
                clean = Some(start);
            }
        }
    }
    clean.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The columns that text takes on a terminal, once it is safe.
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    pieces(text)
        .map(|(_, piece)| clusters_width(&piece))
        .sum::<usize>()
}

/// Makes text safe and fits it into one line of at most `max_width` columns; what was left out
/// is shown by `…`. The work is bounded by the width, not by the text.
pub fn line(text: &str, max_width: usize) -> String {
    if text.len() <= max_width && is_plain(text) {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    // Where the text has to be cut to make room for the ellipsis.
    let mut room = 0;
    for (_, piece) in pieces(text) {
        for cluster in piece.graphemes(true) {
            used += cluster.width();
            if used > max_width {
                kept.truncate(room);
                if max_width > 0 {
                    kept.push(ELLIPSIS);
                }
                return kept;
            }
            kept.push_str(cluster);
            if used < max_width {
                room = kept.len();
            }
        }
    }
    kept
}

/// Fits text into exactly `width` columns: like [`line`], filled up with spaces.
pub fn pad(text: &str, columns: usize) -> String {
    let mut padded = line(text, columns);
    let missing = columns.saturating_sub(width(&padded));
    padded.extend(iter::repeat_n(' ', missing));
    padded
}

/// Printable ASCII, which nearly all text is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn clusters_width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The clusters of `text`, each made safe, with where it began; one that is borrowed was safe.
fn pieces(text: &str) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    // At the start an accent would stand on what the screen holds there, after an escaped
    // character on our own sign.
    let mut bare = true;
    text.grapheme_indices(true).map(move |(at, cluster)| {
        let piece = safe_cluster(cluster, bare);
        bare = matches!(piece, Cow::Owned(_));
        (at, piece)
    })
}

fn safe_cluster(cluster: &str, bare: bool) -> Cow<'_, str> {
    let mut scalars = cluster.chars();
    let carrier = bare && scalars.next().is_some_and(extends);
    let length = cluster.chars().take(MAX_CLUSTER + 1).count() + usize::from(carrier);
    if !carrier && length <= MAX_CLUSTER && !cluster.chars().any(is_hidden) {
        return Cow::Borrowed(cluster);
    }
    let mut clean = String::new();
    let carrier = carrier.then_some(DOTTED_CIRCLE);
    for scalar in carrier.into_iter().chain(cluster.chars()).take(MAX_CLUSTER) {
        push_visible(&mut clean, scalar);
    }
    if length > MAX_CLUSTER {
        clean.push(ELLIPSIS);
    }
    Cow::Owned(clean)
}

fn push_visible(clean: &mut String, scalar: char) {
    match scalar {
        '\0'..='\x1f' => clean.extend(char::from_u32(0x2400 + u32::from(scalar))),
        '\x7f' => clean.push('␡'),
        hidden if is_hidden(hidden) => {
            clean.push_str(&format!("<U+{:04X}>", u32::from(hidden)));
        }
        visible => clean.push(visible),
    }
}

/// Whether a character joins the one before it, so that it shows nothing by itself.
fn extends(scalar: char) -> bool {
    if scalar.is_ascii() || is_hidden(scalar) {
        return false;
    }
    // Spacing marks have a width, so that width alone does not tell.
    scalar.width() == Some(0) || format!("a{scalar}").graphemes(true).count() == 1
}

/// Whether a character is obeyed by a terminal, seen by nobody, or changes the order of others:
/// controls, all of Unicode's format characters (Cf), line separators, fillers, tags, and the
/// variation selectors except the two that choose text or emoji.
fn is_hidden(scalar: char) -> bool {
    matches!(scalar,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{34f}'
        | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// What must never leave, by Unicode's own tables.
    static FORBIDDEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]").unwrap());

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        for (raw, shown) in [
            ("plain text", "plain text"),
            ("Zoë 東京 👍", "Zoë 東京 👍"),
            ("\x1b]0;title\x07", "␛]0;title␇"),
            ("a\r\nb\tc\0", "a␍␊b␉c␀"),
            ("\x7f", "␡"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("\u{85}", "<U+0085>"),
            ("invoice\u{202e}fdp.exe", "invoice<U+202E>fdp.exe"),
            ("a\u{200b}b\u{feff}", "a<U+200B>b<U+FEFF>"),
            ("x\u{e0041}\u{e007f}", "x<U+E0041><U+E007F>"),
            ("a\u{fe01}", "a<U+FE01>"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("👩\u{200d}💻", "👩<U+200D>💻"),
            ("\u{301}x", "◌\u{301}x"),
            ("\x1b\u{301}", "␛◌\u{301}"),
        ] {
            assert_eq!(safe(raw), shown);
            assert_eq!(Safe(raw).to_string(), shown);
        }
    }

    #[test]
    fn harmless_text_is_borrowed() {
        for text in ["", "plain", "Zoë 東京 👍"] {
            assert!(matches!(safe(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn a_pile_of_accents_is_cut() {
        let fits = format!("e{}", "\u{301}".repeat(15));
        assert_eq!(safe(&fits), fits);
        let pile = format!("e{}x", "\u{301}".repeat(10_000));
        assert_eq!(safe(&pile), format!("{fits}…x"));
    }

    #[test]
    fn a_line_is_cut_by_columns() {
        for (text, columns, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("abcd", 1, "…"),
            ("abcd", 0, ""),
            ("", 0, ""),
            ("東京都", 6, "東京都"),
            ("東京都", 5, "東京…"),
            ("東京都", 4, "東…"),
            ("a\nb", 3, "a␊b"),
            ("a\u{202e}b", 5, "a<U+…"),
        ] {
            assert_eq!(line(text, columns), expected, "{text} {columns}");
        }
        assert_eq!(line(&"x".repeat(10_000_000), 3), "xx…");
        assert_eq!(pad("東京", 6), "東京  ");
        assert_eq!(pad("東京都", 5), "東京…");
        assert_eq!(format!("{:>4}|", Safe("a\n")), "  a␊|");
    }

    fn hostile() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            3 => any::<char>(),
            2 => proptest::char::range('\0', '\u{ff}'),
            1 => proptest::char::range('\u{300}', '\u{36f}'),
            1 => proptest::char::range('\u{2000}', '\u{206f}'),
            1 => proptest::char::range('\u{900}', '\u{97f}'),
            1 => proptest::char::range('\u{1f1e6}', '\u{1f64f}'),
            1 => proptest::char::range('\u{fe00}', '\u{fe0f}'),
            1 => proptest::char::range('\u{e0000}', '\u{e01ef}'),
        ];
        proptest::collection::vec(scalar, 0..40).prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn nothing_that_is_obeyed_or_unseen_ever_leaves(text in hostile()) {
            let clean = safe(&text);
            prop_assert!(!FORBIDDEN.is_match(&clean), "{clean:?}");
            let longest = clean.graphemes(true).map(|cluster| cluster.chars().count()).max();
            prop_assert!(longest.unwrap_or(0) <= MAX_CLUSTER + 1, "{clean:?}");
            prop_assert_eq!(safe(&clean), clean.clone());
        }

        #[test]
        fn a_line_never_exceeds_its_columns(text in hostile(), columns in 0..30_usize) {
            let fitted = line(&text, columns);
            prop_assert!(!FORBIDDEN.is_match(&fitted), "{fitted:?}");
            prop_assert!(clusters_width(&fitted) <= columns, "{fitted:?}");
            prop_assert!(fitted.width() <= columns, "{fitted:?}");
            if width(&text) <= columns {
                prop_assert_eq!(fitted, safe(&text));
            }
            prop_assert_eq!(clusters_width(&pad(&text, columns)), columns);
        }
    }

    #[test]
    fn every_format_character_of_unicode_is_known() {
        let missed: Vec<char> = ('\0'..=char::MAX)
            .filter(|scalar| FORBIDDEN.is_match(scalar.encode_utf8(&mut [0; 4])))
            .filter(|scalar| !is_hidden(*scalar))
            .collect();
        assert_eq!(missed, Vec::<char>::new());
    }
}
