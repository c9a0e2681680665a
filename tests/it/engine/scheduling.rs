//! Schedules, under a clock that is moved by hand.

use std::time::Duration;

use chrono::{DateTime, Utc};
use signalsmith::domain::command::Command;
use signalsmith::domain::run::Trigger;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn scheduled(schedule: &str, more: &str) -> Workspace {
    let workspace = people(2);
    workspace.apply(&with_schedule(schedule, more));
    workspace.until("people", |_| true);
    workspace
}

fn with_schedule(schedule: &str, more: &str) -> String {
    to_copy(
        "upsert",
        &format!("paused = false\nschedule = {schedule}\n{more}"),
    )
}

fn every(minutes: u32) -> String {
    format!("{{ type = \"interval\", interval_minutes = {minutes} }}")
}

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-03-02T{time}:00Z").parse().unwrap()
}

/// The slots whose runs came, oldest first, as `09:00` with the number of missed ones.
fn slots(workspace: &Workspace) -> Vec<String> {
    let mut slots: Vec<String> = Vec::new();
    for run in workspace.runs("people") {
        if let Trigger::Schedule { slot, missed, .. } = run.trigger {
            let missed = if missed > 0 {
                format!(" +{missed}")
            } else {
                String::new()
            };
            slots.push(slot.format("%H:%M").to_string() + &missed);
        }
    }
    slots.reverse();
    slots
}

/// Lets time pass until the next run has ended.
fn pass_and_run(workspace: &Workspace, time: Duration) -> Run {
    let before = workspace
        .sync("people")
        .last
        .as_ref()
        .map(|run| run.id.clone());
    workspace.pass(time);
    workspace.next_run("people", before.as_ref())
}

#[test]
fn saving_never_runs_at_once_and_the_first_interval_ends_after_one_interval() {
    let workspace = scheduled(&every(60), "");
    assert_eq!(workspace.sync("people").next_run_at, Some(at("09:00")));
    workspace.pass(59 * MINUTE);
    assert!(workspace.runs("people").is_empty());
    let run = pass_and_run(&workspace, MINUTE);
    let Trigger::Schedule {
        slot,
        missed,
        words,
    } = &run.trigger
    else {
        panic!("{run:?}")
    };
    assert_eq!(
        (*slot, *missed, words.as_str()),
        (at("09:00"), 0, "every 60 minutes")
    );
    assert_eq!(run.started_at, Some(at("09:00")));
    assert_eq!(completed(&run), (2, 0, 0));
    assert_eq!(workspace.sync("people").next_run_at, Some(at("10:00")));
}

#[test]
fn a_run_by_hand_does_not_shift_the_cadence() {
    let workspace = scheduled(&every(60), "");
    pass_and_run(&workspace, 60 * MINUTE);
    workspace.pass(25 * MINUTE);
    workspace.run("people");
    assert_eq!(workspace.sync("people").next_run_at, Some(at("10:00")));
    pass_and_run(&workspace, 35 * MINUTE);
    assert_eq!(slots(&workspace), ["09:00", "10:00"]);
}

#[test]
fn a_long_run_is_followed_at_once_and_what_came_meanwhile_is_one_run() {
    let workspace = people(1);
    let gate = Gate::start(workspace.runtime.handle());
    let more = format!("paused = false\nschedule = {}\nmode = ", every(60));
    workspace.apply(&to_hook("upsert", gate.url(), "").replace("mode = ", &more));
    workspace.pass(60 * MINUTE);
    workspace.wait_for(gate.arrived(1));
    workspace.pass(150 * MINUTE);
    let seen = workspace.sync("people");
    let queued = seen.queued.clone().expect("a run waits");
    assert!(matches!(queued.trigger, Trigger::Schedule { slot, .. } if slot == at("10:00")));
    gate.open(100);
    let second = workspace.wait(&queued.id);
    assert_eq!(second.started_at, Some(at("11:30")));
    assert_eq!(slots(&workspace), ["09:00", "10:00"]);
    workspace.until("people", |sync| {
        sync.active.is_none() && sync.queued.is_none()
    });
    assert_eq!(workspace.sync("people").next_run_at, Some(at("12:00")));
    workspace.pass(29 * MINUTE);
    assert_eq!(slots(&workspace), ["09:00", "10:00"], "no slot comes twice");
    workspace.pass(MINUTE);
    workspace.next_run("people", Some(&second.id));
    assert_eq!(slots(&workspace), ["09:00", "10:00", "12:00"]);
}

#[test]
fn cron_slots_come_in_their_zone_at_the_full_minute() {
    let cron = r#"{ type = "cron", expression = "30 9,10 * * 1-5", timezone = "Europe/Berlin" }"#;
    let workspace = scheduled(cron, "");
    assert_eq!(workspace.sync("people").next_run_at, Some(at("08:30")));
    let run = pass_and_run(&workspace, 30 * MINUTE);
    assert_eq!(run.started_at, Some(at("08:30")));
    pass_and_run(&workspace, 60 * MINUTE);
    assert_eq!(slots(&workspace), ["08:30", "09:30"]);
    let tomorrow = at("08:30") + Duration::from_hours(24);
    assert_eq!(workspace.sync("people").next_run_at, Some(tomorrow));
}

#[test]
fn a_paused_sync_does_not_run_and_makes_nothing_up() {
    let workspace = scheduled(&every(60), "");
    workspace
        .ask(Command::Pause {
            sync: "people".into(),
        })
        .unwrap();
    assert_eq!(workspace.sync("people").next_run_at, None);
    workspace.wait_for(workspace.clock.advance(150 * MINUTE));
    assert!(workspace.runs("people").is_empty());
    workspace
        .ask(Command::Resume {
            sync: "people".into(),
        })
        .unwrap();
    assert_eq!(workspace.sync("people").next_run_at, Some(at("11:30")));
    workspace.pass(59 * MINUTE);
    assert!(workspace.runs("people").is_empty());
    pass_and_run(&workspace, MINUTE);
    assert_eq!(slots(&workspace), ["11:30"]);
}

#[test]
fn a_manual_run_of_a_paused_sync_is_allowed_and_says_so() {
    let workspace = people(1);
    workspace.apply(&to_copy("upsert", ""));
    let run = workspace.run("people");
    assert_eq!(completed(&run), (1, 0, 0));
    assert!(
        workspace.log(&run).contains("paused"),
        "{}",
        workspace.log(&run)
    );
}

#[test]
fn an_edit_of_the_schedule_takes_effect_at_once() {
    let workspace = scheduled(&every(60), "");
    workspace.pass(50 * MINUTE);
    workspace.apply(&with_schedule(&every(15), ""));
    let seen = workspace.until("people", |sync| sync.schedule_words.contains("15"));
    assert_eq!(
        seen.next_run_at,
        Some(at("09:05")),
        "no slot from before the edit"
    );
    pass_and_run(&workspace, 15 * MINUTE);
    assert_eq!(slots(&workspace), ["09:05"]);
}

#[test]
fn other_edits_move_no_slot_and_hold_from_the_next_run_on() {
    let workspace = scheduled(&every(60), "");
    workspace.pass(30 * MINUTE);
    workspace.apply(&with_schedule(&every(60), "tags = [\"new\"]"));
    let seen = workspace.until("people", |sync| !sync.sync.settings.tags.is_empty());
    assert_eq!(seen.next_run_at, Some(at("09:00")));
    let run = pass_and_run(&workspace, 30 * MINUTE);
    assert_eq!(run.revision, 2);
}

#[test]
fn slots_missed_while_the_core_was_down_are_run_once_with_their_number() {
    let mut workspace = scheduled(&every(60), "");
    pass_and_run(&workspace, 60 * MINUTE);
    workspace.stop();
    workspace.wait_for(workspace.clock.set(at("13:20")));
    workspace.start().unwrap();
    workspace.until("people", |sync| {
        let scheduled = |run: &Run| format!("{:?}", run.trigger).contains("missed: 4");
        sync.last.as_ref().is_some_and(scheduled)
    });
    assert_eq!(slots(&workspace), ["09:00", "13:00 +4"]);
    assert_eq!(workspace.sync("people").next_run_at, Some(at("14:00")));
}

#[test]
fn missed_slots_older_than_the_grace_are_passed_over() {
    for (grace, runs) in [(1, 0), (0, 0), (3, 1)] {
        let cron = r#"{ type = "cron", expression = "0 9 * * *" }"#;
        let mut workspace = scheduled(cron, &format!("grace_hours = {grace}"));
        workspace.stop();
        workspace.wait_for(workspace.clock.set(at("11:00")));
        workspace.start().unwrap();
        if runs == 1 {
            workspace.next_run("people", None);
        }
        assert_eq!(slots(&workspace).len(), runs, "{grace}");
        assert!(workspace.sync("people").queued.is_none());
    }
}

#[test]
fn a_slot_does_not_fire_twice_when_the_clock_is_set_back() {
    let cron = r#"{ type = "cron", expression = "0 9 * * *" }"#;
    for schedule in [every(60), cron.to_owned()] {
        let workspace = scheduled(&schedule, "");
        pass_and_run(&workspace, 60 * MINUTE);
        workspace.wait_for(workspace.clock.set(at("08:50")));
        workspace.pass(30 * MINUTE);
        assert_eq!(slots(&workspace), ["09:00"], "{schedule}");
    }
}

#[test]
fn a_sync_runs_after_those_that_it_waits_for_have_completed() {
    let workspace = people(2);
    let second = to_copy("upsert", "");
    let (_, sync) = second.split_once("[[sync]]").unwrap();
    let then = sync
        .replace("name = \"people\"\nmodel", "name = \"then\"\nmodel")
        .replace(
            "destination_object = \"people\"",
            "destination_object = \"then\"",
        )
        .replace(
            "mode = ",
            "paused = false\nschedule = { type = \"after\", syncs = [\"people\"] }\nmode = ",
        );
    workspace.apply(&format!("{}\n[[sync]]{then}", to_copy("upsert", "")));
    assert!(workspace.runs("then").is_empty());
    let first = workspace.run("people");
    let next = workspace.next_run("then", None);
    workspace.wait_for(workspace.clock.advance(MINUTE));
    assert_eq!(next.trigger, Trigger::After { sync: first.sync });
    assert_eq!(completed(&next), (2, 0, 0));
    // A mere plan and a failed run start nothing.
    workspace.run_with("people", options(|it| it.plan_only = true));
    workspace.source("alter table people rename to folk");
    assert_eq!(workspace.run("people").status, RunStatus::Failed);
    assert_eq!(workspace.runs("then").len(), 1);
    workspace.source("alter table folk rename to people");
    workspace.run("people");
    workspace.next_run("then", Some(&next.id));
}
