//! Jobs of the writer thread that are committed together: each all or nothing by itself, one fsync
//! for all of them.

use std::panic::AssertUnwindSafe;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::error::StoreError;

/// Tries of `BEGIN IMMEDIATE`, each of which waits for the busy timeout.
const BEGIN_TRIES: u32 = 4;

/// Jobs that are committed together at most, so that the first of them does not wait for long.
const GROUP: usize = 64;

/// Work that is done inside a transaction, and then told whether that was committed.
pub(super) type Job = Box<dyn FnOnce(Result<&Transaction<'_>, StoreError>) -> Done + Send>;

/// Tells a job's caller whether the transaction was committed.
pub(super) type Tell = Box<dyn FnOnce(Result<(), StoreError>)>;

/// What became of a job inside its transaction.
pub(super) enum Done {
    /// It stands where the transaction is committed; its caller waits to be told.
    Stands(Tell),
    /// It failed, which its caller knows already: what it did is undone.
    Failed(StoreError),
}

/// Makes a job of `work`, whose outcome is told once: when it has failed, or when it is committed.
pub(super) fn job<T, F, A>(work: F, tell: A) -> Job
where
    T: Send + 'static,
    F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    A: FnOnce(Result<T, StoreError>) + Send + 'static,
{
    Box::new(move |tx| match tx.and_then(work) {
        Ok(done) => Done::Stands(Box::new(move |committed| {
            tell(committed.map(|()| done));
        })),
        Err(error) => {
            tell(Err(error.clone()));
            Done::Failed(error)
        }
    })
}

/// Does `first` and what `next` gives in one transaction, refused where a later core has taken over.
/// A job that fails or panics is undone alone; the others stand or fall with the commit.
pub(super) fn commit_together(
    conn: &Connection,
    epoch: i64,
    first: Job,
    mut next: impl FnMut() -> Option<Job>,
) {
    let tx = match begin(conn).and_then(|tx| refuse_later(&tx, epoch).map(|()| tx)) {
        Ok(tx) => tx,
        Err(error) => {
            first(Err(error));
            return;
        }
    };
    // Without a savepoint: where it fails, the whole transaction is its own.
    let Some(Done::Stands(tell)) = run(first, &tx) else {
        return;
    };
    let mut told = vec![tell];
    while told.len() < GROUP
        && let Some(job) = next()
    {
        match beside(job, &tx) {
            Ok(tell) => told.extend(tell),
            Err(error) => {
                told.into_iter().for_each(|tell| tell(Err(error.clone())));
                return;
            }
        }
    }
    let committed = tx.commit().map_err(StoreError::from);
    told.into_iter().for_each(|tell| tell(committed.clone()));
}

/// Does a job beside others that stand already in the transaction.
///
/// # Errors
/// The reason why the transaction, and with it the others, is lost.
fn beside(job: Job, tx: &Transaction<'_>) -> Result<Option<Tell>, StoreError> {
    let mark = |sql: &str| {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
    };
    if let Err(error) = mark("SAVEPOINT job") {
        let error = StoreError::from(error);
        job(Err(error.clone()));
        return Err(error);
    }
    let done = run(job, tx);
    match done {
        Some(Done::Stands(tell)) => match mark("RELEASE job") {
            Ok(()) => Ok(Some(tell)),
            Err(error) => {
                let error = StoreError::from(error);
                tell(Err(error.clone()));
                Err(error)
            }
        },
        // A full or failing disk takes the whole transaction away.
        Some(Done::Failed(error)) if tx.is_autocommit() => Err(error),
        Some(Done::Failed(_)) | None => {
            mark("ROLLBACK TO job").and_then(|()| mark("RELEASE job"))?;
            Ok(None)
        }
    }
}

/// Runs a job; nothing where it panics, which its caller sees by its channel.
fn run(job: Job, tx: &Transaction<'_>) -> Option<Done> {
    std::panic::catch_unwind(AssertUnwindSafe(|| job(Ok(tx)))).ok()
}

fn refuse_later(tx: &Transaction<'_>, epoch: i64) -> Result<(), StoreError> {
    let current: i64 = tx
        .prepare_cached("SELECT epoch FROM core WHERE id = 1")?
        .query_row([], |row| row.get(0))?;
    if current == epoch {
        Ok(())
    } else {
        Err(StoreError::fenced())
    }
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
