//! Checks of destinations: each that a sync uses is tested every 6 h, unless a run or a person met
//! it meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::destination::{Destination, Health};
use crate::domain::id::DestinationId;

use super::super::core::Core;
use super::super::explore;
use super::{Dispatcher, Message};

/// A destination that was last met so long ago is tested.
const CHECK_EVERY: TimeDelta = TimeDelta::hours(6);

/// When destinations were last tried, beside what their health says.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    /// The last check, or when a destination that was never met was first seen in use.
    tried: HashMap<DestinationId, DateTime<Utc>>,
}

impl Checks {
    /// Takes note of the destinations in use, and forgets the others.
    fn note<'a>(&mut self, used: impl Iterator<Item = &'a Destination>, now: DateTime<Utc>) {
        let before = std::mem::take(&mut self.tried);
        for destination in used {
            let id = &destination.id;
            let tried = before.get(id).copied();
            let is_new = destination.health == Health::Unchecked;
            // A time ahead is one from before the clock was set back.
            if let Some(at) = tried.or(is_new.then_some(now)) {
                self.tried.insert(id.clone(), at.min(now));
            }
        }
    }

    /// When a destination is to be checked.
    fn due(&self, destination: &Destination, now: DateTime<Utc>) -> DateTime<Utc> {
        let met = match &destination.health {
            Health::Healthy { at } | Health::Failing { at, .. } => Some((*at).min(now)),
            Health::Unchecked => None,
        };
        let last = met.max(self.tried.get(&destination.id).copied());
        last.map_or(now, |last| last + CHECK_EVERY)
    }
}

impl Dispatcher {
    /// Destinations that a sync uses which is not paused.
    fn used(&self) -> impl Iterator<Item = &Destination> {
        let catalog = &self.live.catalog;
        catalog.destinations.iter().filter(|destination| {
            let mut syncs = catalog.syncs.iter();
            syncs.any(|sync| !sync.settings.paused && sync.settings.destination == destination.id)
        })
    }

    fn is_written_to(&self, destination: &DestinationId) -> bool {
        let syncs = self.live.active.keys().filter_map(|id| self.live.sync(id));
        syncs
            .into_iter()
            .any(|sync| sync.settings.destination == *destination)
    }

    /// When a destination is to be checked next.
    pub(super) fn next_check(&self) -> Option<DateTime<Utc>> {
        let now = self.live.now;
        self.used().map(|it| self.live.checks.due(it, now)).min()
    }

    /// Takes note of the destinations that are in use now.
    pub(super) fn note_used(&mut self) {
        let mut checks = std::mem::take(&mut self.live.checks);
        checks.note(self.used(), self.live.now);
        self.live.checks = checks;
    }

    /// Checks, in tasks of their own, the destinations whose turn it is.
    pub(super) fn check_destinations(&mut self) {
        self.note_used();
        let now = self.live.now;
        let due = self
            .used()
            .filter(|it| self.live.checks.due(it, now) <= now);
        let due: Vec<Destination> = due.cloned().collect();
        for destination in due {
            self.live.checks.tried.insert(destination.id.clone(), now);
            if self.is_written_to(&destination.id) {
                // The run will tell.
                continue;
            }
            let (core, sender) = (Arc::clone(&self.core), self.sender.clone());
            tokio::spawn(async move {
                check(&core, &destination).await;
                // The dispatcher may have gone meanwhile.
                let _ = sender.send(Message::CatalogChanged(None));
            });
        }
    }
}

async fn check(core: &Core, destination: &Destination) {
    let Err(problem) = explore::check(core, destination).await else {
        return;
    };
    // It cannot even be opened: a secret is gone, a setting does not fit.
    let health = Health::Failing {
        at: core.clock.now(),
        reason: problem.text,
    };
    if let Err(error) = core.store.set_health(&destination.id, health).await {
        tracing::error!(destination = %destination.id, %error, "cannot store the health");
    }
}
