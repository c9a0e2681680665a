//! A core that is killed at any instant loses nothing of what it was told was kept.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use signalsmith::domain::run::{Bucket, RunStatus};
use signalsmith::store::{JournalChange, Store};

use super::{ack, all_of, at, hash, intent, pinned, run};

const FOLDER: &str = "SIGNALSMITH_TEST_KILLED_CORE";
const BATCH: u64 = 20;

/// The core that is killed: sends batch after batch and says after each that it is kept.
#[tokio::test]
#[ignore = "is started by the test below in a process of its own"]
async fn the_core_that_is_killed() {
    let Some(dir) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        panic!("{FOLDER} names no folder");
    };
    let store = Store::open(&dir, 1, at(0)).unwrap();
    store.change_catalog("ann", at(0), all_of(1)).await.unwrap();
    let mut run = run(1, 1, RunStatus::Running);
    store.create_run(&run, &pinned(1), None).await.unwrap();
    for batch in 0..u64::MAX {
        store.open_intent(&intent(&run, batch)).await.unwrap();
        for _ in 0..BATCH {
            run.counters.create.plan();
            run.counters.create.settle(Bucket::Done);
        }
        let mut done = ack(&run, Some(batch));
        done.journal = (0..BATCH)
            .map(|number| JournalChange {
                key_hash: hash(batch * BATCH + number),
                entry: Some(vec![1; 60]),
            })
            .collect();
        store.close_intent(done).await.unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "kept {batch}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test]
async fn what_a_killed_core_had_kept_is_there_and_what_it_had_not_is_open() {
    for kill_after in [1, 7, 23] {
        let dir = super::folder();
        let mut core = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::kill::the_core_that_is_killed"])
            .args(["--ignored", "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(core.stdout.take().unwrap()).lines();
        let mut kept = None;
        for line in lines {
            let line = line.unwrap();
            // The harness writes on the same line before the first of ours.
            if let Some((_, batch)) = line.split_once("kept ") {
                let batch: u64 = batch.parse().unwrap();
                kept = Some(batch);
                if batch == kill_after {
                    core.kill().unwrap();
                }
            }
        }
        core.wait().unwrap();
        let kept = kept.unwrap();
        assert!(kept >= kill_after);

        let store = Store::open(dir.path(), 2, at(9)).unwrap();
        let orphan = store.orphaned_runs().await.unwrap().remove(0);
        let journal = store
            .journal_count_blocking(&orphan.sync, [0; 16], [255; 16])
            .unwrap();
        assert!(journal >= (kept + 1) * BATCH, "{journal} after {kept}");
        assert_eq!(orphan.counters.create.done, journal);
        let intents = store.intents(&orphan.id).await.unwrap();
        let closed = intents.iter().filter(|(_, closed)| *closed).count() as u64;
        assert_eq!(closed * BATCH, journal);
        assert!(store.open_intents().await.unwrap().len() <= 1);
    }
}
