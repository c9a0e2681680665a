//! The log of one run as its page shows it: the newest lines, read on while the run goes on.

use std::collections::VecDeque;

use crate::domain::event::LogLine;
use crate::domain::problem::Problem;
use crate::tui::action::Action;
use crate::tui::widgets::table::scrolled;

/// Lines that are kept; the file has all.
const KEPT: usize = 5_000;
/// Lines that one reading asks for.
pub(super) const PAGE: u32 = 2_000;
/// The time between two readings while the run goes on, in milliseconds.
const PACE_MS: u64 = 1_000;

/// The newest lines of a log.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<LogLine>,
    /// Lines read so far.
    read: u64,
    asked: Option<u64>,
    pub problem: Option<Problem>,
    pub cursor: usize,
    pub top: usize,
    rows: usize,
    /// Whether the cursor stands still while lines come.
    pub paused: bool,
    /// When it was last read to its end; nothing while there is more.
    at_end_ms: Option<u64>,
    /// Whether it was read to its end after the run had ended.
    whole: bool,
}

impl Tail {
    /// Whether lines are to be asked for now.
    pub fn is_due(&self, now_ms: u64, live: bool) -> bool {
        if self.asked.is_some() || self.whole || self.problem.is_some() {
            return false;
        }
        match self.at_end_ms {
            None => true,
            Some(at) if live => now_ms >= at + PACE_MS,
            Some(_) => true,
        }
    }

    /// When lines are to be asked for.
    pub fn due_ms(&self, live: bool) -> Option<u64> {
        let waits = self.asked.is_none() && !self.whole && self.problem.is_none();
        self.at_end_ms
            .filter(|_| waits)
            .map(|at| if live { at + PACE_MS } else { at })
    }

    /// The line from which the next ones are asked for.
    pub fn from(&self) -> u64 {
        self.read
    }

    pub fn asked(&mut self, token: u64) {
        self.asked = Some(token);
    }

    pub fn awaits(&self, token: u64) -> bool {
        self.asked == Some(token)
    }

    /// Takes what was asked for.
    pub fn take(&mut self, result: Result<Vec<LogLine>, Problem>, now_ms: u64, live: bool) {
        self.asked = None;
        let lines = match result {
            Ok(lines) => lines,
            Err(problem) => {
                self.problem = Some(problem);
                return;
            }
        };
        let full = lines.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        self.read += u64::try_from(lines.len()).unwrap_or(0);
        self.lines.extend(lines);
        let over = self.lines.len().saturating_sub(KEPT);
        self.lines.drain(..over);
        self.cursor = self.cursor.saturating_sub(over);
        if !self.paused {
            self.cursor = self.lines.len().saturating_sub(1);
        }
        self.at_end_ms = (!full).then_some(now_ms);
        self.whole = !full && !live;
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn line(&self, at: usize) -> Option<&LogLine> {
        self.lines.get(at)
    }

    /// Lines that are no longer kept.
    pub fn dropped(&self) -> u64 {
        self.read - u64::try_from(self.lines.len()).unwrap_or(0)
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

    fn lines(from: usize, count: usize) -> Vec<LogLine> {
        (from..from + count)
            .map(|number| LogLine {
                at: chrono::DateTime::from_timestamp(0, 0).unwrap(),
                word: "writing".into(),
                text: format!("line {number}"),
            })
            .collect()
    }

    #[test]
    fn the_newest_lines_are_kept_and_followed() {
        let mut tail = Tail::default();
        for page in 0..4 {
            assert!(tail.is_due(0, true));
            tail.asked(page);
            assert!(!tail.is_due(0, true));
            let from = usize::try_from(tail.from()).unwrap();
            tail.take(Ok(lines(from, 2_000)), 0, true);
        }
        tail.asked(9);
        tail.take(Ok(lines(8_000, 3)), 0, true);
        assert_eq!((tail.len(), tail.dropped()), (KEPT, 3_003));
        assert_eq!(tail.line(tail.cursor).unwrap().text, "line 8002");
        tail.act(Action::Up);
        assert!(!tail.is_due(500, true));
        assert!(tail.is_due(1_000, true));
        tail.asked(10);
        tail.take(Ok(lines(8_003, 1)), 1_000, false);
        assert_eq!(tail.line(tail.cursor).unwrap().text, "line 8001");
        assert!(!tail.is_due(9_000, false));
    }
}
