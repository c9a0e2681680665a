//! How near a text is to what a person has typed of it.

/// Gaps beyond which characters that occur in order are no likeness any more.
const MAX_GAPS: u32 = 12;

/// How far `content` is from `typed`, 0 being nearest: a beginning of the text, of a word, any part
/// of it, then its characters in order with few gaps; nothing where there is no likeness.
pub(crate) fn score(content: &str, typed: &str) -> Option<u32> {
    let content: String = content.to_lowercase().chars().take(200).collect();
    let typed = typed.trim().to_lowercase();
    if let Some(at) = content.find(&typed) {
        let before = content.get(..at).and_then(|before| before.chars().last());
        return Some(match before {
            None => 0,
            Some(c) if !c.is_alphanumeric() => 1,
            Some(_) => 2,
        });
    }
    let mut gaps = 0;
    let mut last: Option<usize> = None;
    let letters: Vec<char> = content.chars().collect();
    for wanted in typed.chars().filter(|c| !c.is_whitespace()) {
        let from = last.map_or(0, |last| last + 1);
        let gap = letters.iter().skip(from).position(|c| *c == wanted)?;
        gaps += if last.is_some() {
            u32::try_from(gap).unwrap_or(MAX_GAPS)
        } else {
            0
        };
        last = Some(from + gap);
    }
    (gaps <= MAX_GAPS).then_some(3 + gaps)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn words_that_begin_with_the_text_are_nearest() {
        assert!(score("Run now", "run") < score("Cancel the run", "run"));
        assert!(score("Full resync", "resy") < score("Run every sync", "resy").or(Some(u32::MAX)));
        assert_eq!(
            score("Run in another way: try, rejected, full, plan", "rnp"),
            None
        );
        assert!(score("CRM Contacts - Hourly", "crmho").is_some());
        assert_eq!(score("Run now", "x"), None);
    }
}
