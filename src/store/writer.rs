//! The one thread that writes: a bounded queue of closures, each a transaction of its own to its
//! caller; those that wait together are committed together, under one fsync.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;

use super::error::StoreError;
use super::group::{Job, commit_together, job};
use super::schema;

/// Jobs that wait at most; beyond that, callers wait.
const QUEUE: usize = 256;
/// Quiet time after which the write-ahead log is emptied.
const IDLE: Duration = Duration::from_secs(2);
enum Message {
    Work(Job),
    /// Committed alone: what it breaks shows at the commit only.
    Alone(Job),
    Stop,
}

/// A handle on the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Message>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Writer {
    /// Starts the thread; with `check`, writes wait for a quick check of the database, and are
    /// refused where it finds damage.
    pub(super) fn start(conn: Connection, epoch: i64, check: bool) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("state writer".into())
            .spawn(move || serve(conn, &jobs, epoch, check))
            .map_err(|error| StoreError::io("start the state writer", &error))?;
        Ok(Self {
            queue,
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// Runs `work` in one transaction, committed with fsync before this returns.
    pub(super) async fn write<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.send(doing, work, Message::Work).await
    }

    /// As [`Writer::write`], for work whose constraints are checked at the commit: were it committed
    /// with others, it would take them down with it.
    pub(super) async fn write_alone<T, F>(
        &self,
        doing: &'static str,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.send(doing, work, Message::Alone).await
    }

    async fn send<T, F>(
        &self,
        doing: &'static str,
        work: F,
        message: fn(Job) -> Message,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (told, answer) = oneshot::channel();
        // A caller that went away does not undo what is committed.
        let job = job(work, move |done| {
            let _ = told.send(done);
        });
        let sent = match self.queue.try_send(message(job)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::closed()),
            Err(TrySendError::Full(job)) => {
                let queue = self.queue.clone();
                tokio::task::spawn_blocking(move || queue.send(job))
                    .await
                    .map_err(|_| StoreError::closed())
                    .and_then(|sent| sent.map_err(|_| StoreError::closed()))
            }
        };
        let done = match sent {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(StoreError::closed())),
            Err(error) => Err(error),
        };
        done.map_err(|error| error.doing(doing))
    }

    /// As [`Writer::write`], for callers on a thread that may block.
    pub(super) fn write_blocking<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = sync_channel(1);
        self.queue
            .send(Message::Work(job(work, move |done| {
                let _ = answer.send(done);
            })))
            .map_err(|_| StoreError::closed())
            .and_then(|()| answered.recv().map_err(|_| StoreError::closed()))
            .and_then(|done| done)
            .map_err(|error| error.doing(doing))
    }

    /// Lets what is queued finish, marks a clean stop, empties the write-ahead log and ends the
    /// thread. Blocks.
    pub(super) fn stop(&self) {
        // A thread that is gone already has nothing to stop.
        let _ = self.queue.send(Message::Stop);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn serve(conn: Connection, jobs: &Receiver<Message>, epoch: i64, check: bool) {
    let damage = if check {
        schema::quick_check(&conn).err()
    } else {
        None
    };
    let mut written = false;
    let mut left = None;
    loop {
        let message = if let Some(left) = left.take() {
            Some(left)
        } else if written {
            match jobs.recv_timeout(IDLE) {
                Err(RecvTimeoutError::Timeout) => {
                    written = false;
                    schema::empty_log(&conn);
                    continue;
                }
                message => message.ok(),
            }
        } else {
            jobs.recv().ok()
        };
        match message {
            Some(Message::Work(job)) => {
                written = true;
                match &damage {
                    Some(damage) => {
                        job(Err(damage.clone()));
                    }
                    None => commit_together(&conn, epoch, job, || match jobs.try_recv() {
                        Ok(Message::Work(job)) => Some(job),
                        other => {
                            left = other.ok();
                            None
                        }
                    }),
                }
            }
            Some(Message::Alone(job)) => {
                written = true;
                match &damage {
                    Some(damage) => {
                        job(Err(damage.clone()));
                    }
                    None => commit_together(&conn, epoch, job, || None),
                }
            }
            Some(Message::Stop) => {
                if damage.is_none() {
                    schema::mark_clean(&conn, epoch);
                }
                return;
            }
            // The store was dropped without being closed: as after a crash.
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::store::error::ConflictKind;

    /// A writer, and the commits that it made.
    fn writer(dir: &std::path::Path) -> (Writer, Arc<AtomicUsize>) {
        let mut opened = schema::open(&dir.join("state.db"), 1).unwrap();
        let sql = "CREATE TABLE notes (sync TEXT, body BLOB)";
        opened.conn.execute_batch(sql).unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&commits);
        let hook = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        opened.conn.commit_hook(Some(hook)).unwrap();
        (Writer::start(opened.conn, 1, false).unwrap(), commits)
    }

    fn note(tx: &Transaction<'_>, number: u64) -> Result<(), StoreError> {
        let sql = "INSERT INTO notes (sync, body) VALUES (?1, x'00')";
        tx.execute(sql, [format!("s{number}")])?;
        Ok(())
    }

    #[tokio::test]
    async fn jobs_that_wait_are_committed_together_and_one_that_fails_is_undone_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (writer, commits) = writer(dir.path());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let writer = writer.clone();
            async move {
                let work = move |tx: &Transaction<'_>| {
                    let _ = wait.recv();
                    note(tx, 0)
                };
                writer.write("write", work).await
            }
        });
        let others: Vec<_> = (1..=9)
            .map(|number| {
                let writer = writer.clone();
                tokio::spawn(async move {
                    let work = move |tx: &Transaction<'_>| {
                        note(tx, number)?;
                        match number % 3 {
                            0 => Err(StoreError::conflict(ConflictKind::Exists, "refused")),
                            1 => panic!("in the middle"),
                            _ => Ok(()),
                        }
                    };
                    writer.write("write", work).await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        for (number, other) in (1..=9).zip(others) {
            let told = other.await.unwrap();
            match number % 3 {
                0 => assert!(matches!(told, Err(StoreError::Conflict { .. })), "{told:?}"),
                1 => assert_eq!(told, Err(StoreError::Closed { doing: "write" })),
                _ => assert_eq!(told, Ok(())),
            }
        }
        assert_eq!(commits.load(Ordering::Relaxed), 1);
        let kept = writer
            .write("look", |tx| {
                let mut select = tx.prepare("SELECT sync FROM notes ORDER BY sync")?;
                let names = select.query_map([], |row| row.get::<_, String>(0))?;
                Ok(names.collect::<Result<Vec<_>, _>>()?)
            })
            .await;
        assert_eq!(kept.unwrap(), ["s0", "s2", "s5", "s8"]);
        writer.stop();
    }

    #[tokio::test]
    async fn a_disk_that_fills_up_under_one_job_fails_all_that_were_to_be_committed_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let (writer, _) = writer(dir.path());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let writer = writer.clone();
            async move {
                let work = move |tx: &Transaction<'_>| {
                    let _ = wait.recv();
                    note(tx, 0)?;
                    tx.pragma_update_and_check(None, "max_page_count", 1, |_| Ok(()))?;
                    Ok(())
                };
                writer.write("write", work).await
            }
        });
        let second = tokio::spawn({
            let writer = writer.clone();
            async move {
                let work = |tx: &Transaction<'_>| {
                    let sql = "INSERT INTO notes (sync, body) VALUES ('big', zeroblob(1000000))";
                    Ok(tx.execute(sql, [])?)
                };
                writer.write("write", work).await
            }
        });
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        let full = StoreError::Full { doing: "write" };
        assert_eq!(second.await.unwrap(), Err(full.clone()));
        let look = |tx: &Transaction<'_>| {
            let sql = "SELECT count(*) FROM notes";
            Ok(tx.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        };
        let kept = writer.write("look", look).await.unwrap();
        // Both stand and fall as they were told.
        match first.await.unwrap() {
            Ok(()) => assert_eq!(kept, 1),
            told => assert_eq!((told, kept), (Err(full), 0)),
        }
        writer.stop();
    }
}
