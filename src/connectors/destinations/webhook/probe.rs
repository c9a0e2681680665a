//! The connection test: URL, name, connection, TLS and answer, without sending a row.

use std::time::Duration;

use reqwest::Method;
use tokio::net::TcpStream;

use super::message::Sender;
use crate::connectors::StepSink;
use crate::connectors::http::{HttpError, HttpRequest};
use crate::domain::destination::{StepOutcome, TestStep};

/// Longer than any of the client's own waits for a connection.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

fn step(name: &str, outcome: StepOutcome, detail: impl Into<String>) -> TestStep {
    TestStep {
        name: name.to_owned(),
        outcome,
        detail: detail.into(),
    }
}

/// Tries the steps in order and stops at the first that fails.
pub(super) async fn run(sender: &Sender, tell: StepSink<'_>) -> Vec<TestStep> {
    let place = sender.client.place();
    let mut steps = Vec::new();
    let mut note = |step: TestStep| {
        tell(&step);
        steps.push(step);
    };
    note(match sender.config.policy.opened() {
        None => step("check the URL", StepOutcome::Passed, place.as_str()),
        Some(networks) => step(
            "check the URL",
            StepOutcome::Warning,
            format!("{place}; networks opened for this destination: {networks}"),
        ),
    });
    let addresses = match sender.client.addresses().await {
        Ok(addresses) => addresses,
        Err(error) => {
            note(step(
                "resolve the name",
                StepOutcome::Failed,
                error.to_string(),
            ));
            return steps;
        }
    };
    let listed: Vec<String> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    note(step(
        "resolve the name",
        StepOutcome::Passed,
        listed.join(", "),
    ));
    let connecting = TcpStream::connect(addresses.as_slice());
    let connected = match tokio::time::timeout(LONGEST_CONNECT, connecting).await {
        Ok(Ok(stream)) => stream.peer_addr().map(|address| address.to_string()),
        Ok(Err(error)) => Err(error),
        Err(elapsed) => Err(elapsed.into()),
    };
    match connected {
        Ok(address) => note(step("connect", StepOutcome::Passed, address)),
        Err(error) => {
            note(step("connect", StepOutcome::Failed, error.to_string()));
            return steps;
        }
    }
    ask(sender).await.into_iter().for_each(note);
    steps
}

/// A HEAD request shows TLS and sign-in and, by RFC 9110, changes nothing; many endpoints refuse
/// the method, which is as good an answer as any.
async fn ask(sender: &Sender) -> Vec<TestStep> {
    const TLS: &str = "secure the connection";
    const ANSWER: &str = "answer to HEAD";
    let secure = match sender.config.url.scheme() {
        "https" => step(TLS, StepOutcome::Passed, "TLS, certificate accepted"),
        _ => step(
            TLS,
            StepOutcome::Warning,
            "not encrypted: the URL is plain http",
        ),
    };
    let request = HttpRequest {
        method: Method::HEAD,
        url: sender.config.url.clone(),
        headers: sender.config.headers.clone(),
        body: Vec::new(),
    };
    let status = match sender.client.send(request).await {
        Ok(answer) => answer.status,
        Err(error @ HttpError::Lost(_)) => {
            return vec![secure, step(ANSWER, StepOutcome::Failed, error.to_string())];
        }
        Err(error) => return vec![step(TLS, StepOutcome::Failed, error.to_string())],
    };
    let (outcome, meaning) = match status {
        401 | 403 => (
            StepOutcome::Warning,
            "sign-in may be refused; some receivers only take signed rows",
        ),
        410 => (StepOutcome::Failed, "the endpoint is gone for good"),
        300..=399 => (
            StepOutcome::Failed,
            "a redirect, which is never followed: set the final URL",
        ),
        500.. => (StepOutcome::Warning, "the receiver has a fault of its own"),
        _ => (StepOutcome::Passed, "the receiver answers; no row was sent"),
    };
    vec![
        secure,
        step(ANSWER, outcome, format!("{status}: {meaning}")),
    ]
}
