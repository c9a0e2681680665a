//! Flows on the Sources and Destinations screens, with a scripted and with a real core.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::destination::{Health, StepOutcome};
use signalsmith::domain::edit::{ConnectionDraft, Edit};
use signalsmith::domain::event::{Event, EventKind};
use signalsmith::domain::explore::Explore;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::tui::What;

use super::catalogs::{catalog, core, step};
use super::real::Desk;
use super::robot::{Robot, Script, now};
use crate::support::workspace::Workspace;

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

#[test]
fn a_source_and_a_destination_are_made_tested_browsed_and_changed_over_a_real_core() {
    let workspace = Workspace::new();
    workspace.source("create table customers (id integer primary key, email text);");
    let source = workspace.path("source.db").display().to_string();
    let target = workspace.path("copy.db").display().to_string();
    let mut desk = Desk::new(workspace, WIDE);
    desk.press(&["5"]);
    desk.robot.sees("No sources yet.");
    desk.press(&["n"]);
    desk.robot.type_text("sqlite");
    desk.press(&["enter"]);
    desk.robot.type_text("shop");
    desk.press(&["enter"]);
    desk.robot.type_text("/no/such/file.db");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("shop is saved");
    desk.look();
    desk.robot.sees("failing");
    desk.press(&["e", "down"]);
    for _ in 0..40 {
        desk.robot.press_at_once("backspace");
    }
    desk.robot.type_text(&source);
    desk.press(&["ctrl-s"]);
    desk.look();
    desk.robot.sees("healthy");
    desk.press(&["b"]);
    desk.robot.sees("customers");
    desk.robot.sees("email");
    desk.press(&["esc", "6", "n"]);
    desk.robot.type_text("sqlite");
    desk.press(&["enter"]);
    desk.robot.type_text("copy");
    desk.press(&["enter"]);
    desk.robot.type_text(&target);
    desk.press(&["ctrl-s"]);
    desk.look();
    desk.robot.sees("healthy");
    let view = desk.workspace.view();
    assert!(matches!(
        view.destinations[0].health,
        Health::Healthy { .. }
    ));
    assert_eq!(view.sources[0].revision, 2);
    desk.press(&["D", "y"]);
    desk.robot.sees("copy is deleted");
    assert!(desk.workspace.view().destinations.is_empty());
}

#[test]
fn a_secret_typed_into_the_form_is_kept_encrypted_by_the_real_core() {
    let mut desk = Desk::new(Workspace::new(), WIDE);
    desk.press(&["6", "n"]);
    desk.robot.type_text("webhook");
    desk.press(&["enter"]);
    desk.robot.type_text("hook");
    desk.press(&["enter"]);
    desk.robot.type_text("https://hooks.example.invalid/in");
    for _ in 0..20 {
        if desk.robot.on("signing secret") {
            break;
        }
        desk.press(&["tab"]);
    }
    desk.robot
        .type_text("whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("hook is saved");
    let view = desk.workspace.view();
    let settings = &view.destinations[0].settings;
    assert_eq!(
        settings["signing_secret"],
        serde_json::json!({ "stored": true })
    );
    let reply = desk.workspace.ask(Command::Export { sync: None }).unwrap();
    let Reply::Text(text) = reply else {
        panic!("{reply:?}")
    };
    assert!(!text.contains("aHVudGVy"), "{text}");
    desk.look();
    desk.press(&["e", "down", "end"]);
    desk.robot.type_text("2");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("the place has changed");
    desk.robot
        .type_text("whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVy");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("hook is saved");
    let view = desk.workspace.view();
    assert_eq!(
        view.destinations[0].settings["url"],
        "https://hooks.example.invalid/in2"
    );
}

#[test]
fn a_save_that_two_people_make_at_once_is_refused_for_the_second() {
    let workspace = Workspace::new();
    workspace.source("create table t (id integer);");
    workspace.apply("[[source]]\nname = \"shop\"\ntype = \"sqlite\"\npath = \"source.db\"\n");
    let mut desk = Desk::new(workspace, WIDE);
    desk.press(&["5", "e"]);
    desk.workspace
        .apply("[[source]]\nname = \"shop\"\ntype = \"sqlite\"\npath = \"other.db\"\n");
    desk.robot.type_text("x");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("was changed meanwhile, to revision 2");
    desk.robot.tell(What::Tick);
    desk.robot.sees("edited *");
}
