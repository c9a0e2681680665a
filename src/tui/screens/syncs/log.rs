//! The log of one run: a window of its lines that moves over the file behind it, whatever its length.
//! Following is only a way of looking.

mod search;

use std::collections::VecDeque;

use super::runs::Reading;
use crate::domain::command::{LogPage, LogPlace, PlacedLine};
use crate::domain::event::{Event, EventKind, LogLine};
use crate::domain::id::RunId;
use crate::domain::problem::Problem;
use crate::domain::run::RunStatus;

/// Lines kept in memory; the file has all.
pub(crate) const RING: usize = 10_000;
/// How many lines one reading asks for.
pub(crate) const PAGE: u32 = 1_000;
/// Lines before and after the cursor that are read ahead.
const AHEAD: usize = 200;
/// How long after a new line the log is read on, in milliseconds.
const LIVE_MS: u64 = 100;
/// How long after lost lines it is, in milliseconds.
const LOST_MS: u64 = 250;

/// What is to be read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Want {
    /// The log's end, in place of what is here.
    #[default]
    End,
    /// What is around a place, in place of what is here.
    At(u64),
    /// What stands before what is here.
    Older,
    /// What stands after it.
    Newer,
    /// The next line with the searched text, from a place on or before it.
    Hit { forward: bool, from: u64 },
}

/// What is asked of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub from: LogPlace,
    pub limit: u32,
    pub text: Option<String>,
}

/// The log of one run.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub run: Option<RunId>,
    lines: VecDeque<PlacedLine>,
    /// Where in the file the lines begin and end, and its length when it was last read.
    start: u64,
    end: u64,
    size: u64,
    /// Whether lines were told of that have not been read.
    grown: bool,
    want: Want,
    asked: Option<Question>,
    pub paused: bool,
    /// Lines that came since following stopped.
    unseen: u64,
    /// Where among the lines the cursor stands.
    pub cursor: usize,
    pub top: usize,
    /// Columns by which cut lines are moved to the left.
    pub shift: usize,
    pub wrap: bool,
    pub filter: String,
    pub find: String,
    /// Whether a search beyond what is here has found nothing.
    missed: bool,
    pub reading: Reading,
    pub problem: Option<Problem>,
}

impl Log {
    /// Turns to another run; filter, search and wrapping stay.
    pub(crate) fn aim(&mut self, run: Option<RunId>, due_ms: u64) {
        if self.run == run {
            return;
        }
        let reading = match run {
            Some(_) => Reading::Due(due_ms),
            None => Reading::Done,
        };
        *self = Self {
            run,
            reading,
            wrap: self.wrap,
            filter: std::mem::take(&mut self.filter),
            find: std::mem::take(&mut self.find),
            ..Self::default()
        };
    }

    /// Reads on after a while, once for all calls of that while: lines may have come unheard.
    pub(crate) fn reread(&mut self, now_ms: u64) {
        self.grow(now_ms + LOST_MS);
    }

    /// Takes what happened, where it belongs to this run.
    pub(crate) fn happened(&mut self, event: &Event, now_ms: u64) {
        if event.run.is_none() || event.run != self.run {
            return;
        }
        match &event.kind {
            EventKind::Log(line) => {
                if self.paused && self.lets_through(line) {
                    self.unseen += 1;
                }
                self.grow(now_ms + LIVE_MS);
            }
            // Only that the core went away under it stands in no log.
            EventKind::RunStatus {
                status: status @ RunStatus::Interrupted,
            } => {
                let line = LogLine {
                    at: event.at,
                    word: "run".to_owned(),
                    text: status.words().to_owned(),
                };
                if self.is_at_end() && self.lets_through(&line) {
                    let place = self.end;
                    self.lines.push_back(PlacedLine { place, line });
                    self.trim_front();
                    self.settle_cursor();
                }
            }
            _ => {}
        }
    }

    fn grow(&mut self, due_ms: u64) {
        self.grown = true;
        if self.run.is_some() && self.reading == Reading::Done && self.reads_on() {
            self.want = Want::Newer;
            self.reading = Reading::Due(due_ms);
        }
    }

    fn lets_through(&self, line: &LogLine) -> bool {
        self.filter.is_empty() || line.has(&self.filter)
    }

    /// Whether lines after those here are to be read now: who looks at a full window from further up,
    /// or at a part of the log that lies far from its end, keeps what is here.
    fn reads_on(&self) -> bool {
        let near = self.cursor + AHEAD >= self.lines.len();
        !self.paused || near || (self.is_at_end() && self.lines.len() < RING)
    }

    /// Whether all lines to the log's end are here, as far as is known.
    fn is_at_end(&self) -> bool {
        self.end >= self.size
    }

    pub(crate) fn due_ms(&self) -> Option<u64> {
        match self.reading {
            Reading::Due(at) => Some(at),
            _ => None,
        }
    }

    /// Marks the reading as asked for and gives what to ask.
    pub(crate) fn ask(&mut self) -> Question {
        let filter = (!self.filter.is_empty()).then(|| self.filter.clone());
        let (from, limit, text) = match self.want {
            Want::End => (LogPlace::End, PAGE, filter),
            Want::At(place) => (LogPlace::After(place), PAGE, filter),
            Want::Older => (LogPlace::Before(self.start), PAGE, filter),
            Want::Newer => (LogPlace::After(self.end), PAGE, filter),
            Want::Hit { forward, from } => {
                let place = match forward {
                    true => LogPlace::After(from),
                    false => LogPlace::Before(from),
                };
                (place, 1, Some(self.find.clone()))
            }
        };
        if self.want != Want::Older {
            self.grown = false;
        }
        let question = Question { from, limit, text };
        self.reading = Reading::Asked;
        self.asked = Some(question.clone());
        question
    }

    /// Whether an answer to this question is awaited.
    pub(crate) fn expects(&self, question: &Question) -> bool {
        self.reading == Reading::Asked && self.asked.as_ref() == Some(question)
    }

    /// Takes a page of the file; true where the next one is to be asked for at once.
    pub(crate) fn take(&mut self, page: LogPage, now_ms: u64) -> bool {
        self.problem = None;
        self.reading = Reading::Done;
        let size = page.size;
        let moved = match self.want {
            Want::Hit { forward, .. } => return self.take_hit(&page, forward),
            Want::End | Want::At(_) => {
                let is_end = self.want == Want::End;
                (self.start, self.end) = (page.start, page.end);
                self.lines = page.lines.into();
                self.cursor = if is_end { self.last() } else { 0 };
                true
            }
            Want::Older => {
                let moved = page.start < self.start;
                self.start = page.start;
                self.cursor += page.lines.len();
                self.top += page.lines.len();
                for line in page.lines.into_iter().rev() {
                    self.lines.push_front(line);
                }
                self.trim_back();
                moved
            }
            Want::Newer => {
                let moved = page.end > self.end;
                self.end = page.end;
                self.lines.extend(page.lines);
                self.trim_front();
                moved
            }
        };
        self.size = size;
        self.settle_cursor();
        // A line that is being written stands at the end without being whole.
        if moved && self.end < self.size && self.want != Want::Older && self.reads_on() {
            self.want = Want::Newer;
            return true;
        }
        if self.grown && self.reads_on() {
            self.want = Want::Newer;
            self.reading = Reading::Due(now_ms + LIVE_MS);
        }
        false
    }

    fn trim_front(&mut self) {
        while self.lines.len() > RING {
            self.lines.pop_front();
            self.cursor = self.cursor.saturating_sub(1);
            self.top = self.top.saturating_sub(1);
            self.start = self.lines.front().map_or(self.end, |line| line.place);
        }
    }

    fn trim_back(&mut self) {
        while self.lines.len() > RING {
            if let Some(line) = self.lines.pop_back() {
                self.end = line.place;
            }
        }
    }

    fn settle_cursor(&mut self) {
        self.cursor = if self.paused {
            self.cursor.min(self.last())
        } else {
            self.last()
        };
    }

    fn last(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }

    /// Says that reading failed.
    pub(crate) fn fail(&mut self, problem: Problem) {
        self.reading = Reading::Done;
        self.problem = Some(problem);
    }

    /// Reads ahead of the cursor, where there is more than is here.
    pub(crate) fn read_ahead(&mut self, now_ms: u64) {
        if self.reading != Reading::Done || self.run.is_none() || self.problem.is_some() {
            return;
        }
        let below = self.lines.len().saturating_sub(self.cursor);
        if self.cursor < AHEAD && self.start > 0 {
            self.want = Want::Older;
        } else if self.paused && below < AHEAD && !self.is_at_end() {
            self.want = Want::Newer;
        } else {
            return;
        }
        self.reading = Reading::Due(now_ms);
    }

    /// Lines that came since following stopped.
    pub(crate) fn unseen(&self) -> u64 {
        self.unseen
    }

    /// How many lines are here.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line at a place among those here.
    pub(crate) fn line(&self, place: usize) -> Option<&LogLine> {
        Some(&self.lines.get(place)?.line)
    }

    /// The log's length in bytes, and what share of it stands before the cursor's line, in percent;
    /// nothing where all of it is here.
    pub(crate) fn position(&self) -> Option<(u64, u64)> {
        if self.start == 0 && self.is_at_end() {
            return None;
        }
        let place = self
            .lines
            .get(self.cursor)
            .map_or(self.end, |line| line.place);
        let share = place.saturating_mul(100) / self.size.max(1);
        Some((self.size, share.min(100)))
    }

    /// Moves the cursor; away from the last line following stops, and only [`Log::follow`]
    /// takes it up again.
    pub(crate) fn move_to(&mut self, place: usize) {
        if !self.paused && place < self.last() {
            self.paused = true;
            self.unseen = 0;
        }
        self.cursor = place.min(self.last());
    }

    /// Goes to the log's first line.
    pub(crate) fn go_to_start(&mut self, now_ms: u64) {
        self.move_to(0);
        if self.start > 0 {
            self.paused = true;
            self.want = Want::At(0);
            self.reading = Reading::Due(now_ms);
        }
    }

    /// Goes to the log's end and stays there.
    pub(crate) fn follow(&mut self, now_ms: u64) {
        self.paused = false;
        self.unseen = 0;
        self.settle_cursor();
        if self.run.is_some() && (!self.is_at_end() || self.grown) {
            // What lies between may be long.
            self.want = if self.is_at_end() {
                Want::Newer
            } else {
                Want::End
            };
            self.reading = Reading::Due(now_ms);
        }
    }

    /// Shows only lines with this text.
    pub(crate) fn set_filter(&mut self, filter: &str, due_ms: u64) {
        if filter == self.filter {
            return;
        }
        filter.clone_into(&mut self.filter);
        if self.run.is_some() {
            self.want = Want::End;
            self.reading = Reading::Due(due_ms);
        }
    }
}

#[cfg(test)]
mod tests;
