//! A real workspace for the screens of a sync: contacts in one database, their copy in another.

use super::real::Desk;
use crate::support::workspace::Workspace;

/// Contacts: the first has all, the second no last name, the third a phone that is none.
const SOURCE: &str = r#"
create table customers (id integer primary key, email text, first_name text, last_name text,
                        lifetime_value real, segment text, phone text);
insert into customers values
  (1, ' ADA@example.com ', 'Ada',  'Lovelace', 1204.503, 'gold',   '030 123456'),
  (2, 'ben@example.com',   'Ben',  null,       88,       'silver', '+49 89 7654321'),
  (3, 'cyd@example.com',   'Cyd',  'Charisse', null,     'gold',   '0049 30/12 x'),
  (4, 'dee@example.com',   'Dee',  'Dee',      5,        null,     null);
"#;

/// The table that the sync writes to; a contact needs a last name.
const TARGET: &str = r#"
create table Contact ("Email" text primary key, "LastName" text not null, "FirstName" text,
                      "LTV" real, "Segment" text, "Phone" varchar(40));
"#;

const FILE: &str = r#"
[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "contacts"
source = "crm"
sql = "select id, email, first_name, last_name, lifetime_value, segment, phone from customers"
primary_key = ["id"]
columns = [{ name = "email", role = "identifier" }]

[[destination]]
name = "copy"
type = "sqlite"
path = "copy.db"
"#;

/// A sync that carries the contacts.
pub const SYNC: &str = r#"
[[sync]]
name = "CRM Contacts"
model = "contacts"
destination = "copy"
destination_object = "Contact"
mode = "upsert"
paused = false
schedule = { type = "interval", interval_minutes = 60 }
field_mappings = [
  { source_column = "email", destination_field = "Email", is_identifier = true, transforms = ["trim", "lower"] },
  { source_column = "last_name", destination_field = "LastName" },
  { source_column = "lifetime_value", destination_field = "LTV", transforms = [{ name = "round", digits = 2 }] },
  { source_column = "phone", destination_field = "Phone", transforms = ["trim", { name = "normalize_phone", country = "DE" }] },
]
"#;

/// Source, model and destination, without a sync.
pub fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.source(SOURCE);
    let copy = rusqlite::Connection::open(workspace.path("copy.db")).unwrap();
    copy.execute_batch(TARGET).unwrap();
    workspace.apply(FILE);
    workspace
}

/// The same with the sync.
pub fn with_sync() -> Workspace {
    let workspace = workspace();
    workspace.apply(SYNC);
    workspace
}

/// A robot before that workspace, the cursor on the sync.
pub fn desk(size: (u16, u16)) -> Desk {
    Desk::new(with_sync(), size)
}
