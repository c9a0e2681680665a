//! Reads a page of a run's log: from its end or from a place in it, whatever the log's length.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::domain::command::{LogPage, LogPlace, PlacedLine};
use crate::domain::event::LogLine;
use crate::domain::problem::{Problem, ProblemKind};

/// Bytes that are read at once.
const BLOCK: u64 = 64 << 10;
/// Bytes that one page is looked for in at most; what is left is for the next one.
const MOST_BYTES: u64 = 4 << 20;
/// Lines of one page at most.
const MOST_LINES: u32 = 10_000;

/// Which lines of a log are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Where they stand.
    pub from: LogPlace,
    /// At most so many.
    pub limit: u32,
    /// Only with this text, whatever the case.
    pub text: Option<String>,
}

/// Reads a page of the log at a path; a log that is not there is empty.
///
/// # Errors
/// A [`Problem`] where the file is there and cannot be read.
pub(crate) fn read(path: &Path, wanted: &Wanted) -> Result<LogPage, Problem> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LogPage::default()),
        Err(error) => return Err(unreadable(path, &error)),
    };
    page(file, wanted).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        ProblemKind::State,
        format!("cannot read the log {}: {error}", path.display()),
    )
}

fn page(mut log: impl Read + Seek, wanted: &Wanted) -> io::Result<LogPage> {
    let size = log.seek(SeekFrom::End(0))?;
    match wanted.from {
        LogPlace::End => before(log, size, size, wanted),
        LogPlace::Before(byte) => before(log, byte.min(size), size, wanted),
        LogPlace::After(byte) => after(log, byte.min(size), size, wanted),
    }
}

/// Lines that end at `to` or before it, the last ones.
fn before(mut log: impl Read + Seek, to: u64, size: u64, wanted: &Wanted) -> io::Result<LogPage> {
    let limit = limit(wanted);
    let mut found: Vec<PlacedLine> = Vec::new();
    // Bytes from `start` on whose beginning is not known to be that of a line.
    let mut open: Vec<u8> = Vec::new();
    let (mut start, mut end) = (to, None);
    let mut page_start = to;
    let lowest = to.saturating_sub(MOST_BYTES);
    while start > lowest && found.len() < limit {
        let length = BLOCK.min(start - lowest);
        start -= length;
        let mut block = block(&mut log, start, length)?;
        block.append(&mut open);
        // What follows the last line's end is a line that is still being written.
        let whole = match end {
            Some(_) => block.len(),
            None => block
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1),
        };
        if end.is_none() && whole > 0 {
            end = Some(start + offset(whole));
        }
        if end.is_none() {
            open = block;
            continue;
        }
        let first = match start {
            0 => 0,
            _ => block
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(whole, |at| at + 1),
        };
        let lines = block.get(first..whole).unwrap_or_default();
        page_start = start + offset(first);
        for (place, line) in lines_of(lines, page_start).into_iter().rev() {
            if found.len() >= limit {
                break;
            }
            page_start = place;
            found.extend(parsed(place, line, wanted));
        }
        if found.len() < limit {
            page_start = start + offset(first);
        }
        block.truncate(first);
        open = block;
    }
    // A line longer than all that is read at once is passed over.
    let stuck = page_start >= to && start < to;
    found.reverse();
    Ok(LogPage {
        start: if stuck { start } else { page_start },
        end: end.unwrap_or(to),
        size,
        lines: found,
    })
}

/// Lines that begin at `from` or after it, the first ones.
fn after(mut log: impl Read + Seek, from: u64, size: u64, wanted: &Wanted) -> io::Result<LogPage> {
    let limit = limit(wanted);
    let mut found: Vec<PlacedLine> = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    // Where `open` begins, and up to where all is taken.
    let (mut begun, mut end) = (from, from);
    let highest = from.saturating_add(MOST_BYTES).min(size);
    let mut at = from;
    while at < highest && found.len() < limit {
        let length = BLOCK.min(highest - at);
        open.append(&mut block(&mut log, at, length)?);
        at += length;
        let whole = open
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        for (place, line) in lines_of(open.get(..whole).unwrap_or_default(), begun) {
            if found.len() >= limit {
                break;
            }
            end = place + offset(line.len()) + 1;
            found.extend(parsed(place, line, wanted));
        }
        open.drain(..whole);
        begun += offset(whole);
    }
    let stuck = end == from && at == highest && at < size;
    Ok(LogPage {
        start: from,
        end: if stuck { at } else { end },
        size,
        lines: found,
    })
}

fn limit(wanted: &Wanted) -> usize {
    usize::try_from(wanted.limit.clamp(1, MOST_LINES)).unwrap_or(1)
}

fn offset(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn block(log: &mut (impl Read + Seek), from: u64, length: u64) -> io::Result<Vec<u8>> {
    log.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    log.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The lines of a text that begins at `start` and ends with a line's end, each with its place.
fn lines_of(text: &[u8], start: u64) -> Vec<(u64, &[u8])> {
    let mut place = start;
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines
        .map(|line| {
            let at = place;
            place += offset(line.len());
            (at, line.strip_suffix(b"\n").unwrap_or(line))
        })
        .collect()
}

/// A line that is wanted; one cut by a crash is left out.
fn parsed(place: u64, line: &[u8], wanted: &Wanted) -> Option<PlacedLine> {
    let line: LogLine = serde_json::from_slice(line).ok()?;
    let has = wanted.text.as_ref().is_none_or(|text| line.has(text));
    has.then_some(PlacedLine { place, line })
}

#[cfg(test)]
#[path = "log_page_tests.rs"]
mod tests;
