//! The peer of destinations that send requests: the sandbox's receiver, and the records that follow
//! from what it took.

use std::sync::{LazyLock, mpsc};

use serde_json::value::RawValue;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::value::{Type, Value};
use signalsmith::sandbox::webhook_receiver::{ReceiverOptions, WebhookReceiver};
use tokio::runtime::Runtime;

use super::fixtures::Peer;
use super::readers::cells;

/// Receivers answer while a test waits inside a runtime of its own.
static SERVERS: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// A receiver on the loopback.
pub struct Endpoint(WebhookReceiver);

impl Endpoint {
    pub fn start() -> Self {
        let (started, receiver) = mpsc::channel();
        SERVERS.spawn(async move {
            let receiver = WebhookReceiver::start(ReceiverOptions::default()).await;
            started.send(receiver).unwrap();
        });
        Self(receiver.recv().unwrap().unwrap())
    }

    pub fn url(&self) -> String {
        self.0.url()
    }
}

type Row = Vec<(String, Box<RawValue>)>;

/// One message's rows; the first is whether they are gone.
fn told(body: &[u8]) -> (bool, Vec<Row>) {
    #[derive(serde::Deserialize)]
    struct Envelope<'a> {
        r#type: String,
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let envelope: Envelope<'_> = serde_json::from_slice(body).unwrap();
    let row = |row: &&RawValue| {
        let members: std::collections::BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(row.get()).unwrap();
        members.into_iter().collect()
    };
    let rows = envelope.data.iter().map(row).collect();
    (envelope.r#type == "row.deleted", rows)
}

/// The records that follow from the requests that the receiver took: by identifier, fields that
/// are left out keep what they hold; in append, one for each row.
pub fn read(peer: &Peer, fields: &[(&str, Type)]) -> Vec<Vec<Value>> {
    let Some((mode, shape)) = peer.last_run() else {
        return Vec::new();
    };
    let identifier = |row: &Row| -> Vec<String> {
        let names = shape.identifier_names();
        let of = |name: &&str| {
            row.iter()
                .find(|(known, _)| known == name)
                .unwrap()
                .1
                .get()
                .to_owned()
        };
        names.iter().map(of).collect()
    };
    let mut records: Vec<Row> = Vec::new();
    let requests = peer.endpoint().0.requests();
    assert_eq!(
        requests.count as usize,
        requests.last.len(),
        "none is forgotten"
    );
    for request in requests.last.iter().filter(|request| !request.duplicate) {
        let (deleted, rows) = told(&request.body);
        for row in rows {
            let found = records
                .iter()
                .position(|known| identifier(known) == identifier(&row));
            match found.filter(|_| mode != Mode::Append) {
                Some(at) if deleted => drop(records.remove(at)),
                Some(at) => {
                    let known = std::mem::take(&mut records[at]);
                    let kept = known
                        .into_iter()
                        .filter(|(name, _)| !row.iter().any(|(new, _)| new == name));
                    let kept: Row = kept.collect();
                    records[at] = kept.into_iter().chain(row).collect();
                }
                None if deleted => {}
                None => records.push(row),
            }
        }
    }
    records.into_iter().map(|row| cells(row, fields)).collect()
}
