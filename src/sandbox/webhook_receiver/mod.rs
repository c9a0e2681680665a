//! A webhook receiver on the loopback: checks signatures, takes each webhook-id once, and holds
//! the records that it was told of.

mod records;
mod signature;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::records::Records;
pub use self::signature::{Mismatch, Verifier};
use self::wire::{Hangup, Wires};

/// Requests that are remembered.
const REMEMBERED: usize = 100;
/// Bytes of their bodies at most.
const REMEMBERED_BYTES: usize = 32 << 20;
/// Bytes of one request's body at most.
const BODY_BYTES: usize = 8 << 20;

/// How a receiver behaves.
#[derive(Debug, Clone)]
pub struct ReceiverOptions {
    /// The secret that requests must be signed with (`whsec_`, or the public `whpk_`); nothing to
    /// take unsigned ones.
    pub secret: Option<String>,
    /// The field by whose value records are held.
    pub key_field: String,
    /// How long every answer takes, as that of a real endpoint does.
    pub latency: Duration,
    /// What goes wrong with the first requests, one fault each, in order.
    pub faults: Vec<Fault>,
    /// The time by which timestamps of signatures are judged.
    pub now: fn() -> DateTime<Utc>,
}

impl Default for ReceiverOptions {
    fn default() -> Self {
        Self {
            secret: None,
            key_field: "id".to_owned(),
            latency: Duration::ZERO,
            faults: Vec::new(),
            now: Utc::now,
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    /// Whether the rows are taken nevertheless, so that only the answer is lost; with the usual
    /// answer they always are.
    pub applied: bool,
    /// How long the answer is held back.
    pub delay: Duration,
    /// What is answered.
    pub answer: FaultAnswer,
}

/// What a fault answers.
#[derive(Debug, Clone, Default)]
pub enum FaultAnswer {
    /// What would be answered without the fault.
    #[default]
    Usual,
    /// This status with these headers and this body.
    Status {
        /// The status code.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// Nothing: the connection is closed.
    Close,
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// Whether the signature was checked and found good.
    pub verified: bool,
    /// Whether a request under the same webhook-id was taken before.
    pub duplicate: bool,
}

/// What was received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// Requests in all.
    pub count: u64,
    /// Requests whose signature was not good.
    pub refused: u64,
    /// Requests under a webhook-id that was taken before.
    pub duplicates: u64,
    /// The newest requests, the oldest first: 100, or what fits into 32 MiB of bodies.
    pub last: VecDeque<ReceivedRequest>,
}

struct Inner {
    verifier: Option<Verifier>,
    now: fn() -> DateTime<Utc>,
    latency: Duration,
    state: Mutex<Held>,
}

struct Held {
    records: Records,
    received: Received,
    faults: VecDeque<Fault>,
}

/// A receiver that runs until it is shut down or dropped.
pub struct WebhookReceiver {
    inner: Arc<Inner>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

/// Says why a receiver does not start.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// The secret cannot verify.
    #[error(
        "cannot start the webhook receiver: its secret is neither whsec_ nor whpk_ with base64"
    )]
    Secret,
    /// No port can be had.
    #[error("cannot start the webhook receiver on the loopback: {0}")]
    Listen(#[from] std::io::Error),
}

impl WebhookReceiver {
    /// Starts a receiver on a port of the system's choice.
    ///
    /// # Errors
    /// [`ReceiverError`] where the secret does not fit or no port can be had.
    pub async fn start(options: ReceiverOptions) -> Result<Self, ReceiverError> {
        let verifier = match &options.secret {
            Some(secret) => Some(Verifier::new(secret).ok_or(ReceiverError::Secret)?),
            None => None,
        };
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            verifier,
            now: options.now,
            latency: options.latency,
            state: Mutex::new(Held {
                records: Records::new(options.key_field),
                received: Received::default(),
                faults: options.faults.into(),
            }),
        });
        let router = Router::new()
            .fallback(receive)
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .with_state(inner.clone())
            .into_make_service_with_connect_info::<Hangup>();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(Wires(listener), router).with_graceful_shutdown(async move {
            // A dropped sender stops it too.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async move {
            // Errors of single connections are handled inside; the listener itself has none.
            let _ = serving.await;
        });
        Ok(Self {
            inner,
            address,
            stop: Some(stop),
            task: Some(task),
        })
    }

    /// The URL to send to.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The records as they are now, by the text of their key field.
    pub fn records(&self) -> BTreeMap<String, Value> {
        self.inner.held(|held| held.records.all().clone())
    }

    /// What was received so far.
    pub fn requests(&self) -> Received {
        self.inner.held(|held| held.received.clone())
    }

    /// Adds something to go wrong with a coming request.
    pub fn add_fault(&self, fault: Fault) {
        self.inner.held(|held| held.faults.push_back(fault));
    }

    /// Stops taking connections and waits until those that are open are through.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            // The task does not panic, and nobody else can cancel it.
            let _ = task.await;
        }
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Inner {
    fn held<R>(&self, look: impl FnOnce(&mut Held) -> R) -> R {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn receive(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(hangup): ConnectInfo<Hangup>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::HEAD || method == Method::GET {
        return answer(
            StatusCode::METHOD_NOT_ALLOWED,
            "rows come by POST, PUT and DELETE",
        );
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let good = match &inner.verifier {
        None => Ok(()),
        Some(verifier) => verifier.verify(
            text("webhook-id").unwrap_or_default(),
            text("webhook-timestamp").unwrap_or_default(),
            text("webhook-signature").unwrap_or_default(),
            &body,
            (inner.now)(),
        ),
    };
    let (fault, usual) = inner.held(|held| {
        let id = text("webhook-id").unwrap_or_default();
        let duplicate = held.records.knows(id);
        held.received.note(
            ReceivedRequest {
                method: method.to_string(),
                path: uri.to_string(),
                headers: plain(&headers),
                body: body.to_vec(),
                verified: inner.verifier.is_some() && good.is_ok(),
                duplicate,
            },
            good.is_err(),
        );
        if let Err(mismatch) = good {
            return (
                None,
                answer(StatusCode::UNAUTHORIZED, &mismatch.to_string()),
            );
        }
        let fault = held.faults.pop_front();
        let applied = fault
            .as_ref()
            .is_none_or(|fault| fault.applied || matches!(fault.answer, FaultAnswer::Usual));
        let usual = if applied {
            held.records.take(&method, &uri, &body, id)
        } else {
            answer(StatusCode::OK, "")
        };
        (fault, usual)
    });
    if !inner.latency.is_zero() {
        tokio::time::sleep(inner.latency).await;
    }
    let Some(fault) = fault else { return usual };
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    match fault.answer {
        FaultAnswer::Usual => usual,
        FaultAnswer::Status {
            status,
            headers,
            body,
        } => faulty(status, headers, body),
        FaultAnswer::Close => {
            hangup.hang_up();
            usual
        }
    }
}

fn faulty(status: u16, headers: Vec<(String, String)>, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            header::HeaderName::try_from(name),
            header::HeaderValue::try_from(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn answer(status: StatusCode, text: &str) -> Response {
    (status, text.to_owned()).into_response()
}

fn plain(headers: &HeaderMap) -> BTreeMap<String, String> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}

impl Received {
    fn note(&mut self, request: ReceivedRequest, refused: bool) {
        self.count += 1;
        self.refused += u64::from(refused);
        self.duplicates += u64::from(request.duplicate);
        self.last.push_back(request);
        let mut bytes: usize = self.last.iter().map(|request| request.body.len()).sum();
        while (self.last.len() > REMEMBERED || bytes > REMEMBERED_BYTES)
            && let Some(oldest) = self.last.pop_front()
        {
            bytes -= oldest.body.len();
        }
    }
}
