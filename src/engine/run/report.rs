//! Tells the dispatcher how a run goes, at most four times a second.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::domain::run::Run;

use super::super::clock::Clock;
use super::super::dispatcher::Message;

/// Milliseconds between two reports of counters.
const INTERVAL_MS: i64 = 250;

/// A run's way to the dispatcher.
#[derive(Clone)]
pub(crate) struct Reporter {
    clock: Arc<dyn Clock>,
    messages: mpsc::UnboundedSender<Message>,
    last: Arc<Mutex<Option<DateTime<Utc>>>>,
}

impl Reporter {
    /// Makes one for a run.
    pub fn new(clock: Arc<dyn Clock>, messages: mpsc::UnboundedSender<Message>) -> Self {
        Self {
            clock,
            messages,
            last: Arc::default(),
        }
    }

    /// Reports a change that must be seen.
    pub fn now(&self, run: &Run) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
        let _ = self
            .messages
            .send(Message::RunChanged(Box::new(run.clone())));
    }

    /// Reports counters, unless a report went out just now.
    pub fn soon(&self, run: &Run) {
        let now = self.clock.now();
        let due = {
            let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.is_none_or(|last| (now - last).num_milliseconds() >= INTERVAL_MS)
        };
        if due {
            self.now(run);
        }
    }
}
