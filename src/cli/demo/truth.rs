//! What the source holds, read for each sync by hand and not through the program that is checked:
//! the rows of its model, and what its mapping makes of each.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sha2::{Digest as _, Sha256};

/// A record by field, each value in one spelling for all destinations; null is nothing.
pub(super) type Record = BTreeMap<String, Option<String>>;

/// One row of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its primary key; nothing where that is null.
    pub key: Option<String>,
    /// What it is matched by; nothing where that is null.
    pub identifier: Option<String>,
    /// Its record; nothing where a value does not fit.
    pub record: Option<Record>,
}

/// Says that a value does not fit its column's type.
#[derive(Debug)]
struct Misfit;

type Read<T> = Result<T, Misfit>;

/// A number in the one spelling.
pub(super) fn number(number: f64) -> String {
    number.to_string()
}

fn cell<'r>(row: &'r Row<'_>, name: &str) -> Read<ValueRef<'r>> {
    row.get_ref(name).map_err(|_| Misfit)
}

fn text(row: &Row<'_>, name: &str) -> Read<Option<String>> {
    match cell(row, name)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec())
            .map(Some)
            .map_err(|_| Misfit),
        _ => Err(Misfit),
    }
}

fn decimal(row: &Row<'_>, name: &str) -> Read<Option<f64>> {
    match cell(row, name)? {
        ValueRef::Null => Ok(None),
        ValueRef::Real(value) => Ok(Some(value)),
        ValueRef::Integer(value) => value.to_string().parse().map(Some).map_err(|_| Misfit),
        _ => Err(Misfit),
    }
}

fn integer(row: &Row<'_>, name: &str) -> Read<Option<String>> {
    match cell(row, name)? {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(value) => Ok(Some(value.to_string())),
        _ => Err(Misfit),
    }
}

fn date(row: &Row<'_>, name: &str) -> Read<Option<String>> {
    let text = text(row, name)?;
    match &text {
        Some(day) if NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err() => Err(Misfit),
        _ => Ok(text),
    }
}

/// The address without blanks around it and in small letters.
fn email(row: &Row<'_>) -> Read<Option<String>> {
    Ok(text(row, "email")?.map(|email| email.trim().to_lowercase()))
}

fn record<const N: usize>(fields: [(&str, Option<String>); N]) -> Record {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Reads the rows of `sql`: their key from `key`, their identifier and record from the two others.
fn read(
    database: &Connection,
    sql: &str,
    key: impl Fn(&Row<'_>) -> Read<Option<String>>,
    identifier: impl Fn(&Row<'_>) -> Read<Option<String>>,
    fields: impl Fn(&Row<'_>) -> Read<Record>,
) -> rusqlite::Result<Vec<Candidate>> {
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Candidate {
            key: key(row).ok().flatten(),
            identifier: identifier(row).ok().flatten(),
            record: fields(row).ok(),
        })
    })?;
    rows.collect()
}

fn id(row: &Row<'_>) -> Read<Option<String>> {
    integer(row, "id")
}

fn order_no(row: &Row<'_>) -> Read<Option<String>> {
    text(row, "order_no")
}

pub(super) fn customers_to_table(database: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    read(database, "SELECT * FROM customers", id, email, |row| {
        let tier = match text(row, "plan")?.as_deref() {
            Some("free") => "0",
            Some("starter") => "1",
            Some("team") => "2",
            _ => "3",
        };
        let digits = |phone: String| phone.replace([' ', '(', ')'], "");
        let names = (text(row, "first_name")?, text(row, "last_name")?);
        Ok(record([
            ("email", email(row)?),
            (
                "name",
                names
                    .0
                    .zip(names.1)
                    .map(|(first, last)| format!("{first} {last}")),
            ),
            ("phone", text(row, "phone")?.map(digits)),
            ("city", text(row, "city")?),
            (
                "country",
                text(row, "country")?.map(|country| country.to_lowercase()),
            ),
            (
                "company",
                text(row, "company")?.or(Some("private".to_owned())),
            ),
            ("tier", Some(tier.to_owned())),
            ("signed_up", date(row, "signed_up")?),
            (
                "lifetime_value",
                decimal(row, "lifetime_value")?.map(number),
            ),
            ("marketing_consent", integer(row, "marketing_consent")?),
        ]))
    })
}

pub(super) fn active_to_table(database: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    read(
        database,
        "SELECT * FROM customers WHERE active = 1",
        id,
        id,
        |row| {
            Ok(record([
                ("id", id(row)?),
                ("email", email(row)?),
                ("first_name", text(row, "first_name")?),
                (
                    "last_name",
                    text(row, "last_name")?.map(|name| name.to_uppercase()),
                ),
                ("plan", text(row, "plan")?),
                ("signed_up", date(row, "signed_up")?),
            ]))
        },
    )
}

pub(super) fn events_to_table(database: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    let event = |order: Option<String>, event: &str| order.map(|order| format!("{order},{event}"));
    let mut all = Vec::new();
    for (name, column) in [("placed", "ordered_at"), ("shipped", "shipped_at")] {
        let sql = format!("SELECT * FROM orders WHERE {column} IS NOT NULL");
        let key = |row: &Row<'_>| Ok(event(order_no(row)?, name));
        all.extend(read(database, &sql, key, key, |row| {
            Ok(record([
                ("order_no", order_no(row)?),
                ("event", Some(name.to_owned())),
                ("happened_at", text(row, column)?),
            ]))
        })?);
    }
    Ok(all)
}

pub(super) fn customers_to_lines(database: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    read(database, "SELECT * FROM customers", id, id, |row| {
        Ok(record([
            ("id", id(row)?),
            ("email", email(row)?),
            ("first_name", text(row, "first_name")?),
            ("last_name", text(row, "last_name")?),
            ("city", text(row, "city")?),
            ("signed_up", date(row, "signed_up")?),
            (
                "lifetime_value",
                decimal(row, "lifetime_value")?.map(number),
            ),
        ]))
    })
}

pub(super) fn orders_to_lines(database: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    read(
        database,
        "SELECT * FROM orders",
        order_no,
        order_no,
        |row| {
            let mut fields = record([
                ("order_no", order_no(row)?),
                ("customer_id", integer(row, "customer_id")?),
                ("items", integer(row, "items")?),
                ("amount", decimal(row, "amount")?.map(number)),
                ("status", text(row, "status")?),
                ("ordered_at", text(row, "ordered_at")?),
            ]);
            // Without a note the field is left out.
            if let Some(note) = text(row, "note")? {
                fields.insert("note".to_owned(), Some(note));
            }
            Ok(fields)
        },
    )
}

pub(super) fn customers_to_webhook(database: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    read(database, "SELECT * FROM customers", id, email, |row| {
        Ok(record([
            ("email", email(row)?),
            ("first_name", text(row, "first_name")?),
            ("last_name", text(row, "last_name")?),
            ("country", text(row, "country")?),
            ("plan", text(row, "plan")?.map(|plan| plan.to_uppercase())),
            ("signed_up", date(row, "signed_up")?),
            (
                "lifetime_value",
                decimal(row, "lifetime_value")?.map(number),
            ),
            ("origin", Some("shop".to_owned())),
            ("sent_by", Some("Contact hook".to_owned())),
        ]))
    })
}

pub(super) fn spenders_to_webhook(database: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    let hashed = |row: &Row<'_>| {
        let digest = |email: String| {
            let bytes = Sha256::digest(email.as_bytes());
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        Ok(email(row)?.map(digest))
    };
    let sql = "SELECT * FROM customers WHERE lifetime_value >= 1000";
    read(database, sql, id, hashed, |row| {
        Ok(record([
            ("hashed_email", hashed(row)?),
            ("country", text(row, "country")?),
            ("plan", text(row, "plan")?),
            (
                "lifetime_value",
                decimal(row, "lifetime_value")?.map(|value| number(value.round())),
            ),
        ]))
    })
}
