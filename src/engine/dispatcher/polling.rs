//! Polling in the dispatcher: syncs with pending rows are asked for their outcomes at growing waits,
//! each in a task of its own, and never while a run of theirs is under way.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::id::SyncId;
use crate::domain::problem::Problem;

use super::super::core::Core;
use super::super::pending::{self, Asked};
use super::{Dispatcher, Message};

/// The wait before the first look.
const FIRST: TimeDelta = TimeDelta::seconds(15);
/// The longest wait between two looks.
const LONGEST: TimeDelta = TimeDelta::minutes(15);

/// When a sync's pending rows are asked for next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poll {
    at: DateTime<Utc>,
    /// The wait that led to it.
    wait: TimeDelta,
}

impl Poll {
    fn first(now: DateTime<Utc>) -> Self {
        Self {
            at: now + FIRST,
            wait: FIRST,
        }
    }

    /// The next look: twice the wait where nothing came, anew where something did, and never
    /// earlier than the destination said.
    fn after(self, asked: Option<&Asked>, now: DateTime<Utc>) -> Self {
        let moves = asked.is_some_and(|asked| asked.settled > 0);
        let wait = if moves {
            FIRST
        } else {
            (self.wait * 2).min(LONGEST)
        };
        let told = asked.and_then(|asked| asked.retry_after);
        let told = told.and_then(|told| TimeDelta::from_std(told).ok());
        let at = now + told.map_or(wait, |told| told.max(wait));
        Self { at, wait }
    }
}

impl Dispatcher {
    /// Takes note of the syncs whose rows an earlier core left pending: they are asked for at once.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where the store cannot be read.
    pub(crate) async fn note_pending(&mut self) -> Result<(), Problem> {
        let now = self.core.clock.now();
        for sync in self.core.store.pending_syncs().await? {
            let poll = Poll {
                at: now,
                wait: FIRST,
            };
            self.live.polls.insert(sync, poll);
        }
        Ok(())
    }

    /// Takes note of rows that a run left pending.
    pub(super) fn will_poll(&mut self, sync: &SyncId) {
        let first = Poll::first(self.core.clock.now());
        self.live.polls.entry(sync.clone()).or_insert(first);
    }

    /// Takes note of rows that the replay of an earlier core's batches left pending.
    pub(super) async fn poll_what_is_left(&mut self, sync: &SyncId) {
        match self.core.store.pending_page(sync, None, 1).await {
            Ok(page) if page.is_empty() => {}
            Ok(_) => self.will_poll(sync),
            Err(error) => tracing::error!(%sync, %error, "cannot read what is pending"),
        }
    }

    fn may_poll(&self, sync: &SyncId) -> bool {
        !self.live.active.contains_key(sync) && !self.live.settling.contains(sync)
    }

    /// When the next sync is to be asked for.
    pub(super) fn next_poll(&self) -> Option<DateTime<Utc>> {
        let polls = self.live.polls.iter();
        let free = polls.filter(|(sync, _)| self.may_poll(sync));
        free.map(|(_, poll)| poll.at).min()
    }

    /// Asks for what is due; the sync does not run until the answer has come.
    pub(super) fn poll(&mut self) {
        let now = self.live.now;
        let polls = self.live.polls.iter();
        let due = polls.filter(|(sync, poll)| poll.at <= now && self.may_poll(sync));
        let due: Vec<SyncId> = due.map(|(sync, _)| sync.clone()).collect();
        for sync in due {
            self.live.settling.insert(sync.clone());
            let (core, sender): (Arc<Core>, _) = (Arc::clone(&self.core), self.sender.clone());
            tokio::spawn(async move {
                let asked = pending::ask(&core, &sync).await;
                if let Err(problem) = &asked {
                    tracing::warn!(%sync, %problem, "cannot ask for pending outcomes");
                }
                // The dispatcher may have gone meanwhile.
                let _ = sender.send(Message::Polled(sync, asked.ok()));
            });
        }
    }

    /// Takes what asking came to.
    pub(super) async fn polled(&mut self, sync: &SyncId, asked: Option<Asked>) {
        let now = self.live.now;
        let done = asked.is_some_and(|asked| asked.waiting == 0);
        if done || self.live.sync(sync).is_none() {
            self.live.polls.remove(sync);
        } else if let Some(poll) = self.live.polls.get_mut(sync) {
            *poll = poll.after(asked.as_ref(), now);
        }
        if asked.is_some_and(|asked| asked.settled > 0)
            && let Err(problem) = self.live.reread(&self.core, sync).await
        {
            tracing::error!(%sync, %problem, "cannot read the sync's state");
        }
        self.settled(sync).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn waits_grow_to_their_limit_and_begin_anew_when_something_came() {
        let now = DateTime::UNIX_EPOCH;
        let none = Asked {
            waiting: 1,
            ..Asked::default()
        };
        let mut poll = Poll::first(now);
        let mut waits = Vec::new();
        for _ in 0..8 {
            waits.push((poll.at - now).num_seconds());
            poll = poll.after(Some(&none), now);
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900]);
        let some = Asked { settled: 1, ..none };
        assert_eq!(poll.after(Some(&some), now).at, now + FIRST);
        assert_eq!(poll.after(None, now).at, now + LONGEST);
    }

    #[test]
    fn the_destination_may_ask_for_a_longer_wait() {
        let now = DateTime::UNIX_EPOCH;
        let told = |seconds| Asked {
            waiting: 1,
            retry_after: Some(Duration::from_secs(seconds)),
            ..Asked::default()
        };
        let poll = Poll::first(now);
        let wait = |seconds| (poll.after(Some(&told(seconds)), now).at - now).num_seconds();
        assert_eq!((wait(1), wait(3_600)), (30, 3_600));
    }
}
