//! Pictures of the Sources and Destinations screens, at each size.

use super::catalogs::{catalog, core};
use super::pictures::{SIZES, picture_of};
use super::robot::Robot;

fn at_each_size(name: &str, tab: &str, prepare: impl Fn(&mut Robot)) {
    for size in SIZES {
        let mut robot = Robot::new(size, catalog(), core());
        robot.press(tab);
        prepare(&mut robot);
        picture_of(&format!("connections_{name}"), &robot, size);
    }
}

#[test]
fn destinations_are_listed_by_their_health() {
    at_each_size("destinations", "6", |_| {});
}

#[test]
fn sources_are_listed_with_what_uses_them() {
    at_each_size("sources", "5", |_| {});
}

#[test]
fn the_steps_of_a_test_are_named() {
    at_each_size("tested", "6", |robot| robot.press("T"));
}

#[test]
fn a_form_is_drawn_from_the_settings_schema_and_masks_secrets() {
    at_each_size("form", "6", |robot| {
        robot.press("G");
        robot.press("e");
        for _ in 0..3 {
            robot.press("tab");
        }
        robot.type_text("hunter2");
    });
}

#[test]
fn a_changed_place_asks_for_the_secret_again() {
    at_each_size("moved", "6", |robot| {
        robot.press("G");
        robot.press("e");
        robot.press("down");
        robot.press("end");
        robot.type_text("2");
        robot.press("ctrl-s");
    });
}

#[test]
fn a_new_one_begins_with_its_type() {
    at_each_size("types", "6", |robot| {
        robot.press("n");
        robot.type_text("web");
    });
}

#[test]
fn objects_are_browsed_with_their_fields() {
    at_each_size("browser", "6", |robot| {
        robot.press("b");
        robot.press("j");
        robot.wait(200);
        robot.press("enter");
    });
}
