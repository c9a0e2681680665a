//! TLS: what is not verified is not sent to.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use signalsmith::connectors::WriteError;
use signalsmith::domain::destination::StepOutcome;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::problem::ProblemKind;

use super::peer::{Act, Peer};
use super::{batch, class, open, run, session, three};

/// A certificate for localhost that nobody has signed but itself, and its key: worth nothing.
const CERTIFICATE: &[u8] = include_bytes!("self_signed.cert.der");
const KEY: &[u8] = include_bytes!("self_signed.key.der");

/// Serves TLS under the self-signed certificate to `count` connections; gives the port and, when
/// joined, the plain bytes that came.
fn self_signed(count: usize) -> (u16, std::thread::JoinHandle<Vec<u8>>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(KEY.to_vec()));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let mut plain = Vec::new();
        for _ in 0..count {
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut tls = rustls::Stream::new(&mut connection, &mut stream);
            // It ends with the client's alert.
            let _ = tls.read_to_end(&mut plain);
        }
        plain
    });
    (port, thread)
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_stops_the_run_before_a_byte_is_sent() {
    let (port, thread) = self_signed(1);
    let url = format!("https://localhost:{port}/hook");
    let session = session(&url, &json!({"allow_private_network": true}), Mode::Upsert).await;
    let result = session.write(batch("msg_1", 0, three())).await;
    let Err(WriteError::Fatal(error)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(error.kind, ProblemKind::Config);
    assert!(error.text.contains("certificate"), "{}", error.text);
    assert!(thread.join().unwrap().is_empty());
}

#[tokio::test]
async fn the_connection_test_names_the_step_that_failed() {
    // The bare connection of the step before, then the one with TLS.
    let (port, thread) = self_signed(2);
    let webhook = open(&format!("https://127.0.0.1:{port}/hook"), &json!({})).unwrap();
    let steps = webhook.test().await;
    let last = steps.last().unwrap();
    assert_eq!(
        (last.name.as_str(), last.outcome),
        ("secure the connection", StepOutcome::Failed)
    );
    let before = steps.iter().rev().skip(1);
    assert!(before.map(|step| step.name.as_str()).eq([
        "connect",
        "resolve the name",
        "check the URL"
    ]));
    assert!(thread.join().unwrap().is_empty());
}

#[tokio::test]
async fn a_reset_or_nonsense_within_the_handshake_is_retryable() {
    for act in [
        Act::ResetAtOnce,
        Act::Write(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
    ] {
        let plain = Peer::start(vec![act]).await;
        let url = plain.url().replace("http:", "https:");
        let webhook = open(&url, &json!({"timeout_s": 1})).unwrap();
        let session = webhook.begin(run(Mode::Upsert)).await.unwrap();
        let result = session.write(batch("msg_1", 0, three())).await;
        assert_eq!(class(&result), "retryable", "{result:?}");
        assert!(plain.requests().is_empty());
    }
}
