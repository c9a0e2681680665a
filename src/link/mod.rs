//! How a face talks to a core: commands in, the latest view and the happenings out.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{broadcast, watch};

use crate::domain::command::{Command, Reply};
use crate::domain::event::Event;
use crate::domain::problem::Problem;

pub mod remote;
pub mod troubles;
pub mod view;
pub mod wire;

pub use remote::RemoteLink;
pub use view::WorkspaceView;

/// How a face is joined to its core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// The core lives in this process.
    Local,
    /// The core lives elsewhere and answers.
    Attached,
    /// The core does not answer.
    Lost {
        /// Seconds until the next try.
        retry_in_s: u64,
    },
}

/// A face's way to a core, in this process or beyond a socket.
#[async_trait]
pub trait Link: Send + Sync {
    /// Asks the core and waits for its answer.
    ///
    /// # Errors
    /// The core's own [`Problem`], or one of kind `interrupted` where it cannot be reached.
    async fn send(&self, command: Command) -> Result<Reply, Problem>;

    /// The latest state; each new one replaces the one before.
    fn view(&self) -> watch::Receiver<Arc<WorkspaceView>>;

    /// What happens from now on, log lines of runs included; who lags reads the journal.
    fn events(&self) -> broadcast::Receiver<Event>;

    /// How the core is joined, now and as it changes.
    fn connection(&self) -> watch::Receiver<Connection>;
}
