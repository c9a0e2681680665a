//! Random histories of one sync through the real core: what the destination holds, what the sync
//! knows, what each run counts and each plan says are as a naive model of the product's rules has it.

mod death;
mod history;
mod holders;
mod identifiers;
mod mapped;
mod model;
mod outcome;
mod play;
mod rest;
mod world;

use std::cell::RefCell;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestError, TestRunner};

use history::any_history;
use world::World;

/// Histories that once failed, as seeds; they are played first.
const REGRESSIONS: &str = "tests/proptest-regressions/oracle/history.txt";
/// Histories that one workspace serves.
const SERVES: u64 = 40;

fn cases() -> u32 {
    let asked = std::env::var("SIGNALSMITH_TEST_CASES").ok();
    asked.map_or(2_000, |cases| cases.parse().expect("a number of cases"))
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "shown where the test fails, or is asked to"
)]
fn every_history_goes_as_the_naive_model_says() {
    let config = Config {
        cases: cases(),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    let worlds: RefCell<(u64, Option<World>)> = RefCell::default();
    let blurred = RefCell::new(0_u64);
    let mut runner = TestRunner::new(config);
    let result = runner.run(&any_history(), |history| {
        let (number, world) = &mut *worlds.borrow_mut();
        *number += 1;
        if number.is_multiple_of(SERVES) {
            *world = None;
        }
        // A history that fails takes its workspace with it.
        let mut used = world.take().unwrap_or_else(World::new);
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let blurred = play::play(&mut used, &history, *number);
            (used, blurred)
        }));
        match played {
            Ok((used, is_blurred)) => {
                *world = Some(used);
                *blurred.borrow_mut() += u64::from(is_blurred);
                Ok(())
            }
            Err(panic) => {
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Err(TestCaseError::fail(text.unwrap_or_default()))
            }
        }
    });
    let blurred = *blurred.borrow();
    let played = worlds.borrow().0;
    eprintln!("{blurred} of {played} histories came to where the rules leave something open");
    match result {
        // A test that looks away too often is none.
        Ok(()) => assert!(blurred * 4 <= played.max(20), "{blurred} of {played}"),
        Err(TestError::Fail(reason, history)) => panic!("{reason}\n{history:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
