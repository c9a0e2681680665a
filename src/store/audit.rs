//! The audit trail: who changed what, each entry sealed with the hash of all before it.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::Store;
use super::codec::{count, from_json, int, json};
use super::error::StoreError;

/// Entries that one call gives at most.
const PAGE: u32 = 500;

/// What an audit entry says, before it has its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditDraft {
    /// `create`, `update`, `delete`, `pause`, `resume`, or another word for what was done.
    pub action: String,
    /// `workspace`, `source`, `model`, `destination`, `sync`, `run`, `secret` …
    pub kind: String,
    /// The resource's id; empty for the workspace.
    pub resource: String,
    /// Its name then.
    pub name: String,
    /// Its revision afterwards; 0 where it has none.
    pub revision: u64,
    /// Field by field: name, old, new; secrets redacted, no row values.
    pub fields: Vec<(String, String, String)>,
}

/// An entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a person, a token, or `core`.
    pub actor: String,
    /// What.
    #[serde(flatten)]
    pub what: AuditDraft,
}

/// How far the audit trail can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditState {
    /// Every entry is as it was written.
    Whole {
        /// The number of entries.
        entries: u64,
    },
    /// This entry is not as it was written, or is missing.
    Broken {
        /// Its number.
        number: u64,
    },
}

impl Store {
    /// Gives audit entries, newest first, from before a number on; at most 500.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit(
        &self,
        limit: u32,
        before: Option<u64>,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("read the audit trail", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT body FROM audit WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
            )?;
            let before = before.map_or(i64::MAX, int);
            let bodies = statement.query_map(params![before, limit.min(PAGE)], |row| {
                row.get::<_, String>(0)
            })?;
            bodies
                .map(|body| from_json(&body?, "audit entry"))
                .collect()
        })
        .await
    }

    /// Adds an entry for what is no change of the catalog: an approval, a secret, an unmasking.
    ///
    /// # Errors
    /// The database's.
    pub async fn append_audit(
        &self,
        actor: &str,
        at: DateTime<Utc>,
        what: AuditDraft,
    ) -> Result<AuditEntry, StoreError> {
        let actor = actor.to_owned();
        self.write("write the audit trail", move |tx| {
            append(tx, &actor, at, &what)
        })
        .await
    }

    /// Follows the chain of hashes from the first entry to the last.
    ///
    /// # Errors
    /// The database's.
    pub async fn verify_audit(&self) -> Result<AuditState, StoreError> {
        self.read("verify the audit trail", verify).await
    }
}

/// Adds an entry inside a transaction.
pub(super) fn append(
    tx: &Transaction<'_>,
    actor: &str,
    at: DateTime<Utc>,
    what: &AuditDraft,
) -> Result<AuditEntry, StoreError> {
    let last: Option<(i64, Vec<u8>)> = tx
        .prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, before) = last.unwrap_or_default();
    let entry = AuditEntry {
        number: count(number) + 1,
        at,
        actor: actor.to_owned(),
        what: what.clone(),
    };
    let body = json(&entry)?;
    tx.prepare_cached("INSERT INTO audit (number, body, hash) VALUES (?1, ?2, ?3)")?
        .execute(params![
            int(entry.number),
            body,
            seal(&before, &body).as_slice()
        ])?;
    Ok(entry)
}

fn seal(before: &[u8], body: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before);
    hasher.update(body.as_bytes());
    *hasher.finalize().as_bytes()
}

fn verify(tx: &Transaction<'_>) -> Result<AuditState, StoreError> {
    let mut statement = tx.prepare("SELECT number, body, hash FROM audit ORDER BY number")?;
    let mut rows = statement.query([])?;
    let mut before = Vec::new();
    let mut entries = 0;
    while let Some(row) = rows.next()? {
        let number = entries + 1;
        let stored: i64 = row.get(0)?;
        let body: String = row.get(1)?;
        let hash: Vec<u8> = row.get(2)?;
        if count(stored) != number || seal(&before, &body).as_slice() != hash.as_slice() {
            return Ok(AuditState::Broken { number });
        }
        before = hash;
        entries = number;
    }
    // SQLite remembers the last number given, so that entries cut off at the end are missed too.
    let given: Option<i64> = tx
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = 'audit'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if given.is_some_and(|given| count(given) > entries) {
        return Ok(AuditState::Broken {
            number: entries + 1,
        });
    }
    Ok(AuditState::Whole { entries })
}
