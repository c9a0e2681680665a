//! Every fault of the matrix that fits one client: its class, and what is never shown.

use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use signalsmith::connectors::http::answer::no_answer;
use signalsmith::connectors::http::{
    BodyEnd, ClientOptions, EgressPolicy, HttpClient, HttpError, HttpRequest, Lookup,
};
use signalsmith::connectors::{WriteError, Written};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::verdict::Verdict;

use super::peer::{Act, Peer, answer, answer_bytes};
use super::{batch, class, letters, session, three, upsert};

/// Writes three rows to a peer that answers so.
async fn written(acts: Vec<Act>) -> (Result<Written, WriteError>, Peer) {
    let peer = Peer::start(acts).await;
    let session = session(&peer.url(), &json!({"timeout_s": 1}), Mode::Upsert).await;
    (session.write(batch("msg_1", 0, three())).await, peer)
}

async fn answered(head: &str, body: &str) -> Result<Written, WriteError> {
    written(vec![Act::Write(answer(head, body))]).await.0
}

fn text(result: Result<Written, WriteError>) -> String {
    result.unwrap_err().to_string()
}

#[tokio::test]
async fn a_refused_connection_is_retryable() {
    let peer = Peer::answering("200 OK", "").await;
    let url = peer.url();
    let port = peer.port();
    drop(peer);
    // The listener is gone once its port can be bound again.
    while std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
        tokio::task::yield_now().await;
    }
    let session = session(&url, &json!({}), Mode::Upsert).await;
    let result = session.write(batch("msg_1", 0, three())).await;
    assert_eq!(class(&result), "retryable");
}

/// A resolver that knows no name.
struct NoNames;

#[async_trait]
impl Lookup for NoNames {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Err(std::io::Error::other("no such name"))
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_retryable() {
    let url: reqwest::Url = "https://nowhere.example/hook".parse().unwrap();
    let options = ClientOptions {
        lookup: Arc::new(NoNames),
        ..ClientOptions::default()
    };
    let client = HttpClient::new(&url, &options).unwrap();
    let request = HttpRequest {
        method: "POST".parse().unwrap(),
        url,
        headers: Default::default(),
        body: Vec::new(),
    };
    let error = client.send(request).await.unwrap_err();
    assert_eq!(error, HttpError::Connect("no such name".to_owned()));
    let class = class(&Err(no_answer(&error, "nowhere.example")));
    assert_eq!(class, "retryable");
}

#[tokio::test]
async fn a_reset_after_the_request_is_ambiguous_and_one_at_once_is_never_a_verdict() {
    let (result, peer) = written(vec![Act::ResetAfterRequest]).await;
    assert_eq!(class(&result), "ambiguous");
    assert_eq!(peer.connects(), 1, "the client itself tries once");
    let (result, _) = written(vec![Act::ResetAtOnce]).await;
    assert!(
        matches!(class(&result), "ambiguous" | "retryable"),
        "{result:?}"
    );
}

#[tokio::test]
async fn silence_after_the_request_is_ambiguous() {
    let (result, _peer) = written(vec![Act::Stall]).await;
    assert_eq!(class(&result), "ambiguous");
}

#[tokio::test]
async fn a_cut_or_lying_answer_is_ambiguous() {
    for head in ["content-length: 1000", "transfer-encoding: chunked"] {
        let cut = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n5\r\n{{\"res");
        let (result, _) = written(vec![Act::Write(cut.into_bytes())]).await;
        assert_eq!(class(&result), "ambiguous", "{head}");
    }
    let garbage = written(vec![Act::Write(b"nonsense\r\n\r\n".to_vec())])
        .await
        .0;
    assert_eq!(class(&garbage), "ambiguous");
}

fn client(peer: &Peer, idle: Duration, body_cap_bytes: usize) -> (HttpClient, HttpRequest) {
    let policy = EgressPolicy::new(&["127.0.0.1".to_owned()], false).unwrap();
    let url = peer.url().parse().unwrap();
    let options = ClientOptions {
        policy: policy.into(),
        idle,
        body_cap_bytes,
        ..ClientOptions::default()
    };
    let client = HttpClient::new(&url, &options).unwrap();
    let request = HttpRequest {
        method: "POST".parse().unwrap(),
        url,
        headers: Default::default(),
        body: b"{}".to_vec(),
    };
    (client, request)
}

#[tokio::test]
async fn silence_within_an_answer_cuts_it_at_the_idle_deadline() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let peer = Peer::start(vec![Act::WriteAndStall(head)]).await;
    let (client, request) = client(&peer, Duration::from_millis(100), 1024);
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.body, b"half");
    assert!(matches!(answer.end, BodyEnd::Cut(_)));
}

#[tokio::test]
async fn silence_before_an_answer_is_no_answer() {
    let peer = Peer::start(vec![Act::Stall]).await;
    let (client, request) = client(&peer, Duration::from_millis(100), 1024);
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error, HttpError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn an_endless_body_is_read_to_the_cap_only() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    let act = Act::Repeat(head, vec![b' '; 4096]);
    let peer = Peer::start(vec![act.clone()]).await;
    let (client, request) = client(&peer, Duration::from_secs(5), 100_000);
    let answer = client.send(request).await.unwrap();
    assert_eq!((answer.body.len(), answer.end), (100_000, BodyEnd::PastCap));
    assert_eq!(class(&written(vec![act]).await.0), "protocol");
}

#[tokio::test]
async fn a_compression_bomb_is_counted_as_it_unfolds() {
    let zeros = vec![0_u8; 1 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        gzip.write_all(&zeros).unwrap();
    }
    let gzip = gzip.finish().unwrap();
    let mut zstd = zstd::Encoder::new(Vec::new(), 3).unwrap();
    for _ in 0..64 {
        zstd.write_all(&zeros).unwrap();
    }
    for (name, bomb) in [("gzip", gzip), ("zstd", zstd.finish().unwrap())] {
        assert!(bomb.len() < 1 << 17, "64 MiB are small on the wire");
        let head = format!("200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {name}");
        let bytes = answer_bytes(&head, &bomb);
        let peer = Peer::start(vec![Act::Write(bytes.clone())]).await;
        let (client, request) = client(&peer, Duration::from_secs(5), 100_000);
        let answer = client.send(request).await.unwrap();
        assert_eq!(
            (answer.body.len(), answer.end),
            (100_000, BodyEnd::PastCap),
            "{name}"
        );
        assert_eq!(
            class(&written(vec![Act::Write(bytes)]).await.0),
            "protocol",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_page_for_people_under_200_is_a_protocol_error_that_says_so() {
    let result = answered("200 OK\r\ncontent-type: text/html", "<html>sign in</html>").await;
    assert_eq!(class(&result), "protocol");
    assert!(text(result).contains("answered HTML"));
}

#[tokio::test]
async fn json_that_is_not_understood_is_a_protocol_error() {
    let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
    for body in [
        "{\"results\":",
        "{\"results\":{}}",
        "{\"results\":[]}",
        &deep,
    ] {
        let result = answered("200 OK\r\ncontent-type: application/json", body).await;
        assert_eq!(class(&result), "protocol", "{body}");
    }
}

#[tokio::test]
async fn statuses_have_their_classes() {
    for (head, wanted) in [
        ("200 OK", "verdicts"),
        ("204 No Content", "verdicts"),
        ("400 Bad Request", "poison"),
        ("401 Unauthorized", "fatal"),
        ("403 Forbidden", "fatal"),
        ("404 Not Found", "fatal"),
        ("408 Request Timeout", "retryable"),
        ("410 Gone", "fatal"),
        ("413 Content Too Large", "too large"),
        ("422 Unprocessable Content", "poison"),
        ("425 Too Early", "retryable"),
        ("429 Too Many Requests", "rate limited"),
        ("500 Internal Server Error", "ambiguous"),
        ("502 Bad Gateway", "retryable"),
        ("503 Service Unavailable", "retryable"),
        ("504 Gateway Timeout", "retryable"),
    ] {
        assert_eq!(class(&answered(head, "").await), wanted, "{head}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_says_to_pause_the_sync() {
    let Err(WriteError::Fatal(error)) = answered("410 Gone", "").await else {
        panic!("410 is fatal")
    };
    assert_eq!(error.kind, ProblemKind::Destination);
    assert!(error.hint.contains("pause the sync"));
    let Err(WriteError::Fatal(error)) = answered("401 Unauthorized", "").await else {
        panic!("401 is fatal")
    };
    assert_eq!(error.kind, ProblemKind::Auth);
}

#[tokio::test]
async fn retry_after_is_honoured_in_all_its_forms() {
    let date = "date: Sun, 06 Nov 1994 08:49:07 GMT\r\nretry-after: ";
    for (header, wanted) in [
        ("retry-after: 7", Some((7, false))),
        (
            &format!("{date}Sun, 06 Nov 1994 08:49:37 GMT"),
            Some((30, false)),
        ),
        (
            &format!("{date}Sunday, 06-Nov-94 08:49:37 GMT"),
            Some((30, false)),
        ),
        (
            &format!("{date}Sun Nov  6 08:49:37 1994"),
            Some((30, false)),
        ),
        (
            &format!("{date}Sun, 06 Nov 1994 08:00:00 GMT"),
            Some((0, false)),
        ),
        ("retry-after: 1000000000000", Some((86_400, true))),
        ("retry-after: -1", None),
        ("retry-after: soon", None),
        ("x-nothing: 1", None),
    ] {
        let result = answered(&format!("429 Too Many Requests\r\n{header}"), "").await;
        let Err(WriteError::RateLimited {
            retry_after, daily, ..
        }) = result
        else {
            panic!("{header}: {result:?}")
        };
        let found = retry_after.map(|wait| (wait.as_secs(), daily));
        assert_eq!(found, wanted, "{header}");
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let target = Peer::answering("200 OK", "secret").await;
    for status in [301, 302, 303, 307, 308] {
        let head = format!(
            "{status} Moved\r\nlocation: http://127.0.0.1:{}/latest/meta-data/",
            target.port()
        );
        let result = answered(&head, "").await;
        assert_eq!(class(&result), "fatal", "{status}");
    }
    assert_eq!(target.connects(), 0);
}

#[tokio::test]
async fn rows_have_their_own_verdicts_and_a_missing_one_is_unknown() {
    let body = r#"{"results":[{"id":"gamma","status":"error","message":"bad address gamma@canary.example"},{"id":"alpha","status":"ok"}]}"#;
    let written = answered("200 OK\r\ncontent-type: application/json", body)
        .await
        .unwrap();
    assert_eq!(letters(&written), "A?R");
    let Written::Verdicts {
        verdicts,
        requests,
        bytes,
    } = written
    else {
        unreachable!()
    };
    assert_eq!(requests, 1);
    assert!(bytes > 100);
    let Verdict::Rejected(rejection) = &verdicts[2].1 else {
        unreachable!()
    };
    assert_eq!(rejection.text, "bad address •••");
}

#[tokio::test]
async fn a_single_row_names_itself_by_being_refused() {
    for status in ["400 Bad Request", "409 Conflict", "422 No", "413 Large"] {
        let peer = Peer::answering(status, "no").await;
        let session = session(&peer.url(), &json!({}), Mode::Upsert).await;
        let written = session
            .write(batch("msg_1", 0, vec![upsert(5, "alpha")]))
            .await
            .unwrap();
        assert_eq!(letters(&written), "R", "{status}");
    }
}

#[tokio::test]
async fn neither_secrets_nor_row_values_come_back_in_errors() {
    let token = "tok-canary-123456";
    for status in [
        "400 Bad", "401 No", "429 Slow", "500 Oops", "503 Busy", "418 Tea",
    ] {
        let body = format!("{token} ALPHA@canary.example beta /hook/path-canary ?key=query-canary");
        let peer = Peer::answering(status, &body).await;
        let url = format!("{}/path-canary?key=query-canary", peer.url());
        let session = session(&url, &json!({"bearer_token": token}), Mode::Upsert).await;
        let shown = text(session.write(batch("msg_1", 0, three())).await);
        for canary in [token, "canary", "ALPHA", "beta"] {
            assert!(!shown.contains(canary), "{status}: {shown}");
        }
        assert!(shown.contains(&status[..3]));
    }
}

#[tokio::test]
async fn a_sample_of_an_answer_is_at_most_a_kibibyte() {
    let result = answered("400 Bad Request", &"long ".repeat(5_000)).await;
    assert!(text(result).len() < 1024 + 64);
}

#[tokio::test]
async fn required_verdicts_that_are_missing_are_a_protocol_error() {
    let peer = Peer::answering("200 OK\r\ncontent-type: application/json", "{}").await;
    let session = session(&peer.url(), &json!({"results": "required"}), Mode::Upsert).await;
    assert_eq!(
        class(&session.write(batch("msg_1", 0, three())).await),
        "protocol"
    );
}
