//! Tests of the log's window: how it moves over the file, what it keeps, and its hits.

use chrono::DateTime;

use super::*;

/// Bytes of a line in the file.
const LINE: u64 = 10;

fn line(number: u64) -> LogLine {
    LogLine {
        at: DateTime::UNIX_EPOCH,
        word: "writing".into(),
        text: format!("line {number}"),
    }
}

fn event(run: &RunId, number: u64) -> Event {
    Event {
        number: 0,
        at: DateTime::UNIX_EPOCH,
        sync: None,
        run: Some(run.clone()),
        kind: EventKind::Log(line(number)),
    }
}

/// A log whose file has `lines`, as the core gives it.
struct Core {
    log: Log,
    run: RunId,
    lines: u64,
    now_ms: u64,
    /// Lines that were given.
    given: usize,
}

impl Core {
    fn new(lines: u64) -> Self {
        let run = RunId::from_bits(1);
        let mut log = Log::default();
        log.aim(Some(run.clone()), 0);
        let mut core = Self {
            log,
            run,
            lines,
            now_ms: 0,
            given: 0,
        };
        core.answer();
        core
    }

    /// Answers all that is due.
    fn answer(&mut self) {
        self.now_ms += 1_000;
        loop {
            self.log.read_ahead(self.now_ms);
            if self.log.due_ms().is_none_or(|due| due > self.now_ms) {
                return;
            }
            loop {
                let question = self.log.ask();
                assert!(self.log.expects(&question));
                let page = self.page(&question);
                if !self.log.take(page, self.now_ms) {
                    break;
                }
            }
        }
    }

    fn page(&mut self, question: &Question) -> LogPage {
        let size = self.lines * LINE;
        let limit = u64::from(question.limit) * LINE;
        let (start, end) = match question.from {
            LogPlace::End => (size.saturating_sub(limit), size),
            LogPlace::Before(end) => (end.saturating_sub(limit), end),
            LogPlace::After(start) => (start, (start + limit).min(size)),
        };
        let lines: Vec<PlacedLine> = (start / LINE..end / LINE)
            .map(|number| PlacedLine {
                place: number * LINE,
                line: line(number),
            })
            .collect();
        self.given += lines.len();
        LogPage {
            start,
            end,
            size,
            lines,
        }
    }

    /// Lines come to the log and are told of.
    fn grow(&mut self, count: u64) {
        for _ in 0..count {
            let event = event(&self.run, self.lines);
            self.lines += 1;
            self.log.happened(&event, self.now_ms);
        }
    }

    fn at_cursor(&self) -> String {
        self.log.line(self.log.cursor).unwrap().text.clone()
    }
}

#[test]
fn a_long_log_is_read_from_its_end_and_followed() {
    let mut core = Core::new(1_000_000);
    assert_eq!(core.at_cursor(), "line 999999");
    assert_eq!(core.given, 1_000);
    core.grow(5);
    core.answer();
    assert_eq!(
        (core.at_cursor().as_str(), core.given),
        ("line 1000004", 1_005)
    );
}

#[test]
fn paused_lines_still_enter_and_are_counted() {
    let mut core = Core::new(10);
    core.log.move_to(4);
    core.grow(214);
    core.answer();
    assert_eq!(
        (core.log.unseen(), core.log.cursor, core.log.len()),
        (214, 4, 224)
    );
    core.log.follow(core.now_ms);
    assert_eq!((core.log.unseen(), core.log.cursor), (0, 223));
}

#[test]
fn the_window_stays_bounded_and_the_cursor_keeps_its_line_in_both_directions() {
    let mut core = Core::new(100_000);
    let mut seen = Vec::new();
    for _ in 0..200 {
        let place = core.log.cursor.saturating_sub(150);
        core.log.move_to(place);
        let before = core.at_cursor();
        core.answer();
        assert_eq!(core.at_cursor(), before);
        assert!(core.log.len() <= RING);
        seen.push(before);
    }
    assert_eq!(
        seen.last().unwrap(),
        &format!("line {}", 99_999 - 200 * 150)
    );
    // While the window lies far up, what comes does not push its lines out.
    let before = core.at_cursor();
    core.grow(50);
    core.answer();
    assert_eq!((core.at_cursor(), core.log.unseen()), (before, 50));
    for _ in 0..220 {
        let place = core.log.cursor + 150;
        core.log.move_to(place);
        core.answer();
        assert!(core.log.len() <= RING);
    }
    assert_eq!(core.at_cursor(), "line 100049");
    assert!(core.given < 80_000, "{}", core.given);
}

#[test]
fn followed_for_long_only_the_newest_lines_are_kept() {
    let mut core = Core::new(5);
    for _ in 0..30 {
        core.grow(700);
        core.answer();
    }
    assert_eq!(
        (core.log.len(), core.at_cursor().as_str()),
        (RING, "line 21004")
    );
    assert_eq!(core.log.line(0).unwrap().text, "line 11005");
    assert_eq!(core.log.position(), Some((21_005 * LINE, 99)));
}

#[test]
fn what_comes_while_a_page_is_on_its_way_is_read_after_it() {
    let mut core = Core::new(10);
    core.log.reread(core.now_ms);
    core.now_ms += 1_000;
    let question = core.log.ask();
    let page = core.page(&question);
    core.grow(3);
    core.log.take(page, core.now_ms);
    assert_eq!(core.log.due_ms(), Some(core.now_ms + LIVE_MS));
    core.answer();
    assert_eq!(core.at_cursor(), "line 12");
    // An answer to what is not asked any more changes nothing.
    assert!(!core.log.expects(&question));
}

#[test]
fn one_reading_takes_all_lines_that_were_lost() {
    let mut core = Core::new(10);
    core.lines = 5_000;
    core.log.reread(core.now_ms);
    core.log.reread(core.now_ms + 1);
    assert_eq!(core.log.due_ms(), Some(core.now_ms + LOST_MS));
    core.answer();
    assert_eq!(
        (core.at_cursor().as_str(), core.log.len()),
        ("line 4999", 5_000)
    );
}

#[test]
fn the_ends_of_a_log_are_one_step_away() {
    let mut core = Core::new(500_000);
    core.log.go_to_start(core.now_ms);
    core.answer();
    assert_eq!(
        (core.at_cursor().as_str(), core.log.paused),
        ("line 0", true)
    );
    core.log.follow(core.now_ms);
    core.answer();
    assert_eq!(
        (core.at_cursor().as_str(), core.log.paused),
        ("line 499999", false)
    );
    assert!(core.given <= 5_000, "{}", core.given);
}

#[test]
fn hits_are_found_around_the_end_in_both_directions_where_all_is_here() {
    let mut core = Core::new(32);
    core.log.find = "E 3".into();
    core.log.move_to(31);
    assert_eq!(core.log.hit(true, false), Some(3));
    assert_eq!(core.log.hit(false, false), Some(30));
    assert_eq!(core.log.hit(true, true), Some(31));
    core.log.find = "none".into();
    assert_eq!(core.log.hit(true, false), None);
    assert!(!core.log.seek(true, 0), "there is nothing beyond");
}
