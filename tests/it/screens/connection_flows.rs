//! Flows on the Sources and Destinations screens.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::destination::StepOutcome;
use signalsmith::domain::edit::{ConnectionDraft, Edit};
use signalsmith::domain::event::{Event, EventKind};
use signalsmith::domain::explore::Explore;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::tui::What;

use super::catalogs::{catalog, core, step};
use super::robot::{Robot, Script, now};

const WIDE: (u16, u16) = (120, 36);

fn on(tab: &str, script: Script) -> Robot {
    let mut robot = Robot::new(WIDE, catalog(), script);
    robot.press(tab);
    robot
}

fn without(skip: fn(&Command) -> bool) -> Script {
    let mut quick = core();
    Box::new(move |command| if skip(command) { None } else { quick(command) })
}

fn saved(robot: &Robot) -> Vec<ConnectionDraft> {
    let edits = robot.sent.iter().filter_map(|sent| match sent {
        Command::Edit(Edit::Connection {
            connection,
            dry_run: false,
            ..
        }) => Some(connection.clone()),
        _ => None,
    });
    edits.collect()
}

#[test]
fn the_steps_of_a_test_come_one_by_one_and_it_can_be_let_go() {
    let mut robot = on(
        "6",
        without(|command| matches!(command, Command::Test { .. })),
    );
    robot.press("G");
    robot.press("T");
    robot.sees("testing 00:00");
    let id = catalog().destinations[0].id.to_string();
    for (name, outcome) in [
        ("resolve the name", StepOutcome::Passed),
        ("connect", StepOutcome::Warning),
    ] {
        robot.event(Event {
            number: 0,
            at: now(),
            sync: None,
            run: None,
            kind: EventKind::TestStep {
                connection: id.clone(),
                step: step(name, outcome, "10.0.0.7"),
            },
        });
        robot.sees(name);
    }
    robot.wait(2_000);
    robot.sees("testing 00:02");
    robot.press("esc");
    robot.sees("the test was let go");
    assert_eq!(robot.abandoned.len(), 1);
}

#[test]
fn several_are_tested_at_once_by_marks() {
    let mut robot = on("6", core());
    robot.press("*");
    robot.press("T");
    let tests = robot
        .sent
        .iter()
        .filter(|sent| matches!(sent, Command::Test { .. }));
    assert_eq!(tests.count(), 3);
    robot.sees("failing 14:48");
    robot.sees("healthy 14:48");
}

#[test]
fn many_are_tested_a_few_at_a_time() {
    let mut world = catalog();
    for number in 10..20 {
        let mut found = (*world.destinations[2]).clone();
        found.id = signalsmith::domain::id::DestinationId::from_bits(number);
        found.name = format!("copy {number}");
        world.destinations.push(found.into());
    }
    let silent = without(|command| matches!(command, Command::Test { .. }));
    let mut robot = Robot::new(WIDE, world, silent);
    robot.press("6");
    robot.press("R");
    let asked = |robot: &Robot| {
        let sent = robot.sent.iter();
        sent.filter(|sent| matches!(sent, Command::Test { .. }))
            .count()
    };
    assert_eq!(asked(&robot), 4);
    let token = robot.tokens.last().copied().unwrap();
    robot.tell(What::Reply {
        token,
        result: Box::new(Ok(Reply::Steps(Vec::new()))),
    });
    assert_eq!(asked(&robot), 5);
}

#[test]
fn what_is_used_cannot_be_deleted_and_the_refusal_names_the_users() {
    let mut robot = on("5", core());
    robot.press("D");
    robot.sees("crm is used by contacts, orders");
    robot.press("2");
    robot.press("6");
    robot.press("j");
    robot.press("D");
    robot.press("y");
    robot.sees("local copy is deleted");
}

#[test]
fn a_typed_secret_goes_with_the_save_and_nowhere_else() {
    let mut robot = on("6", core());
    robot.press("G");
    robot.press("e");
    for _ in 0..3 {
        robot.press("tab");
    }
    robot.type_text("hunter2");
    robot.sees_no("hunter2");
    robot.sees("*******");
    robot.press("ctrl-s");
    let drafts = saved(&robot);
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].secrets["signing_secret"].expose(), "hunter2");
    let settings = serde_json::to_string(&drafts[0].settings).unwrap();
    assert!(!settings.contains("hunter2"), "{settings}");
    assert_eq!(drafts[0].revision, Some(5));
    robot.sees("contacts endpoint is saved");
}

#[test]
fn untouched_settings_and_secrets_stay_as_they_are() {
    let mut robot = on("6", core());
    robot.press("G");
    robot.press("e");
    robot.press("end");
    robot.type_text("!");
    robot.press("ctrl-s");
    let drafts = saved(&robot);
    assert_eq!(drafts[0].name, "contacts endpoint!");
    assert_eq!(drafts[0].settings, catalog().destinations[0].settings);
    assert!(drafts[0].secrets.is_empty());
}

#[test]
fn another_host_needs_the_secret_again_and_the_old_host_does_not() {
    let mut robot = on("6", core());
    robot.press("G");
    robot.press("e");
    robot.press("down");
    robot.press("end");
    robot.type_text("2");
    robot.press("ctrl-s");
    robot.sees("the place has changed: give this again");
    assert!(saved(&robot).is_empty());
    robot.press("up");
    robot.press("up");
    robot.press("end");
    robot.press("backspace");
    robot.press("ctrl-s");
    assert_eq!(saved(&robot).len(), 1);
}

#[test]
fn a_secret_can_come_from_the_environment() {
    let mut robot = on("6", core());
    robot.press("G");
    robot.press("e");
    for _ in 0..3 {
        robot.press("tab");
    }
    robot.press("ctrl-t");
    robot.type_text("HOOK_SECRET");
    robot.sees("env: HOOK_SECRET");
    robot.press("ctrl-s");
    let drafts = saved(&robot);
    let expected = serde_json::json!({ "env": "HOOK_SECRET" });
    assert_eq!(drafts[0].settings["signing_secret"], expected);
    assert!(drafts[0].secrets.is_empty());
}

#[test]
fn what_is_wrong_stands_under_its_field() {
    let mut robot = on("6", core());
    robot.press("n");
    robot.type_text("webhook");
    robot.press("enter");
    robot.press("ctrl-s");
    robot.sees("Name is needed");
    robot.sees("url is needed");
    robot.type_text("hook");
    for _ in 0..5 {
        robot.press("tab");
    }
    robot.type_text("many");
    robot.press("ctrl-s");
    robot.sees("'many' is no whole number");
    assert!(saved(&robot).is_empty());
}

#[test]
fn a_form_whose_schema_does_not_come_says_so() {
    let mut quick = core();
    let mut robot = on(
        "6",
        Box::new(move |command| match command {
            Command::Explore(Explore::Connectors) => Some(Err(Problem::new(
                ProblemKind::Interrupted,
                "the core has stopped",
            ))),
            other => quick(other),
        }),
    );
    robot.press("e");
    robot.sees("the core has stopped");
    robot.press("esc");
    robot.press("n");
    robot.sees("the core has stopped");
    robot.press("esc");
    robot.sees("by health");
}

#[test]
fn fields_are_asked_for_where_the_cursor_rests_and_read_again_on_demand() {
    let mut robot = on("6", core());
    let asked = |robot: &Robot| {
        let fields = robot.sent.iter();
        let fields = fields.filter(|sent| matches!(sent, Command::Fields { .. }));
        fields.count()
    };
    robot.press("b");
    for _ in 0..2 {
        robot.press_at_once("j");
    }
    assert_eq!(asked(&robot), 0, "the cursor does not rest yet");
    robot.wait(200);
    assert_eq!(asked(&robot), 1);
    robot.sees("LastName");
    robot.sees("required");
    robot.press("R");
    robot.wait(200);
    robot.wait(200);
    assert_eq!(asked(&robot), 2);
    robot.press("enter");
    robot.press("y");
    assert_eq!(robot.copied, ["Email"]);
    robot.press("esc");
    robot.press("esc");
    robot.sees("by health");
}

#[test]
fn a_failed_browse_says_why_and_can_be_tried_again() {
    let mut fails = true;
    let mut quick = core();
    let mut robot = on(
        "5",
        Box::new(move |command| match command {
            Command::Explore(Explore::Tables { .. }) if std::mem::take(&mut fails) => Some(Err(
                Problem::new(ProblemKind::Source, "crm: cannot open /data/crm.db")
                    .hint("look at the path"),
            )),
            other => quick(other),
        }),
    );
    robot.press("b");
    robot.sees("cannot open /data/crm.db");
    robot.sees("look at the path");
    robot.press("R");
    robot.sees("customers");
    robot.sees("lifetime_value");
}
