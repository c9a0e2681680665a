//! What the snapshot keeps here: layout, generations, and a journal that a fold shortens.

use signalsmith::domain::run::RunStatus;
use signalsmith::store::{ConflictKind, FoldCommit, JournalChange, StoreError};

use super::{ack, ended, hash, intent, with_run};

fn changes(numbers: impl IntoIterator<Item = u64>, entry: &[u8]) -> Vec<JournalChange> {
    numbers
        .into_iter()
        .map(|number| JournalChange {
            key_hash: hash(number),
            entry: Some(entry.to_vec()),
        })
        .collect()
}

#[tokio::test]
async fn a_fold_takes_what_it_read_and_leaves_what_came_later() {
    let (_dir, store, run) = with_run().await;
    let mut first = ack(&run, None);
    first.journal = changes([5, 3, 9, 20], b"old");
    store.close_intent(first).await.unwrap();
    let read = store
        .journal_blocking(&run.sync, hash(0).0, hash(10).0)
        .unwrap();
    let keys: Vec<_> = read.iter().map(|(_, key, _)| *key).collect();
    assert_eq!(keys, [hash(3).0, hash(5).0, hash(9).0]);
    let up_to_seq = read.iter().map(|(seq, ..)| *seq).max().unwrap();
    let mut second = ack(&run, None);
    second.journal = changes([5], b"new");
    store.close_intent(second).await.unwrap();
    let fold = FoldCommit {
        layout: b"layout 1".to_vec(),
        generations: vec![(0, 1), (1, 1)],
        drop_partitions: Vec::new(),
        from: hash(0).0,
        to: hash(10).0,
        up_to_seq,
    };
    store.fold_blocking(&run.sync, fold).unwrap();
    let left = store
        .journal_blocking(&run.sync, [0; 16], [255; 16])
        .unwrap();
    let left: Vec<_> = left
        .into_iter()
        .map(|(_, key, entry)| (key, entry))
        .collect();
    assert_eq!(
        left,
        [
            (hash(5).0, Some(b"new".to_vec())),
            (hash(20).0, Some(b"old".to_vec()))
        ]
    );
    let layout = store.layout_blocking(&run.sync).unwrap();
    assert_eq!(layout, Some(b"layout 1".to_vec()));
    assert_eq!(
        store.partitions_blocking(&run.sync).unwrap(),
        [(0, 1), (1, 1)]
    );
    let split = FoldCommit {
        layout: b"layout 2".to_vec(),
        generations: vec![(2, 1), (0, 2)],
        drop_partitions: vec![1],
        from: hash(30).0,
        to: hash(30).0,
        up_to_seq,
    };
    store.fold_blocking(&run.sync, split).unwrap();
    assert_eq!(
        store.partitions_blocking(&run.sync).unwrap(),
        [(0, 2), (2, 1)]
    );
}

#[tokio::test]
async fn a_number_is_never_given_twice_even_after_a_fold() {
    let (_dir, store, run) = with_run().await;
    let mut last = 0;
    for number in 0..3 {
        let mut more = ack(&run, None);
        more.journal = changes([number], b"x");
        store.close_intent(more).await.unwrap();
        let (seq, ..) = store
            .journal_blocking(&run.sync, [0; 16], [255; 16])
            .unwrap()
            .remove(0);
        assert!(seq > last);
        last = seq;
        let fold = FoldCommit {
            layout: Vec::new(),
            generations: Vec::new(),
            drop_partitions: Vec::new(),
            from: [0; 16],
            to: [255; 16],
            up_to_seq: seq,
        };
        store.fold_blocking(&run.sync, fold).unwrap();
    }
}

#[tokio::test]
async fn a_forgotten_snapshot_is_empty_and_never_forgotten_under_a_run() {
    let (_dir, store, run) = with_run().await;
    store.open_intent(&intent(&run, 0)).await.unwrap();
    let mut some = ack(&run, None);
    some.journal = changes([1], b"x");
    store.close_intent(some).await.unwrap();
    let refused = store.forget_blocking(&run.sync).unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Conflict {
            kind: ConflictKind::Running,
            ..
        }
    ));
    let ended = ended(run.clone(), RunStatus::Interrupted);
    store.update_run(&ended).await.unwrap();
    store.forget_blocking(&run.sync).unwrap();
    assert!(store.open_intents().await.unwrap().is_empty());
    let left = store.journal_count_blocking(&run.sync, [0; 16], [255; 16]);
    assert_eq!(left.unwrap(), 0);
    assert_eq!(store.layout_blocking(&run.sync).unwrap(), None);
}
