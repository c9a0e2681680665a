//! What goes out: bodies, ids, signatures, and what a receiver holds afterwards.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use signalsmith::connectors::WriteError;
use signalsmith::connectors::destinations::webhook;
use signalsmith::connectors::registry::{self, Surroundings};
use signalsmith::domain::mode::Mode;
use signalsmith::sandbox::webhook_receiver::{Fault, FaultAnswer, WebhookReceiver};

use super::peer::{Act, Peer, answer};
use super::{
    SECRET, batch, class, delete, letters, receiver, run, session, settings, three, upsert,
};

const OLD_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn keys(receiver: &WebhookReceiver) -> Vec<String> {
    receiver.records().into_keys().collect()
}

#[tokio::test]
async fn signed_rows_arrive_and_deletes_take_them_away() {
    let receiver = receiver(Some(SECRET), Vec::new()).await;
    let session = session(
        &receiver.url(),
        &json!({"signing_secret": SECRET}),
        Mode::Mirror,
    )
    .await;
    let written = session.write(batch("msg_1", 0, three())).await.unwrap();
    assert_eq!(letters(&written), "AAA");
    assert_eq!(receiver.records()["beta"]["email"], "beta@canary.example");
    let gone = vec![delete(0, "alpha"), delete(1, "gamma")];
    session.write(batch("msg_2", 0, gone)).await.unwrap();
    assert_eq!(keys(&receiver), ["beta"]);
    let received = receiver.requests();
    assert_eq!(
        (received.count, received.refused, received.duplicates),
        (2, 0, 0)
    );
    let first: Json = serde_json::from_slice(&received.last[0].body).unwrap();
    assert_eq!(first["type"], "row.upserted");
    assert_eq!(first["timestamp"], "2026-01-02T03:04:05Z");
    let second: Json = serde_json::from_slice(&received.last[1].body).unwrap();
    assert_eq!(second["type"], "row.deleted");
    assert_eq!(second["data"], json!([{"id": "alpha"}, {"id": "gamma"}]));
    let headers = &received.last[0].headers;
    assert_eq!(headers["webhook-id"], "msg_1");
    assert_eq!(headers["idempotency-key"], "msg_1");
    assert!(headers["user-agent"].starts_with("SignalSmith/"));
    assert!(received.last[0].verified);
    receiver.shutdown().await;
}

#[tokio::test]
async fn while_a_secret_changes_either_receiver_is_content_and_a_third_is_not() {
    let extra = json!({"signing_secret": SECRET, "signing_secret_old": OLD_SECRET});
    for (secret, wanted) in [
        (SECRET, "verdicts"),
        (OLD_SECRET, "verdicts"),
        ("whsec_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ", "fatal"),
    ] {
        let receiver = receiver(Some(secret), Vec::new()).await;
        let session = session(&receiver.url(), &extra, Mode::Upsert).await;
        assert_eq!(
            class(&session.write(batch("msg_1", 0, three())).await),
            wanted
        );
        assert_eq!(keys(&receiver).is_empty(), wanted == "fatal");
    }
}

#[tokio::test]
async fn a_public_key_verifies_ed25519() {
    let receiver = receiver(
        Some("whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="),
        Vec::new(),
    )
    .await;
    let secret = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let session = session(
        &receiver.url(),
        &json!({"signing_secret": secret}),
        Mode::Upsert,
    )
    .await;
    session.write(batch("msg_1", 0, three())).await.unwrap();
    assert_eq!(receiver.records().len(), 3);
}

static SECONDS: AtomicI64 = AtomicI64::new(1_764_000_000);

fn later_each_time() -> DateTime<Utc> {
    DateTime::from_timestamp(SECONDS.fetch_add(10, Ordering::SeqCst), 0).unwrap()
}

#[tokio::test]
async fn a_retry_sends_the_same_bytes_under_the_same_id_with_a_new_timestamp() {
    let bad = Act::Write(answer("503 Busy", ""));
    let peer = Peer::start(vec![
        bad,
        Act::ResetAfterRequest,
        Act::Write(answer("200 OK", "")),
    ])
    .await;
    let surroundings = Surroundings {
        now: later_each_time,
        ..Surroundings::default()
    };
    let settings = settings(&peer.url(), &json!({"signing_secret": SECRET}));
    let webhook = registry::destination(webhook::KIND.word, &settings, &surroundings).unwrap();
    let mut classes = Vec::new();
    for attempt in 0..3 {
        // A replay after a crash is another session of the same run.
        let session = webhook.begin(run(Mode::Upsert)).await.unwrap();
        classes.push(class(
            &session.write(batch("msg_same", attempt, three())).await,
        ));
    }
    assert_eq!(classes, ["retryable", "ambiguous", "verdicts"]);
    assert_eq!(peer.body(0), peer.body(1));
    assert_eq!(peer.body(0), peer.body(2));
    let header = |name| [0, 1, 2].map(|position| peer.header(position, name).unwrap());
    assert_eq!(header("webhook-id"), ["msg_same"; 3]);
    let [first, second, third] = header("webhook-timestamp");
    assert!(first < second && second < third);
    let [first, second, _] = header("webhook-signature");
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_lost_answer_and_its_retry_leave_each_record_once() {
    let lost = Fault {
        applied: true,
        answer: FaultAnswer::Close,
        ..Fault::default()
    };
    let receiver = receiver(Some(SECRET), vec![lost]).await;
    let session = session(
        &receiver.url(),
        &json!({"signing_secret": SECRET}),
        Mode::Append,
    )
    .await;
    assert_eq!(
        class(&session.write(batch("msg_1", 0, three())).await),
        "ambiguous"
    );
    let written = session.write(batch("msg_1", 1, three())).await.unwrap();
    assert_eq!(letters(&written), "AAA");
    let received = receiver.requests();
    assert_eq!((received.count, received.duplicates), (2, 1));
    assert_eq!(receiver.records().len(), 3);
}

#[tokio::test]
async fn every_body_form_is_understood_by_the_receiver() {
    for (extra, requests, media_type) in [
        (json!({}), 1, "application/json"),
        (json!({"envelope": false}), 1, "application/json"),
        (json!({"body_form": "single"}), 3, "application/json"),
        (
            json!({"body_form": "single", "envelope": false, "method": "PUT"}),
            3,
            "application/json",
        ),
        (json!({"body_form": "ndjson"}), 1, "application/x-ndjson"),
        (
            json!({"body_form": "ndjson", "envelope": true}),
            1,
            "application/x-ndjson",
        ),
    ] {
        let receiver = receiver(None, Vec::new()).await;
        let session = session(&receiver.url(), &extra, Mode::Upsert).await;
        let written = session.write(batch("msg_1", 0, three())).await.unwrap();
        assert_eq!(letters(&written), "AAA", "{extra}");
        assert_eq!(keys(&receiver), ["alpha", "beta", "gamma"], "{extra}");
        let received = receiver.requests();
        assert_eq!(received.count, requests, "{extra}");
        assert_eq!(received.last[0].headers["content-type"], media_type);
    }
}

#[tokio::test]
async fn single_rows_have_ids_of_their_own_and_a_retry_sends_only_the_rest() {
    let good = Fault {
        applied: true,
        ..Fault::default()
    };
    let busy = Fault {
        answer: FaultAnswer::Status {
            status: 503,
            headers: Vec::new(),
            body: String::new(),
        },
        ..Fault::default()
    };
    let receiver = receiver(None, vec![good, busy]).await;
    let session = session(
        &receiver.url(),
        &json!({"body_form": "single"}),
        Mode::Append,
    )
    .await;
    assert_eq!(
        class(&session.write(batch("msg_1", 0, three())).await),
        "retryable"
    );
    let written = session.write(batch("msg_1", 1, three())).await.unwrap();
    assert_eq!(letters(&written), "AAA");
    let ids: Vec<String> = receiver
        .requests()
        .last
        .iter()
        .map(|request| request.headers["webhook-id"].clone())
        .collect();
    assert_eq!(ids, ["msg_1-0", "msg_1-1", "msg_1-1", "msg_1-2"]);
}

#[tokio::test]
async fn rows_acknowledged_before_a_fatal_answer_are_kept_and_the_run_still_stops() {
    let answers = vec![
        Act::Write(answer("200 OK", "")),
        Act::Write(answer("401 No", "")),
    ];
    let peer = Peer::start(answers).await;
    let session = session(&peer.url(), &json!({"body_form": "single"}), Mode::Append).await;
    let written = session.write(batch("msg_1", 0, three())).await.unwrap();
    assert_eq!(letters(&written), "A", "the others are left out: unknown");
    assert_eq!(
        class(&session.write(batch("msg_2", 0, three())).await),
        "fatal"
    );
    assert_eq!(peer.connects(), 2, "nothing more is sent");
    assert!(matches!(session.finish().await, Err(WriteError::Fatal(_))));
}

#[tokio::test]
async fn a_mixed_batch_is_split_by_what_happened() {
    let receiver = receiver(None, Vec::new()).await;
    let session = session(&receiver.url(), &json!({}), Mode::Mirror).await;
    session
        .write(batch("msg_0", 0, vec![upsert(0, "old")]))
        .await
        .unwrap();
    let mixed = vec![delete(0, "old"), upsert(1, "new")];
    let written = session.write(batch("msg_1", 0, mixed)).await.unwrap();
    assert_eq!(letters(&written), "AA");
    assert_eq!(keys(&receiver), ["new"]);
    let ids: Vec<String> = receiver
        .requests()
        .last
        .iter()
        .map(|request| request.headers["webhook-id"].clone())
        .collect();
    assert_eq!(ids, ["msg_0", "msg_1", "msg_1-deletes"]);
}

#[tokio::test]
async fn deletes_go_to_a_url_of_their_own_and_one_that_is_gone_is_done() {
    let receiver = receiver(None, Vec::new()).await;
    let extra = json!({"delete_url": "/rows/{id}", "envelope": false});
    let session = session(&receiver.url(), &extra, Mode::Mirror).await;
    session
        .write(batch(
            "msg_1",
            0,
            vec![upsert(0, "a/b ë"), upsert(1, "beta")],
        ))
        .await
        .unwrap();
    let deletes = vec![
        delete(0, "a/b ë"),
        delete(1, "never there"),
        delete(2, ".."),
        delete(3, ""),
    ];
    let written = session.write(batch("msg_2", 0, deletes)).await.unwrap();
    assert_eq!(letters(&written), "AARR");
    assert_eq!(keys(&receiver), ["beta"]);
    let last = receiver.requests().last.pop_back().unwrap();
    assert_eq!(
        (last.method.as_str(), last.path.as_str()),
        ("DELETE", "/rows/never%20there")
    );
    assert_eq!(last.headers["webhook-id"], "msg_2-1");
}

#[tokio::test]
async fn a_body_past_its_bound_is_halved_before_it_is_sent_and_a_lone_row_is_refused() {
    let receiver = receiver(None, Vec::new()).await;
    let session = session(&receiver.url(), &json!({"batch_bytes": 1024}), Mode::Upsert).await;
    let [first, second] = ["x", "y"].map(|letter| letter.repeat(300));
    let rows = vec![upsert(0, &first), upsert(1, &second)];
    let result = session.write(batch("msg_1", 0, rows)).await;
    assert_eq!(class(&result), "too large");
    let lone = vec![upsert(0, &"z".repeat(600))];
    let written = session.write(batch("msg_2", 0, lone)).await.unwrap();
    assert_eq!(letters(&written), "R");
    assert_eq!(receiver.requests().count, 0);
}

#[tokio::test]
async fn headers_and_secrets_are_sent_as_set() {
    let receiver = receiver(None, Vec::new()).await;
    let extra = json!({
        "headers": {"X-Team": "data"}, "bearer_token": "t0ken", "secret_header": "X-Api-Key",
        "secret_header_value": "k3y", "idempotency_header": "",
    });
    let session = session(&receiver.url(), &extra, Mode::Upsert).await;
    session.write(batch("msg_1", 0, three())).await.unwrap();
    let headers = receiver.requests().last[0].headers.clone();
    assert_eq!(headers["x-team"], "data");
    assert_eq!(headers["authorization"], "Bearer t0ken");
    assert_eq!(headers["x-api-key"], "k3y");
    assert!(!headers.contains_key("idempotency-key"));
    assert!(!headers.contains_key("webhook-signature"));
}
