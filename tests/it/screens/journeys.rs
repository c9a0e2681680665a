//! Journeys over a real core by keys only: a new sync's first troubles, and where they are answered.

use super::crm;
use super::real::Desk;
use crate::support::workspace::Workspace;

const WIDE: (u16, u16) = (120, 36);

/// A sync of the contacts with these settings, before any run.
fn desk(settings: &str, last: &str) -> Desk {
    let workspace = crm::workspace();
    let sync = crm::SYNC
        .replace("paused = false\n", &format!("paused = {settings}\n"))
        .replace(
            "schedule = { type = \"interval\", interval_minutes = 60 }",
            last,
        );
    workspace.apply(&sync);
    Desk::new(workspace, WIDE)
}

/// Waits for the end of a run and lets the screen see it.
fn ended(desk: &mut Desk) {
    let workspace: &Workspace = &desk.workspace;
    workspace.next_run("CRM Contacts", None);
    desk.look();
}

#[test]
fn a_sync_that_does_not_run_says_why_and_the_key_it_names_changes_that() {
    let hourly = "schedule = { type = \"interval\", interval_minutes = 60 }";
    let mut paused = desk("true", hourly);
    paused.robot.sees("No run yet: the sync is paused.");
    paused.robot.sees("`P` resumes it");
    paused.press(&["P"]);
    let resumed = |sync: &signalsmith::link::view::SyncView| !sync.sync.settings.paused;
    paused.workspace.until("CRM Contacts", resumed);
    paused.look();
    paused.robot.sees("No run yet. `r` runs it now.");

    let mut manual = desk("false", "schedule = { type = \"manual\" }");
    manual.robot.sees("No run yet: it runs by hand only.");
    manual.robot.sees("`s` sets a");
    manual.press(&["r"]);
    ended(&mut manual);
    manual.robot.sees_no("No run yet");
    let rows = manual
        .workspace
        .target("select Email from Contact order by 1");
    // The second has no last name, the third a phone that is none.
    assert_eq!(rows, ["ada@example.com", "dee@example.com"]);
}

#[test]
fn a_first_run_of_no_rows_leads_to_the_preview_of_the_model() {
    let hourly = "schedule = { type = \"interval\", interval_minutes = 60 }";
    let mut desk = desk("false", hourly);
    desk.workspace.source("delete from customers");
    desk.press(&["r"]);
    ended(&mut desk);
    desk.robot.sees("contacts gave no rows");
    desk.press(&["4", "enter", "ctrl-t"]);
    desk.robot.sees("The query gives no rows.");
    assert_eq!(desk.workspace.target("select count(*) from Contact"), ["0"]);
}
