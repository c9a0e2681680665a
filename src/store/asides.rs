//! Causes of trouble that a person has set aside.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::Store;
use super::audit::{self, AuditDraft};
use super::codec::{from_json, json};
use super::error::StoreError;
use crate::domain::trouble::Aside;

impl Store {
    /// Gives what is set aside, by cause.
    ///
    /// # Errors
    /// The database's.
    pub async fn asides(&self) -> Result<Vec<Aside>, StoreError> {
        self.read("read what is set aside", |tx| {
            let mut statement = tx.prepare_cached("SELECT body FROM asides ORDER BY cause")?;
            let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
            bodies
                .map(|body| from_json(&body?, "cause that is set aside"))
                .collect()
        })
        .await
    }

    /// Sets a cause aside, or takes it up again, with its audit entry.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_aside(
        &self,
        cause: &str,
        aside: Option<Aside>,
        (actor, at): (&str, DateTime<Utc>),
        what: AuditDraft,
    ) -> Result<(), StoreError> {
        let (cause, actor) = (cause.to_owned(), actor.to_owned());
        self.write("set a cause aside", move |tx| {
            match aside {
                Some(aside) => tx.execute(
                    "INSERT INTO asides VALUES (?1, ?2)
                     ON CONFLICT (cause) DO UPDATE SET body = excluded.body",
                    params![cause, json(&aside)?],
                )?,
                None => tx.execute("DELETE FROM asides WHERE cause = ?1", [&cause])?,
            };
            audit::append(tx, &actor, at, &what)?;
            Ok(())
        })
        .await
    }

    /// Forgets causes that are over, or came back by themselves.
    ///
    /// # Errors
    /// The database's.
    pub async fn drop_asides(&self, causes: Vec<String>) -> Result<(), StoreError> {
        self.write("forget what was set aside", move |tx| {
            for cause in &causes {
                tx.execute("DELETE FROM asides WHERE cause = ?1", [cause])?;
            }
            Ok(())
        })
        .await
    }
}
