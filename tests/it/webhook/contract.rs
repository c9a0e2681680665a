//! What a webhook says of itself: settings, modes, objects and the connection test.

use serde_json::json;
use signalsmith::domain::destination::{Deletion, StepOutcome};
use signalsmith::domain::mode::Mode;

use super::{SECRET, open, receiver, run, shape};

#[test]
fn settings_that_do_not_fit_are_refused_by_name() {
    for (extra, word) in [
        (json!({"url": "not a url"}), "url"),
        (json!({"url": 7}), "url"),
        (json!({"method": "GET"}), "method"),
        (json!({"body_form": "xml"}), "body_form"),
        (json!({"results": "perhaps"}), "results"),
        (json!({"batch_size": 0}), "batch_size"),
        (json!({"batch_bytes": 10}), "batch_bytes"),
        (json!({"timeout_s": 0}), "timeout_s"),
        (json!({"concurrency": 1000}), "concurrency"),
        (json!({"requests_per_second": 0}), "requests_per_second"),
        (json!({"headers": {"X-A": "b\r\nX-Evil: c"}}), "X-A"),
        (json!({"headers": {"X A": "b"}}), "X A"),
        (json!({"headers": {"Webhook-Id": "b"}}), "webhook-id"),
        (json!({"headers": {"Host": "b"}}), "host"),
        (json!({"bearer_token": "a\nb"}), "bearer_token"),
        (json!({"secret_header": "X-Key"}), "secret_header_value"),
        (json!({"signing_secret": "whsec_short"}), "signing secret"),
        (json!({"signing_secret_old": SECRET}), "signing_secret"),
        (json!({"allow_networks": ["loopback"]}), "allow_networks"),
        (json!({"results_pointer": "results"}), "results_pointer"),
        (
            json!({"delete_url": "https://evil.example/{id}"}),
            "delete_url",
        ),
    ] {
        let Err(error) = open("http://127.0.0.1:9/", &extra) else {
            panic!("{extra} was taken")
        };
        assert!(error.text.contains(word), "{extra}: {}", error.text);
    }
}

#[tokio::test]
async fn modes_that_cannot_be_are_refused_with_the_reason() {
    let webhook = open("http://127.0.0.1:9/", &json!({})).unwrap();
    let able = webhook.capabilities("rows");
    assert_eq!(able.modes, [Mode::Upsert, Mode::Mirror, Mode::Append]);
    assert_eq!(able.deletion, Deletion::Told);
    assert!(able.idempotent && !able.exactly_once);
    for (mode, reason) in able.refused_modes {
        assert!(reason.contains("cannot be asked"), "{mode}");
        assert!(webhook.begin(run(mode)).await.is_err());
    }
    let bare = open("http://127.0.0.1:9/", &json!({"envelope": false})).unwrap();
    assert!(bare.begin(run(Mode::Mirror)).await.is_err());
    assert_eq!(bare.capabilities("rows").deletion, Deletion::None);
    let other = open("http://127.0.0.1:9/", &json!({"delete_url": "/x/{email}"})).unwrap();
    assert!(
        other.begin(run(Mode::Mirror)).await.is_err(),
        "email is no identifier"
    );
}

#[tokio::test]
async fn any_object_is_open_and_none_can_be_created() {
    let webhook = open("http://127.0.0.1:9/", &json!({})).unwrap();
    assert_eq!(
        webhook.objects().await.unwrap()[0].label,
        "Rows for 127.0.0.1:9"
    );
    let schema = webhook.fields("contacts").await.unwrap();
    assert!(schema.open && schema.exists && schema.fields.is_empty());
    assert!(webhook.create_object("contacts", &shape()).await.is_err());
}

#[tokio::test]
async fn the_connection_test_goes_step_by_step_and_sends_no_row() {
    let receiver = receiver(Some(SECRET), Vec::new()).await;
    let webhook = open(&receiver.url(), &json!({})).unwrap();
    let steps = webhook.test().await;
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "check the URL",
            "resolve the name",
            "connect",
            "secure the connection",
            "answer to HEAD"
        ]
    );
    assert!(steps.iter().all(|step| step.outcome != StepOutcome::Failed));
    assert_eq!(
        steps[0].outcome,
        StepOutcome::Warning,
        "an opened network is pointed out"
    );
    assert!(steps[0].detail.contains("127.0.0.0/8"));
    assert_eq!(receiver.requests().count, 0);
}
