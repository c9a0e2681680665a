//! Tests of reading a log from its end, in either direction and by text.

use std::io::Cursor;

use chrono::DateTime;

use super::*;

/// A log of lines of one length that is made as it is read, and counts what is.
struct Made {
    lines: u64,
    at: u64,
    read: u64,
}

/// Bytes of one line, its end included.
const LINE: u64 = 100;

impl Made {
    fn new(lines: u64) -> Self {
        Self {
            lines,
            at: 0,
            read: 0,
        }
    }
}

fn text(number: u64) -> String {
    let head = format!(
        "{{\"at\":\"2026-03-02T08:00:00Z\",\"word\":\"writing\",\"text\":\"line {number:09}"
    );
    let fill = usize::try_from(LINE).unwrap() - head.len() - 3;
    format!("{head}{}\"}}\n", ".".repeat(fill))
}

impl Read for Made {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut given = 0;
        while given < bytes.len() && self.at < self.lines * LINE {
            let line = text(self.at / LINE).into_bytes();
            let rest = &line[usize::try_from(self.at % LINE).unwrap()..];
            let length = rest.len().min(bytes.len() - given);
            bytes[given..given + length].copy_from_slice(&rest[..length]);
            given += length;
            self.at += length as u64;
        }
        self.read += given as u64;
        Ok(given)
    }
}

impl Seek for Made {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(back) => (self.lines * LINE).checked_add_signed(back).unwrap(),
            SeekFrom::Current(on) => self.at.checked_add_signed(on).unwrap(),
        };
        Ok(self.at)
    }
}

fn wanted(from: LogPlace, limit: u32) -> Wanted {
    Wanted {
        from,
        limit,
        text: None,
    }
}

fn numbers(page: &LogPage) -> Vec<u64> {
    let number = |line: &PlacedLine| {
        let number = line.line.text[5..14].parse::<u64>().unwrap();
        assert_eq!(line.place, number * LINE);
        number
    };
    page.lines.iter().map(number).collect()
}

#[test]
fn the_end_of_a_million_lines_costs_no_more_than_that_of_a_thousand() {
    let mut costs = Vec::new();
    for lines in [1_000, 1_000_000] {
        let mut log = Made::new(lines);
        let last = page(&mut log, &wanted(LogPlace::End, 500)).unwrap();
        assert_eq!(numbers(&last), (lines - 500..lines).collect::<Vec<_>>());
        assert_eq!(
            (last.start, last.end, last.size),
            ((lines - 500) * LINE, lines * LINE, lines * LINE)
        );
        let earlier = page(&mut log, &wanted(LogPlace::Before(last.start), 100)).unwrap();
        assert_eq!(
            numbers(&earlier),
            (lines - 600..lines - 500).collect::<Vec<_>>()
        );
        let first = page(&mut log, &wanted(LogPlace::After(0), 100)).unwrap();
        assert_eq!(numbers(&first), (0..100).collect::<Vec<_>>());
        let next = page(&mut log, &wanted(LogPlace::After(first.end), 100)).unwrap();
        assert_eq!(numbers(&next), (100..200).collect::<Vec<_>>());
        let rest = page(&mut log, &wanted(LogPlace::After(last.end), 100)).unwrap();
        assert_eq!((rest.lines.len(), rest.end), (0, last.end));
        costs.push(log.read);
    }
    assert!(costs[1] <= costs[0] + BLOCK, "{costs:?}");
    assert!(costs[1] <= 5 * BLOCK, "{costs:?}");
}

#[test]
fn pages_in_both_directions_give_every_line_once() {
    for (lines, limit) in [(0, 3), (1, 1), (7, 3), (3_000, 700), (2_000, 10_000)] {
        let mut log = Made::new(lines);
        let mut all = Vec::new();
        let mut place = LogPlace::End;
        loop {
            let page = page(&mut log, &wanted(place, limit)).unwrap();
            all.splice(0..0, numbers(&page));
            if page.start == 0 {
                break;
            }
            place = LogPlace::Before(page.start);
        }
        assert_eq!(
            all,
            (0..lines).collect::<Vec<_>>(),
            "{lines} by {limit}, back"
        );
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let page = page(&mut log, &wanted(LogPlace::After(from), limit)).unwrap();
            all.extend(numbers(&page));
            if page.end == from {
                break;
            }
            from = page.end;
        }
        assert_eq!(
            all,
            (0..lines).collect::<Vec<_>>(),
            "{lines} by {limit}, on"
        );
    }
}

#[test]
fn wanted_text_is_looked_for_piece_by_piece() {
    let mut log = Made::new(200_000);
    let mut place = LogPlace::End;
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let before = log.read;
        let page = page(
            &mut log,
            &Wanted {
                text: Some("LINE 000000".into()),
                ..wanted(place, 100_000)
            },
        )
        .unwrap();
        assert!(log.read - before <= MOST_BYTES + BLOCK);
        pages += 1;
        found.splice(0..0, numbers(&page));
        if page.start == 0 {
            break;
        }
        place = LogPlace::Before(page.start);
    }
    assert_eq!(found, (0..1_000).collect::<Vec<_>>());
    assert!(pages >= 5, "{pages}");
}

fn line(text: &str) -> Vec<u8> {
    let line = LogLine {
        at: DateTime::UNIX_EPOCH,
        word: "x".into(),
        text: text.into(),
    };
    let mut json = serde_json::to_vec(&line).unwrap();
    json.push(b'\n');
    json
}

fn texts(page: &LogPage) -> Vec<&str> {
    page.lines
        .iter()
        .map(|line| line.line.text.as_str())
        .collect()
}

#[test]
fn what_a_crash_cut_or_is_being_written_is_left_out_and_the_rest_is_whole() {
    let mut log = line("one");
    log.extend(b"{\"at\":\"2026-03-0\n");
    log.extend(line("two"));
    let whole = log.len() as u64;
    log.extend(b"{\"at\":\"20");
    for place in [LogPlace::End, LogPlace::After(0)] {
        let page = page(Cursor::new(&log), &wanted(place, 10)).unwrap();
        assert_eq!(
            (texts(&page), page.end),
            (vec!["one", "two"], whole),
            "{place:?}"
        );
    }
    // A place inside of a line, or beyond the end, harms nobody.
    for place in [
        LogPlace::Before(5),
        LogPlace::After(whole - 3),
        LogPlace::After(u64::MAX),
    ] {
        let page = page(Cursor::new(&log), &wanted(place, 10)).unwrap();
        assert!(page.lines.len() <= 1, "{page:?}");
    }
}

#[test]
fn a_line_longer_than_a_page_is_passed_over() {
    let mut log = line("one");
    log.extend(vec![b'x'; usize::try_from(3 * MOST_BYTES / 2).unwrap()]);
    log.push(b'\n');
    log.extend(line("two"));
    let (mut all, mut place) = (Vec::new(), LogPlace::End);
    loop {
        let page = page(Cursor::new(&log), &wanted(place, 10)).unwrap();
        all.extend(texts(&page).into_iter().map(str::to_owned));
        if page.start == 0 {
            break;
        }
        place = LogPlace::Before(page.start);
    }
    assert_eq!(all, ["two", "one"]);
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let page = page(Cursor::new(&log), &wanted(LogPlace::After(from), 10)).unwrap();
        all.extend(texts(&page).into_iter().map(str::to_owned));
        if page.end == from {
            break;
        }
        from = page.end;
    }
    assert_eq!(all, ["one", "two"]);
}
