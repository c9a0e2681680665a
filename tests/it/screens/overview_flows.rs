//! The Overview by keys: opening what a cause leads to, setting aside, coming back after an absence.

use chrono::{Duration, TimeZone as _};
use signalsmith::domain::browse::Browse;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::RunStatus;
use signalsmith::domain::trouble::{SetAside, Until};
use signalsmith::tui::{GlyphSet, Opening, ThemeName, Zone};

use super::overview_pictures::{fine, set_aside, troubled};
use super::robot::{Robot, now, options};
use super::worlds::{core, mixed, of, run, run_id, sync_id};

const WIDE: (u16, u16) = (120, 36);
const NARROW: (u16, u16) = (80, 24);

fn overview(size: (u16, u16)) -> Robot {
    let mut robot = Robot::new(size, troubled(), core());
    robot.press("1");
    robot
}

/// Puts the cursor on the cause with this text.
fn to(robot: &mut Robot, text: &str) {
    robot.press("g");
    robot.press("g");
    for _ in 0..9 {
        if robot.on(text) {
            return;
        }
        robot.press("j");
    }
    panic!("no cause {text} on\n{}", robot.screen());
}

fn asides(robot: &Robot) -> Vec<SetAside> {
    let sent = robot.sent.iter().filter_map(|command| match command {
        Command::SetAside(wanted) => Some(wanted.clone()),
        _ => None,
    });
    sent.collect()
}

#[test]
fn the_banner_names_the_worst_cause_and_the_key_that_shows_it() {
    let mut robot = Robot::new(WIDE, troubled(), core());
    robot.sees("! 6 problems in 4 causes, worst: Salesforce EU: signing in: 401 invalid_grant (3 syncs)   1 shows them");
    robot.press("3");
    robot.sees("! 6 problems in 4 causes");
    robot.press("1");
    robot.sees_no("1 shows them");
    robot.sees("Overview · 6 problems in 4 causes");
    robot.sees("Salesforce EU: signing in: 401");
    let small = Robot::new((59, 14), troubled(), core());
    small.sees("! 6 problems in 4 causes   1 shows them");
    let calm = Robot::new(WIDE, fine(), core());
    calm.sees_no("1 shows");
}

#[test]
fn enter_leads_to_the_place_where_something_can_be_done() {
    let mut robot = overview(WIDE);
    to(&mut robot, "Salesforce EU");
    robot.press("enter");
    robot.sees("Destinations 5");
    let tested = Command::Test {
        connection: signalsmith::domain::id::DestinationId::from_bits(5).to_string(),
    };
    assert!(robot.sent.contains(&tested));
    robot.press("esc");
    robot.press("esc");
    robot.sees("Overview · 6 problems");
    to(&mut robot, "held");
    robot.press("enter");
    robot.sees("delete 6,204 HELD");
    robot.press("esc");
    robot.press("esc");
    to(&mut robot, "41 rows refused");
    robot.press("enter");
    robot.sees("Rows by cause");
    robot.press("esc");
    to(&mut robot, "stopped");
    robot.press("enter");
    robot.sees("REQUIRED_FIELD_MISSING");
    robot.press("esc");
    robot.sees("Overview · 6 problems");
}

#[test]
fn a_cause_of_several_syncs_asks_for_which_it_is_to_be_opened() {
    let mut world = troubled();
    let mut other = (*world.syncs[3]).clone();
    other.sync.id = sync_id(40);
    other.sync.settings.name = "HubSpot Companies".into();
    world.syncs.push(other.into());
    let mut robot = Robot::new(NARROW, world, core());
    robot.press("1");
    to(&mut robot, "82 rows refused");
    robot.press("enter");
    robot.sees("HubSpot Lifecycle  41 rows");
    robot.type_text("life");
    robot.press("enter");
    robot.sees("Rows by cause");
}

#[test]
fn a_acknowledges_what_was_seen_and_takes_it_up_again() {
    let mut robot = overview(NARROW);
    to(&mut robot, "Salesforce EU");
    robot.press("a");
    robot.sees("acknowledged: it comes back when it is worse");
    let [wanted] = asides(&robot).try_into().unwrap();
    assert_eq!(wanted.until, Some(Until::Worse));
    assert_eq!(wanted.seen.unwrap().concerns.len(), 3);
    robot.world(set_aside(troubled()));
    robot.sees("Overview · 2 problems in 2 causes");
    assert!(robot.on("acknowledged"), "{}", robot.screen());
    robot.sees("a take up");
    robot.press("a");
    assert_eq!(asides(&robot)[1].until, None);
}

#[test]
fn z_snoozes_for_a_while_until_tomorrow_or_until_a_change() {
    let mut options = options();
    options.zone = Zone::Named(chrono_tz::Europe::Berlin);
    let mut robot = Robot::with(NARROW, troubled(), core(), &options, None);
    robot.press("1");
    for (typed, until) in [
        ("1 hour", Some(now() + Duration::hours(1))),
        ("8 hours", Some(now() + Duration::hours(8))),
        (
            "tomorrow",
            Some(chrono::Utc.with_ymd_and_hms(2026, 11, 25, 8, 0, 0).unwrap()),
        ),
        ("changes", None),
    ] {
        robot.press("z");
        robot.type_text(typed);
        robot.press("enter");
        let wanted = asides(&robot).pop().unwrap();
        match (until, wanted.until.unwrap()) {
            (None, until) => assert_eq!(until, Until::Change),
            (Some(wanted), Until::Time { at }) => {
                let late = (at - wanted).num_seconds();
                assert!((0..60).contains(&late), "{typed}: {at}");
            }
            (_, other) => panic!("{typed}: {other:?}"),
        }
    }
}

#[test]
fn a_refused_acknowledgement_is_told_with_its_reason() {
    let mut rest = core();
    let script = Box::new(move |command: &Command| match command {
        Command::SetAside(_) => Some(Err(Problem::new(
            ProblemKind::Conflict,
            "cannot set aside: it has become worse meanwhile",
        ))),
        other => rest(other),
    });
    let mut robot = Robot::new(NARROW, troubled(), script);
    robot.press("1");
    robot.press("a");
    robot.sees("it has become worse meanwhile");
}

#[test]
fn what_is_set_aside_is_out_of_the_banner_and_a_snooze_ends_by_itself() {
    let mut world = set_aside(troubled());
    world.asides[1].until = Until::Time {
        at: now() + Duration::minutes(1),
    };
    let mut robot = Robot::new(WIDE, world, core());
    robot.sees("! 2 problems in 2 causes");
    robot.wait(61_000);
    robot.sees("! 3 problems in 3 causes");
}

#[test]
fn the_days_are_read_once_and_again_only_after_a_run_has_ended() {
    let mut robot = overview(WIDE);
    let read = |robot: &Robot| {
        let sent = robot.sent.iter();
        sent.filter(|it| matches!(it, Command::Browse(Browse::Stretches { .. })))
            .count()
    };
    for _ in 0..5 {
        robot.wait(60_000);
        robot.world(troubled());
    }
    assert_eq!(read(&robot), 1);
    let mut world = troubled();
    let mut changed = (*world.syncs[4]).clone();
    changed.last = Some(run(77, &changed, RunStatus::Completed, "14:48:00", 1));
    world.syncs[4] = changed.into();
    robot.world(world);
    robot.wait(3_000);
    assert_eq!(read(&robot), 2);
}

#[test]
fn days_that_cannot_be_read_say_so_and_the_rest_stands() {
    let mut rest = core();
    let script = Box::new(move |command: &Command| match command {
        Command::Browse(Browse::Stretches { .. }) => Some(Err(Problem::new(
            ProblemKind::State,
            "could not sum up runs: disk error",
        ))),
        other => rest(other),
    });
    let mut robot = Robot::new(WIDE, troubled(), script);
    robot.press("1");
    robot.sees("could not sum up runs: disk error");
    robot.sees("6 problems in 4 causes");
}

fn session(screen: u8, size: (u16, u16), hours: i64) -> String {
    let left = now() - Duration::hours(hours);
    serde_json::json!({"screen": screen, "size": size, "left": left}).to_string()
}

fn opened(size: (u16, u16), session: &str) -> Robot {
    Robot::with(size, mixed(), core(), &options(), Some(session))
}

#[test]
fn the_screen_of_the_last_session_is_shown_again_but_not_at_a_smaller_size_or_after_an_absence() {
    opened(NARROW, &session(3, NARROW, 1)).sees("3 RUNS");
    opened(WIDE, &session(3, NARROW, 1)).sees("3 RUNS");
    opened(NARROW, &session(3, WIDE, 1)).sees("1 OVERVIEW");
    let away = opened(NARROW, &session(3, NARROW, 14));
    away.sees("1 OVERVIEW");
    away.sees("While you were away (14 h): 11 runs, 1 failed, 1 waits for you");
    opened(NARROW, &session(3, NARROW, 1)).sees_no("While you were away");
    opened(NARROW, &session(9, NARROW, 1)).sees("2 SYNCS");
}

#[test]
fn an_absence_is_told_once_where_something_else_was_asked_for() {
    let mut options = options();
    options.opening = Some(Opening::Sync(sync_id(4)));
    let session = session(3, NARROW, 60);
    let mut robot = Robot::with(NARROW, mixed(), core(), &options, Some(&session));
    robot.sees("HubSpot Lifecycle");
    robot.sees("While you were away (2 days): 11 runs, 1 failed");
    robot.sees("1 shows it");
    robot.wait(5_000);
    robot.sees_no("While you were away");
    robot.press("esc");
    robot.press("1");
    robot.sees("While you were away (2 days)");
    robot.wait(61 * 60 * 1000);
    robot.sees_no("While you were away");
}

#[test]
fn the_interface_opens_on_the_run_or_sync_that_was_asked_for_whatever_the_size() {
    let world = mixed();
    let refused = world.syncs[3].last.clone().unwrap();
    let mut options = options();
    options.opening = Some(Opening::Run(Box::new(refused)));
    for size in [WIDE, NARROW, (59, 14)] {
        let session = session(4, (200, 60), 1);
        let mut robot = Robot::with(size, mixed(), core(), &options, Some(&session));
        robot.sees("HubSpot Lifecycle");
        robot.sees(&run_id(4).as_str()[4..8]);
        robot.press("esc");
        robot.sees("RUNS");
    }
    options.opening = Some(Opening::Sync(sync_id(3)));
    let filtered = r#"{"filter": "hubspot"}"#;
    let robot = Robot::with(NARROW, mixed(), core(), &options, Some(filtered));
    robot.sees("Meta lookalike");
    robot.sees("6,204 deletes are held");
}

#[test]
fn n_makes_the_first_sync() {
    let mut robot = Robot::new(NARROW, of(vec![]), core());
    robot.press("1");
    robot.sees("No syncs yet.");
    robot.press("n");
    robot.sees("New sync 1/9");
    robot.press("esc");
    robot.sees("No syncs yet.");
}

#[test]
fn it_is_read_without_colour_in_ascii_filtered_and_copied() {
    let mut robot = overview(NARROW);
    robot.theme(ThemeName::Mono, GlyphSet::Ascii);
    assert!(robot.screen().is_ascii(), "{}", robot.screen());
    robot.theme(ThemeName::Mono, GlyphSet::Unicode);
    robot.press("f");
    robot.type_text("hubspot");
    robot.press("enter");
    robot.sees("filter: hubspot");
    robot.sees_no("Salesforce EU");
    robot.press("y");
    assert!(robot.copied[0].contains("41 rows were refused"));
    robot.press("Y");
    assert!(robot.copied[1].starts_with("signalsmith status acknowledge 'refused/dst_"));
    robot.press("esc");
    robot.press("o");
    robot.sees("by newest");
}

#[test]
fn names_from_outside_are_made_harmless_and_every_size_is_drawn() {
    let mut world = troubled();
    let mut evil = (*world.syncs[3]).clone();
    evil.sync.settings.name = "\u{1b}[31mred\u{202e}世界".repeat(40);
    evil.destination = "a\u{7}\nb".repeat(50);
    world.syncs[3] = evil.into();
    let mut robot = Robot::new(WIDE, world, core());
    robot.press("1");
    for columns in (1..210).step_by(7) {
        for rows in (1..62).step_by(3) {
            robot.resize((columns, rows));
            robot.press("j");
            let screen = robot.screen();
            assert!(!screen.contains(['\u{1b}', '\u{202e}', '\u{7}']));
        }
    }
    assert!(matches!(
        core()(&Command::Export { sync: None }),
        Some(Ok(Reply::Done))
    ));
}
