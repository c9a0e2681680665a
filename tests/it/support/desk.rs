//! A workspace in a temporary folder with a small CRM beside it, and the program to work on it.

use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::Value as Json;

use super::program::{Program, Ran};

/// A folder with `crm.db`, the workspace, and whatever a test writes.
pub struct Desk {
    pub program: Program,
}

/// How the sync of [`Desk::resources`] differs.
pub const UPSERT: &str = "mode = \"upsert\"";
pub const MIRROR: &str = "mode = \"mirror\"";

impl Desk {
    /// A CRM of so many customers, and an empty workspace.
    pub fn new(customers: u32) -> Self {
        let desk = Self {
            program: Program::new(),
        };
        desk.source(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, ltv REAL)",
        );
        desk.add(1, customers);
        desk.program.ok(&["init", "--name", "acme"]);
        desk
    }

    /// As [`Self::new`], with [`Self::resources`] applied.
    pub fn with(customers: u32, settings: &str) -> Self {
        let desk = Self::new(customers);
        desk.apply(&desk.resources(settings));
        desk
    }

    /// Adds the customers from one id up to another.
    pub fn add(&self, first: u32, last: u32) {
        self.source(&format!(
            "INSERT INTO customers WITH RECURSIVE n(i) AS
             (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
             SELECT i, 'u' || i || '@example.com', 'First ' || i, i * 1.5 FROM n WHERE i <= {last}"
        ));
    }

    /// Changes the source.
    pub fn source(&self, sql: &str) {
        let database = Connection::open(self.path("crm.db")).unwrap();
        database.execute_batch(sql).unwrap();
    }

    /// Reads one number from the destination.
    pub fn count(&self, sql: &str) -> i64 {
        let database = Connection::open(self.path("copy.db")).unwrap();
        database.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.program.path(name)
    }

    /// Source, model, destination and the sync `contacts`, which has these settings besides.
    pub fn resources(&self, settings: &str) -> String {
        format!(
            r#"
[[source]]
name = "crm"
type = "sqlite"
path = "crm.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email, first_name, ltv from customers"
primary_key = ["id"]
columns = [{{ name = "email", role = "identifier" }}]

[[destination]]
name = "copy"
type = "sqlite"
path = "copy.db"

[[sync]]
name = "contacts"
model = "people"
destination = "copy"
destination_object = "Contact"
paused = false
{settings}
field_mappings = [
  {{ source_column = "email", destination_field = "Email", is_identifier = true }},
  {{ source_column = "first_name", destination_field = "FirstName" }},
  {{ source_column = "ltv", destination_field = "Ltv" }},
]
"#
        )
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Applies a file of this text, which must succeed.
    pub fn apply(&self, text: &str) {
        self.write("acme.toml", text);
        self.program.ok(&["apply", "acme.toml", "--yes"]);
    }

    /// Applies a file of this text, which must fail, and gives what was said.
    pub fn refused(&self, text: &str) -> Ran {
        self.write("acme.toml", text);
        let before = self.ok(&["export"]);
        let ran = self.run(&["apply", "acme.toml", "--yes"]);
        assert_ne!(ran.code, 0, "{text}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
        assert_eq!(
            self.ok(&["export"]),
            before,
            "a refused file changes nothing"
        );
        ran
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.program.run(arguments)
    }

    pub fn ok(&self, arguments: &[&str]) -> String {
        self.program.ok(arguments)
    }

    pub fn json(&self, code: i32, arguments: &[&str]) -> Json {
        self.program.json(code, arguments)
    }
}
