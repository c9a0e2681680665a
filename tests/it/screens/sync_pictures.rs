//! Pictures of what edits a sync, at each size, over a real core.

use super::crm;
use super::real::Desk;

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (59, 14)];

fn picture(name: &str, desk: &Desk, (columns, rows): (u16, u16)) {
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), desk.robot.screen());
    });
}

fn at_each_size(name: &str, prepare: impl Fn(&mut Desk)) {
    for size in SIZES {
        let mut desk = crm::desk(size);
        prepare(&mut desk);
        desk.robot.wait(20_000);
        picture(name, &desk, size);
    }
}

#[test]
fn the_mapping_shows_lines_values_suggestions_and_what_is_wrong() {
    at_each_size("mapping_lines", |desk| desk.press(&["m", ".", "."]));
}

#[test]
fn the_mapping_says_what_keeps_it_from_being_saved() {
    at_each_size("mapping_refused", |desk| {
        desk.press(&["m", "g", "g", "d", "ctrl-s"]);
    });
}

#[test]
fn the_steps_of_a_line_stand_in_a_row() {
    at_each_size("mapping_steps", |desk| {
        desk.press(&["m", ".", ".", "G", "k", "k", "k"]);
        desk.press(&["tab", "j"]);
    });
}

#[test]
fn a_transform_is_set_in_a_form_with_help_and_example() {
    at_each_size("mapping_step_form", |desk| {
        desk.press(&["m", "t"]);
        desk.robot.type_text("substring");
        desk.press(&["enter"]);
    });
}

#[test]
fn columns_are_picked_with_their_values() {
    at_each_size("mapping_columns", |desk| desk.press(&["m", "enter"]));
}

#[test]
fn the_schedule_shows_words_days_and_times() {
    at_each_size("schedule_cron", |desk| {
        desk.press(&["s", "right", "down", "down"])
    });
}

#[test]
fn the_settings_of_a_sync_stand_in_a_form() {
    at_each_size("sync_settings", |desk| desk.press(&["e"]));
}

fn new_at_each_size(name: &str, keys: &[&str]) {
    for size in SIZES {
        let mut desk = Desk::new(crm::workspace(), size);
        desk.press(keys);
        desk.robot.wait(20_000);
        picture(name, &desk, size);
    }
}

#[test]
fn each_step_of_a_new_sync_shows_what_can_be_chosen() {
    new_at_each_size("new_sync_1_name", &["n"]);
    new_at_each_size("new_sync_2_model", &["n", "enter"]);
    new_at_each_size("new_sync_4_object", &["n", "enter", "enter", "enter"]);
    new_at_each_size(
        "new_sync_5_mode",
        &["n", "enter", "enter", "enter", "enter", "j"],
    );
}

#[test]
fn the_last_steps_show_mapping_schedule_review_and_first_run() {
    let to_mapping = ["n", "enter", "enter", "enter", "enter", "enter"];
    let with = |more: &[&'static str]| [&to_mapping[..], more].concat();
    new_at_each_size("new_sync_6_mapping", &with(&["A"]));
    new_at_each_size("new_sync_7_schedule", &with(&["A", "ctrl-s"]));
    new_at_each_size("new_sync_8_review", &with(&["A", "ctrl-s", "ctrl-s"]));
    new_at_each_size("new_sync_9_run", &with(&["A", "ctrl-s", "ctrl-s", "enter"]));
}
