//! The data: people in eight columns, about 130 bytes a row, keys in random order, and later
//! versions of them of which a known part has changed, come and gone.

use std::fmt::Write as _;
use std::io::BufWriter;
use std::path::Path;

use rusqlite::Connection;

/// The columns, in order; the first is the key.
pub const COLUMNS: [&str; 8] = [
    "pk",
    "email",
    "first_name",
    "last_name",
    "city",
    "amount",
    "plan",
    "updated_at",
];

const FIRST: [&str; 8] = [
    "Annegret",
    "Bo",
    "Chandra",
    "Dmitri",
    "Esperanza",
    "Fu",
    "Guðrún",
    "Hal",
];
const LAST: [&str; 8] = [
    "Abernathy",
    "Bjørnsen",
    "Castellanos",
    "Dunn",
    "Eze",
    "Fitzgerald",
    "Gupta",
    "Hoang",
];
const CITY: [&str; 8] = [
    "Amsterdam",
    "Bogotá",
    "Casablanca",
    "Dortmund",
    "Edinburgh",
    "Fukuoka",
    "Guadalajara",
    "Hue",
];
const PLAN: [&str; 4] = ["free", "team", "business", "enterprise"];

/// One version of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Rows of the first version.
    pub rows: u64,
    /// Rows of a million that differ from the first version: half of them changed, a quarter gone,
    /// a quarter new.
    pub differing: u64,
}

/// How a version differs from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Differences {
    pub changed: u64,
    pub gone: u64,
    pub new: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Same,
    Changed,
    Gone,
}

impl Version {
    /// What a comparison with the first version must find.
    pub fn differences(self) -> Differences {
        let mut found = Differences {
            new: self.added(),
            ..Differences::default()
        };
        for index in 0..self.rows {
            match self.fate(index) {
                Fate::Same => {}
                Fate::Changed => found.changed += 1,
                Fate::Gone => found.gone += 1,
            }
        }
        found
    }

    fn added(self) -> u64 {
        self.rows * self.differing / 4_000_000
    }

    fn fate(self, index: u64) -> Fate {
        let place = mixed(index ^ 0x5eed) % 1_000_000;
        if place < self.differing / 2 {
            Fate::Changed
        } else if place < self.differing * 3 / 4 {
            Fate::Gone
        } else {
            Fate::Same
        }
    }

    /// Gives every row of this version, in the order of the source.
    pub fn each(self, mut take: impl FnMut(&[String; 8])) {
        let mut row = <[String; 8]>::default();
        for index in 0..self.rows + self.added() {
            let fate = if index < self.rows {
                self.fate(index)
            } else {
                Fate::Same
            };
            if fate != Fate::Gone {
                fill(&mut row, index, fate == Fate::Changed);
                take(&row);
            }
        }
    }

    /// Makes an SQLite database with the table `people`, unless it is there.
    pub fn sqlite(self, path: &Path) {
        if path.exists() {
            return;
        }
        let making = path.with_extension("making");
        let _ = std::fs::remove_file(&making);
        let mut database = Connection::open(&making).unwrap();
        database
            .execute_batch(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
                 CREATE TABLE people (pk TEXT, email TEXT, first_name TEXT, last_name TEXT,
                   city TEXT, amount INTEGER, plan TEXT, updated_at TEXT);",
            )
            .unwrap();
        let transaction = database.transaction().unwrap();
        let mut insert = transaction
            .prepare("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .unwrap();
        self.each(|row| {
            insert.execute(rusqlite::params_from_iter(row)).unwrap();
        });
        drop(insert);
        transaction.commit().unwrap();
        database.close().unwrap();
        std::fs::rename(making, path).unwrap();
    }

    /// Makes a CSV file, unless it is there.
    pub fn csv(self, path: &Path) {
        if path.exists() {
            return;
        }
        let making = path.with_extension("making");
        let file = BufWriter::with_capacity(1 << 20, std::fs::File::create(&making).unwrap());
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(COLUMNS).unwrap();
        self.each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
        std::fs::rename(making, path).unwrap();
    }
}

/// A bijection that looks random (the finalizer of splitmix64).
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The row at `index`, in its first or its changed state.
pub fn row(index: u64, is_changed: bool) -> [String; 8] {
    let mut row = <[String; 8]>::default();
    fill(&mut row, index, is_changed);
    row
}

fn fill(row: &mut [String; 8], index: u64, is_changed: bool) {
    let random = mixed(index);
    let pick = |words: &[&'static str], shift: u32| words[(random >> shift) as usize % words.len()];
    let amount = (random >> 20) % 1_000_000 + u64::from(is_changed);
    let (day, hour) = ((random >> 40) % 28 + 1, (random >> 46) % 24);
    let year = if is_changed { 2026 } else { 2025 };
    row.iter_mut().for_each(String::clear);
    let [pk, email, first, last, city, sum, plan, updated] = row;
    write!(pk, "cus_{random:016x}").unwrap();
    write!(email, "p{index}@mail{:02}.example", random % 100).unwrap();
    first.push_str(pick(&FIRST, 3));
    last.push_str(pick(&LAST, 9));
    city.push_str(pick(&CITY, 15));
    write!(sum, "{amount}").unwrap();
    plan.push_str(pick(&PLAN, 30));
    write!(updated, "{year}-03-{day:02}T{hour:02}:15:30Z").unwrap();
}
