//! The table of product section 2, by example.

use signalsmith::connectors::contract::{Chunk, ConnectorError};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::{Cause, OperationKind};
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::row::Fingerprint;
use signalsmith::engine::diff::PlanError;
use signalsmith::snapshot::Dirty;
use signalsmith::snapshot::plan_file::MarkKind;

use super::world::{Planned, SEED, Settings, TestRow, World, chunks, key, row, settings};

fn kinds(planned: &Planned) -> Vec<(OperationKind, String)> {
    let mut kinds: Vec<_> = planned
        .operations
        .iter()
        .map(|it| (it.kind, it.identifier[0].to_plain()))
        .collect();
    kinds.sort_by_key(|(kind, identifier)| (kind.word(), identifier.clone()));
    kinds
}

fn ann_and_bob() -> Vec<TestRow> {
    vec![row(1, "ann@x", "Ann"), row(2, "bob@x", "Bob")]
}

#[test]
fn a_stream_cut_at_any_row_plans_nothing() {
    let rows: Vec<TestRow> = (0..12).map(|id| row(id, &format!("{id}@x"), "n")).collect();
    let world = World::new();
    let mirror = settings(Mode::Mirror);
    world.run(&mirror, &rows);
    std::fs::remove_file(world.plan_path()).unwrap();
    for kept in 0..=rows.len() {
        let mut cut = chunks(&rows[..kept]);
        cut.pop();
        let error = world.try_plan(&mirror, cut).unwrap_err();
        assert!(matches!(error, PlanError::Cut { .. }), "{error}");
        let failed = ConnectorError::new(ProblemKind::Source, "the connection was reset");
        let mut broken = chunks(&rows[..kept]);
        broken.pop();
        broken.push(Err(failed));
        let error = world.try_plan(&mirror, broken).unwrap_err();
        assert_eq!(Problem::from(error).kind, ProblemKind::Source);
        assert!(!world.plan_path().exists());
    }
    // A proof for more rows than came is none.
    let mut short = chunks(&rows[..3]);
    short.pop();
    short.push(Ok(Chunk::End { rows: 12 }));
    assert!(matches!(
        world.try_plan(&mirror, short),
        Err(PlanError::Cut { rows: 3 })
    ));
}

#[test]
fn a_damaged_snapshot_fails_the_plan_and_leaves_no_file() {
    let world = World::new();
    world.run(&settings(Mode::Mirror), &ann_and_bob());
    world.fold();
    std::fs::remove_file(world.plan_path()).unwrap();
    let file = world.snapshot().files().unwrap().remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = world
        .try_plan(&settings(Mode::Mirror), chunks(&[]))
        .unwrap_err();
    assert_eq!(Problem::from(error).kind, ProblemKind::State);
    assert!(!world.plan_path().exists());
    let left: Vec<_> = std::fs::read_dir(world.root().join("runs"))
        .unwrap()
        .collect();
    assert!(left.is_empty());
}

#[test]
fn plans_are_the_same_bytes_at_any_size_of_spool_and_partition() {
    let rows: Vec<TestRow> = (0..300)
        .map(|id| row(id, &format!("{}@x", (id * 7) % 290), "n"))
        .collect();
    let plan_with = |spool_bytes, reserved| {
        let world = World::new();
        world.snapshot().reserve(reserved, 100).unwrap();
        let mirror = Settings {
            spool_bytes,
            ..settings(Mode::Mirror)
        };
        world.run(&mirror, &rows);
        world.fold();
        let parts = world.snapshot().files().unwrap().len();
        let mut changed: Vec<TestRow> = rows.iter().skip(20).cloned().collect();
        changed
            .iter_mut()
            .step_by(3)
            .for_each(|it| it.name = "new".into());
        changed.reverse();
        (parts, world.plan(&mirror, &changed).bytes)
    };
    let (one, expected) = plan_with(8 << 20, 1);
    assert_eq!(one, 1);
    for (spool_bytes, reserved) in [(1, 1), (500, 100_000), (3_000, 1_000_000)] {
        let (parts, bytes) = plan_with(spool_bytes, reserved);
        assert!(parts > 1 || reserved == 1);
        assert!(
            bytes == expected,
            "spool of {spool_bytes}, {parts} partitions"
        );
    }
}

#[test]
fn upsert_marks_what_left_and_sends_it_when_it_is_back() {
    let world = World::new();
    let upsert = settings(Mode::Upsert);
    assert_eq!(
        world
            .run(&upsert, &ann_and_bob())
            .summary
            .counters
            .create
            .planned,
        2
    );
    let planned = world.run(&upsert, &ann_and_bob()[..1]);
    assert_eq!(planned.summary.counters.unchanged, 1);
    assert_eq!(planned.marks[0].kind, MarkKind::Left);
    assert_eq!(world.run(&upsert, &ann_and_bob()[..1]).marks, []);
    let planned = world.run(&upsert, &ann_and_bob());
    assert_eq!(kinds(&planned), [(OperationKind::Update, "bob@x".into())]);
    assert_eq!(planned.operations[0].destination_id.as_deref(), Some("d-2"));
}

#[test]
fn mirror_deletes_what_it_sent_and_left_rows_never() {
    let world = World::new();
    let none = world.run(&settings(Mode::Mirror), &[]);
    assert_eq!(none.operations, []);
    world.run(&settings(Mode::Upsert), &ann_and_bob());
    world.run(&settings(Mode::Upsert), &ann_and_bob()[1..]);
    let planned = world.run(&settings(Mode::Mirror), &[]);
    assert_eq!(kinds(&planned), [(OperationKind::Delete, "bob@x".into())]);
    assert_eq!(world.run(&settings(Mode::Mirror), &[]).operations, []);
}

#[test]
fn a_scope_of_all_deletes_what_the_model_lacks_and_calls_it_foreign() {
    let world = World::new();
    world.run(&settings(Mode::Upsert), &ann_and_bob());
    world.run(&settings(Mode::Upsert), &ann_and_bob()[1..]);
    let all = Settings {
        listed: Some(vec!["ann@x".into(), "bob@x".into(), "eve@x".into()]),
        ..settings(Mode::Mirror)
    };
    let planned = world.run(&all, &ann_and_bob()[1..]);
    let expected = ["ann@x", "eve@x"].map(|it| (OperationKind::Delete, it.to_owned()));
    assert_eq!(kinds(&planned), expected);
    assert_eq!(planned.summary.noted.foreign_deletes, 2);
    assert!(
        planned
            .operations
            .iter()
            .all(|it| it.cause == Cause::Foreign)
    );
}

#[test]
fn a_changed_identifier_deletes_the_former_record_in_mirror_and_leaves_it_in_upsert() {
    let moved = [row(1, "new@x", "Ann"), row(2, "bob@x", "Bob")];
    let world = World::new();
    world.run(&settings(Mode::Mirror), &ann_and_bob());
    let planned = world.plan(&settings(Mode::Mirror), &moved);
    let expected = [
        (OperationKind::Create, "new@x".to_owned()),
        (OperationKind::Delete, "ann@x".to_owned()),
    ];
    assert_eq!(kinds(&planned), expected);
    world.make(&planned.marks);
    // The write is accepted, the delete is not sent: the next run makes it up.
    let write = planned
        .operations
        .iter()
        .find(|it| it.new.is_some())
        .unwrap();
    world.accept(write);
    let planned = world.run(&settings(Mode::Mirror), &moved);
    assert_eq!(kinds(&planned), [(OperationKind::Delete, "ann@x".into())]);
    assert_eq!(planned.operations[0].cause, Cause::FormerIdentifier);
    assert_eq!(world.run(&settings(Mode::Mirror), &moved).operations, []);

    let world = World::new();
    world.run(&settings(Mode::Upsert), &ann_and_bob());
    let planned = world.run(&settings(Mode::Upsert), &moved);
    assert_eq!(kinds(&planned), [(OperationKind::Create, "new@x".into())]);
    assert_eq!(planned.summary.noted.former_stay, 1);
}

#[test]
fn swapped_identifiers_are_two_updates_and_no_delete() {
    let world = World::new();
    world.run(&settings(Mode::Mirror), &ann_and_bob());
    let swapped = [row(1, "bob@x", "Ann"), row(2, "ann@x", "Bob")];
    let planned = world.run(&settings(Mode::Mirror), &swapped);
    let expected = ["ann@x", "bob@x"].map(|it| (OperationKind::Update, it.to_owned()));
    assert_eq!(kinds(&planned), expected);
    let of_ann = planned
        .operations
        .iter()
        .find(|it| it.key == key(1))
        .unwrap();
    assert_eq!(of_ann.destination_id.as_deref(), Some("d-2"));
    assert_eq!(world.run(&settings(Mode::Mirror), &swapped).operations, []);
}

#[test]
fn a_new_key_takes_over_the_record_of_one_that_left() {
    let world = World::new();
    world.run(&settings(Mode::Mirror), &ann_and_bob());
    let rows = [row(9, "ann@x", "Ann"), row(2, "bob@x", "Bob")];
    let planned = world.plan(&settings(Mode::Mirror), &rows);
    assert_eq!(kinds(&planned), [(OperationKind::Update, "ann@x".into())]);
    let from = key(1).bytes().to_vec();
    assert_eq!(planned.operations[0].cause, Cause::HandOver { from });
    // Even if the write is rejected, the record belongs to the new key now.
    world.make(&planned.marks);
    let planned = world.run(&settings(Mode::Mirror), &rows[1..]);
    assert_eq!(kinds(&planned), [(OperationKind::Delete, "ann@x".into())]);
    assert_eq!(planned.operations[0].key, key(9));
}

#[test]
fn rows_that_share_a_key_or_an_identifier_are_invalid_with_their_number() {
    let world = World::new();
    world.run(&settings(Mode::Mirror), &ann_and_bob());
    let null = TestRow {
        id: None,
        ..row(0, "eve@x", "Eve")
    };
    let mut rows = vec![row(1, "ann@x", "1"), row(1, "x@x", "2"), row(1, "y@x", "3")];
    rows.extend([row(2, "same@x", "4"), row(3, "same@x", "5"), null]);
    let planned = world.run(&settings(Mode::Mirror), &rows);
    assert_eq!(planned.operations, []);
    assert_eq!(planned.summary.counters.invalid, 6);
    let mut codes: Vec<&str> = planned
        .invalid
        .iter()
        .map(|it| it.reason.code.as_str())
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            "duplicate_identifier",
            "duplicate_identifier",
            "duplicate_key",
            "null_key"
        ]
    );
    let shared = planned
        .invalid
        .iter()
        .find(|it| it.reason.code == "duplicate_key");
    assert!(shared.unwrap().reason.text.contains("3 rows"));
}

#[test]
fn append_sends_each_key_once_and_holds_what_is_unknown_when_told() {
    let world = World::new();
    let append = settings(Mode::Append);
    let planned = world.plan(&append, &ann_and_bob());
    world.accept(
        planned
            .operations
            .iter()
            .find(|it| it.key == key(1))
            .unwrap(),
    );
    let hash = Fingerprint::of(SEED, key(2).bytes());
    world.acks.doubt(Dirty {
        key_hash: hash.0,
        key: key(2).bytes().to_vec(),
        identifier: None,
        deleting: false,
    });
    let hold = Settings {
        hold: true,
        ..append.clone()
    };
    let changed = [row(1, "ann@x", "changed"), row(2, "bob@x", "Bob")];
    let planned = world.plan(&hold, &changed);
    assert_eq!(
        (planned.operations.len(), planned.summary.noted.waiting),
        (0, 1)
    );
    assert_eq!(planned.summary.counters.skipped, 2);
    assert_eq!(
        kinds(&world.run(&append, &changed)),
        [(OperationKind::Create, "bob@x".into())]
    );
    assert_eq!(world.run(&append, &[]).marks, []);
    assert_eq!(world.run(&append, &changed).operations, []);
}

#[test]
fn a_write_of_unknown_outcome_that_left_the_model_is_deleted_or_spoken_of() {
    for (mode, operations, marks) in [(Mode::Mirror, 1, 0), (Mode::Upsert, 0, 1)] {
        let world = World::new();
        world.acks.doubt(Dirty {
            key_hash: Fingerprint::of(SEED, key(1).bytes()).0,
            key: key(1).bytes().to_vec(),
            identifier: Some(signalsmith::snapshot::encode_identifier(&[
                signalsmith::domain::value::Value::text("ann@x"),
            ])),
            deleting: false,
        });
        let planned = world.run(&settings(mode), &[]);
        assert_eq!(
            (planned.operations.len(), planned.marks.len()),
            (operations, marks)
        );
        assert!(
            planned
                .marks
                .iter()
                .all(|it| it.kind == MarkKind::LeftUnknown)
        );
        let planned = world.run(&settings(mode), &[]);
        assert_eq!((planned.operations.len(), planned.marks.len()), (0, 0));
    }
}

#[test]
fn a_sync_that_starts_from_now_sends_only_what_changes_later_and_deletes_none_of_it() {
    let world = World::new();
    let adopt = Settings {
        adopt: true,
        ..settings(Mode::Mirror)
    };
    let planned = world.run(&adopt, &ann_and_bob());
    assert_eq!(
        (planned.operations.len(), planned.summary.noted.adopted),
        (0, 2)
    );
    let changed = [row(1, "ann@x", "Anna")];
    let planned = world.run(&settings(Mode::Mirror), &changed);
    assert_eq!(kinds(&planned), [(OperationKind::Update, "ann@x".into())]);
    let planned = world.run(&settings(Mode::Mirror), &[]);
    assert_eq!(kinds(&planned), [(OperationKind::Delete, "ann@x".into())]);
}
