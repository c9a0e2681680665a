//! A link under which the interface breaks off when a person cancels a run: a bug that a test plants,
//! to see that the terminal is given back and the core goes on.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{broadcast, watch};

use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::problem::Problem;
use crate::failpoints;
use crate::link::{Connection, Link, WorkspaceView};

/// The link as it is, or with the bug where that is planted.
pub(super) fn link(link: &Arc<dyn Link>) -> Arc<dyn Link> {
    match failpoints::planted("interface_breaks_off") {
        true => Arc::new(Breaking(Arc::clone(link))),
        false => Arc::clone(link),
    }
}

struct Breaking(Arc<dyn Link>);

#[expect(clippy::panic, reason = "it is the bug that a test plants")]
fn break_off() {
    panic!("a bug that was planted");
}

#[async_trait]
impl Link for Breaking {
    async fn send(&self, command: Command) -> Result<Reply, Problem> {
        if matches!(command, Command::Cancel { .. }) {
            break_off();
        }
        self.0.send(command).await
    }

    fn view(&self) -> watch::Receiver<Arc<WorkspaceView>> {
        self.0.view()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events()
    }

    fn connection(&self) -> watch::Receiver<Connection> {
        self.0.connection()
    }
}
