//! Plan files: what was planned is read back, from any place, or the file is refused.

use std::path::Path;

use signalsmith::domain::id::{RunId, SyncId};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::{
    Cause, InvalidReason, InvalidRow, Operation, OperationKind, Record, RecordShape, ShapeField,
};
use signalsmith::domain::row::{Fingerprint, Key};
use signalsmith::domain::run::Counters;
use signalsmith::domain::value::{Type, Value};
use signalsmith::snapshot::Entry;
use signalsmith::snapshot::plan_file::{
    Mark, MarkKind, PlanHeader, PlanReader, PlanWriter, Refresh,
};

fn header(run: u64) -> PlanHeader {
    PlanHeader {
        run: RunId::from_bits(run),
        sync: SyncId::from_bits(2),
        revision: 3,
        mode: Mode::Mirror,
        key_columns: vec!["id".into()],
        shape: RecordShape {
            fields: vec![ShapeField {
                name: "Email".into(),
                kind: Type::Text,
                on_create: false,
                if_empty: false,
            }],
            identifier: vec![0],
        },
        counters: Counters::default(),
        known: 9,
        foreign_deletes: 0,
    }
}

/// Operation `number` of a sorted plan; large enough that a few hundred fill a block.
fn operation(number: u64, new: &str) -> Operation {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    let kind = OperationKind::ALL[(number % 3) as usize];
    let is_delete = kind == OperationKind::Delete;
    let noise = blake3::hash(&number.to_le_bytes()).to_hex().to_string();
    Operation {
        number,
        kind,
        key: Key::of(&[Value::Integer(number as i64)]),
        key_hash: Fingerprint(hash),
        identifier: vec![Value::text(format!("{number}@x"))],
        destination_id: number.is_multiple_of(2).then(|| format!("d{number}")),
        old: (!number.is_multiple_of(3))
            .then(|| Record(vec![Some(Value::text(noise.repeat(40))), None])),
        new: (!is_delete).then(|| Record(vec![Some(Value::text(new)), Some(Value::Null)])),
        input_hash: Fingerprint::of(1, &number.to_le_bytes()),
        output_hash: Fingerprint::of(2, &number.to_le_bytes()),
        cause: match number % 4 {
            0 => Cause::Changed,
            1 => Cause::HandOver { from: vec![3, 1] },
            2 => Cause::Dirty,
            _ => Cause::FormerIdentifier,
        },
    }
}

fn invalid() -> InvalidRow {
    let key = Key::of(&[Value::Null]);
    InvalidRow {
        key_hash: Fingerprint::of(1, key.bytes()),
        key,
        reason: InvalidReason {
            code: "null_key".into(),
            column: Some("id".into()),
            field: None,
            text: "the primary key is null".into(),
        },
    }
}

fn marks() -> [Mark; 2] {
    let key = Key::of(&[Value::Integer(4)]);
    let key_hash = Fingerprint::of(1, key.bytes());
    let entry = Entry::bare(key_hash, key.clone(), vec![0]).left();
    [
        Mark {
            kind: MarkKind::Left,
            key_hash,
            key: key.clone(),
            entry: Some(entry),
        },
        Mark {
            kind: MarkKind::Released,
            key_hash,
            key,
            entry: None,
        },
    ]
}

fn write(path: &Path, count: u64, run: u64, new: &str) -> String {
    let mut writer = PlanWriter::create(path).unwrap();
    for number in 0..count {
        assert_eq!(writer.operation(&operation(number, new)).unwrap(), number);
    }
    writer.invalid(&invalid()).unwrap();
    for mark in marks() {
        writer.mark(&mark).unwrap();
    }
    let refresh = Refresh {
        key_hash: Fingerprint([1; 16]),
        input_hash: Fingerprint([2; 16]),
        output_hash: Fingerprint([3; 16]),
    };
    writer.refresh(&refresh).unwrap();
    assert!(!path.exists(), "an unfinished plan has no name");
    writer.finish(header(run)).unwrap()
}

#[test]
fn a_plan_reads_back_from_any_operation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs/a.plan");
    let hash = write(&path, 1_500, 1, "new");
    let plan = PlanReader::open(&path).unwrap();
    assert_eq!(plan.hash(), hash);
    assert_eq!(plan.header(), &header(1));
    assert_eq!(plan.operation_count(), 1_500);
    for from in [0, 1, 499, 700, 1_499, 1_500] {
        let read: Vec<Operation> = plan.operations(from).map(Result::unwrap).collect();
        let expected: Vec<Operation> = (from..1_500).map(|it| operation(it, "new")).collect();
        assert!(read == expected, "from {from}");
    }
    assert_eq!(
        plan.operation(1_234).unwrap(),
        Some(operation(1_234, "new"))
    );
    assert_eq!(plan.operation(1_500).unwrap(), None);
    let sought = operation(777, "new");
    assert_eq!(plan.find(sought.key_hash).unwrap(), Some(sought));
    assert_eq!(plan.find(Fingerprint([9; 16])).unwrap(), None);
    let rows: Vec<InvalidRow> = plan.invalid_rows().map(Result::unwrap).collect();
    assert_eq!(rows, [invalid()]);
    let read: Vec<Mark> = plan.marks().map(Result::unwrap).collect();
    assert_eq!(read, marks());
    assert_eq!(plan.refreshes().count(), 1);
}

#[test]
fn the_plan_hash_knows_neither_the_run_nor_what_run_variables_hold() {
    let folder = tempfile::tempdir().unwrap();
    let hash = write(&folder.path().join("a"), 3, 1, "value of run 1");
    assert_eq!(
        write(&folder.path().join("b"), 3, 2, "value of run 2"),
        hash
    );
    assert_ne!(
        write(&folder.path().join("c"), 2, 1, "value of run 1"),
        hash
    );
}

#[test]
fn any_damaged_byte_of_a_plan_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.plan");
    write(&path, 4, 1, "new");
    let sound = std::fs::read(&path).unwrap();
    let read_all = || {
        let plan = PlanReader::open(&path)?;
        plan.operations(0).try_for_each(|it| it.map(drop))?;
        plan.invalid_rows().try_for_each(|it| it.map(drop))?;
        plan.marks().try_for_each(|it| it.map(drop))?;
        plan.refreshes().try_for_each(|it| it.map(drop))
    };
    assert!(read_all().is_ok());
    for at in 8..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(read_all().is_err(), "byte {at}");
    }
    for length in 0..sound.len() {
        std::fs::write(&path, &sound[..length]).unwrap();
        assert!(read_all().is_err(), "cut at {length}");
    }
}
