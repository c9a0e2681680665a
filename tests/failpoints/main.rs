//! Crashes at named places, and bugs that are planted to prove that the checker sees them; run by
//! `cargo test --features failpoints --test failpoints`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

#[path = "../it/terminal/host.rs"]
#[allow(dead_code, reason = "the other binary uses the rest")]
mod host;
mod panics;
mod planted;
#[path = "../it/terminal/pty.rs"]
#[allow(dead_code, reason = "the other binary uses the rest")]
mod pty;

/// What the terminal is told as the interface is left.
const LEAVES_ALTERNATE: &[u8] = b"\x1b[?1049l";

/// What both test binaries share.
#[path = "../it/support"]
#[allow(dead_code, reason = "the other binary uses the rest")]
mod support {
    pub mod desk;
    pub mod gate;
    pub mod program;
    pub mod trust;
}

use support::trust::world::{Target, World, in_every_mode, must_be_clean};

/// Crashes at one place after another, each after the model has changed; every place is reached.
fn crash_at(target: Target, mode: &'static str, places: &[&str]) {
    let mut world = World::new(target, mode, 1);
    world.run();
    for place in places {
        world.change();
        assert!(
            world.run_up_to(place),
            "{target:?} {mode}: {place} is not reached"
        );
    }
    must_be_clean(&world.complaints(), &format!("{target:?} {mode}"));
}

/// Places of every run, whatever the destination.
const RUN: [&str; 9] = [
    "planned",
    "between_batches:2",
    "after_intent",
    "before_verdict",
    "after_verdict",
    "before_fold",
    "fold_written",
    "fold_taken_over",
    "before_the_end",
];

#[test]
fn a_webhook_loses_nothing_at_any_place_of_a_run() {
    in_every_mode(|mode| {
        let mut places = RUN.to_vec();
        if mode == "upsert" {
            places.push("mid_marks");
        }
        crash_at(Target::Hook { faults: true }, mode, &places);
    });
}

#[test]
fn a_webhook_loses_nothing_where_the_program_crashes_under_its_recovery() {
    in_every_mode(|mode| {
        let places = [
            "after_send:2",
            "recovery_ended_run",
            "recovery_before_replay",
            "recovery_after_replay",
            "recovery_after_verdict",
            "before_verdict:2",
            "after_verdict:2",
        ];
        crash_at(Target::Hook { faults: true }, mode, &places);
    });
}

#[test]
fn a_table_has_every_row_once_at_any_place_of_a_crash() {
    let places = [
        "after_intent",
        "table_written",
        "table_committed",
        "before_verdict",
        "after_verdict",
    ];
    in_every_mode(|mode| crash_at(Target::Table, mode, &places));
}

#[test]
fn a_file_is_whole_and_has_every_row_once_at_any_place_of_a_crash() {
    let appended = [
        "after_intent",
        "file_appended",
        "after_send",
        "before_verdict",
        "after_verdict",
    ];
    let rewritten = [
        "after_intent:2",
        "after_send:2",
        "before_finish",
        "file_written",
        "file_replaced",
        "after_finish",
        "before_verdict",
        "after_verdict",
    ];
    in_every_mode(|mode| {
        let places: &[&str] = if mode == "append" {
            &appended
        } else {
            &rewritten
        };
        crash_at(Target::File, mode, places);
    });
}
