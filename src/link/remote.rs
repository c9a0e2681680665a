//! The link of a face to a core beyond the workspace's Unix socket.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use super::wire::{self, COMMAND_PATH, Frame, LIVE_PATH, MAX_REPLY_BYTES};
use super::{Connection, Link, WorkspaceView};
use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::problem::{Problem, ProblemKind};

/// The longest wait between two tries to reach the core again.
const MAX_RETRY_S: u64 = 8;
/// Events that a slow face may fall behind.
const EVENT_BUFFER: usize = 4_096;
/// The longest frame that a face takes, in bytes.
const MAX_FRAME_BYTES: usize = 64 << 20;

/// The link of a face to a core beyond a socket; dropped, it lets go.
pub struct RemoteLink {
    client: reqwest::Client,
    socket: PathBuf,
    view: watch::Receiver<Arc<WorkspaceView>>,
    events: broadcast::Sender<Event>,
    connection: watch::Receiver<Connection>,
    follower: JoinHandle<()>,
}

impl Drop for RemoteLink {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl RemoteLink {
    /// Attaches to the core behind a socket and waits for its first view.
    ///
    /// # Errors
    /// A [`Problem`] of kind `interrupted` where no core answers.
    pub async fn attach(socket: &Path) -> Result<Self, Problem> {
        // The client wants a provider at hand even where nothing is encrypted; a second one is none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .unix_socket(socket)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| unreachable(socket, &error))?;
        let (view_sender, mut view) = watch::channel(Arc::new(WorkspaceView::default()));
        let (connection_sender, connection) = watch::channel(Connection::Attached);
        let events = broadcast::channel(EVENT_BUFFER).0;
        let live = open_live(&client)
            .await
            .map_err(|error| unreachable(socket, &error))?;
        let follower = Follower {
            client: client.clone(),
            view: view_sender,
            events: events.clone(),
            connection: connection_sender,
        };
        let follower = tokio::spawn(follower.follow(live));
        view.changed().await.map_err(|_| {
            Problem::new(
                ProblemKind::Interrupted,
                "the core stopped while it was being attached to",
            )
        })?;
        Ok(Self {
            client,
            socket: socket.to_owned(),
            view,
            events,
            connection,
            follower,
        })
    }
}

fn unreachable(socket: &Path, error: &reqwest::Error) -> Problem {
    Problem::new(
        ProblemKind::Interrupted,
        format!("cannot reach the core at {}: {error}", socket.display()),
    )
    .hint("it may just have stopped: try again")
}

fn address(path: &str) -> String {
    // The host is not looked up: the client only knows the socket.
    format!("http://core{path}")
}

async fn open_live(client: &reqwest::Client) -> Result<reqwest::Response, reqwest::Error> {
    client
        .get(address(LIVE_PATH))
        .send()
        .await?
        .error_for_status()
}

#[async_trait]
impl Link for RemoteLink {
    async fn send(&self, command: Command) -> Result<Reply, Problem> {
        let lost = |error: &reqwest::Error| unreachable(&self.socket, error);
        let sent = self
            .client
            .post(address(COMMAND_PATH))
            .json(&command)
            .send()
            .await;
        let answer = sent.map_err(|error| lost(&error))?;
        let mut body = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(|error| lost(&error))?);
            if body.len() > MAX_REPLY_BYTES {
                return Err(Problem::new(
                    ProblemKind::Internal,
                    "the core's answer is too large",
                ));
            }
        }
        let result: Result<Reply, Problem> = serde_json::from_slice(&body).map_err(|error| {
            Problem::new(
                ProblemKind::Internal,
                format!("the core's answer makes no sense: {error}"),
            )
            .hint("the core may be of another version: stop it and start it anew")
        })?;
        result
    }

    fn view(&self) -> watch::Receiver<Arc<WorkspaceView>> {
        self.view.clone()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    fn connection(&self) -> watch::Receiver<Connection> {
        self.connection.clone()
    }
}

/// Where the first line ends that ends at `from` or later.
fn end_of_line(bytes: &[u8], from: usize) -> Option<usize> {
    let new = bytes.get(from..)?;
    new.iter()
        .position(|byte| *byte == b'\n')
        .map(|at| from + at)
}

struct Follower {
    client: reqwest::Client,
    view: watch::Sender<Arc<WorkspaceView>>,
    events: broadcast::Sender<Event>,
    connection: watch::Sender<Connection>,
}

impl Follower {
    async fn follow(self, first: reqwest::Response) {
        let mut live = Some(first);
        let mut wait_s = 1;
        loop {
            if let Some(response) = live.take() {
                wait_s = 1;
                self.connection.send_replace(Connection::Attached);
                self.read(response).await;
            }
            self.connection
                .send_replace(Connection::Lost { retry_in_s: wait_s });
            tokio::time::sleep(Duration::from_secs(wait_s)).await;
            wait_s = (wait_s * 2).min(MAX_RETRY_S);
            live = open_live(&self.client).await.ok();
        }
    }

    /// Reads server-sent events until the stream ends or makes no sense.
    async fn read(&self, response: reqwest::Response) {
        let mut chunks = response.bytes_stream();
        let mut waiting: Vec<u8> = Vec::new();
        while let Some(Ok(chunk)) = chunks.next().await {
            // A large frame comes in many chunks, and only the new one can hold its end.
            let mut searched = waiting.len();
            waiting.extend_from_slice(&chunk);
            while let Some(end) = end_of_line(&waiting, searched) {
                let line: Vec<u8> = waiting.drain(..=end).collect();
                searched = 0;
                let Some(data) = line.strip_prefix(b"data:") else {
                    continue;
                };
                let taken = serde_json::from_slice(data).is_ok_and(|frame| self.take(frame));
                if !taken {
                    return;
                }
            }
            if waiting.len() > MAX_FRAME_BYTES {
                return;
            }
        }
    }

    /// Takes a frame; false where one before it was lost.
    fn take(&self, frame: Frame) -> bool {
        match frame {
            Frame::View(view) => {
                self.view.send_replace(view);
            }
            Frame::Syncs { sequence, syncs } => {
                let Some(view) = wire::replace(&self.view.borrow().clone(), sequence, &syncs)
                else {
                    return false;
                };
                self.view.send_replace(Arc::new(view));
            }
            Frame::Event(event) => {
                let _ = self.events.send(event);
            }
        }
        true
    }
}
