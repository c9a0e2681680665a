//! What the destinations hold, read directly from tables, files and receivers, and how that differs
//! from what they must hold.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value as Json;

use super::expected::{Case, Expected, Place};
use super::receivers::Receivers;
use super::truth::{Record, number};
use super::workspace::{COPY, OUT};

/// Fields whose text in a table is a number.
const NUMBERS: [&str; 2] = ["lifetime_value", "amount"];
/// Differences of one sync that are told one by one.
const TOLD: usize = 5;

/// Reads every record of a sync's object.
///
/// # Errors
/// What cannot be read, in words.
pub(super) fn records(
    folder: &Path,
    place: Place,
    receivers: &Receivers,
) -> Result<Vec<Record>, String> {
    match place {
        Place::Table(table) => {
            rows(&folder.join(COPY), table).map_err(|error| format!("cannot read {table}: {error}"))
        }
        Place::Lines(name) => lines(&folder.join(OUT).join(name)),
        Place::Contacts => receivers.contacts().values().map(fields).collect(),
        Place::Audience => receivers.audience().values().map(fields).collect(),
    }
}

fn rows(path: &Path, table: &str) -> rusqlite::Result<Vec<Record>> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = database.prepare(&format!("SELECT * FROM {table}"))?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let mut record = Record::new();
        for (at, name) in names.iter().enumerate() {
            record.insert(name.clone(), stored(row.get_ref(at)?, name));
        }
        Ok(record)
    })?;
    rows.collect()
}

fn stored(value: ValueRef<'_>, name: &str) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(number(value)),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let parsed = NUMBERS.contains(&name).then(|| text.parse().ok()).flatten();
            Some(parsed.map_or(text, number))
        }
    }
}

fn lines(path: &Path) -> Result<Vec<Record>, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let file = fs::File::open(path).map_err(|error| cannot(&error))?;
    let mut records = Vec::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| cannot(&error))?;
        let value: Json = serde_json::from_str(&line).map_err(|error| cannot(&error))?;
        records.push(fields(&value)?);
    }
    Ok(records)
}

fn fields(value: &Json) -> Result<Record, String> {
    let Json::Object(fields) = value else {
        return Err(format!("{value} is no record"));
    };
    let plain = |value: &Json| match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Number(digits) => Some(digits.as_f64().map_or_else(|| digits.to_string(), number)),
        other => Some(other.to_string()),
    };
    Ok(fields
        .iter()
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect())
}

/// Says how what was found differs from what must be there: nothing where all is right.
pub(super) fn differences(case: &Case, expected: &Expected, found: Vec<Record>) -> Vec<String> {
    let mut told = Vec::new();
    let mut seen: BTreeMap<String, Record> = BTreeMap::new();
    for record in found {
        let part = |name: &&str| record.get(*name).cloned().flatten().unwrap_or_default();
        let identifier = case
            .identifier
            .iter()
            .map(part)
            .collect::<Vec<_>>()
            .join(",");
        if seen.insert(identifier.clone(), record).is_some() {
            told.push(format!("{identifier} is there twice"));
        }
    }
    for (identifier, record) in expected.records() {
        match seen.get(identifier) {
            None => told.push(format!("{identifier} is missing")),
            Some(found) if found != record => {
                told.push(format!("{identifier} differs: {}", contrast(record, found)));
            }
            Some(_) => {}
        }
    }
    for identifier in seen
        .keys()
        .filter(|identifier| expected.get(identifier).is_none())
    {
        told.push(format!("{identifier} should not be there"));
    }
    if told.len() > TOLD {
        let more = told.len() - TOLD;
        told.truncate(TOLD);
        told.push(format!("and {more} more"));
    }
    told.iter()
        .map(|difference| format!("{}: {difference}", case.sync))
        .collect()
}

fn contrast(expected: &Record, found: &Record) -> String {
    let shown = |value: Option<&Option<String>>| match value {
        None => "nothing".to_owned(),
        Some(None) => "null".to_owned(),
        Some(Some(text)) => format!("'{text}'"),
    };
    let mut names: Vec<&String> = expected.keys().chain(found.keys()).collect();
    names.sort();
    names.dedup();
    let differs = names
        .into_iter()
        .filter(|name| expected.get(*name) != found.get(*name));
    let parts: Vec<String> = differs
        .map(|name| {
            format!(
                "{name} is {} where {} belongs",
                shown(found.get(name)),
                shown(expected.get(name))
            )
        })
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::expected::CASES;
    use super::super::sample;
    use super::*;

    struct Right {
        folder: tempfile::TempDir,
        case: &'static Case,
        expected: Expected,
    }

    /// A table that holds exactly what it must.
    fn right() -> Right {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("sample.db");
        sample::create(&source, 7, 120).unwrap();
        let case = CASES
            .iter()
            .find(|case| case.place == Place::Table("active_customers"))
            .unwrap();
        let mut expected = Expected::default();
        expected.advance(
            case.mode,
            (case.read)(&Connection::open(&source).unwrap()).unwrap(),
        );
        let copy = Connection::open(folder.path().join(COPY)).unwrap();
        copy.execute_batch(
            "CREATE TABLE active_customers (id INTEGER, email TEXT, first_name TEXT, last_name TEXT, plan TEXT, signed_up DATE)",
        )
        .unwrap();
        for (_, record) in expected.records() {
            let value = |name: &str| record[name].clone();
            copy.execute(
                "INSERT INTO active_customers VALUES (?,?,?,?,?,?)",
                [
                    "id",
                    "email",
                    "first_name",
                    "last_name",
                    "plan",
                    "signed_up",
                ]
                .map(value),
            )
            .unwrap();
        }
        Right {
            folder,
            case,
            expected,
        }
    }

    impl Right {
        fn after(&self, tampering: &str) -> Vec<String> {
            let copy = self.folder.path().join(COPY);
            Connection::open(&copy)
                .unwrap()
                .execute_batch(tampering)
                .unwrap();
            differences(
                self.case,
                &self.expected,
                rows(&copy, "active_customers").unwrap(),
            )
        }
    }

    #[test]
    fn a_right_table_passes() {
        let right = right();
        assert!(right.expected.records().count() > 50);
        assert_eq!(right.after(""), Vec::<String>::new());
    }

    #[test]
    fn a_changed_a_missing_a_doubled_and_a_foreign_record_are_each_told() {
        let told = right().after("UPDATE active_customers SET plan = 'gold' WHERE id = (SELECT min(id) FROM active_customers)");
        assert!(
            told.len() == 1 && told[0].contains("plan is 'gold' where"),
            "{told:?}"
        );
        let told = right().after(
            "DELETE FROM active_customers WHERE id = (SELECT max(id) FROM active_customers)",
        );
        assert!(
            told.len() == 1 && told[0].ends_with("is missing"),
            "{told:?}"
        );
        let told =
            right().after("INSERT INTO active_customers SELECT * FROM active_customers LIMIT 1");
        assert!(
            told.len() == 1 && told[0].ends_with("is there twice"),
            "{told:?}"
        );
        let told = right().after("INSERT INTO active_customers (id) VALUES (9999)");
        assert!(
            told.len() == 1 && told[0].ends_with("9999 should not be there"),
            "{told:?}"
        );
    }

    #[test]
    fn many_differences_are_told_shortly() {
        let told = right().after("DELETE FROM active_customers");
        assert_eq!(told.len(), TOLD + 1);
    }
}
