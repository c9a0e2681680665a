//! Tests of the log's ring, its reading and its hits.

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
    assert!(!log.take(vec![line(1, "first"), line(2, "second")], 0));
    let texts: Vec<_> = (0..log.len())
        .map(|place| log.line(place).unwrap().text.clone())
        .collect();
    assert_eq!(texts, ["first", "second", "third"]);
}

#[test]
fn lines_lost_during_a_reading_make_it_be_done_again_once() {
    let (mut log, run) = log();
    log.reread(1_000);
    log.reread(1_001);
    assert!(log.expects(0) && !log.expects(5_000));
    log.take((0..10).map(|n| line(n, "x")).collect(), 1_100);
    assert_eq!(log.due_ms(), Some(1_350));
    log.move_to(4);
    assert_eq!(log.ask(), 0);
    log.happened(&event(&run, 20, "late"));
    log.take((0..12).map(|n| line(n, "x")).collect(), 1_400);
    assert_eq!((log.due_ms(), log.cursor, log.len()), (None, 4, 13));
}

#[test]
fn paused_lines_still_enter_and_are_counted() {
    let (mut log, run) = log();
    log.take((0..10).map(|n| line(n, "x")).collect(), 0);
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
    log.take(vec![], 0);
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
    log.take(
        vec![line(1, "a"), line(2, "HIT"), line(3, "b"), line(4, "hit")],
        0,
    );
    log.find = "hit".into();
    log.move_to(3);
    assert_eq!(log.hit(true, false), Some(1));
    assert_eq!(log.hit(false, false), Some(1));
    assert_eq!(log.hit(true, true), Some(3));
    log.find = "none".into();
    assert_eq!(log.hit(true, false), None);
}
