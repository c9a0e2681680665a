//! Real data: slices of the flights from New York City in 2013, loaded as a shell's import would.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// Every table.
pub const TABLES: [&str; 4] = ["airports", "planes", "flights", "weather"];

/// The compressed file of a table.
pub fn file(table: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/flights");
    folder.join(format!("{table}.csv.gz"))
}

/// Loads every table into a database, all columns as text, as `sqlite3`'s `.import --csv` does.
pub fn load(path: &Path) {
    let mut database = Connection::open(path).unwrap();
    let transaction = database.transaction().unwrap();
    for table in TABLES {
        let packed = std::fs::File::open(file(table)).unwrap();
        let mut reader = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(packed));
        let header = reader.headers().unwrap().clone();
        let columns: Vec<String> = header.iter().map(|name| format!("{name:?} TEXT")).collect();
        let places = vec!["?"; header.len()].join(",");
        let create = format!("CREATE TABLE {table} ({})", columns.join(", "));
        transaction.execute_batch(&create).unwrap();
        let mut insert = transaction
            .prepare(&format!("INSERT INTO {table} VALUES ({places})"))
            .unwrap();
        for record in reader.records() {
            let record = record.unwrap();
            insert
                .execute(rusqlite::params_from_iter(record.iter()))
                .unwrap();
        }
    }
    transaction.commit().unwrap();
}
