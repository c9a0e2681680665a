//! The parts of SQL text that are set off as it is drawn: words of the language, texts, comments.

use crate::tui::theme::Role;

const KEYWORDS: &[&str] = &[
    "all",
    "and",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "coalesce",
    "collate",
    "count",
    "cross",
    "current_date",
    "current_timestamp",
    "desc",
    "distinct",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "filter",
    "first",
    "following",
    "for",
    "from",
    "full",
    "group",
    "having",
    "ilike",
    "in",
    "inner",
    "intersect",
    "interval",
    "is",
    "join",
    "last",
    "lateral",
    "left",
    "like",
    "limit",
    "max",
    "min",
    "natural",
    "not",
    "null",
    "nulls",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "partition",
    "preceding",
    "range",
    "recursive",
    "right",
    "row",
    "rows",
    "select",
    "set",
    "sum",
    "then",
    "true",
    "unbounded",
    "union",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
];

/// What a text that goes on over line ends began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Within {
    #[default]
    Nothing,
    /// `/*`
    Comment,
    /// A quote: `'`, `"` or a back quote.
    Quote(char),
}

/// The parts of a line, end to end, and what it ends within.
pub(crate) fn parts(line: &str, begins: Within) -> (Vec<(usize, Role)>, Within) {
    let mut parts: Vec<(usize, Role)> = Vec::new();
    let mut within = begins;
    let mut rest = line;
    while !rest.is_empty() {
        let (length, role) = match within {
            Within::Comment => match rest.find("*/") {
                Some(at) => {
                    within = Within::Nothing;
                    (at + 2, Role::Dim)
                }
                None => (rest.len(), Role::Dim),
            },
            Within::Quote(quote) => match rest.find(quote) {
                Some(at) => {
                    within = Within::Nothing;
                    (at + quote.len_utf8(), Role::Ok)
                }
                None => (rest.len(), Role::Ok),
            },
            Within::Nothing => {
                let (length, role, opens) = next(rest);
                within = opens;
                (length, role)
            }
        };
        let (_, tail) = rest.split_at(length);
        rest = tail;
        match parts.last_mut() {
            Some((long, last)) if *last == role => *long += length,
            _ => parts.push((length, role)),
        }
    }
    (parts, within)
}

/// The next part outside of texts and comments: its length, its role, and what it opens.
fn next(rest: &str) -> (usize, Role, Within) {
    if rest.starts_with("--") {
        return (rest.len(), Role::Dim, Within::Nothing);
    }
    if rest.starts_with("/*") {
        return (2, Role::Dim, Within::Comment);
    }
    let Some(first) = rest.chars().next() else {
        return (rest.len(), Role::Text, Within::Nothing);
    };
    if matches!(first, '\'' | '"' | '`') {
        return (1, Role::Ok, Within::Quote(first));
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if !is_word(first) {
        return (first.len_utf8(), Role::Text, Within::Nothing);
    }
    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let (word, _) = rest.split_at(length);
    let lower = word.to_ascii_lowercase();
    let role = match KEYWORDS.binary_search(&lower.as_str()) {
        Ok(_) => Role::Key,
        Err(_) => Role::Text,
    };
    (length, role, Within::Nothing)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_words_are_in_the_order_in_which_they_are_searched() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn words_texts_and_comments_are_told_apart() {
        let (found, within) = parts("select 'it''s' from t -- x", Within::Nothing);
        let roles: Vec<Role> = found.iter().map(|(_, role)| *role).collect();
        assert_eq!(
            roles,
            [
                Role::Key,
                Role::Text,
                Role::Ok,
                Role::Text,
                Role::Key,
                Role::Text,
                Role::Dim
            ]
        );
        assert_eq!(within, Within::Nothing);
        let (_, within) = parts("a /* b", Within::Nothing);
        assert_eq!(within, Within::Comment);
        let (found, within) = parts("c */ d 'e", within);
        assert_eq!(found[0], (4, Role::Dim));
        assert_eq!(within, Within::Quote('\''));
    }

    proptest! {
        #[test]
        fn the_parts_make_up_the_line(line in "\\PC*") {
            let (found, _) = parts(&line, Within::Nothing);
            let mut at = 0;
            for (length, _) in found {
                at += length;
                prop_assert!(line.is_char_boundary(at));
            }
            prop_assert_eq!(at, line.len());
        }
    }
}
