//! The journal of events: what has happened, numbered, for faces that catch up.

use rusqlite::Transaction;
use rusqlite::params;

use super::Store;
use super::codec::{count, from_json, int, json};
use super::error::StoreError;
use crate::domain::event::{Event, EventKind};

/// Events that one call gives at most.
const PAGE: u32 = 1_000;
/// Events that are kept; older ones go as new ones come.
const KEPT: i64 = 100_000;

impl Store {
    /// Writes events down and gives them back with their numbers; lines of a run's log are given
    /// back as they are, for they stand in the run's file.
    ///
    /// # Errors
    /// The database's.
    pub async fn append_events(&self, events: Vec<Event>) -> Result<Vec<Event>, StoreError> {
        self.write("write events", move |tx| {
            events.into_iter().map(|event| append(tx, event)).collect()
        })
        .await
    }

    /// Gives events after a number, oldest first; at most 1,000.
    ///
    /// # Errors
    /// The database's.
    pub async fn events(&self, after: u64, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.read("read events", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT number, body FROM events WHERE number > ?1 ORDER BY number LIMIT ?2",
            )?;
            let mut rows = statement.query(params![int(after), limit.min(PAGE)])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                let mut event: Event = from_json(&row.get::<_, String>(1)?, "event")?;
                event.number = count(row.get(0)?);
                events.push(event);
            }
            Ok(events)
        })
        .await
    }

    /// Gives the number of the last event; 0 where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_event(&self) -> Result<u64, StoreError> {
        self.read("read events", |tx| {
            let last: Option<i64> =
                tx.query_row("SELECT max(number) FROM events", [], |row| row.get(0))?;
            Ok(last.map_or(0, count))
        })
        .await
    }
}

/// Writes one event down inside a transaction.
pub(super) fn append(tx: &Transaction<'_>, mut event: Event) -> Result<Event, StoreError> {
    if matches!(event.kind, EventKind::Log(_) | EventKind::TestStep { .. }) {
        event.number = 0;
        return Ok(event);
    }
    tx.prepare_cached("INSERT INTO events (body) VALUES (?1)")?
        .execute([json(&event)?])?;
    let number = tx.last_insert_rowid();
    tx.prepare_cached("DELETE FROM events WHERE number <= ?1")?
        .execute([number - KEPT])?;
    event.number = count(number);
    Ok(event)
}
