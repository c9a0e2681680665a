//! Search in the log: among the lines that are here, then by the core in the file beyond them.

use super::super::runs::Reading;
use super::{Log, Want};
use crate::domain::command::LogPage;

impl Log {
    /// The next place with the searched text from the cursor on: around the end where the whole log
    /// is here.
    pub(crate) fn hit(&self, forward: bool, from_here: bool) -> Option<usize> {
        let len = self.len();
        if self.find.is_empty() || len == 0 {
            return None;
        }
        let first = usize::from(!from_here);
        let whole = self.position().is_none() || !self.filter.is_empty();
        (first..=len).find_map(|step| {
            let place = match (forward, whole) {
                (true, true) => (self.cursor + step) % len,
                (true, false) => self.cursor + step,
                (false, true) => (self.cursor + len - step % len) % len,
                (false, false) => self.cursor.checked_sub(step)?,
            };
            self.line(place)?.has(&self.find).then_some(place)
        })
    }

    /// Looks for the searched text beyond what is here; false where there is nothing beyond.
    pub(crate) fn seek(&mut self, forward: bool, now_ms: u64) -> bool {
        let from = match forward {
            true => self.end,
            false => self.start,
        };
        let beyond = match forward {
            true => !self.is_at_end(),
            false => self.start > 0,
        };
        if !beyond || !self.filter.is_empty() || self.find.is_empty() {
            return false;
        }
        self.want = Want::Hit { forward, from };
        self.reading = Reading::Due(now_ms);
        true
    }

    /// Takes the answer to a search: goes to the line, or looks further.
    pub(super) fn take_hit(&mut self, page: &LogPage, forward: bool) -> bool {
        if let Some(hit) = page.lines.first() {
            self.want = Want::At(hit.place);
            self.paused = true;
            return true;
        }
        let (next, over) = match forward {
            true => (page.end, page.end >= page.size),
            false => (page.start, page.start == 0),
        };
        let stands = matches!(self.want, Want::Hit { from, .. } if from == next);
        if over || stands {
            self.missed = true;
            return false;
        }
        self.want = Want::Hit {
            forward,
            from: next,
        };
        true
    }

    /// Whether a search has ended without a hit since this was last asked.
    pub(crate) fn take_missed(&mut self) -> bool {
        std::mem::take(&mut self.missed)
    }
}
