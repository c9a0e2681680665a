//! Text: figures, times and durations as people read them, and widths in columns.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Utc};
use unicode_width::UnicodeWidthStr;

use crate::domain::id::RunId;
pub(crate) use crate::domain::words::{count, counted};
use crate::safe_text;

/// The zone in which times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// The machine's own.
    #[default]
    Local,
    /// A named one.
    Named(chrono_tz::Tz),
}

impl Zone {
    pub(crate) fn naive(self, at: DateTime<Utc>) -> NaiveDateTime {
        match self {
            Self::Local => at.with_timezone(&chrono::Local).naive_local(),
            Self::Named(zone) => at.with_timezone(&zone).naive_local(),
        }
    }

    /// The first moment at which a clock of this zone shows a time, or the first after a gap in
    /// which it would be.
    pub(crate) fn at(self, time: NaiveDateTime) -> DateTime<Utc> {
        let of = |time: &NaiveDateTime| match self {
            Self::Local => chrono::Local
                .from_local_datetime(time)
                .earliest()
                .map(|at| at.to_utc()),
            Self::Named(zone) => zone
                .from_local_datetime(time)
                .earliest()
                .map(|at| at.to_utc()),
        };
        // Gaps are of whole quarters of an hour, and the longest is a day.
        let mut later = (0..=96).map(|quarters| time + TimeDelta::minutes(15 * quarters));
        later
            .find_map(|time| of(&time))
            .unwrap_or_else(|| time.and_utc())
    }
}

/// Columns that harmless text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Harmless text of at most `columns`, elided where it is longer.
pub(crate) fn line(text: &str, columns: usize) -> String {
    safe_text::line(text, columns)
}

/// Harmless text of exactly `columns`: elided or filled up with blanks on the right.
pub(crate) fn left(text: &str, columns: usize) -> String {
    let mut out = line(text, columns);
    fill(&mut out, columns);
    out
}

/// Harmless text of exactly `columns`, filled up with blanks on the left.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let out = line(text, columns);
    let blanks = columns.saturating_sub(width(&out));
    format!("{}{out}", " ".repeat(blanks))
}

/// Text from outside as it can be put on a clipboard or a command line.
pub(crate) fn harmless(text: &str) -> String {
    safe_text::safe(text).into_owned()
}

/// A word for a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", harmless(word).replace('\'', r"'\''"))
}

fn fill(out: &mut String, columns: usize) {
    let blanks = columns.saturating_sub(width(out));
    out.extend(std::iter::repeat_n(' ', blanks));
}

/// A length in bytes: `812 bytes`, `3.4 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{}.{} KB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// A duration: `0.4 s`, `38 s`, `4 min 10 s`, `2 h 05 min`.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..10 => format!("{seconds}.{} s", ms % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Whole seconds as a clock that counts: `00:25`, `1:04:09`.
pub(crate) fn countdown(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{:02}", seconds % 60)
    } else {
        format!("{minutes:02}:{:02}", seconds % 60)
    }
}

/// How long ago, in steps that change on the minute.
pub(crate) fn ago(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let minutes = (now - at).num_minutes();
    match minutes {
        ..1 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1440 => format!("{} h ago", minutes / 60),
        _ => format!("{} d ago", minutes / 1440),
    }
}

/// How far ahead, in steps that change on the minute.
pub(crate) fn ahead(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let minutes = (at - now).num_minutes();
    match minutes {
        ..1 => "in less than a minute".to_owned(),
        1..60 => format!("in {minutes} min"),
        60..1440 => format!("in {} h {:02} min", minutes / 60, minutes % 60),
        _ => format!("in {} d", minutes / 1440),
    }
}

/// The time of day to the minute.
pub(crate) fn hour_minute(zone: Zone, at: DateTime<Utc>) -> String {
    zone.naive(at).format("%H:%M").to_string()
}

/// Date and time to the second.
pub(crate) fn full(zone: Zone, at: DateTime<Utc>) -> String {
    zone.naive(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The time of day to the second.
pub(crate) fn clock(zone: Zone, at: DateTime<Utc>) -> String {
    zone.naive(at).format("%H:%M:%S").to_string()
}

/// A time in the fewest columns that tell it: `15:00`, `Tue 09:00`, `2 Dec`, `2 Dec 2027`.
pub(crate) fn when(zone: Zone, now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let (here, there) = (zone.naive(now), zone.naive(at));
    let days = (there.date() - here.date()).num_days();
    if days == 0 {
        there.format("%H:%M").to_string()
    } else if (-6..=6).contains(&days) {
        there.format("%a %H:%M").to_string()
    } else if here.year() == there.year() {
        there.format("%-d %b").to_string()
    } else {
        there.format("%-d %b %Y").to_string()
    }
}

/// A run's id, as short as people say it: `k3v9`.
pub(crate) fn short(run: &RunId) -> &str {
    let text = run.as_str();
    text.get(RunId::PREFIX.len()..RunId::PREFIX.len() + 4)
        .unwrap_or(text)
}

/// Breaks harmless text at blanks into at most `lines` lines of `columns`; the last one is elided.
pub(crate) fn wrap(text: &str, columns: usize, lines: usize) -> Vec<String> {
    let budget = columns.saturating_mul(lines).saturating_mul(4).max(16);
    let head: String = text.chars().take(budget).collect();
    let clean = safe_text::safe(&head).into_owned();
    let mut out: Vec<String> = Vec::new();
    let mut rest = clean.trim();
    while !rest.is_empty() && out.len() < lines && columns > 0 {
        if out.len() + 1 == lines || width(rest) <= columns {
            out.push(line(rest, columns));
            break;
        }
        let cut = break_at(rest, columns);
        let (head, tail) = rest.split_at(cut);
        out.push(head.trim_end().to_owned());
        rest = tail.trim_start();
    }
    out
}

/// Where to break `text` so that what is before takes at most `columns`: after a blank if there is
/// one in the second half, else between graphemes.
fn break_at(text: &str, columns: usize) -> usize {
    use unicode_segmentation::UnicodeSegmentation;
    let (mut used, mut end, mut blank) = (0, 0, None);
    for (start, grapheme) in text.grapheme_indices(true) {
        let wide = width(grapheme);
        if used + wide > columns {
            break;
        }
        used += wide;
        end = start + grapheme.len();
        if grapheme == " " && used * 2 > columns {
            blank = Some(end);
        }
    }
    let whole = text.get(end..).is_some_and(|rest| rest.starts_with(' '));
    let first = text.graphemes(true).next().map_or(text.len(), str::len);
    match blank {
        Some(at) if !whole => at,
        _ => end.max(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_a_gap_is_the_first_after_it() {
        let zone = Zone::Named(chrono_tz::Europe::Berlin);
        let at = |text: &str| zone.at(text.parse().unwrap()).to_rfc3339();
        assert_eq!(at("2026-11-24T09:00:00"), "2026-11-24T08:00:00+00:00");
        assert_eq!(at("2026-03-29T02:20:00"), "2026-03-29T01:05:00+00:00");
        // A time that is there twice is the first of both.
        assert_eq!(at("2026-10-25T02:30:00"), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(440), "0.4 s");
        assert_eq!(duration(250_000), "4 min 10 s");
        assert_eq!(duration(7_500_000), "2 h 05 min");
        assert_eq!(countdown(3849), "1:04:09");
    }

    #[test]
    fn wrapping_keeps_words_and_elides_the_last_line() {
        assert_eq!(wrap("one two three", 7, 3), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4, 3), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("one two three four", 7, 2), ["one two", "three …"]);
        assert_eq!(wrap("世界世界", 1, 2).len(), 2);
        assert!(wrap("", 10, 2).is_empty());
    }

    #[test]
    fn a_cell_has_its_width_whatever_is_in_it() {
        for text in [
            "",
            "plain",
            "世界世界世界",
            "\u{1b}[31mred",
            "e\u{301}e\u{301}",
            "a\u{202e}b",
        ] {
            assert_eq!(width(&left(text, 7)), 7, "{text:?}");
            assert_eq!(width(&right(text, 7)), 7, "{text:?}");
        }
    }
}
