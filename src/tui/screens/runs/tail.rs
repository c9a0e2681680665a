//! The log of one run as its page shows it: the newest lines, read on while the run goes on.

use std::collections::VecDeque;

use crate::domain::command::{LogPage, LogPlace};
use crate::domain::event::LogLine;
use crate::domain::problem::Problem;
use crate::tui::action::Action;
use crate::tui::widgets::table::scrolled;

/// Lines that are kept; the file has all.
const KEPT: usize = 5_000;
/// Lines that one reading asks for.
pub(super) const PAGE: u32 = 1_000;
/// How long after a new line the log is read on, in milliseconds.
const LIVE_MS: u64 = 200;
/// How long after a reading it is read on unasked, for lines that nobody told of, in milliseconds.
const QUIET_MS: u64 = 5_000;

/// The newest lines of a log.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<LogLine>,
    /// The place up to which it was read; nothing before the first reading.
    end: Option<u64>,
    asked: Option<u64>,
    pub problem: Option<Problem>,
    pub cursor: usize,
    pub top: usize,
    rows: usize,
    /// Whether the cursor stands still while lines come.
    pub paused: bool,
    /// Whether there are older lines than those that are kept.
    pub older: bool,
    /// When it is to be read on; nothing where its end was read.
    due: Due,
}

/// When a log is to be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Due {
    #[default]
    Now,
    At(u64),
    Never,
}

impl Tail {
    /// Whether lines are to be asked for now.
    pub fn is_due(&self, now_ms: u64) -> bool {
        let due = match self.due {
            Due::Now => true,
            Due::At(at) => now_ms >= at,
            Due::Never => false,
        };
        due && self.asked.is_none() && self.problem.is_none()
    }

    /// When lines are to be asked for, where that is later.
    pub fn due_ms(&self) -> Option<u64> {
        match self.due {
            Due::At(at) if self.asked.is_none() && self.problem.is_none() => Some(at),
            _ => None,
        }
    }

    /// Where the lines stand that are asked for.
    pub fn from(&self) -> LogPlace {
        self.end.map_or(LogPlace::End, LogPlace::After)
    }

    pub fn asked(&mut self, token: u64) {
        self.asked = Some(token);
    }

    pub fn awaits(&self, token: u64) -> bool {
        self.asked == Some(token)
    }

    /// There are lines that were not read.
    pub fn grown(&mut self, now_ms: u64) {
        let soon = now_ms + LIVE_MS;
        self.due = match self.due {
            Due::Now => Due::Now,
            Due::At(at) => Due::At(at.min(soon)),
            Due::Never => Due::At(soon),
        };
    }

    /// Takes what was asked for.
    pub fn take(&mut self, result: Result<LogPage, Problem>, now_ms: u64, live: bool) {
        self.asked = None;
        let page = match result {
            Ok(page) => page,
            Err(problem) => {
                self.problem = Some(problem);
                return;
            }
        };
        self.older |= self.end.is_none() && page.start > 0;
        self.end = Some(page.end);
        self.due = match (page.end < page.size, live) {
            (true, _) => Due::Now,
            (false, true) => Due::At(now_ms + QUIET_MS),
            (false, false) => Due::Never,
        };
        self.lines.extend(page.lines.into_iter().map(|it| it.line));
        let over = self.lines.len().saturating_sub(KEPT);
        self.older |= over > 0;
        self.lines.drain(..over);
        self.cursor = self.cursor.saturating_sub(over);
        if !self.paused {
            self.cursor = self.lines.len().saturating_sub(1);
        }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn line(&self, at: usize) -> Option<&LogLine> {
        self.lines.get(at)
    }

    pub fn is_reading(&self) -> bool {
        self.asked.is_some() && self.lines.is_empty()
    }

    /// Tells how many rows are on the screen, and scrolls so that the cursor is among them.
    pub fn fit(&mut self, rows: usize) {
        self.rows = rows;
        self.top = scrolled(self.top, self.cursor, self.lines.len(), rows);
    }

    /// Moves the cursor; at the last line it follows again.
    pub fn act(&mut self, action: Action) {
        let last = self.lines.len().saturating_sub(1);
        let half = (self.rows / 2).max(1);
        self.cursor = match action {
            Action::Up => self.cursor.saturating_sub(1),
            Action::Down => (self.cursor + 1).min(last),
            Action::First => 0,
            Action::Last => last,
            Action::HalfUp => self.cursor.saturating_sub(half),
            Action::HalfDown => (self.cursor + half).min(last),
            _ => return,
        };
        self.paused = self.cursor < last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::PlacedLine;

    /// Lines of 10 bytes each in a log of `size` lines.
    fn page(from: u64, count: u64, size: u64) -> LogPage {
        let line = |number: u64| PlacedLine {
            place: number * 10,
            line: LogLine {
                at: chrono::DateTime::from_timestamp(0, 0).unwrap(),
                word: "writing".into(),
                text: format!("line {number}"),
            },
        };
        LogPage {
            start: from * 10,
            end: (from + count) * 10,
            size: size * 10,
            lines: (from..from + count).map(line).collect(),
        }
    }

    fn read(tail: &mut Tail, page: LogPage, now_ms: u64, live: bool) {
        tail.asked(1);
        assert!(!tail.is_due(now_ms));
        tail.take(Ok(page), now_ms, live);
    }

    #[test]
    fn it_begins_at_the_end_and_reads_on_as_lines_are_told_of() {
        let mut tail = Tail::default();
        assert!(tail.is_due(0));
        assert_eq!(tail.from(), LogPlace::End);
        read(&mut tail, page(9_000, 1_000, 10_000), 0, true);
        assert!(tail.older);
        assert_eq!(tail.from(), LogPlace::After(100_000));
        assert!(!tail.is_due(4_999));
        tail.grown(1_000);
        assert!(!tail.is_due(1_199) && tail.is_due(1_200));
        tail.act(Action::Up);
        read(&mut tail, page(10_000, 1, 10_001), 1_200, false);
        assert_eq!(tail.line(tail.cursor).unwrap().text, "line 9998");
        assert!(!tail.is_due(u64::MAX));
        tail.act(Action::Last);
        assert!(!tail.paused);
    }

    #[test]
    fn memory_is_bounded_and_the_cursor_keeps_its_line() {
        let mut tail = Tail::default();
        read(&mut tail, page(0, 5_000, 5_000), 0, true);
        assert!(!tail.older);
        tail.act(Action::Up);
        read(&mut tail, page(5_000, 1_000, 9_000), 0, true);
        assert!(tail.is_due(0), "there is more");
        assert_eq!((tail.len(), tail.older), (KEPT, true));
        assert_eq!(tail.line(tail.cursor).unwrap().text, "line 4998");
    }
}
