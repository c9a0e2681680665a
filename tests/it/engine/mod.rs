//! Tests of the subject `engine`: real runs from a source to a destination, under a clock that is
//! moved by hand.

mod approvals;
mod browsing;
mod cancelling;
mod choosing;
mod crashes;
mod editing;
mod exploring;
mod faults;
mod guards;
mod hand_over;
mod ignoring;
mod keeping;
mod kept_states;
mod mirrors;
mod modes;
mod overview;
mod pending;
mod pruning;
mod rehearsing;
mod scheduling;
mod troubles;
mod undoing;

use signalsmith::domain::run::{Run, RunOptions, RunStatus};
use signalsmith::sandbox::webhook_receiver::{
    Fault, FaultAnswer, ReceiverOptions, WebhookReceiver,
};

use crate::support::gate::Gate;
use crate::support::workspace::Workspace;

/// The table of people; keys are not unique, so that a test can break that rule.
const TABLE: &str = "create table people (id integer, email text, name text);";

/// A workspace whose source has the people 1 to `count`.
fn people(count: u32) -> Workspace {
    let workspace = Workspace::new();
    workspace.source(TABLE);
    add(&workspace, 1, count);
    workspace
}

/// Adds the people `from` to `to` to the source.
fn add(workspace: &Workspace, from: u32, to: u32) {
    let mut sql = String::from("begin;");
    for id in from..=to {
        sql += &format!("insert into people values ({id}, 'p{id}@x.example', 'Name {id}');");
    }
    workspace.source(&(sql + "commit;"));
}

/// A file with the sync `people`: identifier email, attributes id and name.
fn file(mode: &str, destination: &str, object: &str, more: &str) -> String {
    format!(
        r#"
[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email, name from people"
primary_key = ["id"]
columns = [{{ name = "email", role = "identifier" }}]

[[destination]]
name = "there"
{destination}

[[sync]]
name = "people"
model = "people"
destination = "there"
destination_object = "{object}"
mode = "{mode}"
{more}
{MAPPINGS}"#
    )
}

const MAPPINGS: &str = r#"field_mappings = [
  { source_column = "email", destination_field = "email", is_identifier = true },
  { source_column = "id", destination_field = "number" },
  { source_column = "name", destination_field = "name" },
]
"#;

/// The destination `copy.db`.
const COPY: &str = "type = \"sqlite\"\npath = \"copy.db\"";
/// The destination folder `out`.
const OUT: &str = "type = \"file\"\npath = \"out\"";

/// `file` to the table `people` of `copy.db`.
fn to_copy(mode: &str, more: &str) -> String {
    file(mode, COPY, "people", more)
}

/// `file` to an endpoint; `settings` are further lines of the destination.
fn to_hook(mode: &str, url: &str, settings: &str) -> String {
    let hook = format!(
        "type = \"webhook\"\nurl = \"{url}\"\nallow_networks = [\"127.0.0.0/8\"]\n{settings}"
    );
    file(mode, &hook, "rows", "")
}

/// What the table of the destination holds.
fn copied(workspace: &Workspace) -> Vec<String> {
    workspace.target("select number, email, name from people order by number, email")
}

/// A receiver that holds records by their email.
fn receiver(workspace: &Workspace, faults: Vec<Fault>) -> WebhookReceiver {
    let options = ReceiverOptions {
        key_field: "email".into(),
        faults,
        ..ReceiverOptions::default()
    };
    workspace.wait_for(WebhookReceiver::start(options)).unwrap()
}

fn status(status: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    let answer = FaultAnswer::Status {
        status,
        headers: headers.collect(),
        body: body.to_owned(),
    };
    Fault {
        answer,
        ..Fault::default()
    }
}

/// Emails of the records that a receiver holds.
fn received(receiver: &WebhookReceiver) -> Vec<String> {
    receiver.records().into_keys().collect()
}

/// Creates, updates, deletes that were done.
fn done(run: &Run) -> (u64, u64, u64) {
    let counters = &run.counters;
    (
        counters.create.done,
        counters.update.done,
        counters.delete.done,
    )
}

/// Makes sure that a run completed without errors, and gives what it did.
fn completed(run: &Run) -> (u64, u64, u64) {
    assert_eq!(run.status, RunStatus::Completed, "{run:#?}");
    done(run)
}

/// Names of people as `p1`, `p2`.
fn emails(ids: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut all: Vec<String> = ids
        .into_iter()
        .map(|id| format!("p{id}@x.example"))
        .collect();
    all.sort();
    all
}

fn options(set: impl FnOnce(&mut RunOptions)) -> RunOptions {
    let mut options = RunOptions::default();
    set(&mut options);
    options
}
