//! Read-only connections, lent to blocking threads one at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, Transaction};

use super::error::StoreError;
use super::schema;

/// Connections at most; further readers wait.
const MOST: usize = 4;

/// A pool of read-only connections.
#[derive(Clone)]
pub(super) struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    lent: usize,
    closed: bool,
}

/// A lent connection, which goes back when dropped.
struct Lease<'a> {
    shared: &'a Shared,
    conn: Option<Connection>,
}

impl Readers {
    /// A pool over the database at `path`; connections are opened as they are needed.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                state: Mutex::default(),
                returned: Condvar::new(),
            }),
        }
    }

    /// Runs `work` in one read transaction on a blocking thread.
    pub(super) async fn read<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = self.clone();
        tokio::task::spawn_blocking(move || readers.read_blocking(doing, work))
            .await
            .unwrap_or_else(|error| {
                // Cancelled work is that of a core which goes away; it is no fault.
                Err(if error.is_cancelled() {
                    StoreError::Closed { doing }
                } else {
                    StoreError::Internal {
                        doing,
                        detail: error.to_string(),
                    }
                })
            })
    }

    /// Runs `work` in one read transaction here.
    pub(super) fn read_blocking<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let run = || {
            let lease = self.shared.lend()?;
            let conn = lease.conn.as_ref().ok_or_else(StoreError::closed)?;
            let tx = conn.unchecked_transaction()?;
            work(&tx)
        };
        run().map_err(|error: StoreError| error.doing(doing))
    }

    /// Refuses further readers and waits for those at work.
    pub(super) fn close(&self) {
        let mut state = self.shared.lock();
        state.closed = true;
        self.shared.returned.notify_all();
        while state.lent > 0 {
            state = self
                .shared
                .returned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.idle.clear();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lend(&self) -> Result<Lease<'_>, StoreError> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return Err(StoreError::closed());
            }
            if let Some(conn) = state.idle.pop() {
                state.lent += 1;
                return Ok(Lease {
                    shared: self,
                    conn: Some(conn),
                });
            }
            if state.lent < MOST {
                state.lent += 1;
                drop(state);
                // The lease stands before the connection, so that a failed open gives it back.
                let mut lease = Lease {
                    shared: self,
                    conn: None,
                };
                lease.conn = Some(open(&self.path)?);
                return Ok(lease);
            }
            state = self
                .returned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.lent -= 1;
        if let Some(conn) = self.conn.take()
            && conn.is_autocommit()
        {
            state.idle.push(conn);
        }
        self.shared.returned.notify_all();
    }
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(schema::BUSY_TIMEOUT)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}
