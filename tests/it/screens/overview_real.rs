//! The Overview over a real core: a source breaks, is acknowledged, mended, and calm again.

use signalsmith::domain::run::RunStatus;

use super::crm;

const NARROW: (u16, u16) = (80, 24);

#[test]
fn a_broken_source_is_told_acknowledged_found_and_over_when_it_is_mended() {
    let mut desk = crm::desk(NARROW);
    // Rows that the destination refuses, or that do not fit, are another story.
    desk.workspace
        .source("delete from customers where id in (2, 3)");
    let name = desk.workspace.view().syncs[0].name().to_owned();
    desk.workspace.run(&name);
    desk.look();
    desk.press(&["1"]);
    desk.robot.wait(5_000);
    desk.look();
    desk.robot.sees("All is well");
    desk.robot.sees("written today");
    let table = "alter table customers rename to clients";
    desk.workspace.source(table);
    assert_eq!(desk.workspace.run(&name).status, RunStatus::Failed);
    desk.look();
    desk.robot.wait(5_000);
    desk.robot.sees("1 problem in 1 cause");
    assert!(desk.robot.on("contacts: "), "{}", desk.robot.screen());
    desk.press(&["a"]);
    desk.look();
    desk.robot.sees("nothing needs you");
    desk.robot.sees("acknowledged");
    desk.press(&["a"]);
    desk.look();
    desk.robot.sees("1 problem in 1 cause");
    desk.press(&["2"]);
    desk.robot.sees("! 1 problem in 1 cause");
    desk.workspace
        .source("alter table clients rename to customers");
    assert_eq!(desk.workspace.run(&name).status, RunStatus::Completed);
    desk.look();
    desk.press(&["1"]);
    desk.robot.sees("All is well");
}
