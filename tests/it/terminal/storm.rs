//! A terminal that is resized all the time while a run goes on.

use rand::{RngExt as _, SeedableRng as _};

use super::host::Host;
use super::pty::parsed;

#[test]
fn a_storm_of_resizes_under_a_run_ends_in_the_layout_of_the_last_size() {
    let host = Host::new(400);
    let mut pty = host.interface();
    host.gate.open(10_000);
    pty.send("r");
    host.arrived(1);
    let mut random = rand_chacha::ChaCha12Rng::seed_from_u64(7);
    for _ in 0..300 {
        pty.resize((random.random_range(1..=300), random.random_range(1..=100)));
        if random.random_range(0..10) == 0 {
            pty.send(["j", "k", "\t", "L", "?", "\u{1b}"][random.random_range(0..6)]);
        }
    }
    for last in [(1, 1), (59, 14), (300, 100), (120, 36)] {
        let before = pty.bytes().len();
        pty.resize(last);
        pty.until("a frame of that size", |bytes| bytes.len() > before);
    }
    // Whatever key opened or entered last is left, step by step.
    pty.press_until("\u{1b}", "outermost step");
    pty.press_until_no("\u{1b}", "esc ");
    pty.until("the layout of 120 columns", |bytes| {
        let parser = parsed(bytes, (120, 36));
        let screen = parser.screen();
        let rows: Vec<String> = screen.rows(0, 120).collect();
        let has = |row: usize, text: &str| rows.get(row).is_some_and(|row| row.contains(text));
        has(0, "core ● local")
            && rows.iter().any(|row| row.contains("OVERVIEW"))
            && has(35, "? help")
    });
    let run = host.ended_run();
    assert_eq!(run["counters"]["create"]["done"], 400, "{run}");
    pty.press_until_gone("q");
    assert!(pty.ends());
}
