//! The cost of an acknowledgement: an intent before and the verdicts after each batch, on disk.

use std::io::Write as _;
use std::path::Path;

use chrono::Utc;
use futures_util::future::join_all;
use signalsmith::domain::id::RunId;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::row::{Fingerprint, Key};
use signalsmith::domain::run::{Counters, Run, RunOptions, RunStatus, Trigger};
use signalsmith::domain::value::Value;
use signalsmith::snapshot::Entry;
use signalsmith::store::{Acknowledgement, Intent, JournalChange, Pinned, Store};

use crate::measure::{Measured, measured};

/// Acknowledges `rows` rows in batches in the workspace's store, `together` under way at once, as a
/// delivery has them: each with its own intent, and one commit for what is answered together.
pub fn run(folder: &Path, rows: u64, batch_rows: u64, together: u64) -> Measured {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let store = Store::open(&folder.join("workspace"), 99, Utc::now()).unwrap();
    let run = runtime.block_on(begin(&store));
    let mut entries: Vec<(Fingerprint, Vec<u8>)> = (0..rows).map(entry).collect();
    // A delivery follows the plan, which is in the order of the key hashes.
    entries.sort_unstable();
    let told = measured(|| {
        runtime.block_on(async {
            let batches: Vec<_> = (0..).zip(entries.chunks(batch_rows as usize)).collect();
            for batches in batches.chunks(together as usize) {
                let intents = batches.iter().map(|(batch, entries)| {
                    let intent = intent(&run, *batch, entries.len() as u64);
                    let store = &store;
                    async move { store.open_intent(&intent).await }
                });
                for opened in join_all(intents).await {
                    opened.unwrap();
                }
                let verdicts = batches.iter().map(|(batch, it)| verdicts(&run, *batch, it));
                store.close_intents(verdicts.collect()).await.unwrap();
            }
        });
        rows
    });
    runtime.block_on(store.close());
    told
}

/// The least that putting the same entries on disk can take: what is under way at once appended to a
/// file and brought to disk, once for the intents and once for the verdicts.
pub fn floor(file: &Path, rows: u64, batch_rows: u64, together: u64) -> Measured {
    let entries: Vec<(Fingerprint, Vec<u8>)> = (0..rows).map(entry).collect();
    let mut file = std::fs::File::create(file).unwrap();
    measured(|| {
        for entries in entries.chunks((batch_rows * together) as usize) {
            file.write_all(&[5; 64]).unwrap();
            file.sync_data().unwrap();
            let bytes: Vec<&[u8]> = entries.iter().map(|(_, entry)| entry.as_slice()).collect();
            file.write_all(&bytes.concat()).unwrap();
            file.sync_data().unwrap();
        }
        rows
    })
}

fn entry(number: u64) -> (Fingerprint, Vec<u8>) {
    let key = Key::of(&[Value::text(format!("cus_{number:016x}"))]);
    let hash = Fingerprint::of(1, key.bytes());
    let identifier = key.bytes().to_vec();
    let entry = Entry {
        input_hash: Fingerprint::of(2, key.bytes()),
        output_hash: Fingerprint::of(3, key.bytes()),
        ..Entry::bare(hash, key, identifier)
    };
    (hash, entry.to_bytes())
}

async fn begin(store: &Store) -> Run {
    let catalog = store.load_catalog().await.unwrap();
    let pinned = Pinned {
        sync: catalog.syncs[0].clone(),
        model: catalog.models[0].clone(),
        source: catalog.sources[0].clone(),
        destination: catalog.destinations[0].clone(),
    };
    let run = Run {
        id: RunId::from_bits(77),
        sync: pinned.sync.id.clone(),
        revision: pinned.sync.revision,
        trigger: Trigger::Manual,
        options: RunOptions::default(),
        mode: Mode::Mirror,
        status: RunStatus::Running,
        phase: None,
        queued_at: Utc::now(),
        started_at: Some(Utc::now()),
        ended_at: None,
        error: None,
        retry_at: None,
        plan_hash: None,
        counters: Counters::default(),
        phases: Vec::new(),
    };
    store.create_run(&run, &pinned, None).await.unwrap();
    run
}

fn intent(run: &Run, batch: u64, rows: u64) -> Intent {
    Intent {
        run: run.id.clone(),
        sync: run.sync.clone(),
        batch,
        operations: (batch * rows..(batch + 1) * rows).collect(),
        idempotency_key: format!("msg_{batch:022}"),
        payload_hash: [5; 16],
        memo: None,
    }
}

fn numbers(batch: u64, rows: usize) -> Vec<u64> {
    let rows = u64::try_from(rows).unwrap();
    (batch * rows..(batch + 1) * rows).collect()
}

fn verdicts(run: &Run, batch: u64, entries: &[(Fingerprint, Vec<u8>)]) -> Acknowledgement {
    let hashes = || entries.iter().map(|(hash, _)| *hash);
    let journal = entries.iter().map(|(key_hash, entry)| JournalChange {
        key_hash: *key_hash,
        entry: Some(entry.clone()),
    });
    Acknowledgement {
        run: run.clone(),
        batch: Some(batch),
        journal: journal.collect(),
        unknown_add: Vec::new(),
        unknown_clear: hashes().collect(),
        unknown_traced: Vec::new(),
        pending: Vec::new(),
        rows: Vec::new(),
        recovered: hashes().collect(),
        accepted: numbers(batch, entries.len()),
        created: numbers(batch, entries.len()),
    }
}
