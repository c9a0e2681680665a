//! Counts the commands of other processes that are under way at a core of this one.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{broadcast, watch};

use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::problem::Problem;
use crate::link::{Connection, Link, WorkspaceView};

/// The link that other processes are served over.
pub(super) struct Visitors {
    link: Arc<dyn Link>,
    present: watch::Sender<usize>,
}

impl Visitors {
    /// Counts over a link; the receiver tells how many commands are under way.
    pub fn new(link: Arc<dyn Link>) -> (Self, watch::Receiver<usize>) {
        let (present, count) = watch::channel(0);
        (Self { link, present }, count)
    }
}

struct Visit<'a>(&'a watch::Sender<usize>);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[async_trait]
impl Link for Visitors {
    async fn send(&self, command: Command) -> Result<Reply, Problem> {
        self.present.send_modify(|count| *count += 1);
        let _visit = Visit(&self.present);
        self.link.send(command).await
    }

    fn view(&self) -> watch::Receiver<Arc<WorkspaceView>> {
        self.link.view()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.link.events()
    }

    fn connection(&self) -> watch::Receiver<Connection> {
        self.link.connection()
    }
}
