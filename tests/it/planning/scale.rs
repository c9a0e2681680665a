//! A large plan, for the clock of whoever asks: `SIGNALSMITH_SCALE_ROWS=1000000`.

#![expect(clippy::print_stdout, reason = "the times are what one asks it for")]

use std::time::Instant;

use signalsmith::connectors::contract::{Chunk, ConnectorError};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::row::{Batch, encode, encode_text};
use signalsmith::domain::value::Value;
use signalsmith::engine::diff::PlanRequest;
use signalsmith::snapshot::FoldOptions;

use super::world::{Settings, World, settings};

fn rows(count: u64, changed_every: u64) -> impl Iterator<Item = Result<Chunk, ConnectorError>> {
    let size = 8_192;
    let batches = (0..count.div_ceil(size)).map(move |at| {
        let mut batch = Batch::new(3);
        for row in at * size..((at + 1) * size).min(count) {
            let id = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) as i64;
            let text = format!("{row:040}@example.com");
            let name = if changed_every > 0 && row % changed_every == 0 {
                "another name that is about as long as the first"
            } else {
                "a name that is about as long as names are, or so"
            };
            batch.push_with(|out| encode(&Value::Integer(id), out));
            batch.push_with(|out| encode_text(&text, out));
            batch.push_with(|out| encode_text(name, out));
        }
        Ok(Chunk::Batch(batch))
    });
    batches.chain([Ok(Chunk::End { rows: count })])
}

#[test]
fn a_second_run_finds_the_rows_that_changed() {
    let count = std::env::var("SIGNALSMITH_SCALE_ROWS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3_000_u64);
    for by_key in [true, false] {
        let world = World::new();
        let mirror = Settings {
            by_key,
            spool_bytes: PlanRequest::SPOOL_BYTES,
            ..settings(Mode::Mirror)
        };
        let clock = Instant::now();
        let drained: u64 = rows(count, 0)
            .map(|chunk| match chunk.unwrap() {
                Chunk::Batch(batch) => batch.rows() as u64,
                Chunk::End { .. } => 0,
            })
            .sum();
        assert_eq!(drained, count);
        println!(
            "by key {by_key}: made {count} rows in {:?}",
            clock.elapsed()
        );
        let clock = Instant::now();
        let summary = world.try_plan(&mirror, rows(count, 0)).unwrap();
        assert_eq!(summary.counters.create.planned, count);
        println!("first plan {:?}", clock.elapsed());
        let clock = Instant::now();
        let snapshot = world.snapshot();
        snapshot.reserve(count, 150).unwrap();
        let plan = signalsmith::snapshot::plan_file::PlanReader::open(&world.plan_path()).unwrap();
        for operation in plan.operations(0) {
            world.accept(&operation.unwrap());
        }
        snapshot.fold_if_due(&FoldOptions::default()).unwrap();
        println!("accepted and folded {:?}", clock.elapsed());
        for changed_every in [50, 0] {
            let clock = Instant::now();
            let summary = world.try_plan(&mirror, rows(count, changed_every)).unwrap();
            println!(
                "plan, one in {changed_every} changed: {:?}",
                clock.elapsed()
            );
            let changed = count.checked_div(changed_every).unwrap_or(0);
            assert_eq!(summary.counters.update.planned, changed);
            assert_eq!(summary.counters.unchanged, count - changed);
        }
    }
}
