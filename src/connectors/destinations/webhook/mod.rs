//! Webhooks as destinations: rows go as signed JSON to an endpoint (Standard Webhooks).
//!
//! Delivery is at least once. A retry and a replay after a crash carry the same bytes under the
//! same webhook-id, so a receiver that remembers ids takes each batch once; one that does not sees
//! upserts and deletes twice, which changes nothing, and appended rows twice.

mod body;
mod extent;
mod message;
mod probe;
mod results;
mod session;
mod settings;
mod template;

use std::sync::Arc;

use async_trait::async_trait;

use self::message::Sender;
use self::results::ResultsPolicy;
use self::session::WebhookSession;
use self::settings::Config;
use crate::connectors::StepSink;
use crate::connectors::contract::{ConnectorError, DestinationConnector, RunContext, Session};
use crate::connectors::http::client::BODY_CAP_BYTES;
use crate::connectors::http::{ClientOptions, HttpClient};
use crate::connectors::registry::{Kind, Surroundings};
use crate::connectors::settings::ResolvedSettings;
use crate::domain::destination::{
    Capabilities, Deletion, IdentifierForm, Object, ObjectSchema, TestStep,
};
use crate::domain::mode::Mode;
use crate::domain::plan::RecordShape;
use crate::domain::problem::ProblemKind;

/// What is known of this kind of connection.
pub const KIND: Kind = Kind {
    word: "webhook",
    label: "Webhook",
    settings: settings::SETTINGS,
};

/// Bytes of an answer that are read in any case.
const ANSWER_BYTES: usize = 64 << 10;
/// Bytes that the verdict of a row may take.
const VERDICT_BYTES: usize = 1 << 10;
/// The object that is offered; any other name works too.
const OBJECT: &str = "rows";

/// Makes one from its settings.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where the settings do not fit, or where the URL leads where
/// only this host or its network should reach.
pub fn open(
    settings: &ResolvedSettings,
    surroundings: &Surroundings,
) -> Result<Webhook, ConnectorError> {
    let config = Config::read(settings)?;
    let options = ClientOptions {
        policy: Arc::new(config.policy.clone()),
        idle: config.idle,
        body_cap_bytes: answer_bytes(&config),
        ..ClientOptions::default()
    };
    let client = HttpClient::new(&config.url, &options)?;
    Ok(Webhook {
        sender: Arc::new(Sender::new(config, client, surroundings.now)),
    })
}

/// Bytes of an answer that are read: one may repeat what was sent and say something of each row.
/// So many are held for each batch under way, so that it is no more than that.
fn answer_bytes(config: &Config) -> usize {
    let rows = usize::try_from(config.batch_rows).unwrap_or(usize::MAX);
    let verdicts = match config.results {
        ResultsPolicy::Required | ResultsPolicy::Auto => rows
            .saturating_mul(VERDICT_BYTES)
            .saturating_add(config.batch_bytes),
        ResultsPolicy::Ignored => 0,
    };
    verdicts.saturating_add(ANSWER_BYTES).min(BODY_CAP_BYTES)
}

/// A webhook.
pub struct Webhook {
    sender: Arc<Sender>,
}

impl Webhook {
    fn refusal(&self, mode: Mode) -> Option<&'static str> {
        session::refusal(mode, self.sender.config.tells_deletes())
    }

    fn schema(object: &str) -> ObjectSchema {
        ObjectSchema {
            object: Object {
                name: object.to_owned(),
                label: object.to_owned(),
            },
            fields: Vec::new(),
            open: true,
            exists: true,
        }
    }
}

#[async_trait]
impl DestinationConnector for Webhook {
    async fn test(&self) -> Vec<TestStep> {
        self.test_live(&|_| {}).await
    }

    async fn test_live(&self, tell: StepSink<'_>) -> Vec<TestStep> {
        probe::run(&self.sender, tell).await
    }

    async fn objects(&self) -> Result<Vec<Object>, ConnectorError> {
        Ok(vec![Object {
            name: OBJECT.to_owned(),
            label: format!("Rows for {}", self.sender.client.place()),
        }])
    }

    async fn fields(&self, object: &str) -> Result<ObjectSchema, ConnectorError> {
        Ok(Self::schema(object))
    }

    async fn create_object(
        &self,
        object: &str,
        _: &RecordShape,
    ) -> Result<ObjectSchema, ConnectorError> {
        Err(ConnectorError::new(
            ProblemKind::Config,
            format!("cannot create {object}: a webhook takes any name as it is"),
        ))
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        let config = &self.sender.config;
        let refused = |mode: &Mode| self.refusal(*mode).map(|why| (*mode, why.to_owned()));
        Capabilities {
            modes: Mode::ALL
                .into_iter()
                .filter(|mode| self.refusal(*mode).is_none())
                .collect(),
            refused_modes: Mode::ALL.iter().filter_map(refused).collect(),
            lookup: false,
            read_fields: false,
            list: false,
            composite_identifier: true,
            deletion: if config.tells_deletes() {
                Deletion::Told
            } else {
                Deletion::None
            },
            identifier_form: IdentifierForm::Exact,
            max_batch_rows: config.batch_rows,
            max_batch_bytes: u64::try_from(config.batch_bytes).unwrap_or(u64::MAX),
            concurrency: config.concurrency,
            requests_per_second: config.requests_per_second.map(f64::from),
            // Retries carry the same id and bytes: see the module's first words.
            idempotent: true,
            exactly_once: false,
            request_timeout_s: config.idle.as_secs(),
            ambiguous_5xx: true,
        }
    }

    async fn begin(&self, run: RunContext) -> Result<Box<dyn Session>, ConnectorError> {
        if let Some(why) = self.refusal(run.mode) {
            return Err(session::refused(run.mode, why));
        }
        if let Some(template) = &self.sender.config.delete {
            template.check(&run.shape)?;
        }
        Ok(Box::new(WebhookSession::new(self.sender.clone(), run)))
    }
}
