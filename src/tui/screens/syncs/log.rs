//! The log of one run: a ring of its newest lines, of which following is only a way of looking.

use std::collections::VecDeque;

use super::runs::Reading;
use crate::domain::event::{Event, EventKind, LogLine};
use crate::domain::id::RunId;
use crate::domain::problem::Problem;
use crate::domain::run::RunStatus;

/// Lines kept in memory; the file has all.
pub(crate) const RING: usize = 10_000;
/// How many lines one reading asks for.
pub(crate) const PAGE: u32 = 5_000;
/// Newest lines of a reading that are compared with what arrives by itself meanwhile.
const OVERLAP: usize = 256;

/// How long after lost lines the log is read again, in milliseconds.
const LOST_MS: u64 = 250;

/// The log of one run.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub run: Option<RunId>,
    lines: VecDeque<LogLine>,
    /// Lines that have left the ring.
    dropped: u64,
    /// Numbers of the lines that the filter lets through; nothing without a filter.
    passing: Option<VecDeque<u64>>,
    /// Lines that arrived by themselves while older ones were being read.
    early: Vec<LogLine>,
    /// Lines read from the file so far.
    read: u64,
    /// Whether lines were lost during a reading, so that it is to be done again.
    again: bool,
    /// Where a paused cursor stood before the log was read again.
    back_to: Option<usize>,
    pub paused: bool,
    /// Lines there were when following stopped.
    paused_at: u64,
    /// Where among the passing lines the cursor stands.
    pub cursor: usize,
    pub top: usize,
    /// Columns by which cut lines are moved to the left.
    pub shift: usize,
    pub wrap: bool,
    pub filter: String,
    pub find: String,
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
        self.refilter();
    }

    /// Reads the log from its beginning again, once for all calls of a while; what is shown stays
    /// until then.
    pub(crate) fn reread(&mut self, now_ms: u64) {
        match self.reading {
            _ if self.run.is_none() => {}
            Reading::Done => self.reading = Reading::Due(now_ms + LOST_MS),
            Reading::Asked => self.again = true,
            Reading::Due(_) => {}
        }
    }

    /// Whether the page that begins at line `from` is the one that was asked for last.
    pub(crate) fn expects(&self, from: u64) -> bool {
        self.reading == Reading::Asked && self.read == from
    }

    pub(crate) fn due_ms(&self) -> Option<u64> {
        match self.reading {
            Reading::Due(at) => Some(at),
            _ => None,
        }
    }

    /// Marks the reading as asked for and gives the first line to ask for.
    pub(crate) fn ask(&mut self) -> u64 {
        if matches!(self.reading, Reading::Due(_)) {
            self.read = 0;
            self.early.clear();
        }
        self.reading = Reading::Asked;
        self.read
    }

    /// Takes a page of the file; true where the next one is to be asked for.
    pub(crate) fn take(&mut self, page: Vec<LogLine>, now_ms: u64) -> bool {
        let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        if self.read == 0 {
            self.back_to = self.paused.then_some(self.cursor);
            self.lines.clear();
            self.dropped = 0;
            self.refilter();
        }
        self.problem = None;
        self.read += u64::try_from(page.len()).unwrap_or(0);
        for line in page {
            self.push(line);
        }
        if full {
            return true;
        }
        self.reading = Reading::Done;
        let skip = self.lines.len().saturating_sub(OVERLAP);
        let tail: Vec<LogLine> = self.lines.iter().skip(skip).cloned().collect();
        for line in std::mem::take(&mut self.early) {
            if !tail.contains(&line) {
                self.push(line);
            }
        }
        if let Some(place) = self.back_to.take() {
            self.cursor = place.min(self.len().saturating_sub(1));
        }
        if std::mem::take(&mut self.again) {
            self.reading = Reading::Due(now_ms + LOST_MS);
        }
        false
    }

    /// Says that reading failed.
    pub(crate) fn fail(&mut self, problem: Problem) {
        self.reading = Reading::Done;
        self.again = false;
        self.problem = Some(problem);
        for line in std::mem::take(&mut self.early) {
            self.push(line);
        }
    }

    /// Takes what happened, where it belongs to this run.
    pub(crate) fn happened(&mut self, event: &Event) {
        if event.run.is_none() || event.run != self.run {
            return;
        }
        let Some(line) = line_of(event) else { return };
        if self.reading == Reading::Done {
            self.push(line);
        } else if self.early.len() < RING {
            self.early.push(line);
        }
    }

    fn push(&mut self, line: LogLine) {
        if self.lines.len() >= RING {
            self.lines.pop_front();
            let gone = match &mut self.passing {
                None => true,
                Some(passing) if passing.front() == Some(&self.dropped) => {
                    passing.pop_front();
                    true
                }
                Some(_) => false,
            };
            if gone {
                self.cursor = self.cursor.saturating_sub(1);
                self.top = self.top.saturating_sub(1);
            }
            self.dropped += 1;
        }
        let passes = self.filter.is_empty() || matches(&line, &self.filter);
        self.lines.push_back(line);
        let number = self.total().saturating_sub(1);
        if let Some(passing) = &mut self.passing
            && passes
        {
            passing.push_back(number);
        }
        if !self.paused {
            self.cursor = self.len().saturating_sub(1);
        }
    }

    /// Lines of this run seen so far, in the ring or not.
    pub(crate) fn total(&self) -> u64 {
        self.dropped + u64::try_from(self.lines.len()).unwrap_or(0)
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Lines that came since following stopped.
    pub(crate) fn unseen(&self) -> u64 {
        if self.paused {
            self.total().saturating_sub(self.paused_at)
        } else {
            0
        }
    }

    /// How many lines pass the filter.
    pub(crate) fn len(&self) -> usize {
        self.passing
            .as_ref()
            .map_or(self.lines.len(), VecDeque::len)
    }

    /// The line at a place among those that pass.
    pub(crate) fn line(&self, place: usize) -> Option<&LogLine> {
        let index = match &self.passing {
            None => place,
            Some(passing) => {
                usize::try_from(passing.get(place)?.checked_sub(self.dropped)?).ok()?
            }
        };
        self.lines.get(index)
    }

    /// Moves the cursor; away from the last line following stops, and only [`Log::follow`]
    /// takes it up again.
    pub(crate) fn move_to(&mut self, place: usize) {
        let last = self.len().saturating_sub(1);
        if !self.paused && place < last {
            self.paused = true;
            self.paused_at = self.total();
        }
        self.cursor = place.min(last);
    }

    pub(crate) fn follow(&mut self) {
        self.paused = false;
        self.cursor = self.len().saturating_sub(1);
    }

    pub(crate) fn set_filter(&mut self, filter: &str) {
        filter.clone_into(&mut self.filter);
        self.refilter();
    }

    fn refilter(&mut self) {
        self.passing = if self.filter.is_empty() {
            None
        } else {
            let numbers = (self.dropped..).zip(&self.lines);
            let passing = numbers.filter(|(_, line)| matches(line, &self.filter));
            Some(passing.map(|(number, _)| number).collect())
        };
        let last = self.len().saturating_sub(1);
        self.cursor = if self.paused {
            self.cursor.min(last)
        } else {
            last
        };
    }

    /// The next place with the searched text from the cursor on, around the end.
    pub(crate) fn hit(&self, forward: bool, from_here: bool) -> Option<usize> {
        let len = self.len();
        if self.find.is_empty() || len == 0 {
            return None;
        }
        let first = usize::from(!from_here);
        (first..=len).find_map(|step| {
            let place = if forward {
                (self.cursor + step) % len
            } else {
                (self.cursor + len - step % len) % len
            };
            let line = self.line(place)?;
            matches(line, &self.find).then_some(place)
        })
    }
}

/// Whether a line has the text, whatever the case.
fn matches(line: &LogLine, text: &str) -> bool {
    let text = text.to_lowercase();
    line.word.to_lowercase().contains(&text) || line.text.to_lowercase().contains(&text)
}

/// The line that tells an event in a log. What a run does it tells itself in its log; only that the
/// core went away under it stands in no log.
fn line_of(event: &Event) -> Option<LogLine> {
    match &event.kind {
        EventKind::Log(line) => Some(line.clone()),
        EventKind::RunStatus {
            status: status @ RunStatus::Interrupted,
        } => Some(LogLine {
            at: event.at,
            word: "run".to_owned(),
            text: status.words().to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
