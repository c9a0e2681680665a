//! Rows by cause, the history of a key, and the audit trail.

use signalsmith::domain::browse::{Browse, Browsed};
use signalsmith::domain::command::{CauseName, Command, Reply, RowFilter};
use signalsmith::domain::run::{Run, RunStatus};
use signalsmith::link::WorkspaceView;
use signalsmith::tui::Export;

use super::browsing::refused;
use super::pictures::picture_of;
use super::real::Desk;
use super::robot::{Robot, Script};
use super::worlds::{core, mixed, run, run_id};
use crate::support::workspace::Workspace;

const WIDE: (u16, u16) = (120, 36);

/// The world in which the fourth sync's last run had rows refused.
pub fn with_refused() -> WorkspaceView {
    let mut world = mixed();
    let mut sync = (*world.syncs[3]).clone();
    sync.last = Some(refused());
    world.syncs[3] = sync.into();
    world
}

/// A core that takes rows again.
pub fn taker() -> Script {
    let mut rest = core();
    Box::new(move |command| match command {
        Command::Retry { .. } => {
            let world = mixed();
            let new = run(80, &world.syncs[3], RunStatus::Queued, "14:48:20", 0);
            Some(Ok(Reply::Run(Box::new(new))))
        }
        other => rest(other).map(|reply| {
            reply.map(|reply| match reply {
                Reply::Runs(mut runs) => {
                    for run in runs.iter_mut().filter(|run| run.id == run_id(4)) {
                        *run = refused();
                    }
                    Reply::Runs(runs)
                }
                other => other,
            })
        }),
    })
}

/// The rows of the fourth sync's last run.
pub fn rows(size: (u16, u16)) -> Robot {
    let mut robot = Robot::new(size, with_refused(), taker());
    robot.press("3");
    robot.press("f");
    robot.type_text("errors hubspot");
    robot.press("enter");
    robot.press("w");
    robot
}

#[test]
fn causes_stand_with_the_edit_that_came_before_and_personal_values_masked() {
    let robot = rows(WIDE);
    robot.sees("rejected 500   unsent 47,710   invalid 12   unknown 0");
    robot.sees("REQUIRED_FIELD_MISSING · LastName · 500 rows");
    robot.sees("Likely: bob changed LastName ← last_name to surname, 13:58");
    robot.sees("stuck");
    robot.sees("a•••@e•••");
    robot.sees("These rows go again by themselves in the next run (17:00)");
}

#[test]
fn unmasking_asks_the_core_anew_and_says_that_it_is_on_record() {
    let mut robot = rows(WIDE);
    robot.press("X");
    robot.sees("ada@example.com");
    robot.sees("on record in the audit trail");
    let asked = robot.sent.iter().filter_map(|command| match command {
        Command::Rows { run, filter } if *run == run_id(4) => Some(filter.unmask),
        _ => None,
    });
    assert_eq!(asked.collect::<Vec<_>>(), [false, true]);
    robot.press("X");
    robot.sees("not now: personal values are shown already");
}

#[test]
fn one_row_is_tried_at_once_and_many_only_after_their_number_was_seen() {
    let mut robot = rows(WIDE);
    robot.press("enter");
    robot.press("j");
    robot.press("T");
    let one = Command::Retry {
        run: run_id(4),
        cause: None,
        keys: vec!["cus_0000193".to_owned()],
    };
    assert!(robot.sent.contains(&one));
    robot.sees("waits for its turn");
    robot.press("esc");
    robot.press("R");
    robot.sees("Send 500 rows with REQUIRED_FIELD_MISSING again?");
    robot.press("enter");
    robot.press("R");
    robot.press("y");
    let all = Command::Retry {
        run: run_id(4),
        cause: Some("REQUIRED_FIELD_MISSING".to_owned()),
        keys: Vec::new(),
    };
    assert!(robot.sent.contains(&all));
}

#[test]
fn keys_are_looked_for_among_the_rows_of_a_cause_and_esc_goes_back() {
    let mut robot = rows(WIDE);
    robot.press("enter");
    robot.press("/");
    robot.type_text("193");
    robot.press("enter");
    let filter = RowFilter {
        verdict: Some("rejected".into()),
        code: Some("REQUIRED_FIELD_MISSING".into()),
        field: Some("LastName".into()),
        key: Some("193".into()),
        limit: 100,
        ..RowFilter::default()
    };
    let run = run_id(4);
    assert_eq!(robot.sent.last(), Some(&Command::Rows { run, filter }));
    robot.press("esc");
    robot.press("esc");
    robot.press("j");
    robot.sees("does_not_fit · Phone · 12 rows");
    robot.press("esc");
    robot.sees("Runs ");
}

#[test]
fn rows_are_exported_as_they_are_shown() {
    let mut robot = rows(WIDE);
    robot.press("E");
    let (name, what) = robot.exported.remove(0);
    assert!(name.starts_with(&format!("{}-rows-", run_id(4))), "{name}");
    let filter = RowFilter::default();
    let run = run_id(4);
    assert_eq!(what, Export::Rows { run, filter });
}

#[test]
fn the_edit_leads_into_the_audit_trail_however_old_it_is() {
    let mut robot = rows(WIDE);
    robot.press("e");
    robot.sees("Entry 41");
    robot.sees("field_mappings[LastName]");
    robot.press("esc");
    robot.sees("Rows by cause");
    robot.press("7");
    robot.sees("Audit 200 · by newest · and older");
    robot.sees("unmask");
    robot.press("G");
    robot.press("G");
    robot.sees("Audit 250 · by newest");
    robot.sees("Entry 1");
}

#[test]
fn the_history_of_a_key_is_masked_until_that_is_lifted_for_this_key() {
    let mut robot = rows(WIDE);
    robot.press("H");
    robot.sees("History · cus_0000192");
    robot.sees("lead → customer");
    robot.press("X");
    robot.sees("unmasked");
    robot.press("H");
    for _ in 0..11 {
        robot.press("backspace");
    }
    robot.type_text("cus_7");
    robot.press("enter");
    robot.sees("History · cus_7");
    robot.sees_no("unmasked");
    let asked = robot.sent.iter().filter_map(|command| match command {
        Command::History { key, unmask, .. } => Some((key.as_str(), *unmask)),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    assert_eq!(
        asked,
        [
            ("cus_0000192", false),
            ("cus_0000192", true),
            ("cus_7", false)
        ]
    );
}

#[test]
fn a_history_can_be_asked_for_from_anywhere() {
    let mut robot = Robot::new(WIDE, mixed(), core());
    robot.press("H");
    robot.sees("history of key:");
    robot.press("esc");
    robot.sees("No key was given.");
    robot.press("esc");
    robot.sees("Syncs 7");
}

const FILE: &str = r#"
[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email, last_name from people"
primary_key = ["id"]
columns = [{ name = "email", role = "identifier" }]

[[destination]]
name = "there"
type = "sqlite"
path = "copy.db"

[[sync]]
name = "people"
model = "people"
destination = "there"
destination_object = "people"
mode = "upsert"
field_mappings = [
  { source_column = "email", destination_field = "email", is_identifier = true },
  { source_column = "last_name", destination_field = "last_name" TRANSFORM },
]
"#;

/// A workspace whose second run has invalid rows, after an edit of their field.
fn broken() -> (Workspace, Run) {
    let workspace = Workspace::new();
    workspace.source(
        "create table people (id integer, email text, last_name text);
         insert into people values (1, 'ada@x.example', '7'), (2, 'bob@x.example', 'Hopper'),
           (3, 'eve@x.example', '9');",
    );
    workspace.apply(&FILE.replace("TRANSFORM", ""));
    workspace.run("people");
    workspace.apply(&FILE.replace("TRANSFORM", ", transforms = [\"to_integer\"]"));
    let run = workspace.run("people");
    (workspace, run)
}

#[test]
fn real_rows_lead_to_their_edit_their_history_and_a_try() {
    let (workspace, run) = broken();
    assert_eq!(run.counters.invalid, 1, "{run:#?}");
    let mut desk = Desk::new(workspace, WIDE);
    desk.press(&["3", "w"]);
    desk.robot.sees("transform");
    desk.robot.sees("last_name");
    desk.robot
        .sees("Likely: local changed how last_name is made of last_name");
    desk.robot.sees_no("Hopper");
    desk.press(&["X"]);
    desk.robot.sees("Hopper");
    desk.press(&["H"]);
    desk.robot.sees("History · 2");
    desk.robot.sees("b•••@x•••");
    desk.press(&["esc", "m"]);
    desk.robot.sees("Mapping · people");
    desk.robot.sees("▸  last_name");
    desk.press(&["esc", "T"]);
    let tried = desk.workspace.next_run("people", Some(&run.id));
    assert_eq!(tried.counters.invalid, 1);
    desk.press(&["7"]);
    desk.robot.sees("unmask");
    let question = Browse::Audit {
        before: None,
        limit: 1,
    };
    let reply = desk.workspace.ask(Command::Browse(question)).unwrap();
    let Reply::Browsed(browsed) = reply else {
        panic!("{reply:?}")
    };
    let Browsed::Audit(lines) = *browsed else {
        panic!("{browsed:?}")
    };
    assert_eq!(
        (lines[0].action.as_str(), lines[0].kind.as_str()),
        ("unmask", "run")
    );
}

#[test]
fn rows_of_a_cause_are_ignored_and_heeded_by_the_same_key() {
    let mut rest = taker();
    let mut ignored = false;
    let script: Script = Box::new(move |command| match command {
        Command::Ignore { ignore, .. } => {
            ignored = *ignore;
            Some(Ok(Reply::Done))
        }
        Command::Browse(Browse::Causes { .. }) if ignored => {
            let Some(Ok(Reply::Browsed(browsed))) = rest(command) else {
                panic!("no causes")
            };
            let Browsed::Causes(mut causes) = *browsed else {
                panic!("no causes")
            };
            causes[1].ignored = causes[1].rows;
            Some(Ok(Reply::Browsed(Box::new(Browsed::Causes(causes)))))
        }
        other => rest(other),
    });
    let mut robot = Robot::new(WIDE, with_refused(), script);
    robot.press("3");
    robot.press("f");
    robot.type_text("errors hubspot");
    robot.press("enter");
    robot.press("w");
    robot.press("j");
    robot.sees("I ignore");
    robot.press("I");
    let asked = |ignore| Command::Ignore {
        run: run_id(4),
        cause: CauseName {
            verdict: Some("invalid".into()),
            code: "does_not_fit".into(),
            field: Some("Phone".into()),
        },
        ignore,
    };
    assert!(robot.sent.contains(&asked(true)));
    robot.sees("12 rows ignored; they are tried as before");
    robot.sees("12 ignored");
    robot.sees("I heed");
    robot.wait(5_000);
    robot.sees("`I` heeds them");
    picture_of("rows_ignored", &robot, WIDE);
    robot.resize((80, 24));
    picture_of("rows_ignored", &robot, (80, 24));
    robot.press("I");
    assert!(robot.sent.contains(&asked(false)));
    robot.sees("12 rows count again");
}

#[test]
fn a_sync_tells_how_many_rows_fail_beside_those_that_are_ignored() {
    let mut world = with_refused();
    let mut sync = (*world.syncs[3]).clone();
    sync.ignored.invalid = 12;
    world.syncs[3] = sync.into();
    let mut robot = Robot::new(WIDE, world, core());
    for _ in 0..3 {
        robot.press("j");
    }
    robot.sees("! 500 rejected");
    robot.sees("12 failing rows are ignored");
}
