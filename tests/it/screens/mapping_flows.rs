//! Journeys through the mapping editor, over a real core.

use signalsmith::domain::command::Command;
use signalsmith::domain::edit::Edit;
use signalsmith::domain::mapping::{FieldMapping, ValueSource};
use signalsmith::domain::model::Role;
use signalsmith::domain::run::RunOptions;

use super::crm;
use super::real::Desk;

const WIDE: (u16, u16) = (120, 36);

fn editor() -> Desk {
    let mut desk = crm::desk(WIDE);
    desk.press(&["m"]);
    desk
}

/// The mapping of the sync as the core has it, line by line.
fn saved(desk: &Desk) -> Vec<FieldMapping> {
    let sync = desk.workspace.sync("CRM Contacts");
    sync.sync.settings.field_mappings.clone()
}

fn line(desk: &Desk, field: &str) -> FieldMapping {
    let lines = saved(desk);
    let found = lines.iter().find(|line| line.destination_field == field);
    found
        .unwrap_or_else(|| panic!("{field} is not mapped"))
        .clone()
}

/// Puts the cursor on a field.
fn to(desk: &mut Desk, field: &str) {
    desk.press(&["/"]);
    desk.robot.type_text(field);
    desk.press(&["enter"]);
}

#[test]
fn every_line_shows_what_it_gives_for_the_row_that_is_shown() {
    let mut desk = editor();
    desk.robot.sees("ada@example.com");
    desk.robot.sees("+4930123456");
    desk.robot.sees("1204.5");
    desk.robot.sees("Row 1 of 4");
    desk.press(&[".", "."]);
    desk.robot.sees("cyd@example.com");
    desk.robot.sees("✖ ");
    desk.press(&[","]);
    desk.robot.sees("ben@example.com");
    desk.robot.sees("a required field is null");
}

#[test]
fn a_row_is_found_by_its_key_even_beyond_the_sample() {
    let mut desk = crm::desk(WIDE);
    let mut sql = String::from("begin;");
    for id in 5..=150 {
        sql += &format!(
            "insert into customers (id, email, last_name) values ({id}, 'p{id}@x.example', 'N');"
        );
    }
    desk.workspace.source(&(sql + "commit;"));
    desk.press(&["m", "#"]);
    desk.robot.type_text("3");
    desk.press(&["enter"]);
    desk.robot.sees("Row 3 of 100");
    desk.press(&["#"]);
    desk.robot.type_text("149");
    desk.press(&["enter"]);
    desk.robot.sees("p149@x.example");
    desk.press(&["#"]);
    desk.robot.type_text("999");
    desk.press(&["enter"]);
    desk.robot.sees("no row has the key 999");
}

#[test]
fn suggestions_look_different_until_they_are_taken_and_are_saved_then() {
    let mut desk = editor();
    desk.robot.sees("first_name  suggested");
    desk.robot.sees("2 suggested");
    to(&mut desk, "FirstName");
    desk.press(&["a"]);
    desk.robot.sees("1 suggested");
    desk.press(&["A", "ctrl-s"]);
    assert_eq!(
        line(&desk, "FirstName").source,
        ValueSource::Column("first_name".into())
    );
    assert_eq!(
        line(&desk, "Segment").source,
        ValueSource::Column("segment".into())
    );
    desk.robot.sees("the mapping is saved");
    desk.robot.sees("Syncs 1");
}

#[test]
fn suggestions_that_were_not_taken_are_not_saved() {
    let mut desk = editor();
    to(&mut desk, "Phone");
    desk.press(&["n", "ctrl-s"]);
    assert_eq!(saved(&desk).len(), 4);
}

#[test]
fn a_required_field_without_a_value_is_refused_with_what_to_do() {
    let mut desk = editor();
    to(&mut desk, "LastName");
    desk.press(&["d", "ctrl-s"]);
    desk.robot.sees("Required field not mapped: LastName.");
    desk.robot
        .sees("`enter` column, `=` constant, `x` template.");
    desk.press(&["u"]);
    desk.robot.sees_no("Required field not mapped");
    assert_eq!(saved(&desk).len(), 4);
}

#[test]
fn without_an_identifier_nothing_is_saved_and_i_gives_a_column_its_role() {
    let mut desk = editor();
    desk.workspace
        .apply(&crm::SYNC.replace("CRM Contacts", "Another"));
    desk.look();
    to(&mut desk, "Email");
    desk.press(&["d", "ctrl-s"]);
    desk.robot.sees("No identifier mapped.");
    desk.robot.sees("1 other sync uses this model");
    desk.press(&["=", "enter", "u", "enter"]);
    desk.robot.type_text("id");
    desk.press(&["enter", "i"]);
    desk.robot
        .sees("id becomes an identifier of the model contacts");
    desk.press(&["ctrl-s"]);
    desk.robot.sees("Syncs 2");
    let view = desk.workspace.view();
    assert_eq!(view.models[0].column("id").unwrap().role, Role::Identifier);
    assert_eq!(
        view.models[0].column("email").unwrap().role,
        Role::Identifier
    );
    let email = line(&desk, "Email");
    assert!(email.is_identifier);
    assert_eq!(email.source, ValueSource::Column("id".into()));
}

#[test]
fn constants_templates_and_run_variables_are_written_in_place() {
    let mut desk = editor();
    to(&mut desk, "Segment");
    desk.press(&["="]);
    desk.robot.type_text("EU");
    desk.press(&["enter"]);
    desk.robot.sees("= \"EU\"");
    to(&mut desk, "FirstName");
    desk.press(&["x"]);
    for _ in 0.."{{ row. }}".len() {
        desk.press(&["backspace"]);
    }
    desk.robot
        .type_text("{{ row.first_name }} {{ row.last_name }}");
    desk.press(&["enter"]);
    desk.robot.sees("Ada Lovelace");
    to(&mut desk, "Phone");
    desk.press(&["enter"]);
    desk.robot.type_text("sync.name");
    desk.press(&["enter", "tab", "d", "d", "ctrl-s"]);
    assert_eq!(
        line(&desk, "Segment").source,
        ValueSource::Constant("EU".into())
    );
    let template = "{{ row.first_name }} {{ row.last_name }}".to_owned();
    assert_eq!(
        line(&desk, "FirstName").source,
        ValueSource::Template(template)
    );
    assert_eq!(
        line(&desk, "Phone").source,
        ValueSource::Variable("sync.name".into())
    );
}

#[test]
fn transforms_are_added_with_their_parameters_ordered_and_dropped() {
    let mut desk = editor();
    to(&mut desk, "LastName");
    desk.press(&["t"]);
    desk.robot.type_text("substring");
    desk.press(&["enter"]);
    desk.robot.sees("start");
    desk.robot.type_text("x");
    desk.robot.sees("no whole number");
    desk.press(&["backspace", "backspace"]);
    desk.robot.type_text("0");
    desk.press(&["enter"]);
    desk.robot.type_text("3");
    desk.robot.sees("row 1 gives Lov");
    desk.press(&["enter", "t"]);
    desk.robot.type_text("upper");
    desk.press(&["enter"]);
    desk.robot.sees("LOV");
    desk.press(&["tab", "K", "ctrl-s"]);
    let names: Vec<String> = line(&desk, "LastName")
        .transforms
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["upper", "substring"]);
    desk.press(&["m"]);
    to(&mut desk, "LastName");
    desk.press(&["tab", "d", "ctrl-s"]);
    let names: Vec<String> = line(&desk, "LastName")
        .transforms
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["substring"]);
}

#[test]
fn all_rows_are_checked_field_by_field_and_e_goes_through_what_is_wrong() {
    let mut desk = editor();
    desk.press(&["v"]);
    desk.robot.sees("▸* LastName");
    desk.robot.sees("1 of 4 rows has no LastName");
    desk.press(&["e"]);
    desk.robot.sees("1 of 4 rows will not do, as 3:");
}

#[test]
fn the_cost_of_saving_is_a_bound_at_once_and_exact_after_a_moment() {
    let mut desk = crm::desk(WIDE);
    desk.workspace.run("CRM Contacts");
    desk.look();
    desk.press(&["m"]);
    to(&mut desk, "LastName");
    desk.press(&["t"]);
    desk.robot.type_text("upper");
    desk.press(&["enter"]);
    desk.robot.sees("saving: at most 2 sent again, 0 deletes");
    desk.robot.wait(1_100);
    desk.robot
        .sees("saving: 2 sent again, 0 deletes, 2 invalid");
    desk.press(&["ctrl-s"]);
    let run = desk
        .workspace
        .run_with("CRM Contacts", RunOptions::default());
    assert_eq!(
        run.counters.update.done, 2,
        "the next run does what was counted"
    );
}

#[test]
fn another_identifier_is_saved_only_after_its_cost_was_seen() {
    let mut desk = crm::desk(WIDE);
    desk.workspace.run("CRM Contacts");
    desk.look();
    desk.press(&["m"]);
    to(&mut desk, "Email");
    desk.press(&["t"]);
    desk.robot.type_text("sha256");
    desk.press(&["enter", "ctrl-s"]);
    desk.robot.sees("Records are matched by another identifier");
    desk.robot
        .sees("That run: 0 sent again, 2 new, 0 deletes, 2 invalid.");
    desk.press(&["enter"]);
    assert_eq!(line(&desk, "Email").transforms.len(), 2);
    desk.press(&["ctrl-s"]);
    desk.robot.wait(400);
    desk.press(&["y"]);
    assert_eq!(line(&desk, "Email").transforms.len(), 3);
}

#[test]
fn edits_are_taken_back_and_made_again_and_esc_asks_before_they_go() {
    let mut desk = editor();
    to(&mut desk, "Phone");
    desk.press(&["w"]);
    desk.robot.sees("written on create");
    desk.press(&["d"]);
    desk.press(&["u", "u"]);
    desk.robot.sees_no("edited *");
    desk.press(&["ctrl-r"]);
    desk.robot.sees("edited *");
    desk.press(&["esc"]);
    desk.robot
        .sees("Discard the edits of the mapping of CRM Contacts?");
    desk.press(&["y"]);
    desk.robot.sees("Syncs 1");
    assert_eq!(saved(&desk).len(), 4);
}

#[test]
fn what_somebody_else_saved_meanwhile_is_not_overwritten() {
    let mut desk = editor();
    to(&mut desk, "Phone");
    desk.press(&["n"]);
    desk.workspace
        .apply(&crm::SYNC.replace("\"upsert\"", "\"mirror\""));
    desk.press(&["ctrl-s"]);
    desk.robot.sees("was changed meanwhile, to revision 2");
}

#[test]
fn a_sync_is_deleted_only_by_its_typed_name() {
    let mut desk = crm::desk(WIDE);
    desk.workspace.run("CRM Contacts");
    desk.look();
    desk.press(&["D"]);
    desk.robot.sees("copy keeps its records");
    desk.robot.wait(400);
    desk.robot.type_text("CRM");
    desk.press(&["enter"]);
    desk.robot.sees("that is another name");
    desk.robot.type_text("CRM Contacts");
    desk.press(&["enter"]);
    desk.look();
    assert!(desk.workspace.view().syncs.is_empty());
    assert_eq!(desk.workspace.target("select count(*) from Contact"), ["2"]);
}

#[test]
fn a_delete_without_the_name_is_refused_by_the_core_itself() {
    let workspace = crm::with_sync();
    let refused = workspace.ask(Command::Edit(Edit::DeleteSync {
        sync: "CRM Contacts".into(),
        confirm: "crm contacts".into(),
    }));
    assert!(refused.unwrap_err().text.contains("its name was not typed"));
}
