//! Journeys through the Sources and Destinations screens over a real core.

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::destination::Health;
use signalsmith::tui::What;

use super::real::Desk;
use crate::support::workspace::Workspace;

const WIDE: (u16, u16) = (120, 36);

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
