//! The link of a face to a core in its own process.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::problem::{Problem, ProblemKind};
use crate::link::{Connection, Link, WorkspaceView};

use super::dispatcher::Message;

/// The link of a face to a core in its own process.
#[derive(Clone)]
pub struct LocalLink {
    pub(super) messages: mpsc::UnboundedSender<Message>,
    pub(super) view: watch::Receiver<Arc<WorkspaceView>>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) connection: watch::Receiver<Connection>,
}

#[async_trait]
impl Link for LocalLink {
    async fn send(&self, command: Command) -> Result<Reply, Problem> {
        let gone = || Problem::new(ProblemKind::Interrupted, "the core has stopped");
        let (answer, reply) = oneshot::channel();
        let message = Message::Command(Box::new(command), answer);
        self.messages.send(message).map_err(|_| gone())?;
        reply.await.map_err(|_| gone())?
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
