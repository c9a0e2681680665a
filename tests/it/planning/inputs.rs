//! What inputs do to a plan: other cells with equal output, a changed identifier, misfits.

use signalsmith::connectors::contract::Chunk;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::row::Batch;
use signalsmith::snapshot::plan_file::PlanReader;

use super::world::{Settings, TestRow, World, row, settings};

fn ann_and_bob() -> Vec<TestRow> {
    vec![row(1, "ann@x", "Ann"), row(2, "bob@x", "Bob")]
}

#[test]
fn equal_output_of_other_inputs_is_unchanged_and_looked_at_once() {
    let world = World::new();
    world.run(&settings(Mode::Upsert), &ann_and_bob());
    world.fold();
    let spaced = [row(1, "ann@x", " Ann "), row(2, "bob@x", "Bob")];
    let planned = world.run(&settings(Mode::Upsert), &spaced);
    assert_eq!(planned.summary.counters.unchanged, 2);
    let plan = PlanReader::open(&world.plan_path()).unwrap();
    assert_eq!(plan.refreshes().count(), 1);
    let options = signalsmith::snapshot::FoldOptions {
        keep_values: true,
        refreshes: Some(&plan),
        ..Default::default()
    };
    assert_eq!(
        world.snapshot().fold_if_due(&options).unwrap().partitions,
        1
    );
    world.run(&settings(Mode::Upsert), &spaced);
    let plan = PlanReader::open(&world.plan_path()).unwrap();
    assert_eq!(plan.refreshes().count(), 0);
}

#[test]
fn entries_from_before_a_change_of_the_identifier_are_followed() {
    let world = World::new();
    world.run(&settings(Mode::Mirror), &ann_and_bob());
    let by_key = Settings {
        by_key: true,
        ..settings(Mode::Mirror)
    };
    let planned = world.run(&by_key, &ann_and_bob());
    let counters = &planned.summary.counters;
    assert_eq!((counters.create.planned, counters.delete.planned), (2, 2));
    assert_eq!(world.run(&by_key, &ann_and_bob()).operations, []);
}

#[test]
fn a_cell_that_does_not_fit_the_key_is_an_invalid_row() {
    let world = World::new();
    let mut batch = Batch::new(3);
    for _ in 0..3 {
        batch.push_with(|out| signalsmith::domain::row::encode_misfit("12x", out));
    }
    let rows = [Ok(Chunk::Batch(batch)), Ok(Chunk::End { rows: 1 })];
    let summary = world.try_plan(&settings(Mode::Upsert), rows).unwrap();
    assert_eq!(summary.counters.invalid, 1);
    let plan = PlanReader::open(&world.plan_path()).unwrap();
    let row = plan.invalid_rows().next().unwrap().unwrap();
    assert_eq!(row.reason.code, "does_not_fit");
    assert_eq!(row.reason.column.as_deref(), Some("id"));
}
