//! Journeys through the schedule editor, over a real core.

use signalsmith::domain::schedule::Schedule;

use super::crm;
use super::real::Desk;

fn editor() -> Desk {
    let mut desk = crm::desk((120, 36));
    desk.press(&["s"]);
    desk
}

fn schedule(desk: &Desk) -> Schedule {
    let sync = desk.workspace.sync("CRM Contacts");
    sync.sync.settings.schedule.clone()
}

#[test]
fn an_offered_interval_or_any_other_is_chosen() {
    let mut desk = editor();
    desk.robot.sees("every 60 minutes");
    desk.press(&["down", "right", "ctrl-s"]);
    assert_eq!(
        schedule(&desk),
        Schedule::Interval {
            interval_minutes: 360
        }
    );
    desk.robot
        .sees("Saved. Every 6 hours. Next: Tue 24 Nov 20:48.");
    desk.press(&["s", "down", "left", "left", "left", "left", "down"]);
    for _ in 0..3 {
        desk.press(&["backspace"]);
    }
    desk.robot.sees("is no number of minutes");
    desk.robot.type_text("45");
    desk.press(&["ctrl-s"]);
    assert_eq!(
        schedule(&desk),
        Schedule::Interval {
            interval_minutes: 45
        }
    );
}

#[test]
fn words_are_checked_as_they_are_typed_and_the_next_times_stand_in_both_zones() {
    let mut desk = editor();
    desk.press(&["right", "down"]);
    desk.robot.sees("weekdays at 09:00, UTC");
    for _ in 0.."weekdays 9:00".len() {
        desk.press(&["backspace"]);
    }
    desk.robot.type_text("mno 9:00");
    desk.robot.sees("did you mean `mon`?");
    desk.press(&["ctrl-s"]);
    assert!(matches!(schedule(&desk), Schedule::Interval { .. }));
    for _ in 0.."mno 9:00".len() {
        desk.press(&["backspace"]);
    }
    desk.robot.type_text("weekdays 9:00");
    desk.press(&["down", "down", "enter"]);
    desk.robot.type_text("Europe/Berlin");
    desk.press(&["enter"]);
    desk.robot.sees("Wed 25 Nov 09:00");
    desk.robot.sees("Wed 25 Nov 08:00");
    desk.press(&["ctrl-s"]);
    desk.robot
        .sees("Saved. Weekdays at 09:00, Europe/Berlin. Next: Wed 25 Nov 09:00");
    desk.robot.sees("(08:00 UTC)");
    assert_eq!(
        schedule(&desk),
        Schedule::Cron {
            expression: "weekdays 9:00".into(),
            timezone: Some("Europe/Berlin".into()),
        }
    );
}

#[test]
fn days_are_taken_in_and_out_and_the_last_one_stays() {
    let mut desk = editor();
    desk.press(&["right", "down", "down", "space"]);
    desk.robot.sees("0 9 * * 2,3,4,5");
    for _ in 0..4 {
        desk.press(&["right", "space"]);
    }
    desk.robot.sees("0 9 * * 5");
    desk.press(&["right", "space", "left", "space"]);
    desk.robot.sees("0 9 * * 6");
}

#[test]
fn a_sync_runs_after_another_but_never_after_itself() {
    let mut desk = crm::desk((120, 36));
    let other = crm::SYNC.replace("CRM Contacts", "Second");
    let other = other.replace(
        r#"{ type = "interval", interval_minutes = 60 }"#,
        r#"{ type = "after", syncs = ["CRM Contacts"] }"#,
    );
    desk.workspace.apply(&other);
    desk.look();
    desk.press(&["s", "right", "right"]);
    desk.robot.sees("< after >");
    desk.robot.sees("names at least one sync");
    desk.press(&["down", "enter"]);
    desk.robot.type_text("Second");
    desk.press(&["enter", "ctrl-s"]);
    desk.robot.sees("would wait for itself");
    assert!(matches!(schedule(&desk), Schedule::Interval { .. }));
}

#[test]
fn a_schedule_by_hand_says_how_it_starts() {
    let mut desk = editor();
    desk.press(&["left", "ctrl-s"]);
    desk.robot.sees("Saved. It runs by hand only");
    assert_eq!(schedule(&desk), Schedule::Manual);
}

#[test]
fn esc_asks_before_an_edit_goes() {
    let mut desk = editor();
    desk.press(&["esc"]);
    desk.robot.sees("Syncs 1");
    desk.press(&["s", "left", "esc"]);
    desk.robot
        .sees("Discard the edits of the schedule of CRM Contacts?");
    desk.press(&["enter", "esc", "y"]);
    desk.robot.sees("Syncs 1");
}
