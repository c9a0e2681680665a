//! An endpoint on the loopback that answers only when it is let: it holds what came until then.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// One request: its webhook-id and its body.
pub type Came = (String, String);

type Answer = Box<dyn Fn(&str, &[Came]) -> u16 + Send>;

struct Inner {
    came: watch::Sender<Vec<Came>>,
    permits: Semaphore,
    status: Mutex<Answer>,
}

/// An endpoint whose answers wait for a permit.
pub struct Gate {
    inner: Arc<Inner>,
    url: String,
    task: JoinHandle<()>,
}

impl Gate {
    /// Starts a closed gate.
    pub fn start(runtime: &Handle) -> Self {
        let inner = Arc::new(Inner {
            came: watch::Sender::new(Vec::new()),
            permits: Semaphore::new(0),
            status: Mutex::new(Box::new(|_, _| 200)),
        });
        let router = Router::new().fallback(hold).with_state(Arc::clone(&inner));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let task = runtime.spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self { inner, url, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets so many answers out.
    pub fn open(&self, answers: usize) {
        self.inner.permits.add_permits(answers);
    }

    /// Answers with the status that follows from the body and all that has come, from now on.
    pub fn answer(&self, status: impl Fn(&str, &[Came]) -> u16 + Send + 'static) {
        *self.inner.status.lock().unwrap() = Box::new(status);
    }

    /// Waits until so many requests have come, and gives them.
    pub async fn arrived(&self, count: usize) -> Vec<Came> {
        let mut came = self.inner.came.subscribe();
        let came = came.wait_for(|came| came.len() >= count).await.unwrap();
        came.clone()
    }

    /// What has come so far.
    pub fn came(&self) -> Vec<Came> {
        self.inner.came.borrow().clone()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hold(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers
        .get("webhook-id")
        .map(|id| id.to_str().unwrap().to_owned());
    let body = String::from_utf8(body.to_vec()).unwrap();
    inner
        .came
        .send_modify(|came| came.push((id.unwrap_or_default(), body.clone())));
    if let Ok(permit) = inner.permits.acquire().await {
        permit.forget();
    }
    let status = (inner.status.lock().unwrap())(&body, &inner.came.borrow());
    StatusCode::from_u16(status).unwrap()
}
