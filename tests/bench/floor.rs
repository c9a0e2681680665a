//! The floor: the least that any comparison must do, read every row and hash its key and its cells.

use std::hint::black_box;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use signalsmith::domain::row::{Fingerprint, encode, encode_text};
use signalsmith::domain::value::Value;

use crate::data::COLUMNS;

/// Reads and hashes the table `people`; gives the number of rows.
pub fn sqlite(path: &Path) -> u64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags).unwrap();
    let sql = format!("SELECT {} FROM people", COLUMNS.join(", "));
    let mut statement = database.prepare(&sql).unwrap();
    let mut rows = statement.raw_query();
    let mut hashed = Hashed::default();
    while let Some(row) = rows.next().unwrap() {
        for position in 0..COLUMNS.len() {
            match row.get_ref(position).unwrap() {
                ValueRef::Integer(number) => encode(&Value::Integer(number), &mut hashed.cells),
                ValueRef::Text(text) => {
                    encode_text(std::str::from_utf8(text).unwrap(), &mut hashed.cells);
                }
                other => panic!("{other:?}"),
            }
            hashed.end_cell(position);
        }
        hashed.end_row();
    }
    hashed.rows
}

/// Reads and hashes a CSV file; gives the number of rows.
pub fn csv(path: &Path) -> u64 {
    let mut reader = csv::ReaderBuilder::new()
        .buffer_capacity(1 << 20)
        .from_path(path)
        .unwrap();
    let mut record = csv::ByteRecord::new();
    let mut hashed = Hashed::default();
    while reader.read_byte_record(&mut record).unwrap() {
        for (position, cell) in record.iter().enumerate() {
            encode_text(std::str::from_utf8(cell).unwrap(), &mut hashed.cells);
            hashed.end_cell(position);
        }
        hashed.end_row();
    }
    hashed.rows
}

/// Rows that are hashed cell by cell.
#[derive(Default)]
pub struct Hashed {
    /// The encoded cells of the row that is under way.
    pub cells: Vec<u8>,
    key: usize,
    /// Rows that are done.
    pub rows: u64,
}

impl Hashed {
    /// Ends a cell; the first is the key.
    pub fn end_cell(&mut self, position: usize) {
        if position == 0 {
            self.key = self.cells.len();
        }
    }

    /// Hashes key and row.
    pub fn end_row(&mut self) {
        black_box(Fingerprint::of(1, &self.cells[..self.key]));
        black_box(Fingerprint::of(1, &self.cells));
        self.cells.clear();
        self.rows += 1;
    }
}
