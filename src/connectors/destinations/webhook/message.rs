//! Messages: one request with its id, its signature and the rows that it carries.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;
use url::Url;

use super::body::Row;
use super::results::{self, ResultsPolicy};
use super::settings::Config;
use crate::connectors::contract::{ConnectorError, WriteError};
use crate::connectors::http::answer::{classify, no_answer};
use crate::connectors::http::{Asked, HttpClient, HttpRequest, Outcome, Redactor, Scope};
use crate::domain::problem::ProblemKind;
use crate::domain::verdict::Verdict;

/// One request: the same at every try but for its timestamp and signature.
pub(super) struct Message {
    /// The webhook-id: the batch's idempotency key, with a suffix where a batch needs several.
    pub(super) id: String,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) media_type: Option<&'static str>,
    pub(super) body: Vec<u8>,
    pub(super) rows: Vec<Row>,
    pub(super) scope: Scope,
}

/// What was sent so far in one try of a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) bytes: u64,
}

/// Sends messages for one destination.
pub(super) struct Sender {
    pub(super) config: Config,
    pub(super) client: HttpClient,
    pub(super) now: fn() -> DateTime<Utc>,
    pacer: Pacer,
}

impl Sender {
    pub(super) fn new(config: Config, client: HttpClient, now: fn() -> DateTime<Utc>) -> Self {
        let pacer = Pacer {
            gap: config
                .requests_per_second
                .map(|rate| Duration::from_secs(1) / rate.max(1)),
            next: Mutex::new(None),
        };
        Self {
            config,
            client,
            now,
            pacer,
        }
    }

    /// Sends a message once and gives its rows' verdicts.
    ///
    /// # Errors
    /// [`WriteError`] where the rows have none.
    pub(super) async fn send(
        &self,
        message: &Message,
        repeat: bool,
        tally: &mut Tally,
    ) -> Result<Vec<(u64, Verdict)>, WriteError> {
        self.pacer.wait().await;
        let request = HttpRequest {
            method: message.method.clone(),
            url: message.url.clone(),
            headers: self.headers(message)?,
            body: message.body.clone(),
        };
        tally.requests += 1;
        tally.bytes += u64::try_from(message.body.len()).unwrap_or(u64::MAX);
        let place = self.client.place();
        let answer = match self.client.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(no_answer(&error, &place)),
        };
        // A record that is gone already is as deleted as it can be; a repeated delete meets this.
        if message.scope == Scope::RowAtItsUrl && matches!(answer.status, 404 | 410) {
            return Ok(all(message, &Verdict::ACCEPTED));
        }
        let asked = Asked {
            scope: message.scope,
            repeat,
            place: &place,
            now: (self.now)(),
        };
        let redactor = || self.redactor(message);
        match classify(&answer, asked, redactor) {
            Outcome::Good => results::read(
                &answer,
                &message.rows,
                &message.body,
                self.policy(message.scope),
                &self.config.pointers,
                &place,
                redactor,
            ),
            Outcome::Row(rejection) => Ok(all(message, &Verdict::Rejected(rejection))),
            Outcome::Failed(error) => Err(error),
        }
    }

    /// DELETE is answered without a body as a rule, so nothing can be required there.
    fn policy(&self, scope: Scope) -> ResultsPolicy {
        match (self.config.results, scope) {
            (ResultsPolicy::Required, Scope::RowAtItsUrl) => ResultsPolicy::Auto,
            (policy, _) => policy,
        }
    }

    fn headers(&self, message: &Message) -> Result<HeaderMap, WriteError> {
        let mut headers = self.config.headers.clone();
        let timestamp = (self.now)().timestamp();
        let id = HeaderValue::try_from(message.id.as_str()).map_err(|_| {
            ConnectorError::new(
                ProblemKind::Internal,
                "cannot send a batch: its idempotency key cannot stand in a header",
            )
        })?;
        if let Some(name) = &self.config.idempotency_header {
            headers.insert(name, id.clone());
        }
        headers.insert(HeaderName::from_static("webhook-id"), id);
        headers.insert(
            HeaderName::from_static("webhook-timestamp"),
            HeaderValue::from(timestamp),
        );
        if let Some(signer) = &self.config.signer {
            let signature = signer.sign(&message.id, timestamp, &message.body);
            if let Ok(signature) = HeaderValue::try_from(signature) {
                headers.insert(HeaderName::from_static("webhook-signature"), signature);
            }
        }
        if let Some(media_type) = message.media_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        Ok(headers)
    }

    /// Everything that an answer could echo and nobody should read: secrets, the URL's path and
    /// query (where some hosts keep their tokens), and the rows.
    fn redactor(&self, message: &Message) -> Redactor {
        let identifiers: Vec<String> = message
            .rows
            .iter()
            .flat_map(|row| &row.identifier)
            .map(crate::domain::value::Value::to_plain)
            .collect();
        let url = &message.url;
        let secrets = self
            .config
            .secrets
            .iter()
            .map(|secret| secret.expose_secret());
        let texts = secrets
            .chain([url.path(), url.query().unwrap_or_default()])
            .chain(identifiers.iter().map(String::as_str));
        Redactor::new(texts).with_sent(&message.body)
    }
}

fn all(message: &Message, verdict: &Verdict) -> Vec<(u64, Verdict)> {
    let rows = message.rows.iter();
    rows.map(|row| (row.number, verdict.clone())).collect()
}

/// Spaces requests evenly. The engine counts batches; a batch of single rows is many requests.
struct Pacer {
    gap: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    /// Takes the next free instant.
    fn slot(&self, now: Instant) -> Option<Instant> {
        let gap = self.gap?;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.unwrap_or(now).max(now);
        *next = Some(slot + gap);
        Some(slot)
    }

    async fn wait(&self) {
        if let Some(slot) = self.slot(Instant::now()) {
            tokio::time::sleep_until(slot).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spaced_evenly_and_idle_time_is_not_saved_up() {
        let gap = Duration::from_millis(100);
        let pacer = Pacer {
            gap: Some(gap),
            next: Mutex::new(None),
        };
        let start = Instant::now();
        assert_eq!(pacer.slot(start), Some(start));
        assert_eq!(pacer.slot(start), Some(start + gap));
        assert_eq!(pacer.slot(start), Some(start + gap * 2));
        let later = start + gap * 50;
        assert_eq!(pacer.slot(later), Some(later));
        assert_eq!(pacer.slot(later), Some(later + gap));
    }
}
