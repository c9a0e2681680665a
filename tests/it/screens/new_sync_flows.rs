//! Journeys through the steps of a new sync and the editor of an old one, over a real core.

use signalsmith::domain::mode::{FirstRun, Mode};
use signalsmith::domain::run::RunStatus;
use signalsmith::domain::schedule::Schedule;

use super::crm;
use super::real::Desk;
use super::robot::{Robot, options};
use super::worlds;

const WIDE: (u16, u16) = (120, 36);

/// At the step with the model, without any sync yet.
fn begun() -> Desk {
    let mut desk = Desk::new(crm::workspace(), WIDE);
    desk.robot.sees("`n` makes one");
    desk.press(&["n"]);
    desk.robot.sees("New sync 1/9");
    desk
}

/// Through the steps up to the mapping, with the defaults.
fn at_mapping() -> Desk {
    let mut desk = begun();
    desk.robot.type_text("Contacts - Hourly");
    desk.press(&["enter"]);
    desk.robot.sees("MODEL");
    desk.robot.sees("contacts");
    desk.robot.sees("email text id");
    desk.press(&["enter"]);
    desk.robot.sees("DEST");
    desk.press(&["enter"]);
    desk.robot.sees("OBJECT");
    desk.robot.sees("Contact");
    desk.press(&["enter"]);
    desk.robot.sees("MODE");
    desk.press(&["enter"]);
    desk.robot.sees("New sync 6/9 mapping");
    desk
}

#[test]
fn nine_steps_lead_from_a_name_to_the_first_row() {
    let mut desk = at_mapping();
    desk.press(&["A", "ctrl-s"]);
    desk.robot.sees("New sync 7/9 schedule");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("REVIEW");
    desk.robot.sees("Contacts - Hourly");
    desk.robot.sees("Email");
    desk.robot.sees("every 60 minutes");
    desk.press(&["enter"]);
    desk.robot.sees("try 1 row");
    desk.press(&["enter"]);
    desk.robot.sees("one row goes now");
    let run = desk.workspace.next_run("Contacts - Hourly", None);
    assert_eq!(run.counters.create.done, 1);
    let sync = desk.workspace.sync("Contacts - Hourly");
    assert!(sync.sync.settings.paused);
    assert_eq!(sync.sync.settings.mode, Mode::Upsert);
    desk.look();
    desk.robot.sees("┌ Contacts - Hourly ");
}

#[test]
fn all_rows_go_at_once_where_that_is_chosen() {
    let mut desk = at_mapping();
    desk.press(&["A", "ctrl-s", "ctrl-s", "enter", "j", "enter"]);
    let run = desk.workspace.next_run("Contacts - Hourly", None);
    assert_eq!(run.status, RunStatus::CompletedWithErrors);
    assert_eq!((run.counters.create.done, run.counters.invalid), (3, 1));
    assert!(
        !desk
            .workspace
            .sync("Contacts - Hourly")
            .sync
            .settings
            .paused
    );
}

#[test]
fn from_now_records_rows_and_a_paused_start_runs_nothing() {
    let mut desk = at_mapping();
    desk.press(&["A", "ctrl-s", "ctrl-s", "enter", "b"]);
    desk.robot.sees("from now");
    desk.press(&["j", "j", "j", "enter"]);
    let sync = desk.workspace.sync("Contacts - Hourly");
    assert_eq!(sync.sync.settings.first_run, FirstRun::FromNow);
    assert!(sync.sync.settings.paused);
    assert!(desk.workspace.runs("Contacts - Hourly").is_empty());
}

#[test]
fn without_a_name_it_is_named_after_what_was_chosen() {
    let mut desk = begun();
    desk.press(&["enter", "enter", "enter", "enter", "enter"]);
    desk.press(&[
        "A", "ctrl-s", "ctrl-s", "enter", "G", "j", "j", "j", "enter",
    ]);
    let view = desk.workspace.view();
    assert_eq!(view.syncs[0].name(), "Contact from contacts - Hourly");
}

#[test]
fn a_draft_survives_leaving_and_even_the_end_of_the_program() {
    let mut desk = at_mapping();
    desk.press(&["A", "esc"]);
    desk.robot.sees("New sync 6/9");
    desk.press(&["esc"]);
    desk.robot.sees("the draft is kept");
    let session = desk.robot.session.clone().unwrap();
    let link = desk.workspace.view();
    let core = Box::new(|_: &_| None);
    let mut again = Robot::with(WIDE, (*link).clone(), core, &options(), Some(&session));
    again.press("n");
    again.sees("New sync 6/9");
    again.sees("LastName");
    desk.press(&["n", "left", "left"]);
    desk.robot.sees("New sync 4/9");
    desk.press(&["D", "y", "n"]);
    desk.robot.sees("New sync 1/9");
    desk.robot.sees("name:");
    desk.robot.sees_no("name: Contacts");
}

#[test]
fn steps_are_walked_back_and_forth_and_what_is_chosen_again_asks_anew() {
    let mut desk = at_mapping();
    desk.press(&["A", "ctrl-s", "ctrl-s", "left", "left", "left", "left"]);
    desk.robot.sees("OBJECT");
    desk.press(&["n"]);
    desk.robot.type_text("People");
    desk.press(&["enter"]);
    desk.robot.sees("New sync 5/9");
    desk.press(&["j", "enter"]);
    desk.robot.sees("copy ▸ People");
    desk.press(&["ctrl-s", "right"]);
    desk.robot.sees("made by the first run");
    desk.robot.sees("mirror: as upsert");
}

#[test]
fn a_model_that_is_missing_is_made_in_place() {
    let mut desk = begun();
    desk.press(&["enter", "n"]);
    desk.robot.sees("new model");
    desk.robot.type_text("golden");
    desk.press(&["tab", "tab"]);
    desk.robot.press("backtab");
    desk.robot
        .type_text("select id, email from customers where segment = 'gold'");
    desk.press(&["ctrl-t", "tab", "#", "ctrl-s"]);
    desk.robot.sees("New sync 2/9");
    desk.robot.sees("golden");
    desk.press(&["enter"]);
    desk.robot.sees("DEST");
}

#[test]
fn a_mode_that_the_object_cannot_do_says_why() {
    let workspace = crm::workspace();
    workspace.apply(
        "[[destination]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"https://hook.example/in\"\n",
    );
    let mut desk = Desk::new(workspace, WIDE);
    desk.press(&["n", "enter", "enter", "j", "enter"]);
    desk.robot.sees("OBJECT");
    desk.press(&["n"]);
    desk.robot.type_text("people");
    desk.press(&["enter"]);
    desk.robot.sees("New sync 5/9");
    desk.robot.sees("cannot be here:");
    desk.press(&["j", "j", "j", "enter"]);
    desk.robot.sees("not now: update cannot be here");
}

#[test]
fn a_name_that_is_taken_is_refused_at_once() {
    let mut desk = crm::desk(WIDE);
    desk.press(&["n"]);
    desk.robot.type_text("CRM Contacts");
    desk.press(&["enter"]);
    desk.robot
        .sees("there is a sync called 'CRM Contacts' already");
}

#[test]
fn a_clone_takes_no_draft_away_unasked() {
    let mut desk = crm::desk(WIDE);
    desk.press(&["n"]);
    desk.robot.type_text("begun");
    desk.press(&["esc", "N", "esc"]);
    desk.robot.sees("Discard the edits of CRM Contacts copy?");
    desk.press(&["enter", "ctrl-s"]);
    desk.robot.sees("Keep this draft in place of the other?");
    desk.press(&["enter", "esc", "y", "n"]);
    desk.robot.sees("name: begun");
}

#[test]
fn a_destination_that_is_missing_is_made_in_place() {
    let mut desk = begun();
    desk.press(&["enter", "enter", "n"]);
    desk.robot.type_text("file");
    desk.press(&["enter"]);
    desk.robot.sees("New destination");
    desk.robot.type_text("out");
    desk.press(&["down"]);
    let path = desk.workspace.path("out.csv").display().to_string();
    desk.robot.type_text(&path);
    desk.press(&["ctrl-s"]);
    desk.robot.sees("New sync 3/9");
    desk.robot.sees("out");
    desk.press(&["enter"]);
    desk.robot.sees("New sync 4/9");
    desk.robot.sees("out.csv");
}

#[test]
fn a_sync_is_cloned_with_its_mapping_under_another_name() {
    let mut desk = crm::desk(WIDE);
    desk.press(&["N"]);
    desk.robot.sees("CRM Contacts copy");
    for _ in 0..7 {
        desk.press(&["tab"]);
    }
    desk.robot.sees("REVIEW");
    desk.press(&["enter", "j", "j", "j", "enter"]);
    let copy = desk.workspace.sync("CRM Contacts copy");
    let original = desk.workspace.sync("CRM Contacts");
    assert_eq!(
        copy.sync.settings.field_mappings,
        original.sync.settings.field_mappings
    );
    assert!(copy.sync.settings.paused);
}

fn settings() -> Desk {
    let mut desk = crm::desk(WIDE);
    desk.press(&["e"]);
    desk.robot.sees("Sync · CRM Contacts · rev 1");
    desk
}

#[test]
fn name_tags_and_guards_are_edited_and_wrong_ones_told_at_their_field() {
    let mut desk = settings();
    desk.robot.type_text(" EU");
    for _ in 0..10 {
        desk.press(&["down"]);
    }
    desk.robot.type_text("25");
    desk.press(&["down"]);
    desk.robot.type_text("120");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("'120' is no share from 0 to 100 percent");
    desk.press(&["backspace", "ctrl-s"]);
    let sync = desk.workspace.sync("CRM Contacts EU");
    assert_eq!(sync.sync.settings.guards.delete_rows, Some(25));
    assert_eq!(sync.sync.settings.guards.delete_percent, Some(12.0));
    desk.robot.sees("┌ CRM Contacts EU ");
}

#[test]
fn mirror_is_saved_only_after_its_plan_was_seen() {
    let mut desk = crm::desk(WIDE);
    desk.workspace.run("CRM Contacts");
    desk.workspace.source("delete from customers where id = 1");
    desk.look();
    desk.press(&["e", "down", "down", "down", "down", "right"]);
    desk.robot.sees("deletes from copy what leaves the model");
    desk.press(&["ctrl-s"]);
    desk.robot
        .sees("From now on it deletes what leaves the model");
    desk.robot.sees("create 0, update 0 and delete 1");
    desk.press(&["enter"]);
    assert_eq!(
        desk.workspace.sync("CRM Contacts").sync.settings.mode,
        Mode::Upsert
    );
    desk.press(&["ctrl-s"]);
    desk.robot.wait(400);
    desk.press(&["y"]);
    assert_eq!(
        desk.workspace.sync("CRM Contacts").sync.settings.mode,
        Mode::Mirror
    );
    let run = desk.workspace.run("CRM Contacts");
    assert_eq!(
        run.counters.delete.planned, 1,
        "the next run does what was shown"
    );
}

#[test]
fn another_object_needs_the_name_and_maps_its_fields_anew() {
    let mut desk = crm::desk(WIDE);
    desk.workspace.run("CRM Contacts");
    desk.look();
    desk.press(&["e", "down", "down", "down"]);
    for _ in 0.."Contact".len() {
        desk.press(&["backspace"]);
    }
    desk.robot.type_text("People");
    desk.press(&["down", "ctrl-s"]);
    desk.robot.sees("It starts an empty snapshot.");
    desk.robot.sees("create 3");
    desk.robot.wait(400);
    desk.robot.type_text("CRM Contacts");
    desk.press(&["enter"]);
    let sync = desk.workspace.sync("CRM Contacts");
    assert_eq!(sync.sync.settings.destination_object, "People");
    assert_eq!(sync.known, 0);
}

#[test]
fn what_is_wrong_with_the_mode_is_said_by_the_core() {
    let workspace = crm::with_sync();
    workspace.apply(
        "[[destination]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"https://hook.example/in\"\n",
    );
    let mut desk = Desk::new(workspace, WIDE);
    desk.press(&["e", "down", "down", "right", "down", "down"]);
    desk.press(&["right", "right", "right"]);
    desk.robot.sees("update cannot be here:");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("mode update cannot be");
    let sync = desk.workspace.sync("CRM Contacts");
    assert!(matches!(
        sync.sync.settings.schedule,
        Schedule::Interval { .. }
    ));
    assert_eq!(sync.sync.settings.mode, Mode::Upsert);
}

#[test]
fn the_core_being_away_is_said_and_nothing_is_lost() {
    let mut robot = Robot::new(WIDE, worlds::mixed(), Box::new(|_| None));
    robot.press("n");
    robot.type_text("kept");
    robot.press("enter");
    robot.press("esc");
    robot.press("n");
    robot.sees("New sync 2/9");
}
