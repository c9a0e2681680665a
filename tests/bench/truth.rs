//! Whether a table holds what the model holds, row by row.

use std::cmp::Ordering;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Rows, Statement};

use crate::data::COLUMNS;

/// How a copy of the people differs from them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// Rows that are not in the model, or no longer.
    pub stay: u64,
    /// Rows of the model that are not there.
    pub missing: u64,
    /// Rows with other values than in the model.
    pub differ: u64,
}

impl Wrong {
    /// All of them.
    pub fn total(self) -> u64 {
        self.stay + self.missing + self.differ
    }

    /// In words.
    pub fn words(self) -> String {
        if self.total() == 0 {
            return "the target equals the model".to_owned();
        }
        let parts = [
            (self.stay, "stay that left the model"),
            (self.missing, "are missing"),
            (self.differ, "have other values"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(rows, _)| *rows > 0)
            .map(|(rows, what)| format!("{rows} rows {what}"))
            .collect();
        format!("in the target {}", parts.join(", "))
    }
}

/// Compares the table `people` of two databases in the order of its key.
pub fn compare(model: &Path, copy: &Path) -> Wrong {
    let [model, copy] = [model, copy].map(|path| Connection::open(path).unwrap());
    let [mut model, mut copy] = [&model, &copy].map(sorted);
    let [mut model, mut copy] = [&mut model, &mut copy].map(|it| it.raw_query());
    let mut wrong = Wrong::default();
    let (mut wanted, mut held) = (next(&mut model), next(&mut copy));
    loop {
        let order = match (&wanted, &held) {
            (None, None) => return wrong,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(wanted), Some(held)) => wanted[0].cmp(&held[0]),
        };
        match order {
            Ordering::Less => wrong.missing += 1,
            Ordering::Greater => wrong.stay += 1,
            Ordering::Equal => wrong.differ += u64::from(wanted != held),
        }
        if order != Ordering::Greater {
            wanted = next(&mut model);
        }
        if order != Ordering::Less {
            held = next(&mut copy);
        }
    }
}

fn sorted(database: &Connection) -> Statement<'_> {
    let columns = COLUMNS.join(", ");
    let sql = format!("SELECT {columns} FROM people ORDER BY pk");
    database.prepare(&sql).unwrap()
}

/// A row as texts: peers choose types of their own.
fn next(rows: &mut Rows<'_>) -> Option<Vec<Vec<u8>>> {
    let row = rows.next().unwrap()?;
    let cell = |position| match row.get_ref(position).unwrap() {
        ValueRef::Text(text) => text.to_vec(),
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        other => format!("{other:?}").into_bytes(),
    };
    Some((0..COLUMNS.len()).map(cell).collect())
}
