//! Flows: what sequences of keys lead to.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::RunOptions;
use signalsmith::link::Connection;
use signalsmith::tui::{Leave, What};

use super::robot::{Robot, options};
use super::worlds::{core, mixed, of, run_id, silent, sync, sync_id};

const WIDE: (u16, u16) = (120, 36);

fn robot() -> Robot {
    Robot::new(WIDE, mixed(), core())
}

/// Commands that do something, without what is read for the screen.
fn doings(robot: &Robot) -> Vec<Command> {
    use Command::{Browse, LogPage, Rows, Runs};
    let reads =
        |it: &&Command| !matches!(it, LogPage { .. } | Runs { .. } | Rows { .. } | Browse(_));
    robot.sent.iter().filter(reads).cloned().collect()
}

#[test]
fn one_key_runs_the_selected_sync_and_shows_that_it_starts() {
    let mut robot = Robot::new(WIDE, mixed(), silent());
    robot.press("r");
    let expected = Command::Run {
        sync: sync_id(1).as_str().to_owned(),
        options: RunOptions::default(),
    };
    assert_eq!(doings(&robot), [expected]);
    robot.sees("… starting");
}

#[test]
fn a_refused_command_is_told_with_what_to_do() {
    let script = Box::new(|command: &Command| {
        Some(match command {
            Command::Run { .. } => Err(Problem::new(
                ProblemKind::Conflict,
                "its destination is gone",
            )
            .hint("choose another with `signalsmith edit`")),
            _ => Ok(Reply::Log(Vec::new())),
        })
    });
    let mut robot = Robot::new(WIDE, mixed(), script);
    robot.press("r");
    robot.sees("could not run Accounts from Billing: its destination is gone");
    robot.sees("choose another with `signalsmith edit`");
    robot.press("esc");
    robot.sees_no("its destination is gone");
}

#[test]
fn marks_let_several_syncs_run_at_once() {
    let mut robot = robot();
    robot.press("space");
    robot.press("space");
    robot.sees("2 marked");
    robot.press("r");
    assert_eq!(doings(&robot).len(), 2);
    robot.sees_no("marked");
}

#[test]
fn cancelling_needs_y_and_enter_keeps_the_run() {
    let mut robot = robot();
    robot.press("j");
    robot.press("c");
    robot.sees("keep it running");
    robot.press("enter");
    assert!(doings(&robot).is_empty());
    robot.press("c");
    robot.press("y");
    let target = run_id(2).as_str().to_owned();
    assert_eq!(doings(&robot), [Command::Cancel { target }]);
}

#[test]
fn a_dialog_does_not_hear_keys_that_were_pressed_before_it_could_be_read() {
    let mut robot = robot();
    robot.press("j");
    robot.press("c");
    robot.press_at_once("y");
    assert!(doings(&robot).is_empty());
    robot.sees("keep it running");
}

#[test]
fn a_dialog_about_a_run_that_has_ended_goes_away() {
    let mut robot = robot();
    robot.press("j");
    robot.press("c");
    robot.world(of(vec![sync(
        2,
        "CRM Contacts - Hourly",
        signalsmith::link::view::SyncState::Ok,
    )]));
    robot.sees("the run has ended meanwhile");
    robot.press("y");
    assert!(doings(&robot).is_empty());
}

#[test]
fn held_deletes_go_only_by_their_number_and_under_the_hash_that_was_seen() {
    let mut robot = robot();
    robot.press("j");
    robot.press("j");
    robot.press("A");
    robot.sees("Nothing is deleted until you approve");
    robot.press("A");
    robot.sees("id = \"cus_0192\"");
    robot.wait(400);
    robot.type_text("6203");
    robot.press("enter");
    assert!(doings(&robot).is_empty());
    robot.sees("that is not 6,204");
    robot.type_text("6,204");
    robot.press("enter");
    let expected = Command::Approve {
        target: sync_id(3).as_str().to_owned(),
        plan_hash: "8f3a11c0ffee".repeat(4),
    };
    assert_eq!(doings(&robot), [expected]);
}

#[test]
fn a_held_number_that_changes_must_be_typed_again() {
    let mut robot = robot();
    robot.press("j");
    robot.press("j");
    robot.press("A");
    robot.press("A");
    robot.wait(400);
    robot.type_text("6204");
    let mut world = mixed();
    let mut changed = (*world.syncs[2]).clone();
    changed.held.as_mut().unwrap().count = 6_310;
    world.syncs[2] = changed.into();
    robot.world(world);
    robot.sees("the plan has changed meanwhile: look again");
    robot.sees("type 6,310 to delete them");
    robot.press("enter");
    assert!(doings(&robot).is_empty());
}

#[test]
fn the_run_menu_tries_one_row_and_asks_before_all_go_again() {
    let mut robot = robot();
    for _ in 0..3 {
        robot.press("j");
    }
    robot.press("R");
    robot.press("1");
    robot.press("R");
    robot.press("r");
    robot.press("R");
    robot.press("f");
    robot.sees("900 known records");
    robot.press("y");
    let sync = sync_id(4).as_str().to_owned();
    let plain = RunOptions::default();
    let ways = [
        RunOptions {
            limit: Some(1),
            ..plain.clone()
        },
        RunOptions {
            retry_of: Some(run_id(4)),
            ..plain.clone()
        },
        RunOptions {
            full: true,
            ..plain
        },
    ];
    let expected: Vec<Command> = ways
        .into_iter()
        .map(|options| Command::Run {
            sync: sync.clone(),
            options,
        })
        .collect();
    assert_eq!(doings(&robot), expected);
}

#[test]
fn pause_turns_into_resume_on_a_paused_sync() {
    let mut robot = robot();
    robot.sees("P resume");
    robot.press("P");
    robot.press("j");
    robot.sees("P pause");
    robot.press("P");
    let name = |number| sync_id(number).as_str().to_owned();
    assert_eq!(
        doings(&robot),
        [
            Command::Resume { sync: name(1) },
            Command::Pause { sync: name(2) }
        ]
    );
}

#[test]
fn an_action_that_cannot_be_done_says_why() {
    let mut robot = robot();
    robot.press("c");
    robot.sees("not now: no run is under way");
    robot.tell(What::Connection(Connection::Lost { retry_in_s: 4 }));
    robot.press("r");
    robot.sees("not now: the core does not answer");
    assert!(doings(&robot).is_empty());
}

#[test]
fn leaving_asks_only_while_runs_live_in_this_process() {
    let mut robot = robot();
    robot.press("q");
    robot.sees("Leave and stop 1 run?");
    robot.press("esc");
    assert_eq!(robot.left, None);
    robot.press("q");
    robot.press("y");
    assert_eq!(robot.left, Some(Leave::StopRuns));

    let mut robot = Robot::new(WIDE, mixed(), core());
    robot.tell(What::Connection(Connection::Attached));
    robot.press("q");
    assert_eq!(robot.left, Some(Leave::Quit));
}

#[test]
fn suspending_asks_while_runs_live_in_this_process() {
    let mut robot = robot();
    robot.press("ctrl-z");
    assert!(!robot.suspended);
    robot.sees("Suspend with 1 run under way?");
    robot.press("y");
    assert!(robot.suspended);
}

#[test]
fn esc_goes_out_step_by_step_and_never_leaves() {
    let mut robot = Robot::new((80, 24), mixed(), core());
    robot.press("f");
    robot.type_text("crm");
    robot.press("enter");
    robot.press("enter");
    robot.press("enter");
    robot.sees("Run log");
    for _ in 0..6 {
        robot.press("esc");
    }
    robot.sees("Syncs 7");
    robot.sees_no("filter: crm");
    assert_eq!(robot.left, None);
}

#[test]
fn find_goes_to_the_hit_and_esc_goes_back() {
    let mut robot = robot();
    robot.press("/");
    robot.type_text("hub");
    robot.sees("▸! 41 rejected");
    robot.press("esc");
    robot.sees("▸✖ failed");
    robot.press("/");
    robot.type_text("zzz");
    robot.sees("no hit");
}

#[test]
fn the_filter_takes_state_tag_destination_and_their_opposites() {
    for (filter, shown) in [
        ("tag:eu", "Syncs 1 of 7"),
        ("state:paused", "Syncs 2 of 7"),
        ("dest:sales", "Syncs 4 of 7"),
        ("-dest:sales", "Syncs 3 of 7"),
        ("model:contacts newsletter", "Syncs 1 of 7"),
        ("nothing-like-it", "Syncs 0 of 7"),
    ] {
        let mut robot = robot();
        robot.press("f");
        robot.type_text(filter);
        robot.sees(shown);
    }
}

#[test]
fn the_selection_stays_on_its_sync_when_the_order_changes() {
    let mut robot = robot();
    robot.press("j");
    for order in ["by name", "by next run", "by health", "by state"] {
        robot.press("o");
        robot.sees(order);
        robot.sees("┌ CRM Contacts - Hourly ");
    }
}

#[test]
fn copying_gives_the_name_and_a_command_line_that_a_shell_can_take() {
    let mut robot = Robot::new(
        WIDE,
        of(vec![sync(
            1,
            "Bob's sync",
            signalsmith::link::view::SyncState::Ok,
        )]),
        core(),
    );
    robot.press("y");
    robot.press("Y");
    assert_eq!(
        robot.copied,
        ["Bob's sync", r"signalsmith run 'Bob'\''s sync'"]
    );
}

#[test]
fn the_palette_goes_to_a_sync_by_its_name_even_out_of_a_filter() {
    let mut robot = robot();
    robot.press("f");
    robot.type_text("crm");
    robot.press("enter");
    robot.press("ctrl-p");
    robot.type_text("newsl");
    robot.press("enter");
    robot.sees("┌ Old newsletter ");
}

#[test]
fn a_remapped_key_works_and_is_shown() {
    let mut options = options();
    options.keys.insert("run".into(), vec!["ctrl-r".into()]);
    let mut robot = Robot::with(WIDE, mixed(), core(), &options, None);
    robot.press("r");
    assert!(doings(&robot).is_empty());
    robot.sees("ctrl-r run");
    robot.press("ctrl-r");
    assert_eq!(doings(&robot).len(), 1);
}

#[test]
fn the_session_is_kept_at_leaving_and_restored_at_the_next_start() {
    let mut robot = robot();
    robot.tell(What::Connection(Connection::Attached));
    robot.press("o");
    robot.press("f");
    robot.type_text("dest:sales");
    robot.press("enter");
    robot.press("G");
    robot.press("L");
    robot.press("q");
    let session = robot.session.unwrap();
    let again = Robot::with(WIDE, mixed(), core(), &options(), Some(&session));
    again.sees("by name · filter: dest:sales");
    again.sees("┌ Old newsletter ");
    again.sees_no("Run log");
    let fresh = Robot::with(WIDE, mixed(), core(), &options(), Some("\u{0}nonsense"));
    fresh.sees("Syncs 7 · by state");
}
