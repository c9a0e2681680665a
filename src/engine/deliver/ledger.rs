//! Puts what was answered on record behind the sending: in the order of the answers, and all that
//! waits in one commit.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::OwnedSemaphorePermit;

use crate::domain::run::Run;
use crate::store::{Acknowledgement, Store, StoreError};

use super::fate::Piece;

/// A batch with its answer.
pub(super) struct Answered {
    /// The cut that it came from.
    pub origin: u64,
    /// What is to be sent once this is on record.
    pub rest: Vec<Piece>,
    /// Whether everything was accepted.
    pub is_clean: bool,
    /// Whether nothing of it is still to come: not where the session's end decides.
    pub is_final: bool,
    /// Its operations.
    pub rows: usize,
    /// The right to have been sent, given back when this is on record.
    pub hold: Option<OwnedSemaphorePermit>,
}

/// What a commit has put on record.
pub(super) struct Recorded {
    /// The batches.
    pub batches: Vec<Answered>,
    /// The run with the counters that were committed; none where there was nothing to write.
    pub outcome: Result<Option<Run>, StoreError>,
}

type Commit = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Batches that were answered and are not on record yet.
pub(super) struct Ledger {
    store: Store,
    due: Vec<(Answered, Vec<Acknowledgement>)>,
    /// The commit that is under way, with its batches and the run's counters.
    writing: Option<(Commit, Vec<Answered>, Option<Run>)>,
}

impl Ledger {
    /// Starts with none.
    pub fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
            due: Vec::new(),
            writing: None,
        }
    }

    /// Takes a batch with what the store must keep of it.
    pub fn push(&mut self, answered: Answered, kept: Vec<Acknowledgement>) {
        self.due.push((answered, kept));
    }

    fn batches(&self) -> impl Iterator<Item = &Answered> {
        let writing = self.writing.iter().flat_map(|(_, batches, _)| batches);
        writing.chain(self.due.iter().map(|(answered, _)| answered))
    }

    /// The batches that are not on record.
    pub fn len(&self) -> usize {
        self.batches().count()
    }

    /// Whether everything is on record.
    pub fn is_empty(&self) -> bool {
        self.writing.is_none() && self.due.is_empty()
    }

    /// The batches of which something is sent again once they are on record.
    pub fn resting(&self) -> usize {
        self.batches().filter(|it| !it.rest.is_empty()).count()
    }

    /// Whether everything that is not on record was accepted.
    pub fn is_clean(&self) -> bool {
        self.batches().all(|it| it.is_clean)
    }

    /// Waits for the commit that is under way, or begins one with all that waits. Giving up the
    /// wait loses nothing. Never ready where [`Self::is_empty`].
    pub async fn next(&mut self) -> Recorded {
        if self.writing.is_none() {
            let (mut batches, mut all) = (Vec::new(), Vec::new());
            for (answered, kept) in self.due.drain(..) {
                batches.push(answered);
                all.extend(kept);
            }
            let run = all.last().map(|last: &Acknowledgement| last.run.clone());
            let store = self.store.clone();
            let commit: Commit = Box::pin(async move { store.close_intents(all).await });
            self.writing = Some((commit, batches, run));
        }
        let Some((commit, _, _)) = &mut self.writing else {
            return std::future::pending().await;
        };
        let outcome = commit.await;
        let (batches, run) = match self.writing.take() {
            Some((_, batches, run)) => (batches, run),
            None => (Vec::new(), None),
        };
        Recorded {
            batches,
            outcome: outcome.map(|()| run),
        }
    }
}
