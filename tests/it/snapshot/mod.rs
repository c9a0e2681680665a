//! Snapshots: what was acknowledged is there again, in any partitioning, or nothing is.

mod plan_file;

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use signalsmith::domain::id::SyncId;
use signalsmith::domain::plan::Record;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::row::{Fingerprint, Key};
use signalsmith::domain::value::Value;
use signalsmith::snapshot::{Entry, FoldOptions, NO_HASH, Snapshot};

use crate::support::acks::MemoryAcks;

const SEED: u64 = 11;

fn sync() -> SyncId {
    SyncId::from_bits(1)
}

fn open(root: &Path, acks: &MemoryAcks) -> Snapshot {
    Snapshot::open(root, &sync(), Arc::new(acks.clone()), SEED).unwrap()
}

fn entry(number: i64, version: u64) -> Entry {
    let key = Key::of(&[Value::Integer(number)]);
    let hash = Fingerprint::of(SEED, key.bytes());
    Entry {
        input_hash: Fingerprint::of(version, b"in"),
        output_hash: Fingerprint::of(version, b"out"),
        values: Some(Record(vec![Some(Value::text("x".repeat(20)))])),
        ..Entry::bare(hash, key.clone(), key.bytes().to_vec())
    }
}

fn content(snapshot: &Snapshot) -> Vec<Entry> {
    let mut walk = snapshot.walk().unwrap();
    let mut seen = Vec::new();
    while walk.advance().unwrap() {
        if let Some(entry) = walk.entry().unwrap() {
            seen.push(entry.to_entry().unwrap());
        }
    }
    seen
}

fn keep() -> FoldOptions<'static> {
    FoldOptions {
        keep_values: true,
        ..FoldOptions::default()
    }
}

/// The folder of the only snapshot of the sync.
fn folder(root: &Path) -> std::path::PathBuf {
    let mut folders = std::fs::read_dir(root.join(sync().as_str())).unwrap();
    folders.next().unwrap().unwrap().path()
}

fn partition_files(root: &Path) -> Vec<std::path::PathBuf> {
    let folder = folder(root);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_snapshot_is_a_map_whatever_is_folded_and_split_when(
        steps in proptest::collection::vec(
            (0_i64..40, proptest::option::weighted(0.8, 0_u64..5), 0_u8..12),
            0..60,
        ),
        reserved in 1_u64..300_000,
    ) {
        let root = tempfile::tempdir().unwrap();
        let acks = MemoryAcks::default();
        open(root.path(), &acks).reserve(reserved, 100).unwrap();
        let mut map = std::collections::BTreeMap::new();
        for (number, version, then) in steps {
            let written = entry(number, version.unwrap_or_default());
            acks.put(written.key_hash, version.map(|_| written.to_bytes()));
            match version {
                Some(_) => map.insert(written.key_hash, written),
                None => map.remove(&written.key_hash),
            };
            let snapshot = open(root.path(), &acks);
            match then {
                0 => {
                    snapshot.fold_if_due(&keep()).unwrap();
                }
                1 => {
                    let below = Some(Fingerprint([0x80; 16]));
                    let options = FoldOptions { below, ..keep() };
                    snapshot.fold_if_due(&options).unwrap();
                    snapshot.sweep(&|_| false).unwrap();
                }
                _ => {}
            }
        }
        let snapshot = open(root.path(), &acks);
        prop_assert_eq!(content(&snapshot), map.values().cloned().collect::<Vec<_>>());
        prop_assert_eq!(snapshot.known().unwrap(), map.len() as u64);
        for number in 0..40 {
            let hash = entry(number, 0).key_hash;
            prop_assert_eq!(snapshot.entry(hash).unwrap(), map.get(&hash).cloned());
        }
    }
}

fn filled(root: &Path, acks: &MemoryAcks, count: i64) -> Snapshot {
    let snapshot = open(root, acks);
    for number in 0..count {
        let written = entry(number, 1);
        acks.put(written.key_hash, Some(written.to_bytes()));
    }
    snapshot.fold_if_due(&keep()).unwrap();
    snapshot
}

#[test]
fn any_damaged_byte_of_a_partition_is_an_error_of_kind_state() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    let snapshot = filled(root.path(), &acks, 5);
    let files = partition_files(root.path());
    assert_eq!(files.len(), 1);
    let sound = std::fs::read(&files[0]).unwrap();
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        std::fs::write(&files[0], &bytes).unwrap();
        let error = snapshot.verify().unwrap_err();
        assert_eq!(Problem::from(error).kind, ProblemKind::State, "byte {at}");
    }
    for length in 0..sound.len() {
        std::fs::write(&files[0], &sound[..length]).unwrap();
        assert!(snapshot.verify().is_err(), "cut at {length}");
    }
    std::fs::write(&files[0], &sound).unwrap();
    assert!(snapshot.verify().is_ok());
}

#[test]
fn a_missing_partition_is_never_read_as_empty() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    let snapshot = filled(root.path(), &acks, 5);
    std::fs::remove_file(&partition_files(root.path())[0]).unwrap();
    let hash = entry(1, 1).key_hash;
    assert!(snapshot.verify().is_err());
    assert!(snapshot.entry(hash).is_err());
    assert!(snapshot.walk().unwrap().advance().is_err());
}

#[test]
fn a_damaged_layout_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    filled(root.path(), &acks, 5);
    acks.set_layout(vec![1, 2, 3]);
    assert!(Snapshot::open(root.path(), &sync(), Arc::new(acks), SEED).is_err());
}

#[test]
fn an_end_before_the_flip_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    let snapshot = filled(root.path(), &acks, 50);
    let before = content(&snapshot);
    // A fold that ended before its transaction leaves a file that no generation names.
    let folder = folder(root.path());
    std::fs::write(folder.join("0.2"), b"half").unwrap();
    std::fs::write(folder.join("0.3.unfinished"), b"half").unwrap();
    assert_eq!(content(&open(root.path(), &acks)), before);
    snapshot
        .sweep(&|path| path.ends_with("0.3.unfinished"))
        .unwrap();
    assert_eq!(partition_files(root.path()).len(), 2);
}

#[test]
fn a_fold_keeps_quiet_below_five_percent_and_drops_values_when_told() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    let snapshot = filled(root.path(), &acks, 100);
    for number in 0..5 {
        let written = entry(number, 2);
        acks.put(written.key_hash, Some(written.to_bytes()));
    }
    assert_eq!(snapshot.fold_if_due(&keep()).unwrap().partitions, 0);
    assert_eq!(acks.journal_rows(), 5);
    let written = entry(6, 2);
    acks.put(written.key_hash, Some(written.to_bytes()));
    let folded = snapshot.fold_if_due(&FoldOptions::default()).unwrap();
    assert_eq!((folded.partitions, folded.entries), (1, 100));
    assert_eq!(acks.journal_rows(), 0);
    assert!(
        content(&snapshot)
            .iter()
            .all(|entry| entry.values.is_none())
    );
}

#[test]
fn a_first_run_folds_each_reserved_partition_once() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    let snapshot = open(root.path(), &acks);
    snapshot.reserve(400_000, 100).unwrap();
    let mut entries: Vec<Entry> = (0..2_000).map(|number| entry(number, 1)).collect();
    entries.sort_by_key(|entry| entry.key_hash);
    let mut written = 0;
    for batch in entries.chunks(100) {
        for entry in batch {
            acks.put(entry.key_hash, Some(entry.to_bytes()));
        }
        let below = batch.last().map(|entry| entry.key_hash);
        let options = FoldOptions { below, ..keep() };
        written += snapshot.fold_if_due(&options).unwrap().entries;
    }
    written += snapshot.fold_if_due(&keep()).unwrap().entries;
    assert_eq!(written, 2_000);
    assert_eq!(content(&snapshot), entries);
    assert!(snapshot.files().unwrap().len() > 4);
}

#[test]
fn a_large_partition_is_split_and_stays_small() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    let snapshot = open(root.path(), &acks);
    for number in 0..4_000 {
        let written = Entry {
            values: Some(Record(vec![Some(Value::text("y".repeat(5_000)))])),
            ..entry(number, 1)
        };
        acks.put(written.key_hash, Some(written.to_bytes()));
    }
    snapshot.fold_if_due(&keep()).unwrap();
    let files = snapshot.files().unwrap();
    assert!(files.len() > 2);
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() < 8 << 20);
    }
    assert_eq!(content(&snapshot).len(), 4_000);
}

#[test]
fn what_is_left_or_former_is_not_known_and_forgetting_empties_all() {
    let root = tempfile::tempdir().unwrap();
    let acks = MemoryAcks::default();
    let snapshot = open(root.path(), &acks);
    let left = entry(1, 1).left();
    assert_eq!(left.input_hash, NO_HASH);
    let former = entry(2, 1).into_former(SEED);
    for entry in [&left, &former, &entry(3, 1)] {
        acks.put(entry.key_hash, Some(entry.to_bytes()));
    }
    assert_eq!(snapshot.known().unwrap(), 1);
    snapshot.fold_if_due(&keep()).unwrap();
    assert_eq!(snapshot.known().unwrap(), 1);
    snapshot.forget().unwrap();
    let again = open(root.path(), &acks);
    assert_eq!(content(&again), vec![]);
}
