//! The log of one run: a ring of its newest lines, of which following is only a way of looking.

use std::collections::VecDeque;

use super::runs::Reading;
use crate::domain::event::{Event, EventKind, LogLine};
use crate::domain::id::RunId;
use crate::domain::problem::Problem;

/// Lines kept in memory; the file has all.
pub(crate) const RING: usize = 10_000;
/// How many lines one reading asks for.
pub(crate) const PAGE: u32 = 5_000;
/// Newest lines of a reading that are compared with what arrives by itself meanwhile.
const OVERLAP: usize = 256;

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

    /// Reads the log from its beginning again; what is shown stays until then.
    pub(crate) fn reread(&mut self, now_ms: u64) {
        if self.run.is_some() {
            self.reading = Reading::Due(now_ms);
        }
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
    pub(crate) fn take(&mut self, page: Vec<LogLine>) -> bool {
        let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        if self.read == 0 {
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
        false
    }

    /// Says that reading failed.
    pub(crate) fn fail(&mut self, problem: Problem) {
        self.reading = Reading::Done;
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

/// The line that tells an event in a log; nothing for what concerns no run.
fn line_of(event: &Event) -> Option<LogLine> {
    let line = |word: &str, text: String| {
        Some(LogLine {
            at: event.at,
            word: word.to_owned(),
            text,
        })
    };
    match &event.kind {
        EventKind::Log(line) => Some(line.clone()),
        EventKind::RunStatus { status } => line("run", status.words().to_owned()),
        EventKind::RunPhase { phase } => line("phase", phase.words().to_owned()),
        EventKind::DeletesHeld { count, .. } => line(
            "held",
            format!(
                "{} wait for approval",
                crate::domain::words::counted(*count, "delete")
            ),
        ),
        EventKind::Paused { .. } | EventKind::ConfigChanged { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn event(run: &RunId, second: i64, text: &str) -> Event {
        let at = DateTime::from_timestamp(second, 0).unwrap();
        Event {
            number: 0,
            at,
            sync: None,
            run: Some(run.clone()),
            kind: EventKind::Log(LogLine {
                at,
                word: "writing".into(),
                text: text.into(),
            }),
        }
    }

    fn line(second: i64, text: &str) -> LogLine {
        match event(&RunId::from_bits(1), second, text).kind {
            EventKind::Log(line) => line,
            _ => unreachable!(),
        }
    }

    fn log() -> (Log, RunId) {
        let run = RunId::from_bits(1);
        let mut log = Log::default();
        log.aim(Some(run.clone()), 0);
        log.ask();
        (log, run)
    }

    #[test]
    fn lines_that_arrive_during_a_reading_stand_once_and_after_it() {
        let (mut log, run) = log();
        log.happened(&event(&run, 2, "second"));
        log.happened(&event(&run, 3, "third"));
        assert!(!log.take(vec![line(1, "first"), line(2, "second")]));
        let texts: Vec<_> = (0..log.len())
            .map(|place| log.line(place).unwrap().text.clone())
            .collect();
        assert_eq!(texts, ["first", "second", "third"]);
    }

    #[test]
    fn paused_lines_still_enter_and_are_counted() {
        let (mut log, run) = log();
        log.take((0..10).map(|n| line(n, "x")).collect());
        log.move_to(4);
        for second in 10..224 {
            log.happened(&event(&run, second, "y"));
        }
        assert_eq!((log.unseen(), log.cursor, log.len()), (214, 4, 224));
        log.follow();
        assert_eq!((log.unseen(), log.cursor), (0, 223));
    }

    #[test]
    fn the_ring_stays_bounded_and_the_cursor_keeps_its_line() {
        let (mut log, run) = log();
        log.take(vec![]);
        for second in 0..RING as i64 {
            log.happened(&event(&run, second, &format!("line {second}")));
        }
        log.move_to(5_000);
        log.set_filter("line");
        for second in 0..100 {
            log.happened(&event(&run, second, "late line"));
        }
        assert_eq!(log.len(), RING);
        assert_eq!(log.dropped(), 100);
        assert_eq!(log.line(log.cursor).unwrap().text, "line 5000");
    }

    #[test]
    fn hits_are_found_around_the_end_in_both_directions() {
        let (mut log, _) = log();
        log.take(vec![
            line(1, "a"),
            line(2, "HIT"),
            line(3, "b"),
            line(4, "hit"),
        ]);
        log.find = "hit".into();
        log.move_to(3);
        assert_eq!(log.hit(true, false), Some(1));
        assert_eq!(log.hit(false, false), Some(1));
        assert_eq!(log.hit(true, true), Some(3));
        log.find = "none".into();
        assert_eq!(log.hit(true, false), None);
    }
}
