//! One run's writing to a webhook: cuts a delivery batch into messages and gathers verdicts.
//!
//! The composition of messages follows from the batch alone, so that a retry or a replay sends the
//! same bytes under the same ids. Where a batch needs several messages (one row per request, or
//! upserts and deletes together), what was acknowledged is remembered until the batch is through,
//! and a retry sends only the rest.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use reqwest::Method;

use super::body::{BodyWriter, EventType, NotTaken, Row, media_type};
use super::message::{Message, Sender, Tally};
use super::settings::Form;
use super::template::Template;
use crate::connectors::contract::{
    ConnectorError, DeliveryBatch, Finished, RunContext, Session, WriteError, Written,
};
use crate::connectors::http::Scope;
use crate::domain::plan::{Operation, OperationKind};
use crate::domain::problem::ProblemKind;
use crate::domain::verdict::{Rejection, Verdict};

/// Unfinished batches whose verdicts are remembered; more than are ever under way.
const REMEMBERED: usize = 64;

type Verdicts = BTreeMap<u64, Verdict>;

/// Writes to one webhook in one run.
pub(super) struct WebhookSession {
    sender: Arc<Sender>,
    run: RunContext,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    unfinished: VecDeque<(String, Verdicts)>,
    stopped: Option<ConnectorError>,
}

/// One try of one batch.
struct Try {
    key: String,
    repeat: bool,
    verdicts: Verdicts,
    tally: Tally,
}

impl WebhookSession {
    pub(super) fn new(sender: Arc<Sender>, run: RunContext) -> Self {
        Self {
            sender,
            run,
            state: Mutex::default(),
        }
    }

    fn with_state<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn writer(&self, event: EventType) -> BodyWriter {
        let config = &self.sender.config;
        BodyWriter::new(
            config.form,
            config.envelope,
            event,
            self.run.started_at,
            config.batch_bytes,
        )
    }

    async fn deliver(
        &self,
        operations: impl Iterator<Item = Result<Operation, ConnectorError>> + Send,
        current: &mut Try,
    ) -> Result<(), WriteError> {
        let config = &self.sender.config;
        let mut upserts = self.writer(EventType::Upserted);
        let mut deletes = self.writer(EventType::Deleted);
        let mut lone_deletes = Vec::new();
        for (index, operation) in operations.enumerate() {
            let operation = operation?;
            if current.verdicts.contains_key(&operation.number) {
                continue;
            }
            let event = EventType::of(operation.kind);
            match &config.delete {
                Some(template) if operation.kind == OperationKind::Delete => {
                    match self.delete(template, &operation, index, &current.key) {
                        Ok(message) => lone_deletes.push(message),
                        Err(verdict) => drop(current.verdicts.insert(operation.number, verdict)),
                    }
                }
                _ if config.form == Form::Single => {
                    let mut body = self.writer(event);
                    if self.push(&mut body, &operation, current)? {
                        let id = format!("{}-{index}", current.key);
                        self.send(self.message(id, body), current).await?;
                    }
                }
                _ => {
                    let body = match event {
                        EventType::Upserted => &mut upserts,
                        EventType::Deleted => &mut deletes,
                    };
                    self.push(body, &operation, current)?;
                }
            }
        }
        let both = !upserts.is_empty() && !deletes.is_empty();
        for (body, suffix) in [(upserts, ""), (deletes, if both { "-deletes" } else { "" })] {
            if !body.is_empty() {
                let id = format!("{}{suffix}", current.key);
                self.send(self.message(id, body), current).await?;
            }
        }
        for message in lone_deletes {
            self.send(message, current).await?;
        }
        Ok(())
    }

    /// Appends a row; one that can never be sent is its own verdict, and gives false.
    fn push(
        &self,
        body: &mut BodyWriter,
        operation: &Operation,
        current: &mut Try,
    ) -> Result<bool, WriteError> {
        let (code, field, text) = match body.push(operation, &self.run.shape) {
            Ok(()) => return Ok(true),
            Err(NotTaken::Full) => {
                return Err(WriteError::TooLarge {
                    text: format!(
                        "the batch makes a body of more than {} bytes",
                        self.sender.config.batch_bytes
                    ),
                });
            }
            Err(NotTaken::TooLarge(bytes)) => (
                "too_large",
                None,
                format!(
                    "the row makes {bytes} bytes, where batch_bytes allows a body of {}",
                    self.sender.config.batch_bytes
                ),
            ),
            Err(NotTaken::NotJson(field)) => (
                "TYPE",
                Some(field),
                "the value cannot be written as JSON".to_owned(),
            ),
        };
        let verdict = rejected(code, field, text);
        current.verdicts.insert(operation.number, verdict);
        Ok(false)
    }

    fn message(&self, id: String, body: BodyWriter) -> Message {
        let config = &self.sender.config;
        let (body, rows) = body.finish();
        Message {
            id,
            method: config.method.clone(),
            url: config.url.clone(),
            media_type: Some(media_type(config.form)),
            body,
            // A batch that was halved down to one row names that row by being refused.
            scope: if rows.len() == 1 {
                Scope::Row
            } else {
                Scope::Batch
            },
            rows,
        }
    }

    fn delete(
        &self,
        template: &Template,
        operation: &Operation,
        index: usize,
        key: &str,
    ) -> Result<Message, Verdict> {
        let names = self.run.shape.identifier_names();
        let url = template.url(&names, &operation.identifier).map_err(|why| {
            rejected(
                "no_url",
                None,
                format!("the row's delete_url cannot be made: {why}"),
            )
        })?;
        Ok(Message {
            id: format!("{key}-{index}"),
            method: Method::DELETE,
            url,
            media_type: None,
            body: Vec::new(),
            rows: vec![Row {
                number: operation.number,
                identifier: operation.identifier.clone(),
            }],
            scope: Scope::RowAtItsUrl,
        })
    }

    async fn send(&self, message: Message, current: &mut Try) -> Result<(), WriteError> {
        let verdicts = self
            .sender
            .send(&message, current.repeat, &mut current.tally)
            .await?;
        current.verdicts.extend(verdicts);
        Ok(())
    }
}

fn rejected(code: &str, field: Option<String>, text: String) -> Verdict {
    Verdict::Rejected(Rejection {
        code: code.to_owned(),
        field,
        text,
        transient: false,
    })
}

#[async_trait]
impl Session for WebhookSession {
    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let key = batch.idempotency_key;
        let verdicts = self.with_state(|state| {
            if let Some(error) = &state.stopped {
                return Err(error.clone());
            }
            let found = state.unfinished.iter().position(|(other, _)| *other == key);
            let found = found.and_then(|position| state.unfinished.remove(position));
            Ok(found.map(|(_, verdicts)| verdicts).unwrap_or_default())
        })?;
        let mut current = Try {
            key,
            repeat: batch.attempt > 0 || batch.replay,
            verdicts,
            tally: Tally::default(),
        };
        match self.deliver(batch.operations, &mut current).await {
            Ok(()) => {}
            // What was acknowledged before the run must stop is kept; the rest is left out, and
            // the next batch or the end of the run tells the error.
            Err(WriteError::Fatal(error)) if !current.verdicts.is_empty() => {
                self.with_state(|state| state.stopped = Some(error));
            }
            Err(error) => {
                if !current.verdicts.is_empty() {
                    self.with_state(|state| {
                        if state.unfinished.len() == REMEMBERED {
                            state.unfinished.pop_front();
                        }
                        let entry = (current.key, current.verdicts);
                        state.unfinished.push_back(entry);
                    });
                }
                return Err(error);
            }
        }
        Ok(Written::Verdicts {
            verdicts: current.verdicts.into_iter().collect(),
            requests: current.tally.requests,
            bytes: current.tally.bytes,
        })
    }

    async fn finish(&self) -> Result<Finished, WriteError> {
        match self.with_state(|state| state.stopped.clone()) {
            Some(error) => Err(error.into()),
            None => Ok(Finished::default()),
        }
    }
}

/// Says why a mode is not offered, or nothing where it is.
pub(super) fn refusal(
    mode: crate::domain::mode::Mode,
    tells_deletes: bool,
) -> Option<&'static str> {
    use crate::domain::mode::Mode;
    match mode {
        Mode::Upsert | Mode::Append => None,
        Mode::Mirror if tells_deletes => None,
        Mode::Mirror => Some(
            "without an envelope a deleted row looks like any other: set envelope or delete_url",
        ),
        Mode::Update | Mode::Insert => Some("a webhook cannot be asked which records it has"),
    }
}

/// Makes the error of a mode that is not offered.
pub(super) fn refused(mode: crate::domain::mode::Mode, why: &str) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Config,
        format!("cannot write to a webhook in mode {mode}: {why}"),
    )
}
