//! The demo's resource file: what a person would write for such a workspace, brought in by apply.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::domain::command::{Command, Reply};
use crate::domain::problem::{Problem, ProblemKind};

use super::super::context::{Context, unexpected};
use super::super::init;

/// The file of the source's data, in the demo's folder.
pub(super) const SAMPLE: &str = "sample.db";
/// The file of the destination that is a database.
pub(super) const COPY: &str = "copy.db";
/// The folder of the destination that is files.
pub(super) const OUT: &str = "out";
/// The resource file, kept so that a person can read how all this was made.
const RESOURCES: &str = "demo.toml";
/// The secret by which webhooks are signed.
const SECRET: &str = "webhook.secret";

/// Where the two webhooks lead.
pub(super) struct Endpoints {
    pub contacts: String,
    pub audience: String,
}

/// Makes the workspace in `folder` and applies the resource file; `autonomous` lets schedules fire.
///
/// # Errors
/// A [`Problem`] where the folder cannot be written or a resource does not fit.
pub(super) async fn set_up(
    folder: &Path,
    endpoints: &Endpoints,
    secret: &str,
    autonomous: bool,
) -> Result<Context, Problem> {
    let text = resources(endpoints);
    write_private(&folder.join(SECRET), secret)?;
    write_private(&folder.join(RESOURCES), &text)?;
    init::create(folder, "demo", "Europe/Berlin").await?.close();
    let context = Context::host(folder, autonomous)?;
    let command = Command::Apply {
        text,
        base: folder.to_owned(),
        prune: false,
        dry_run: false,
        confirm: Vec::new(),
    };
    match context.ask(command).await {
        Ok(Reply::Changes(_)) => Ok(context),
        Ok(other) => {
            context.close();
            Err(unexpected(&other))
        }
        Err(problem) => {
            context.close();
            Err(problem)
        }
    }
}

fn write_private(path: &Path, text: &str) -> Result<(), Problem> {
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            let text = format!("cannot write {}: {error}", path.display());
            Problem::new(ProblemKind::State, text)
        })
}

/// The resource file's text; its paths are relative to the demo's folder.
pub(super) fn resources(endpoints: &Endpoints) -> String {
    let webhook = |name: &str, url: &str, batch: u32| {
        format!(
            "\n[[destination]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{url}\"\n\
             allow_private_network = true       # it is this very program that receives\n\
             signing_secret = {{ file = \"{SECRET}\" }}\nbatch_size = {batch}\n"
        )
    };
    [
        MODELS,
        "\n[[destination]]\nname = \"local copy\"\ntype = \"sqlite\"\npath = \"copy.db\"\n",
        "\n[[destination]]\nname = \"files\"\ntype = \"file\"\npath = \"out\"\n",
        &webhook("contacts endpoint", &endpoints.contacts, 25),
        &webhook("audience endpoint", &endpoints.audience, 20),
        TABLE_SYNCS,
        FILE_SYNCS,
        WEBHOOK_SYNCS,
    ]
    .concat()
}

const MODELS: &str = r#"[workspace]
name = "demo"
timezone = "Europe/Berlin"

[[source]]
name = "shop"
type = "sqlite"
path = "sample.db"

[[model]]
name = "customers"
source = "shop"
sql = """
select id, email, first_name, last_name, phone, city, country, company, plan,
       signed_up, lifetime_value, marketing_consent
from customers
"""
primary_key = ["id"]
columns = [{ name = "id", role = "identifier" }, { name = "email", role = "identifier" }]

[[model]]
name = "active customers"
source = "shop"
sql = "select id, email, first_name, last_name, plan, signed_up from customers where active"
primary_key = ["id"]
columns = [{ name = "id", role = "identifier" }]

[[model]]
name = "big spenders"
source = "shop"
sql = "select id, email, country, plan, lifetime_value from customers where lifetime_value >= 1000"
primary_key = ["id"]
columns = [{ name = "email", role = "identifier" }]

[[model]]
name = "orders"
source = "shop"
sql = "select order_no, customer_id, items, amount, status, note, ordered_at from orders"
primary_key = ["order_no"]
columns = [{ name = "order_no", role = "identifier" }]

[[model]]
name = "order events"
source = "shop"
sql = """
select order_no, 'placed' as event, ordered_at as happened_at from orders
union all
select order_no, 'shipped', shipped_at from orders where shipped_at is not null
"""
primary_key = ["order_no", "event"]
columns = [{ name = "order_no", role = "identifier" }, { name = "event", role = "identifier" }]
"#;

const TABLE_SYNCS: &str = r#"
[[sync]]
name = "Customer table"
model = "customers"
destination = "local copy"
destination_object = "customers"
mode = "upsert"
paused = false
schedule = { type = "interval", interval_minutes = 15 }
field_mappings = [
  { source_column = "email", destination_field = "email", is_identifier = true, transforms = ["normalize_email"] },
  { template = "{{ row.first_name }} {{ row.last_name }}", destination_field = "name" },
  { source_column = "phone", destination_field = "phone", transforms = [{ name = "regex_replace", pattern = "[^0-9+]", with = "" }] },
  { source_column = "city", destination_field = "city" },
  { source_column = "country", destination_field = "country", transforms = ["lower"] },
  { source_column = "company", destination_field = "company", transforms = [{ name = "default", value = "private" }] },
  { source_column = "plan", destination_field = "tier", transforms = [{ name = "map_values", values = { free = 0, starter = 1, team = 2, enterprise = 3 } }] },
  { source_column = "signed_up", destination_field = "signed_up" },
  { source_column = "lifetime_value", destination_field = "lifetime_value" },
  { source_column = "marketing_consent", destination_field = "marketing_consent" },
]

[[sync]]
name = "Active table"
model = "active customers"
destination = "local copy"
destination_object = "active_customers"
mode = "mirror"
paused = false
field_mappings = [
  { source_column = "id", destination_field = "id", is_identifier = true },
  { source_column = "email", destination_field = "email", transforms = ["trim", "lower"] },
  { source_column = "first_name", destination_field = "first_name" },
  { source_column = "last_name", destination_field = "last_name", transforms = ["upper"] },
  { source_column = "plan", destination_field = "plan" },
  { source_column = "signed_up", destination_field = "signed_up" },
]

[[sync]]
name = "Event table"
model = "order events"
destination = "local copy"
destination_object = "order_events"
mode = "append"
paused = false
field_mappings = [
  { source_column = "order_no", destination_field = "order_no", is_identifier = true },
  { source_column = "event", destination_field = "event", is_identifier = true },
  { source_column = "happened_at", destination_field = "happened_at" },
]
"#;

const FILE_SYNCS: &str = r#"
[[sync]]
name = "Customer file"
model = "customers"
destination = "files"
destination_object = "customers.jsonl"
mode = "mirror"
paused = false
field_mappings = [
  { source_column = "id", destination_field = "id", is_identifier = true },
  { source_column = "email", destination_field = "email", transforms = ["trim", "lower"] },
  { source_column = "first_name", destination_field = "first_name" },
  { source_column = "last_name", destination_field = "last_name" },
  { source_column = "city", destination_field = "city" },
  { source_column = "signed_up", destination_field = "signed_up" },
  { source_column = "lifetime_value", destination_field = "lifetime_value" },
]

[[sync]]
name = "Order file"
model = "orders"
destination = "files"
destination_object = "orders.jsonl"
mode = "append"
paused = false
schedule = { type = "cron", expression = "weekdays 9:00" }
field_mappings = [
  { source_column = "order_no", destination_field = "order_no", is_identifier = true },
  { source_column = "customer_id", destination_field = "customer_id" },
  { source_column = "items", destination_field = "items" },
  { source_column = "amount", destination_field = "amount" },
  { source_column = "status", destination_field = "status" },
  { source_column = "note", destination_field = "note", nulls = "skip" },
  { source_column = "ordered_at", destination_field = "ordered_at" },
]
"#;

const WEBHOOK_SYNCS: &str = r#"
[[sync]]
name = "Contact hook"
model = "customers"
destination = "contacts endpoint"
destination_object = "contacts"
mode = "upsert"
paused = false
field_mappings = [
  { source_column = "email", destination_field = "email", is_identifier = true, transforms = ["normalize_email"] },
  { source_column = "first_name", destination_field = "first_name" },
  { source_column = "last_name", destination_field = "last_name" },
  { source_column = "country", destination_field = "country" },
  { source_column = "plan", destination_field = "plan", transforms = ["upper"] },
  { source_column = "signed_up", destination_field = "signed_up" },
  { source_column = "lifetime_value", destination_field = "lifetime_value" },
  { constant = "shop", destination_field = "origin" },
  { variable = "sync.name", destination_field = "sent_by" },
]

[[sync]]
name = "Spender hook"
model = "big spenders"
destination = "audience endpoint"
destination_object = "audience"
mode = "mirror"
paused = false
schedule = { type = "cron", expression = "0 6 * * 1-5", timezone = "America/New_York" }
field_mappings = [
  { source_column = "email", destination_field = "hashed_email", is_identifier = true, transforms = ["normalize_email", "sha256"] },
  { source_column = "country", destination_field = "country" },
  { source_column = "plan", destination_field = "plan" },
  { source_column = "lifetime_value", destination_field = "lifetime_value", transforms = [{ name = "round", digits = 0 }] },
]
"#;
