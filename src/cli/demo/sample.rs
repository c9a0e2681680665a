//! The demo's source: a database of customers and their orders, the same for the same seed.

use std::path::Path;

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, Utc};
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use rusqlite::{Connection, Transaction, params};

use super::people::{COMPANY, DOMAINS, PLANS, REGIONS, Region, TRADE};

/// Customers of a new database.
pub(super) const CUSTOMERS: i64 = 5_000;
/// The first day on which someone could sign up.
const OPENING: NaiveDate = match NaiveDate::from_ymd_opt(2021, 3, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
/// Days from the opening to the last sign-up of a new database.
const OPEN_DAYS: i64 = 1_400;

const SCHEMA: &str = "
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    email TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    phone TEXT,
    city TEXT,
    country TEXT,
    company TEXT,
    plan TEXT NOT NULL,
    signed_up DATE,
    lifetime_value DECIMAL(12, 2),
    marketing_consent BOOLEAN,
    active BOOLEAN NOT NULL
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    order_no TEXT,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    items INTEGER,
    amount DECIMAL(12, 2),
    status TEXT NOT NULL,
    note TEXT,
    ordered_at TIMESTAMP NOT NULL,
    shipped_at TIMESTAMP
);
CREATE INDEX orders_by_customer ON orders (customer_id);
";

/// Makes the database at `path` with `customers` customers and about three orders for each.
///
/// # Errors
/// SQLite's own, where the file cannot be written or has such tables already.
pub(super) fn create(path: &Path, seed: u64, customers: i64) -> rusqlite::Result<()> {
    let mut database = Connection::open(path)?;
    // Readers do not wait for whoever edits the data while the interface is open.
    database.pragma_update(None, "journal_mode", "wal")?;
    let mut writer = Writer::new(database.transaction()?, seed);
    writer.transaction.execute_batch(SCHEMA)?;
    for id in 1..=customers {
        writer.customer(id)?;
        for _ in 0..writer.random.random_range(0..=6) {
            writer.order(id)?;
        }
    }
    writer.awkward()?;
    writer.transaction.commit()
}

/// Writes customers and orders that a seed gives.
pub(super) struct Writer<'a> {
    pub transaction: Transaction<'a>,
    pub random: ChaCha12Rng,
}

impl<'a> Writer<'a> {
    /// Writes within `transaction`.
    pub fn new(transaction: Transaction<'a>, seed: u64) -> Self {
        Self {
            transaction,
            random: ChaCha12Rng::seed_from_u64(seed),
        }
    }

    /// Draws one of `from`; the empty text where there is none.
    pub fn draw(&mut self, from: &[&'static str]) -> &'static str {
        from.choose(&mut self.random).copied().unwrap_or_default()
    }

    /// Adds a customer.
    pub fn customer(&mut self, id: i64) -> rusqlite::Result<()> {
        let Some(region) = REGIONS.choose(&mut self.random) else {
            return Ok(());
        };
        let (given, family) = (self.draw(region.given), self.draw(region.family));
        let email = self.email(id, given, family);
        let (plan, most_cents) = self.plan();
        let signed_up = OPENING + Duration::days(self.random.random_range(0..OPEN_DAYS));
        let company = format!("{} {}", self.draw(COMPANY), self.draw(TRADE));
        let company = self.random.random_ratio(2, 5).then_some(company);
        let phone = self.phone(region);
        let consent = [Some(true), Some(false), None];
        let consent = consent.choose(&mut self.random).copied().flatten();
        let cents = self.random.random_range(0..most_cents);
        let city = self.draw(region.cities);
        self.transaction
            .prepare_cached("INSERT INTO customers VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")?
            .execute(params![
                id,
                email,
                given,
                family,
                phone,
                (id % 97 != 0).then_some(city),
                region.country,
                company,
                plan,
                signed_up.to_string(),
                amount(cents),
                consent,
                self.random.random_ratio(4, 5),
            ])?;
        Ok(())
    }

    /// An address as people type it: now and then with capitals or a stray blank.
    fn email(&mut self, id: i64, given: &str, family: &str) -> String {
        let (given, family) = (slug::slugify(given), slug::slugify(family));
        let address = format!("{given}.{family}.{id}@{}", self.draw(DOMAINS));
        match self.random.random_range(0..20) {
            0 => address.to_uppercase(),
            1 => format!(" {address} "),
            _ => address,
        }
    }

    fn plan(&mut self) -> (&'static str, i64) {
        let drawn = PLANS.choose_weighted(&mut self.random, |(_, share, _)| *share);
        drawn.map_or(("free", 1), |(plan, _, most_cents)| (*plan, *most_cents))
    }

    fn phone(&mut self, region: &Region) -> Option<String> {
        let (area, number) = (
            self.random.random_range(20..90),
            self.random.random_range(1_000_000..9_999_999),
        );
        self.random
            .random_ratio(5, 6)
            .then(|| format!("{} ({area}) {number}", region.dial))
    }

    /// Adds an order of a customer; its number follows that of the last.
    pub fn order(&mut self, customer: i64) -> rusqlite::Result<()> {
        let at = OPENING.and_time(chrono::NaiveTime::MIN).and_utc()
            + Duration::seconds(self.random.random_range(0..OPEN_DAYS * 86_400));
        let status = self.draw(&[
            "placed", "paid", "shipped", "shipped", "shipped", "refunded",
        ]);
        let after = Duration::minutes(self.random.random_range(60..6_000));
        let shipped = matches!(status, "shipped" | "refunded").then(|| instant(at + after));
        let note = self.random.random_ratio(1, 12).then(|| {
            self.draw(&[
                "Bitte klingeln",
                "leave at the door",
                "プレゼント用",
                "fragile, \"très\" fragile",
                "لا تتصل",
            ])
        });
        let items = self.random.random_range(1..=9_i64);
        let cents = items * self.random.random_range(350..9_900_i64);
        self.transaction
            .prepare_cached(
                "INSERT INTO orders (order_no, customer_id, items, amount, status, note, ordered_at, shipped_at)
                 SELECT printf('SO-%06d', coalesce(max(id), 0) + 1), ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM orders",
            )?
            .execute(params![customer, items, amount(cents), status, note, instant(at), shipped])?;
        Ok(())
    }

    /// Spoils a few rows, as real data are spoiled: no sync sends these, and each says why.
    fn awkward(&mut self) -> rusqlite::Result<()> {
        self.transaction.execute_batch(
            "UPDATE customers SET signed_up = '2023-02-30' WHERE id = 11;
             UPDATE customers SET lifetime_value = 'n/a' WHERE id = 23;
             UPDATE customers SET email = NULL WHERE id = 37;
             UPDATE customers SET email = (SELECT upper(trim(email)) FROM customers WHERE id = 41) WHERE id = 42;
             UPDATE orders SET order_no = NULL WHERE id = 5;
             UPDATE orders SET order_no = (SELECT order_no FROM orders WHERE id = 7) WHERE id = 8;",
        )
    }
}

/// An amount of money as text, which the column's affinity makes a number.
fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// An instant as the column holds it.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(path: &Path) -> Vec<String> {
        let database = Connection::open(path).unwrap();
        let mut rows = database
            .prepare("SELECT json_array(id, email, first_name, last_name, phone, city, company, plan, signed_up, lifetime_value, marketing_consent, active) FROM customers ORDER BY id")
            .unwrap();
        let rows = rows.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_customers_and_another_gives_others() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two, other] = ["one", "two", "other"].map(|name| folder.path().join(name));
        create(&one, 7, 200).unwrap();
        create(&two, 7, 200).unwrap();
        create(&other, 8, 200).unwrap();
        assert_eq!(dump(&one), dump(&two));
        assert_ne!(dump(&one), dump(&other));
    }

    #[test]
    fn names_are_of_many_scripts_and_addresses_are_plain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sample.db");
        create(&path, 7, 500).unwrap();
        let database = Connection::open(&path).unwrap();
        let count = |sql: &str| {
            database
                .query_row(sql, [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert!(
            count(
                "SELECT count(*) FROM customers WHERE length(cast(last_name AS blob)) > length(last_name)"
            ) > 200
        );
        assert_eq!(
            count(
                "SELECT count(*) FROM customers WHERE length(cast(email AS blob)) > length(email)"
            ),
            0
        );
        assert_eq!(
            count(
                "SELECT count(*) - count(DISTINCT lower(trim(email))) FROM customers WHERE email IS NOT NULL"
            ),
            1
        );
    }
}
