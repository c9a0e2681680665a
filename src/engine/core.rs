//! What every part of a running core shares: the store, the clock, the folders, the limits.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rand::Rng as _;
use rand_chacha::ChaCha12Rng;
use tokio::sync::broadcast;

use crate::connectors::registry::{Connectors, Surroundings};
use crate::domain::destination::Destination;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{DestinationId, RunId, SyncId};
use crate::domain::problem::{Problem, ProblemKind};
use crate::store::Store;

use super::browse::Divisions;
use super::clock::Clock;
use super::limits::DestinationLimits;

/// Events that a slow listener may fall behind before it must read the journal.
const EVENT_BUFFER: usize = 4_096;
/// Free bytes that must be left on the workspace's disk for anything to be sent.
const MIN_FREE_BYTES: u64 = 16 << 20;

/// What every part of a running core shares.
pub(crate) struct Core {
    /// The workspace's state.
    pub store: Store,
    /// The one notion of time.
    pub clock: Arc<dyn Clock>,
    /// The workspace's folder.
    pub folder: PathBuf,
    /// The kinds of connection, and how each is made.
    pub connectors: Arc<dyn Connectors>,
    /// What connectors may need of the workspace.
    pub surroundings: Surroundings,
    /// What happens, for faces.
    pub events: broadcast::Sender<Event>,
    /// How the plans that were looked through lately divide by kind.
    pub divisions: Divisions,
    random: Mutex<ChaCha12Rng>,
    limits: Mutex<HashMap<DestinationId, (u64, Arc<DestinationLimits>)>>,
}

impl Core {
    /// Joins the parts; `random` is seeded by the caller.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        connectors: Arc<dyn Connectors>,
        folder: &Path,
        random: ChaCha12Rng,
    ) -> Self {
        let surroundings = Surroundings {
            forbidden: vec![folder.join("state.db"), folder.join("secret.key")],
            temporary: folder.join("tmp"),
            ..Surroundings::default()
        };
        Self {
            store,
            clock,
            folder: folder.to_owned(),
            connectors,
            surroundings,
            events: broadcast::channel(EVENT_BUFFER).0,
            divisions: Divisions::default(),
            random: Mutex::new(random),
            limits: Mutex::default(),
        }
    }

    /// Draws 64 random bits.
    pub fn random(&self) -> u64 {
        self.random
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next_u64()
    }

    /// Draws a new idempotency key: 128 random bits in base62 after `msg_`.
    pub fn idempotency_key(&self) -> String {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut bits = (u128::from(self.random()) << 64) | u128::from(self.random());
        let mut key = String::from("msg_");
        for _ in 0..22 {
            let digit = usize::try_from(bits % 62)
                .ok()
                .and_then(|at| DIGITS.get(at));
            key.push(digit.copied().map_or('0', char::from));
            bits /= 62;
        }
        key
    }

    /// The limits that all syncs to one destination share, until it is edited.
    pub fn limits(
        &self,
        destination: &Destination,
        make: impl FnOnce(u64) -> DestinationLimits,
    ) -> Arc<DestinationLimits> {
        let seed = self.random();
        let mut all = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(&destination.id) {
            Some((revision, limits)) if *revision == destination.revision => Arc::clone(limits),
            _ => {
                let limits = Arc::new(make(seed));
                let entry = (destination.revision, Arc::clone(&limits));
                all.insert(destination.id.clone(), entry);
                limits
            }
        }
    }

    /// The plan file of a run.
    pub fn plan_path(&self, run: &RunId) -> PathBuf {
        self.folder.join("runs").join(format!("{run}.plan"))
    }

    /// The log file of a run.
    pub fn log_path(&self, run: &RunId) -> PathBuf {
        self.folder.join("runs").join(format!("{run}.log"))
    }

    /// The file in which a core leaves to its successor what of a run is still to be sent.
    pub fn rest_path(&self, run: &RunId) -> PathBuf {
        let name = format!("{run}.{}", super::run::remainder::EXTENSION);
        self.folder.join("runs").join(name)
    }

    /// The folder of all snapshots.
    pub fn snapshots(&self) -> PathBuf {
        self.folder.join("snapshots")
    }

    /// Journals an event and tells the faces.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where the journal cannot be written.
    pub async fn happen(
        &self,
        sync: Option<&SyncId>,
        run: Option<&RunId>,
        kind: EventKind,
    ) -> Result<(), Problem> {
        let event = Event {
            number: 0,
            at: self.clock.now(),
            sync: sync.cloned(),
            run: run.cloned(),
            kind,
        };
        for event in self.store.append_events(vec![event]).await? {
            self.tell(event);
        }
        Ok(())
    }

    /// Tells the faces of an event that needs no place in the journal, or has one.
    pub fn tell(&self, event: Event) {
        // Nobody listening is the normal state of a headless core.
        let _ = self.events.send(event);
    }

    /// Refuses to go on where the disk is nearly full, before anything is spooled or sent.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state`.
    pub fn check_free_space(&self) -> Result<(), Problem> {
        let Ok(disk) = rustix::fs::statvfs(&self.folder) else {
            return Ok(());
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free >= MIN_FREE_BYTES {
            return Ok(());
        }
        Err(Problem::new(
            ProblemKind::State,
            format!(
                "cannot go on: the disk of {} has only {} KiB left",
                self.folder.display(),
                free >> 10
            ),
        )
        .hint("free some space; what was not sent stays due and goes with the next run"))
    }
}
