//! What must never be reached: no spelling of a forbidden address leads to a connection.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;
use signalsmith::connectors::http::{
    ClientOptions, EgressPolicy, HttpClient, HttpError, HttpRequest, Lookup,
};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::problem::ProblemKind;

use super::peer::Peer;
use super::{batch, class, open, run, three};

/// Every form stands for the loopback or another forbidden address; `PORT` is the listener's.
const FORMS: &[&str] = &[
    "http://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7F.1:PORT/",
    "http://0x7f.0x0.0x0.0x1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://0177.0.0.01:PORT/",
    "http://017700000001:PORT/",
    "http://00000177.1:PORT/",
    "http://127.0.0x0.1:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http://127%2e0%2e0%2e1:PORT/",
    "http://127。0。0。1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://１２７.0.0.1:PORT/",
    "http://127.127.127.127:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[0:0:0:0:0:ffff:7f00:0001]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[::ffff:0:127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[64:ff9b::7f00:1]:PORT/",
    "http://[64:ff9b:1::7f00:1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[2001:0:7f00:1::1]:PORT/",
    "http://[2001::80ff:fffe]:PORT/",
    "http://[fe80::5efe:127.0.0.1]:PORT/",
    "http://[2606:4700::5efe:127.0.0.1]:PORT/",
    "http://[fd00::1]:PORT/",
    "http://[fd00:ec2::254]:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://localhost.:PORT/",
    "http://lo%63alhost:PORT/",
    "http://a.localhost:PORT/",
    "https://localhost:8443/",
    "http://user@127.0.0.1:PORT/",
    "http://user:word@127.0.0.1:PORT/",
    "http://a.example@127.0.0.1:PORT/",
    "http://a.example:443@127.0.0.1:PORT/",
    "http://@127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "http://127.0.0.1:PORT#@a.example/",
    "http://127.0.0.1:PORT?@a.example/",
    "http://127.0.0.1\t:PORT/",
    " http://127.0.0.1:PORT/ ",
    "http://10.0.0.1:PORT/",
    "http://192.168.0.1:PORT/",
    "http://172.16.0.1:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "http://[64:ff9b::a9fe:a9fe]/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "ftp://127.0.0.1:PORT/",
    "file:///etc/passwd",
    "unix:/run/core.sock",
    "gopher://127.0.0.1:PORT/_x",
];

/// Opens `url`, tests it and writes to it; true where anything was let through.
async fn leads_anywhere(url: &str, networks: serde_json::Value) -> bool {
    let extra = json!({"allow_networks": networks});
    let Ok(webhook) = open(url, &extra) else {
        return false;
    };
    let session = webhook.begin(run(Mode::Upsert)).await.unwrap();
    let result = session.write(batch("msg_1", 0, three())).await;
    let steps = webhook.test().await;
    let failed = steps
        .iter()
        .any(|step| step.outcome == signalsmith::domain::destination::StepOutcome::Failed);
    class(&result) != "fatal" || !failed
}

#[tokio::test]
async fn no_spelling_of_a_forbidden_address_is_reached() {
    let peer = Peer::answering("200 OK", "").await;
    assert!(FORMS.len() >= 60);
    for form in FORMS {
        let url = form.replace("PORT", &peer.port().to_string());
        // The second opens plain http and every port, but only for a network that is not ours.
        for networks in [json!([]), json!(["203.0.113.0/24"])] {
            assert!(!leads_anywhere(&url, networks).await, "{url}");
        }
    }
    assert_eq!(peer.connects(), 0);
}

#[tokio::test]
async fn what_was_opened_is_reached_in_every_honest_spelling() {
    let peer = Peer::answering("200 OK", "").await;
    for form in [
        "http://127.0.0.1:PORT/",
        "http://2130706433:PORT/",
        "http://localhost:PORT/",
    ] {
        let url = form.replace("PORT", &peer.port().to_string());
        for extra in [
            json!({"allow_networks": ["127.0.0.0/8", "::1/128"]}),
            json!({"allow_networks": [], "allow_private_network": true}),
        ] {
            let webhook = open(&url, &extra).unwrap();
            let session = webhook.begin(run(Mode::Upsert)).await.unwrap();
            let result = session.write(batch("msg_1", 0, three())).await;
            assert_eq!(class(&result), "verdicts", "{url}: {result:?}");
        }
    }
    assert_eq!(peer.connects(), 6);
}

/// Gives a public address at first and the loopback ever after.
#[derive(Default)]
struct Rebinding(AtomicUsize);

#[async_trait]
impl Lookup for Rebinding {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let address = match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => "8.8.8.8",
            _ => "127.0.0.1",
        };
        Ok(vec![address.parse().unwrap()])
    }
}

#[tokio::test]
async fn a_name_that_is_bound_anew_between_look_ups_is_refused() {
    let url: reqwest::Url = "https://rebinding.example/".parse().unwrap();
    let lookup = Arc::new(Rebinding::default());
    let options = ClientOptions {
        policy: EgressPolicy::default().into(),
        lookup: lookup.clone(),
        ..ClientOptions::default()
    };
    let client = HttpClient::new(&url, &options).unwrap();
    let first = client.addresses().await.unwrap();
    assert_eq!(first[0].to_string(), "8.8.8.8:443");
    let request = HttpRequest {
        method: "POST".parse().unwrap(),
        url,
        headers: Default::default(),
        body: Vec::new(),
    };
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error, HttpError::Refused(_)), "{error:?}");
    assert_eq!(
        lookup.0.load(Ordering::SeqCst),
        2,
        "what was checked is what is connected to"
    );
}

#[tokio::test]
async fn a_refusal_is_a_configuration_error_with_a_way_out() {
    let Err(error) = open("http://127.0.0.1:1/", &json!({"allow_networks": []})) else {
        panic!("the loopback is closed")
    };
    assert_eq!(error.kind, ProblemKind::Config);
    assert!(error.text.contains("this host") && error.hint.contains("allow_networks"));
}
