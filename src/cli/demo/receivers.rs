//! The demo's two webhook endpoints: receivers on the loopback, on a thread of their own, so that
//! they answer while the interface draws and while the core stops.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use serde_json::Value as Json;
use tokio::sync::oneshot;

use crate::domain::problem::{Problem, ProblemKind};
use crate::sandbox::webhook_receiver::{ReceiverError, ReceiverOptions, WebhookReceiver};

use super::workspace::Endpoints;

/// Random bytes of the signing secret.
const SECRET_BYTES: usize = 32;

/// The receivers; dropped, they stop.
pub(super) struct Receivers {
    contacts: Arc<WebhookReceiver>,
    audience: Arc<WebhookReceiver>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Pair = (WebhookReceiver, WebhookReceiver);

impl Receivers {
    /// Starts both; every answer takes `latency`, as one over a network does.
    ///
    /// # Errors
    /// A [`Problem`] where no thread or port can be had.
    pub async fn start(secret: &str, latency: Duration) -> Result<Self, Problem> {
        let options = |key_field: &str| ReceiverOptions {
            secret: Some(secret.to_owned()),
            key_field: key_field.to_owned(),
            latency,
            ..ReceiverOptions::default()
        };
        let (contacts, audience) = (options("email"), options("hashed_email"));
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = tell.send(Err(ReceiverError::Listen(error)));
                    return;
                }
            };
            runtime.block_on(async {
                let _ = tell.send(both(contacts, audience).await);
                // A dropped sender stops them too.
                let _ = stopped.await;
            });
        };
        let thread = std::thread::Builder::new()
            .name("receivers".to_owned())
            .spawn(serve);
        let thread = thread.map_err(|error| cannot(&error.to_string()))?;
        let started = told.await.map_err(|_| cannot("their thread broke off"))?;
        let (contacts, audience) = started.map_err(|error| cannot(&error.to_string()))?;
        Ok(Self {
            contacts: Arc::new(contacts),
            audience: Arc::new(audience),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where they listen.
    pub fn endpoints(&self) -> Endpoints {
        Endpoints {
            contacts: self.contacts.url(),
            audience: self.audience.url(),
        }
    }

    /// What the receiver of contacts holds, by e-mail address.
    pub fn contacts(&self) -> BTreeMap<String, Json> {
        self.contacts.records()
    }

    /// What the receiver of the audience holds, by hashed e-mail address.
    pub fn audience(&self) -> BTreeMap<String, Json> {
        self.audience.records()
    }

    /// Requests whose signature was not good.
    pub fn refused(&self) -> u64 {
        self.contacts.requests().refused + self.audience.requests().refused
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It ends as soon as its runtime lets go; a panic in it was told already.
            let _ = thread.join();
        }
    }
}

async fn both(contacts: ReceiverOptions, audience: ReceiverOptions) -> Result<Pair, ReceiverError> {
    Ok((
        WebhookReceiver::start(contacts).await?,
        WebhookReceiver::start(audience).await?,
    ))
}

fn cannot(why: &str) -> Problem {
    Problem::new(
        ProblemKind::Internal,
        format!("cannot start the demo's webhook receivers: {why}"),
    )
}

/// Draws a signing secret in the spelling of Standard Webhooks.
///
/// # Errors
/// A [`Problem`] where the system gives no random bits.
pub(super) fn draw_secret() -> Result<String, Problem> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Problem::new(
            ProblemKind::Internal,
            format!("cannot draw random bits: {error}"),
        )
    })?;
    Ok(format!(
        "whsec_{}",
        base64::engine::general_purpose::STANDARD.encode(bytes)
    ))
}
