//! The order of the write protocol as the system sees it: a kill cannot show a missing sync.
//!
//! The test is left out only where `strace` cannot run; with `SIGNALSMITH_TEST_STRACE=required`,
//! as in the checks of a change, that is a failure.

use std::path::Path;
use std::process::Command;

use crate::support::trust::world::{Target, World, must_be_clean};

/// Whether a process can be traced here.
fn can_trace() -> bool {
    let traced = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .output();
    let can = traced.is_ok_and(|output| output.status.success());
    let required = std::env::var("SIGNALSMITH_TEST_STRACE").is_ok_and(|value| value == "required");
    assert!(can || !required, "strace is missing, or may not trace");
    can
}

/// Runs the world's sync under strace and gives the trace.
fn traced(world: &mut World) -> String {
    world.begin();
    let trace = world.program().path("trace");
    let run = world
        .program()
        .command(&world.program().path("."), &["run", "people"]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-s", "16"]);
    strace.args([
        "-e",
        "trace=pwrite64,pwritev,write,writev,sendto,sendmsg,fsync,fdatasync",
    ]);
    strace
        .arg("-o")
        .arg(&trace)
        .arg(run.get_program())
        .args(run.get_args());
    strace
        .current_dir(run.get_current_dir().unwrap())
        .env_clear();
    for (name, value) in run.get_envs() {
        strace.env(name, value.unwrap());
    }
    let output = strace.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    read(&trace)
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// The commits that reached the disk before each request since the one before; fails where a
/// request goes out while anything written to the log of the state is not synced.
fn commits_before_requests(trace: &str) -> Vec<usize> {
    let (mut written, mut commits, mut all) = (false, 0, Vec::new());
    let mut syncing = std::collections::HashSet::new();
    for line in trace.lines() {
        let (process, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        let on_log = call.contains("state.db-wal>");
        let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        if call.starts_with("pwrite64(") && on_log {
            written = true;
        }
        let synced = if is_sync && on_log {
            if call.contains("<unfinished") {
                syncing.insert(process.to_owned());
            }
            call.ends_with("= 0")
        } else {
            call.contains("sync resumed>") && syncing.remove(process) && call.ends_with("= 0")
        };
        if synced && written {
            (written, commits) = (false, commits + 1);
        }
        if call.contains("\"POST /rows") {
            assert!(
                !written,
                "a request goes out before the disk has its intent: {line}"
            );
            all.push(std::mem::take(&mut commits));
        }
    }
    all
}

#[test]
fn every_intent_is_on_disk_before_its_request_and_every_verdict_before_the_next() {
    if !can_trace() {
        return;
    }
    let mut world = World::new(Target::Hook { faults: false }, "mirror", 1);
    world.one_at_a_time();
    let commits = commits_before_requests(&traced(&mut world));
    assert_eq!(commits.len(), 24);
    assert!(commits[0] >= 1, "{commits:?}");
    assert!(
        commits[1..].iter().all(|commits| *commits >= 2),
        "{commits:?}"
    );
    must_be_clean(&world.complaints(), "traced");
}

#[test]
fn a_request_before_the_sync_of_its_intent_would_be_seen() {
    let good = "7 pwrite64(9<state.db-wal>, \"\", 1, 0) = 1\n\
                7 fdatasync(9<state.db-wal> <unfinished ...>\n\
                8 write(1, \"x\", 1) = 1\n\
                7 <... fdatasync resumed>) = 0\n\
                8 sendto(4<socket>, \"POST /rows HTTP\", 9) = 9\n";
    assert_eq!(commits_before_requests(good), [1]);
    let early = "7 pwrite64(9<state.db-wal>, \"\", 1, 0) = 1\n\
                 8 sendto(4<socket>, \"POST /rows HTTP\", 9) = 9\n";
    assert!(std::panic::catch_unwind(|| commits_before_requests(early)).is_err());
}
