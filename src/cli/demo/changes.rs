//! Changes to the demo's source, as a working day brings them: the same for the same seed.

use std::path::Path;

use rand::RngExt as _;
use rusqlite::{Connection, params};

use super::people::PLANS;
use super::sample::Writer;

/// Customers that one round adds.
const ADDED: i64 = 40;
/// Customers that one round changes.
const CHANGED: usize = 120;
/// Customers that one round removes with their orders: fewer than the delete guard of the smallest
/// mirror holds.
const REMOVED: usize = 8;
/// The customer that goes in one round and comes back in the next.
const WANDERER: i64 = 101;

/// What a round of changes did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changes {
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
}

/// Adds, changes and removes customers and orders; `round` counts from 1 and must go up by one.
///
/// In odd rounds one customer goes and one row is spoiled, in even rounds both are put right.
///
/// # Errors
/// SQLite's own, where the database cannot be written.
pub(super) fn change(path: &Path, seed: u64, round: u64) -> rusqlite::Result<Changes> {
    let mut database = Connection::open(path)?;
    let seed = seed.wrapping_add(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut writer = Writer::new(database.transaction()?, seed);
    let mut changes = Changes {
        added: 0,
        changed: 0,
        removed: 0,
    };
    let last: i64 = writer
        .transaction
        .query_row("SELECT max(id) FROM customers", [], |row| row.get(0))?;
    for id in last + 1..=last + ADDED {
        writer.customer(id)?;
        writer.order(id)?;
        changes.added += 1;
    }
    for _ in 0..CHANGED {
        let id = writer.random.random_range(200..=last);
        changes.changed += update(&mut writer, id)?;
    }
    for _ in 0..REMOVED {
        let id = writer.random.random_range(200..=last);
        changes.removed += remove(&writer, id)?;
    }
    wander(&writer, round, &mut changes)?;
    writer.transaction.commit()?;
    Ok(changes)
}

/// Changes one thing about a customer, if it is there.
fn update(writer: &mut Writer<'_>, id: i64) -> rusqlite::Result<usize> {
    let what = writer.random.random_range(0..6);
    let cents: i64 = writer.random.random_range(1_000..90_000);
    let plans: Vec<&str> = PLANS.iter().map(|(plan, _, _)| *plan).collect();
    let plan = writer.draw(&plans);
    let transaction = &writer.transaction;
    match what {
        // Another address is another identifier for the syncs that match by it.
        0 => transaction.execute(
            "UPDATE customers SET email = 'new.' || trim(email) WHERE id = ?1 AND email IS NOT NULL",
            [id],
        ),
        1 => transaction.execute("UPDATE customers SET active = NOT active WHERE id = ?1", [id]),
        2 => transaction.execute("UPDATE customers SET plan = ?2 WHERE id = ?1", params![id, plan]),
        3 => transaction.execute("UPDATE customers SET phone = NULL, city = 'Zürich' WHERE id = ?1", [id]),
        _ => transaction.execute(
            "UPDATE customers SET lifetime_value = round(lifetime_value + ?2 / 100.0, 2) WHERE id = ?1",
            params![id, cents],
        ),
    }
}

fn remove(writer: &Writer<'_>, id: i64) -> rusqlite::Result<usize> {
    writer
        .transaction
        .execute("DELETE FROM orders WHERE customer_id = ?1", [id])?;
    writer
        .transaction
        .execute("DELETE FROM customers WHERE id = ?1", [id])
}

/// One customer goes and comes back, another's date breaks and is mended.
fn wander(writer: &Writer<'_>, round: u64, changes: &mut Changes) -> rusqlite::Result<()> {
    let transaction = &writer.transaction;
    if round % 2 == 1 {
        transaction
            .execute_batch("CREATE TABLE IF NOT EXISTS gone AS SELECT * FROM customers LIMIT 0")?;
        transaction.execute(
            "INSERT INTO gone SELECT * FROM customers WHERE id = ?1",
            [WANDERER],
        )?;
        changes.removed += remove(writer, WANDERER)?;
        changes.changed +=
            transaction.execute("UPDATE customers SET signed_up = 'soon' WHERE id = 103", [])?;
    } else {
        changes.added += transaction.execute("INSERT INTO customers SELECT * FROM gone", [])?;
        transaction.execute("DELETE FROM gone", [])?;
        changes.changed += transaction.execute(
            "UPDATE customers SET signed_up = '2024-05-05' WHERE id = 103",
            [],
        )?;
        changes.changed += transaction.execute(
            "UPDATE customers SET signed_up = '2023-02-28' WHERE id = 11",
            [],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_customer_goes_and_comes_back_and_every_round_is_repeatable() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["one", "two"].map(|name| folder.path().join(name));
        let mut seen = Vec::new();
        for path in &paths {
            sample::create(path, 7, 600).unwrap();
            let there = || {
                let database = Connection::open(path).unwrap();
                let sql = "SELECT count(*) FROM customers WHERE id = ?1";
                database
                    .query_row(sql, [WANDERER], |row| row.get::<_, i64>(0))
                    .unwrap()
            };
            let first = change(path, 7, 1).unwrap();
            assert_eq!(there(), 0);
            let second = change(path, 7, 2).unwrap();
            assert_eq!(there(), 1);
            assert!(first.added > 0 && first.changed > 0 && first.removed > 0);
            seen.push((first, second));
        }
        assert_eq!(seen[0], seen[1]);
    }
}
