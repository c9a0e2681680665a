//! Putting back what a sync knew before it went to another object, before a real core.

use super::plan_flows::FILE;
use super::real::Desk;
use crate::support::workspace::Workspace;

#[test]
fn an_earlier_state_is_put_back_from_the_palette_after_a_question() {
    let workspace = Workspace::new();
    workspace.source(
        "create table people (id integer, email text, name text);
         insert into people values (1, 'p1@x.example', 'Ada'), (2, 'p2@x.example', 'Kim');",
    );
    workspace.apply(FILE);
    workspace.run("people");
    let other = FILE.replace(
        "destination_object = \"people\"",
        "destination_object = \"others\"",
    );
    for file in [&other, FILE] {
        workspace.try_apply(file, &["people"]).unwrap();
    }
    let mut desk = Desk::new(workspace, (120, 36));
    desk.robot.sees("An earlier state for this object is kept");
    desk.press(&[":"]);
    desk.robot.type_text("put back");
    desk.press(&["enter"]);
    desk.robot.sees("Put back the earlier state of people?");
    desk.robot
        .sees("What it knew of people until it went elsewhere");
    desk.press(&["enter"]);
    assert_eq!(
        desk.workspace.sync("people").known,
        0,
        "nothing less than y does it"
    );
    desk.press(&[":"]);
    desk.robot.type_text("put back");
    desk.press(&["enter"]);
    desk.robot.wait(400);
    desk.press(&["y"]);
    desk.robot.sees("people: its earlier state is back");
    desk.robot.sees_no("An earlier state for this object");
    assert_eq!(desk.workspace.sync("people").known, 2);
}
