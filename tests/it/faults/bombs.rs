//! Answers that would fill the memory: they are read to the cap, and what they weigh is measured
//! in a process of its own.

use std::process::Command;

use signalsmith::domain::problem::ProblemKind::Protocol;

use super::{Lane, World, seconds, totals};
use crate::support::fault_proxy::{Answer, Fault, whole};

/// Set in the process that is measured.
const MEASURED: &str = "SIGNALSMITH_TEST_MEASURED";
/// Memory may grow by so much.
const GROWTH_KIB: u64 = 32 << 10;
/// Bytes that the sockets of both sides hold at most, beside those that are read.
const UNDER_WAY: u64 = 16 << 20;

/// A line of `/proc/self/status` in KiB.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "is started by the test below in a process of its own"]
fn the_process_that_is_measured() {
    assert!(std::env::var_os(MEASURED).is_some());
    let mut world = World::new(Lane::Upsert);
    let objects = format!("{{\"results\":[{}]}}", vec!["{\"a\":0}"; 120_000].join(","));
    let objects = whole(
        "200 OK\r\ncontent-type: application/json",
        objects.as_bytes(),
    );
    for (name, answer, cap) in [
        ("endless", Answer::Endless, 8 << 20),
        // A thousandth on the wire.
        ("gzip bomb", Answer::GzipBomb, 64 << 10),
        // A hundred times as much in memory.
        ("objects", Answer::Raw(objects), 1 << 20),
    ] {
        world.change();
        world.settings(
            name,
            "results = \"required\"\nbatch_size = 2\nconcurrency = 4",
        );
        let before = world.proxy.exchanges().len();
        world.proxy.script(move |_| Fault::after(answer.clone()));
        // The peak is counted from here on.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let resident = status("VmRSS");
        let run = world.run();
        let grown = status("VmHWM").saturating_sub(resident);
        assert!(grown < GROWTH_KIB, "{name}: {grown} KiB more");
        assert_eq!(
            run.error.as_ref().map(|problem| problem.kind),
            Some(Protocol),
            "{run:#?}"
        );
        let [done, rejected, unknown, _] = totals(&run);
        assert!((done, rejected) == (0, 0) && unknown > 0, "{run:#?}");
        // After five tries the circuit is open; by its fourth probe one batch has had its three.
        assert!(
            seconds(&run) <= 30 + 60 + 120 + 240 + 20,
            "{name}: {} s; {}",
            seconds(&run),
            world.workspace.log(&run)
        );
        let tries = world.hits(before);
        assert!(
            (3..=12).contains(&tries.len()),
            "{name}: {} tries",
            tries.len()
        );
        for one in &tries {
            assert!(
                one.written < cap + UNDER_WAY,
                "{name}: {} bytes were taken",
                one.written
            );
        }
        world.converges(name);
    }
}

#[test]
fn a_bomb_is_read_to_the_cap_and_memory_grows_by_less_than_32_mebibytes() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "faults::bombs::the_process_that_is_measured"])
        .args(["--ignored", "--nocapture"])
        .env(MEASURED, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{told}");
    assert!(text.contains("1 passed"), "{text}");
}
