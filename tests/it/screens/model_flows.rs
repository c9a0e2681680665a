//! Flows on the Models screen: what sequences of keys lead to, with a scripted and with a real core.

use signalsmith::domain::command::{Change, Command, Reply};
use signalsmith::domain::edit::Edit;
use signalsmith::domain::explore::Explore;
use signalsmith::domain::model::Role;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::value::Type;

use super::catalogs::{catalog, contact_rows, core};
use super::real::Desk;
use super::robot::{Robot, Script};
use crate::support::workspace::Workspace;

const WIDE: (u16, u16) = (120, 36);

fn on_models(script: Script) -> Robot {
    let mut robot = Robot::new(WIDE, catalog(), script);
    robot.press("4");
    robot
}

/// A core that leaves the reading of rows unanswered.
fn slow() -> Script {
    let mut quick = core();
    Box::new(move |command| match command {
        Command::Explore(Explore::Query { .. }) => None,
        other => quick(other),
    })
}

/// What an edit means for a sync.
fn consequence(note: &str) -> Change {
    Change {
        action: "unchanged".into(),
        kind: "sync".into(),
        name: "CRM Contacts - Hourly".into(),
        fields: Vec::new(),
        notes: vec![note.into()],
        drops_snapshot: false,
    }
}

#[test]
fn what_syncs_use_cannot_be_deleted_and_the_refusal_names_them() {
    let mut robot = on_models(core());
    robot.press("D");
    robot.sees("contacts is used by CRM Contacts - Hourly");
    robot.press("G");
    robot.press("D");
    robot.sees("Delete the model visits?");
    robot.press("enter");
    assert!(
        !robot
            .sent
            .iter()
            .any(|sent| matches!(sent, Command::Edit(_)))
    );
    robot.press("D");
    robot.press("y");
    let last = robot
        .sent
        .iter()
        .rev()
        .find(|sent| matches!(sent, Command::Edit(_)));
    let Some(Command::Edit(Edit::Delete { name, .. })) = last else {
        panic!("{last:?}")
    };
    assert_eq!(*name, catalog().models[2].id.to_string());
    robot.sees("visits is deleted");
}

#[test]
fn a_reading_is_seen_can_be_let_go_and_then_stops() {
    let mut robot = on_models(slow());
    robot.press("e");
    robot.press("ctrl-t");
    robot.wait(3_000);
    robot.sees("reading the first rows 00:03");
    robot.press("esc");
    robot.sees("the reading was let go");
    assert_eq!(robot.abandoned.len(), 1);
    robot.press("ctrl-t");
    robot.press("ctrl-t");
    assert_eq!(
        robot.abandoned.len(),
        2,
        "a second reading takes the place of the first"
    );
}

#[test]
fn a_page_that_closes_lets_go_of_what_it_was_reading() {
    let mut quick = core();
    let mut robot = on_models(Box::new(move |command| match command {
        Command::Explore(Explore::Tables { .. }) => None,
        other => quick(other),
    }));
    robot.press("e");
    robot.press("esc");
    robot.sees("by name");
    assert_eq!(robot.abandoned.len(), 1);
}

#[test]
fn a_failed_reading_says_why_and_what_to_do() {
    let mut quick = core();
    let mut robot = on_models(Box::new(move |command| match command {
        Command::Explore(Explore::Query { .. }) => Some(Err(Problem::new(
            ProblemKind::Config,
            "crm: no such table: custmers",
        )
        .hint("did you mean customers?"))),
        other => quick(other),
    }));
    robot.press("e");
    robot.press("ctrl-t");
    robot.sees("crm: no such table: custmers");
    robot.sees("did you mean customers?");
}

#[test]
fn edits_are_not_lost_by_esc_or_by_the_number_of_the_tab() {
    let mut robot = on_models(core());
    robot.press("e");
    robot.type_text("x");
    robot.sees("edited *");
    robot.press("esc");
    robot.sees("Discard the edits of contacts?");
    robot.press("enter");
    robot.sees("edited *");
    robot.press("tab");
    robot.press("2");
    robot.sees("2 SYNCS");
    robot.press("q");
    robot.sees("Leave with edits that are not saved?");
    robot.press("esc");
    robot.press("4");
    robot.sees("edited *");
    robot.press("4");
    robot.sees("there are edits here that are not saved");
    robot.press("esc");
    robot.press("esc");
    robot.press("y");
    robot.sees("by name");
    robot.press("q");
    assert!(robot.left.is_some());
}

#[test]
fn the_own_editor_brings_the_query_back() {
    let mut robot = on_models(core());
    robot.editor = |text| text.replace("email is not null", "active");
    robot.press("e");
    robot.press("ctrl-o");
    robot.sees("where active");
    robot.sees("edited *");
}

#[test]
fn letters_are_text_while_the_query_has_the_focus() {
    let mut robot = on_models(core());
    robot.press("e");
    for key in ["q", "?", "2", ":", "D"] {
        robot.press(key);
    }
    robot.sees("q?2:Dselect");
    assert!(robot.left.is_none());
}

#[test]
fn a_save_with_consequences_for_syncs_asks_before() {
    let note = "needs attention: the sync CRM Contacts - Hourly: no column email";
    let mut quick = core();
    let mut robot = on_models(Box::new(move |command| match command {
        Command::Edit(Edit::Model { dry_run: true, .. }) => {
            Some(Ok(Reply::Changes(vec![consequence(note)])))
        }
        other => quick(other),
    }));
    robot.press("e");
    robot.type_text(" ");
    robot.press("ctrl-s");
    robot.sees("Save the model contacts?");
    robot.sees("no column email");
    robot.press("enter");
    robot.sees("edited *");
    robot.press("ctrl-s");
    robot.press("y");
    robot.sees("contacts is saved");
    robot.sees("by name");
}

#[test]
fn a_question_of_a_page_out_of_sight_is_answered_to_that_page() {
    let mut quick = core();
    let mut robot = on_models(Box::new(move |command| match command {
        Command::Edit(Edit::Model { dry_run: true, .. }) => None,
        other => quick(other),
    }));
    robot.press("e");
    robot.type_text(" ");
    robot.press("ctrl-s");
    let token = robot.tokens.last().copied().unwrap();
    robot.press("tab");
    robot.press("6");
    robot.tell(signalsmith::tui::What::Reply {
        token,
        result: Box::new(Ok(Reply::Changes(vec![consequence("no column email")]))),
    });
    robot.sees("Save the model contacts?");
    robot.press("y");
    robot.sees("contacts is saved");
    robot.sees("6 DESTINATIONS");
    robot.press("4");
    robot.sees("by name");
}

#[test]
fn a_refused_save_is_told_and_keeps_the_edits() {
    let mut quick = core();
    let mut robot = on_models(Box::new(move |command| match command {
        Command::Edit(Edit::Model { .. }) => Some(Err(Problem::new(
            ProblemKind::Conflict,
            "the model visits was changed meanwhile, to revision 4",
        )
        .hint("look at what is there now, and edit that"))),
        other => quick(other),
    }));
    robot.press("G");
    robot.press("e");
    robot.type_text(" ");
    robot.press("ctrl-s");
    robot.sees("was changed meanwhile, to revision 4");
    robot.sees("edited *");
}

#[test]
fn a_save_whose_page_is_gone_fails_in_sight() {
    let mut quick = core();
    let mut robot = on_models(Box::new(move |command| match command {
        Command::Edit(Edit::Model { .. }) => None,
        other => quick(other),
    }));
    robot.press("G");
    robot.press("e");
    robot.type_text(" ");
    robot.press("ctrl-s");
    robot.sees("saving");
    robot.press("esc");
    robot.press("y");
    robot.sees("by name");
    let token = robot.tokens.last().copied().unwrap();
    robot.tell(signalsmith::tui::What::Reply {
        token,
        result: Box::new(Err(Problem::new(ProblemKind::State, "the disk is full"))),
    });
    robot.sees("could not save the model visits: the disk is full");
}

#[test]
fn many_rows_are_walked_and_found_by_keys() {
    let mut quick = core();
    let mut robot = on_models(Box::new(move |command| match command {
        Command::Explore(Explore::Query { .. }) => {
            let mut table = contact_rows();
            let row = table.rows[0].clone();
            table.rows = (0..100)
                .map(|id| {
                    let mut row = row.clone();
                    row[0] = serde_json::json!(id);
                    row[2] = serde_json::json!(format!("name{id}"));
                    row
                })
                .collect();
            Some(Ok(Reply::Table(table)))
        }
        other => quick(other),
    }));
    robot.press("e");
    robot.press("ctrl-t");
    robot.press("tab");
    robot.press("tab");
    robot.sees("name3 ");
    robot.press("G");
    robot.sees("name99");
    robot.sees_no("name3 ");
    robot.press("g");
    robot.press("g");
    robot.press("/");
    robot.type_text("name57");
    robot.sees("name57");
    robot.press("enter");
    robot.press("f");
    robot.type_text("name4");
    robot.sees("name49");
    robot.sees_no("name57");
    robot.press("esc");
    robot.sees("name42");
    robot.sees_no("filter:");
    robot.press("l");
    robot.sees_no("│  id");
}

fn shop() -> Workspace {
    let workspace = Workspace::new();
    workspace.source(
        "create table customers (id integer, email text, city text);
         insert into customers values (1, 'ada@example.com', 'London'), (2, 'kim@example.com', 'Oslo'),
            (3, 'bob@example.com', 'Oslo'), (3, 'eve@example.com', null);",
    );
    workspace.apply("[[source]]\nname = \"shop\"\ntype = \"sqlite\"\npath = \"source.db\"\n");
    workspace
}

#[test]
fn a_model_is_made_checked_changed_and_deleted_over_a_real_core() {
    let mut desk = Desk::new(shop(), WIDE);
    desk.press(&["4"]);
    desk.robot.sees("No models yet.");
    desk.press(&["n"]);
    desk.robot.type_text("people");
    desk.press(&["enter", "enter"]);
    desk.robot.type_text("select id, ema");
    desk.press(&["ctrl-n"]);
    desk.robot.type_text(", city from cust");
    desk.press(&["ctrl-n"]);
    desk.robot.sees("select id, email, city from customers");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("no primary key");
    desk.press(&["ctrl-t"]);
    desk.robot.sees("kim@example.com");
    desk.robot.sees("Rows · all 4");
    desk.press(&["#", "v"]);
    desk.robot.sees("2 rows share their key: 3 (2 times)");
    desk.press(&["#", "j", "i", "#", "v"]);
    desk.robot.sees("email tells all 4 rows apart");
    desk.press(&["j", "T"]);
    desk.robot.type_text("json");
    desk.press(&["enter"]);
    desk.robot.sees("json!");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("people is saved");
    let view = desk.workspace.view();
    let model = &view.models[0];
    assert_eq!(model.name, "people");
    assert_eq!(model.primary_key, ["email"]);
    assert_eq!(model.columns[1].role, Role::Identifier);
    assert_eq!(model.columns[2].kind, Type::Json);
    desk.press(&["e"]);
    desk.robot.type_text("-- ");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("people");
    desk.press(&["esc", "y", "D", "y"]);
    desk.robot.sees("people is deleted");
    assert!(desk.workspace.view().models.is_empty());
}

#[test]
fn a_wrong_query_is_told_by_the_real_source() {
    let mut desk = Desk::new(shop(), WIDE);
    desk.press(&["4", "n"]);
    desk.robot.type_text("people");
    desk.press(&["enter", "enter"]);
    desk.robot.type_text("selct 1");
    desk.press(&["ctrl-t"]);
    desk.robot.sees("syntax error");
    desk.robot.sees("selct");
}
