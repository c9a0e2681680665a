//! The one thread that writes: a bounded queue of closures, each its own transaction.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::error::StoreError;
use super::schema;

/// Jobs that wait at most; beyond that, callers wait.
const QUEUE: usize = 256;
/// Quiet time after which the write-ahead log is emptied.
const IDLE: Duration = Duration::from_secs(2);
/// Tries of `BEGIN IMMEDIATE`, each of which waits for the busy timeout.
const BEGIN_TRIES: u32 = 4;

type Job = Box<dyn FnOnce(Result<&mut Connection, StoreError>) + Send>;

enum Message {
    Work(Job),
    Stop,
}

/// A handle on the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Message>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    epoch: i64,
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
            epoch,
        })
    }

    /// Runs `work` in one transaction, committed with fsync before this returns.
    pub(super) async fn write<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (job, answer) = self.job(work);
        let sent = match self.queue.try_send(job) {
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
        let epoch = self.epoch;
        let job: Job = Box::new(move |conn| {
            let _ = answer.send(conn.and_then(|conn| transact(conn, epoch, work)));
        });
        self.queue
            .send(Message::Work(job))
            .map_err(|_| StoreError::closed())
            .and_then(|()| answered.recv().map_err(|_| StoreError::closed()))
            .and_then(|done| done)
            .map_err(|error| error.doing(doing))
    }

    fn job<T, F>(&self, work: F) -> (Message, oneshot::Receiver<Result<T, StoreError>>)
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let epoch = self.epoch;
        let job: Job = Box::new(move |conn| {
            // A caller that went away does not undo what is committed.
            let _ = answer.send(conn.and_then(|conn| transact(conn, epoch, work)));
        });
        (Message::Work(job), answered)
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

/// One transaction, refused where a later core has taken over; rolled back on any error.
fn transact<T>(
    conn: &mut Connection,
    epoch: i64,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let tx = begin(conn)?;
    let current: i64 = tx
        .prepare_cached("SELECT epoch FROM core WHERE id = 1")?
        .query_row([], |row| row.get(0))?;
    if current != epoch {
        return Err(StoreError::fenced());
    }
    let done = work(&tx)?;
    tx.commit()?;
    Ok(done)
}

fn begin(conn: &Connection) -> Result<Transaction<'_>, StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match Transaction::new_unchecked(conn, TransactionBehavior::Immediate) {
            Ok(tx) => return Ok(tx),
            Err(error)
                if tries < BEGIN_TRIES
                    && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn serve(mut conn: Connection, jobs: &Receiver<Message>, epoch: i64, check: bool) {
    let damage = if check {
        schema::quick_check(&conn).err()
    } else {
        None
    };
    let mut written = false;
    loop {
        let message = if written {
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
                let ready = match &damage {
                    Some(damage) => Err(damage.clone()),
                    None => Ok(&mut conn),
                };
                // A panic fails one caller, whose transaction is rolled back while unwinding.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(|| job(ready)));
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
