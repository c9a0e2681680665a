//! Who uses what in the catalog: nothing in use is deleted, nothing missing is used.

use std::collections::BTreeSet;

use rusqlite::Transaction;

use super::codec::from_json;
use super::error::{ConflictKind, StoreError};
use crate::domain::schedule::Schedule;
use crate::domain::sync::Sync;

/// A use of something that is not there.
struct Broken {
    /// Kind and name of the user.
    user: String,
    /// What kind of thing it uses.
    kind: &'static str,
    /// That thing's id.
    id: String,
}

/// Refuses a catalog in which something uses what is not there; where that was among the `deleted`
/// (id and name), the refusal names all its users.
pub(super) fn check(tx: &Transaction<'_>, deleted: &[(String, String)]) -> Result<(), StoreError> {
    let mut broken = Vec::new();
    for (sql, user, kind) in [
        (
            "SELECT name, source FROM models WHERE source NOT IN (SELECT id FROM sources)",
            "model",
            "source",
        ),
        (
            "SELECT name, model FROM syncs WHERE model NOT IN (SELECT id FROM models)",
            "sync",
            "model",
        ),
        (
            "SELECT name, destination FROM syncs
             WHERE destination NOT IN (SELECT id FROM destinations)",
            "sync",
            "destination",
        ),
    ] {
        let mut statement = tx.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            broken.push(Broken {
                user: format!("{user} {}", row.get::<_, String>(0)?),
                kind,
                id: row.get(1)?,
            });
        }
    }
    followers(tx, &mut broken)?;
    let Some(first) = broken.first() else {
        return Ok(());
    };
    let gone = broken.iter().find_map(|broken| {
        let (_, name) = deleted.iter().find(|(id, _)| *id == broken.id)?;
        Some((broken, name))
    });
    let Some((gone, name)) = gone else {
        return Err(StoreError::NotFound {
            what: format!("{} {}, which {} uses", first.kind, first.id, first.user),
        });
    };
    let users: Vec<&str> = broken
        .iter()
        .filter(|broken| broken.id == gone.id)
        .map(|broken| broken.user.as_str())
        .collect();
    Err(StoreError::conflict(
        ConflictKind::InUse,
        format!("{} {name} is used by {}", gone.kind, users.join(", ")),
    ))
}

/// Syncs that run after a sync that is not there.
fn followers(tx: &Transaction<'_>, broken: &mut Vec<Broken>) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("SELECT id, body FROM syncs ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut known = BTreeSet::new();
    let mut wanted = Vec::new();
    while let Some(row) = rows.next()? {
        known.insert(row.get::<_, String>(0)?);
        let sync: Sync = from_json(&row.get::<_, String>(1)?, "sync")?;
        if let Schedule::After { syncs } = sync.settings.schedule {
            wanted.push((sync.settings.name, syncs));
        }
    }
    for (user, syncs) in wanted {
        broken.extend(
            syncs
                .into_iter()
                .filter(|id| !known.contains(id))
                .map(|id| Broken {
                    user: format!("sync {user}"),
                    kind: "sync",
                    id,
                }),
        );
    }
    Ok(())
}
