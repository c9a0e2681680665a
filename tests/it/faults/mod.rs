//! What goes wrong between the engine and an endpoint: real runs through a proxy that breaks
//! connections, requests and answers, under a clock that is moved by hand.

mod bombs;
mod cases;
mod connections;
mod matrix;
mod rows;
mod storms;

use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::run::{Run, RunOptions, RunStatus};
use signalsmith::sandbox::webhook_receiver::{ReceiverOptions, WebhookReceiver};

use crate::support::fault_proxy::{Exchange, FaultProxy};
use crate::support::rows::query;
use crate::support::workspace::Workspace;

/// Rows that each change adds, updates and deletes.
const ROWS: u64 = 4;

/// A way of syncing, and which of its batches the faults hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// Upsert.
    Upsert,
    /// Mirror; creates and updates are hit.
    Mirror,
    /// Mirror; deletes are hit.
    Deletes,
    /// Append.
    Append,
    /// Append, where rows of unknown outcome wait for a person.
    Hold,
}

const LANES: [Lane; 5] = [
    Lane::Upsert,
    Lane::Mirror,
    Lane::Deletes,
    Lane::Append,
    Lane::Hold,
];

impl Lane {
    fn mode(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Mirror | Self::Deletes => "mirror",
            Self::Append | Self::Hold => "append",
        }
    }

    /// The type of the messages that are hit.
    fn hit(self) -> &'static str {
        match self {
            Self::Deletes => "row.deleted",
            _ => "row.upserted",
        }
    }

    /// The operations of the messages that are hit, after one change.
    fn hit_rows(self) -> u64 {
        match self {
            Self::Upsert | Self::Mirror => 2 * ROWS,
            Self::Deletes | Self::Append | Self::Hold => ROWS,
        }
    }

    fn appends(self) -> bool {
        self.mode() == "append"
    }
}

/// A source, a core, a proxy, and the receiver behind it.
struct World {
    workspace: Workspace,
    receiver: WebhookReceiver,
    proxy: FaultProxy,
    lane: Lane,
    /// The people of the source begin and end here; the older half is updated or deleted next.
    people: std::ops::Range<u64>,
    /// What upsert leaves behind, by email.
    left: BTreeMap<String, String>,
    /// Emails of rows that wait for a person.
    held: BTreeSet<String>,
}

impl World {
    /// A world whose first people have arrived.
    fn new(lane: Lane) -> Self {
        let workspace = Workspace::new();
        workspace.source("create table people (id integer, email text, name text);");
        let options = ReceiverOptions {
            key_field: "email".into(),
            ..ReceiverOptions::default()
        };
        let receiver = workspace.wait_for(WebhookReceiver::start(options)).unwrap();
        let proxy = FaultProxy::start(workspace.runtime.handle(), &receiver.url());
        let mut world = Self {
            workspace,
            receiver,
            proxy,
            lane,
            people: 0..0,
            left: BTreeMap::new(),
            held: BTreeSet::new(),
        };
        world.add(3 * ROWS);
        // Nothing is broken yet: a machine under load may take its time.
        world.settings("begin", "timeout_s = 30");
        let first = world.run();
        assert_eq!(first.status, RunStatus::Completed, "{first:#?}");
        world
    }

    fn add(&mut self, count: u64) {
        let end = self.people.end + count;
        for id in self.people.end..end {
            let row = format!("insert into people values ({id}, 'p{id}@x.example', 'New {id}');");
            self.workspace.source(&row);
        }
        self.people.end = end;
    }

    /// Adds, updates and deletes people, as many of each as [`ROWS`].
    fn change(&mut self) {
        let first = self.people.start;
        let (gone, changed) = (first + ROWS, first + 2 * ROWS);
        let known = self.records();
        for id in first..gone {
            let email = format!("p{id}@x.example");
            if let Some(name) = known.get(&email) {
                self.left.insert(email, name.clone());
            }
        }
        self.people.start = gone;
        self.workspace.source(&format!(
            "delete from people where id < {gone};
             update people set name = 'Changed ' || id || ' at ' || {first} where id < {changed};"
        ));
        self.add(ROWS);
    }

    /// Configures the sync anew, which starts with a clean circuit and a full budget; `more` are
    /// further lines of the destination.
    fn settings(&self, name: &str, more: &str) {
        self.point_to(&self.proxy.url(), name, more);
    }

    fn point_to(&self, url: &str, name: &str, more: &str) {
        let mode = self.lane.mode();
        let timeout = if more.contains("timeout_s") {
            ""
        } else {
            "timeout_s = 1"
        };
        let hold = if self.lane == Lane::Hold {
            "on_unknown = \"hold\""
        } else {
            ""
        };
        self.workspace.apply(&format!(
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
type = "webhook"
url = "{url}"
allow_networks = ["127.0.0.0/8"]
{timeout}
headers = {{ X-Case = "{name}" }}
{more}

[[sync]]
name = "people"
model = "people"
destination = "there"
destination_object = "rows"
mode = "{mode}"
{hold}
field_mappings = [
  {{ source_column = "email", destination_field = "email", is_identifier = true }},
  {{ source_column = "id", destination_field = "number" }},
  {{ source_column = "name", destination_field = "name" }},
]
"#
        ));
    }

    /// A run to its end; time passes while it waits for it and for nothing else.
    fn run(&self) -> Run {
        let run = self.workspace.begin("people", RunOptions::default());
        self.workspace.wait_through(&run.id)
    }

    /// The requests since `before` were there whose type is hit.
    fn hits(&self, before: usize) -> Vec<Exchange> {
        let mut all = self.proxy.exchanges().split_off(before);
        all.retain(|exchange| exchange.body.contains(self.lane.hit()));
        all
    }

    /// What the receiver holds: names by email.
    fn records(&self) -> BTreeMap<String, String> {
        let records = self.receiver.records().into_iter();
        records
            .map(|(email, row)| (email, row["name"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// What the receiver must hold in the end.
    fn model(&self) -> BTreeMap<String, String> {
        let rows = query(
            &self.workspace.path("source.db"),
            "select email, name from people",
        );
        let rows = rows.iter().map(|row| row.split_once('|').unwrap());
        let mut model: BTreeMap<_, _> = rows
            .map(|(email, name)| (email.to_owned(), name.to_owned()))
            .collect();
        if self.lane == Lane::Upsert {
            let left = self
                .left
                .iter()
                .map(|(email, name)| (email.clone(), name.clone()));
            model.extend(left);
        }
        model
    }

    /// Lets the faults stop, and makes sure that at most two runs later the destination is equal
    /// to the model, and that nothing more is sent then.
    fn converges(&self, name: &str) {
        self.workspace.wait_for(self.proxy.heal());
        let mut last = self.run();
        if last.status != RunStatus::Completed || !self.is_equal() {
            last = self.run();
        }
        let log = self.workspace.log(&last);
        assert_eq!(last.status, RunStatus::Completed, "{name}: {log}");
        let (records, model) = (self.records(), self.model());
        assert!(self.is_equal(), "{name}: {records:#?} is not {model:#?}");
        let sent = self.proxy.exchanges().len();
        assert_eq!(self.run().status, RunStatus::Completed, "{name}");
        assert_eq!(
            self.proxy.exchanges().len(),
            sent,
            "{name}: sent again without a reason"
        );
    }

    /// Notes that the rows of a request wait for a person.
    fn hold(&mut self, request: &Exchange) {
        let rows = rows_of(request).into_iter();
        self.held
            .extend(rows.map(|row| row["email"].as_str().unwrap().to_owned()));
    }

    fn is_equal(&self) -> bool {
        let (records, model) = (self.records(), self.model());
        match self.lane.appends() {
            true => model
                .keys()
                .all(|email| records.contains_key(email) || self.held.contains(email)),
            false => records == model,
        }
    }

    /// Under how many ids the receiver got each row, by email, since `before`.
    fn ids_by_row(&self, before: usize) -> BTreeMap<String, BTreeSet<String>> {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for exchange in self
            .proxy
            .exchanges()
            .split_off(before)
            .iter()
            .filter(|it| it.reached)
        {
            for row in rows_of(exchange) {
                let email = row["email"].as_str().unwrap().to_owned();
                ids.entry(email).or_default().insert(exchange.id.clone());
            }
        }
        ids
    }
}

/// The rows of a request.
fn rows_of(exchange: &Exchange) -> Vec<serde_json::Value> {
    let body: serde_json::Value = serde_json::from_str(&exchange.body).unwrap();
    body["data"].as_array().unwrap().clone()
}

/// The verdict counts of a run: done, rejected, unknown, unsent.
fn totals(run: &Run) -> [u64; 4] {
    let counters = &run.counters;
    [
        counters.total(|tally| tally.done),
        counters.total(|tally| tally.rejected),
        counters.total(|tally| tally.unknown),
        counters.total(|tally| tally.unsent),
    ]
}

/// Seconds of the engine's clock from the start of a run to its end.
fn seconds(run: &Run) -> i64 {
    (run.ended_at.unwrap() - run.started_at.unwrap()).num_seconds()
}

/// Does the same in every lane at once: where one waits for a deadline, the others go on.
fn in_lanes(lanes: &[Lane], test: impl Fn(Lane) + Sync) {
    std::thread::scope(|scope| {
        for lane in lanes {
            let test = &test;
            std::thread::Builder::new()
                .name(format!("{lane:?}"))
                .spawn_scoped(scope, move || test(*lane))
                .unwrap();
        }
    });
}
