//! The live state: catalog, runs under way and queued, and what each sync did last.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::Problem;
use crate::domain::run::{Phase, Run, Trigger};
use crate::domain::sync::Sync;
use crate::domain::trouble::Aside;
use crate::link::WorkspaceView;
use crate::link::view::{HeldDeletes, RecentRun};
use crate::store::{Catalog, Failing};

use super::super::core::Core;
use super::super::run::prepare::open_snapshot;
use super::super::run::{Answer, Stop};
use super::super::scheduler::Scheduler;
use super::super::view;
use super::checks::Checks;
use super::polling::Poll;

/// Ended runs that a sync's charts show.
const RECENT: u32 = 20;

/// A run under way.
pub(crate) struct Active {
    /// The run with its counters up to now.
    pub run: Run,
    /// Ends it.
    pub stop: Stop,
    /// Where a person's answer goes.
    pub answers: mpsc::Sender<Answer>,
    /// When its present phase began.
    pub phase_began: DateTime<Utc>,
    /// When its counters were last reported.
    pub reported: DateTime<Utc>,
    /// Whether a person has answered what it asked.
    pub answered: bool,
}

impl Active {
    /// Whether the run waits for a person.
    pub fn asks(&self) -> bool {
        self.run.phase == Some(Phase::AwaitingApproval)
            && !self.answered
            && !self.stop.token.is_cancelled()
    }
}

/// What a sync did before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// Its last run that ended.
    pub last: Option<Run>,
    /// Its last ended runs, oldest first.
    pub recent: Vec<RecentRun>,
    /// Records that its snapshot holds.
    pub known: u64,
    /// Deletes that wait for approval.
    pub held: Option<HeldDeletes>,
    /// Rows of its last run that need a look, and those that are ignored.
    pub failing: Failing,
    /// When it left the state behind that can be put back.
    pub kept: Option<DateTime<Utc>>,
    /// When the first of the runs ended that ended as the last one did, without another between.
    pub since: Option<DateTime<Utc>>,
    /// Rows that have failed again and again.
    pub stuck: u64,
}

/// The live state of a workspace.
pub(crate) struct Live {
    /// Sources, models, destinations, syncs.
    pub catalog: Arc<Catalog>,
    /// When each schedule fires.
    pub scheduler: Scheduler,
    /// When destinations were last checked.
    pub checks: Checks,
    /// Runs under way, one a sync.
    pub active: HashMap<SyncId, Active>,
    /// Runs that wait for their turn, first come first served.
    pub queued: VecDeque<Run>,
    /// What each sync did before.
    pub past: HashMap<SyncId, Past>,
    /// Runs that begin later: a destination said so, or an interrupted sync waits for its place.
    pub later: HashMap<SyncId, (DateTime<Utc>, Trigger)>,
    /// Syncs whose open intents or pending rows are being settled: they do not run yet.
    pub settling: HashSet<SyncId>,
    /// When syncs with pending rows are asked for next.
    pub polls: HashMap<SyncId, Poll>,
    /// Causes of trouble that a person has set aside.
    pub asides: Vec<Aside>,
    /// Who waits for a run.
    pub waiters: HashMap<RunId, Vec<oneshot::Sender<Run>>>,
    /// The time of the latest message.
    pub now: DateTime<Utc>,
    view: Arc<WorkspaceView>,
}

impl Live {
    /// Reads the state from the store.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where it cannot be read.
    pub async fn load(core: &Arc<Core>) -> Result<Self, Problem> {
        let catalog = Arc::new(core.store.load_catalog().await?);
        let mut live = Self {
            catalog,
            scheduler: Scheduler::default(),
            checks: Checks::default(),
            active: HashMap::new(),
            queued: core.store.queued_runs().await?.into(),
            past: HashMap::new(),
            later: HashMap::new(),
            settling: HashSet::new(),
            polls: HashMap::new(),
            asides: core.store.asides().await?,
            waiters: HashMap::new(),
            now: core.clock.now(),
            view: Arc::default(),
        };
        live.read_schedules(core).await?;
        for sync in live.catalog.syncs.clone() {
            let past = read_past(core, &sync).await?;
            live.past.insert(sync.id, past);
        }
        Ok(live)
    }

    /// Reads again where the schedules stand.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where that cannot be read; the old state stays.
    pub async fn read_schedules(&mut self, core: &Core) -> Result<(), Problem> {
        let states = core.store.schedule_states().await?;
        self.set_schedules(&states, core.clock.now());
        Ok(())
    }

    /// Reads the catalog and the schedules again.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where they cannot be read; the old ones stay.
    pub async fn reload(&mut self, core: &Arc<Core>) -> Result<(), Problem> {
        self.catalog = Arc::new(core.store.load_catalog().await?);
        self.read_schedules(core).await?;
        let syncs = self.catalog.syncs.clone();
        self.past
            .retain(|id, _| syncs.iter().any(|sync| sync.id == *id));
        for sync in syncs {
            let past = read_past(core, &sync).await?;
            self.past.insert(sync.id, past);
        }
        Ok(())
    }

    /// Reads again what one sync did before.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where it cannot be read.
    pub async fn reread(&mut self, core: &Arc<Core>, id: &SyncId) -> Result<(), Problem> {
        if let Some(sync) = self
            .catalog
            .syncs
            .iter()
            .find(|sync| sync.id == *id)
            .cloned()
        {
            let past = read_past(core, &sync).await?;
            self.past.insert(sync.id, past);
        }
        self.read_schedules(core).await
    }

    /// The sync of this id.
    pub fn sync(&self, id: &SyncId) -> Option<&Sync> {
        self.catalog.syncs.iter().find(|sync| sync.id == *id)
    }

    /// Takes a new state of a run under way.
    pub fn run_changed(&mut self, run: &Run, now: DateTime<Utc>) {
        if let Some(active) = self.active.get_mut(&run.sync)
            && active.run.id == run.id
        {
            if active.run.phase != run.phase {
                active.phase_began = now;
            }
            active.run = run.clone();
            active.reported = now;
        }
    }

    /// Tells who waits for a run how it stands.
    pub fn answer_waiters(&mut self, run: &Run) {
        for waiter in self.waiters.remove(&run.id).unwrap_or_default() {
            // Who has gone meanwhile needs no answer.
            let _ = waiter.send(run.clone());
        }
    }

    /// Makes the view of one sync anew.
    pub fn refresh(&mut self, id: &SyncId) -> Option<Arc<WorkspaceView>> {
        let sync = self.sync(id)?;
        let new = Arc::new(view::sync_view(self, sync));
        let view = Arc::make_mut(&mut self.view);
        let place = view.syncs.iter_mut().find(|old| old.sync.id == *id)?;
        *place = new;
        view.sequence += 1;
        Some(Arc::clone(&self.view))
    }

    /// The view as it was last made.
    pub fn view(&self) -> Arc<WorkspaceView> {
        Arc::clone(&self.view)
    }

    /// Makes the whole view anew.
    pub fn refresh_all(&mut self) -> Arc<WorkspaceView> {
        let sequence = self.view.sequence + 1;
        self.view = Arc::new(view::workspace_view(self, sequence));
        Arc::clone(&self.view)
    }
}

/// When the first of the runs, newest first, ended that ended as the newest did, without another
/// between.
fn alike_since(runs: &[Run]) -> Option<DateTime<Utc>> {
    let outcome = |run: &Run| (run.status, run.error.as_ref().map(|error| error.kind));
    let newest = outcome(runs.first()?);
    let alike = runs.iter().take_while(|run| outcome(run) == newest);
    alike.filter_map(|run| run.ended_at).last()
}

async fn read_past(core: &Arc<Core>, sync: &Sync) -> Result<Past, Problem> {
    let runs = core.store.recent_runs(&sync.id, RECENT).await?;
    let held = core.store.held(&sync.id).await?;
    let stuck = core.store.stuck(&sync.id).await?;
    let snapshot = open_snapshot(core, &sync.id).await;
    let known = tokio::task::spawn_blocking(move || snapshot.ok().and_then(|s| s.known().ok()));
    // A damaged snapshot is told by the next run, which fails with the reason.
    let known = known.await.ok().flatten().unwrap_or_default();
    let failing = match runs.first() {
        Some(last) if last.counters.has_errors() => core.store.failing_of(&last.id).await?,
        _ => Failing::default(),
    };
    let states = core.store.kept_states(&sync.id).await?;
    let settings = &sync.settings;
    let kept = states.iter().find(|state| {
        let (destination, object) = &state.place;
        *destination == settings.destination.as_str() && *object == settings.destination_object
    });
    Ok(Past {
        failing,
        kept: kept.map(|state| state.at),
        recent: runs.iter().rev().map(view::recent_run).collect(),
        since: alike_since(&runs),
        stuck,
        last: runs.into_iter().next(),
        known,
        held: held.map(|held| HeldDeletes {
            count: held.count,
            plan_hash: held.plan_hash,
            run: held.run,
        }),
    })
}
