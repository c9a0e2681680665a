//! Pictures of the Models screen and of the model editor, at each size.

use super::catalogs::{catalog, core};
use super::pictures::{SIZES, picture_of};
use super::robot::Robot;
use super::worlds::of;

fn at_each_size(name: &str, prepare: impl Fn(&mut Robot)) {
    for size in SIZES {
        let mut robot = Robot::new(size, catalog(), core());
        robot.press("4");
        prepare(&mut robot);
        picture_of(&format!("models_{name}"), &robot, size);
    }
}

#[test]
fn the_list_shows_each_model_with_what_uses_it() {
    at_each_size("list", |_| {});
}

#[test]
fn a_workspace_without_sources_says_where_to_begin() {
    for size in SIZES {
        let mut world = of(vec![]);
        world.sources.clear();
        let mut robot = Robot::new(size, world, core());
        robot.press("4");
        picture_of("models_empty", &robot, size);
    }
}

#[test]
fn the_editor_shows_query_columns_and_rows() {
    at_each_size("editor", |robot| {
        robot.press("e");
        robot.press("ctrl-t");
    });
}

#[test]
fn the_columns_show_types_roles_and_what_is_wrong_with_a_key() {
    at_each_size("columns", |robot| {
        robot.press("e");
        robot.press("ctrl-t");
        robot.press("tab");
        robot.press("v");
        robot.press("j");
        robot.press("#");
    });
}

#[test]
fn names_complete_in_the_query() {
    at_each_size("complete", |robot| {
        robot.press("n");
        robot.type_text("big spenders");
        robot.press("enter");
        robot.press("space");
        robot.press("enter");
        robot.type_text("select * from customers where s");
        robot.press("ctrl-n");
    });
}

#[test]
fn what_is_missing_is_told_where_it_is_missing() {
    at_each_size("missing", |robot| {
        robot.press("n");
        robot.press("ctrl-s");
    });
}
