//! Gathers from a view what is wrong, each cause once with the syncs that it concerns.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::words::{self, Cause};
use super::{Concerned, Place, Trouble};
use crate::domain::destination::{Destination, Health};
use crate::domain::id::DestinationId;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Phase, Run, RunStatus, Trigger};
use crate::domain::trouble::{Extent, Severity};
use crate::link::WorkspaceView;
use crate::link::view::{SyncState, SyncView};

/// What is known of a cause while syncs are gathered.
struct Found<'a> {
    cause: Cause<'a>,
    place: Place,
    since: Option<DateTime<Utc>>,
    syncs: Vec<Concerned>,
}

/// Gathers every cause, in no particular order.
pub(super) fn gather(view: &WorkspaceView) -> Vec<Trouble> {
    let mut gathering = Gathering {
        view,
        failing: failing(view),
        found: BTreeMap::new(),
    };
    if let Some(reason) = &view.halted {
        let place = Place::Nowhere;
        gathering.note("halted".to_owned(), Cause::Halted { reason }, place);
    }
    for sync in &view.syncs {
        gathering.sync(sync);
    }
    let found = gathering.found.into_iter();
    found.map(|(key, found)| trouble(key, found)).collect()
}

fn trouble(key: String, found: Found<'_>) -> Trouble {
    let mut syncs = found.syncs;
    syncs.sort_by(|a, b| a.name.cmp(&b.name));
    let said = words::say(&found.cause, &syncs);
    let severity = found.cause.severity();
    // A run that waits is a matter of its own: the next one of the same sync is a new one.
    let by_run = matches!(found.cause, Cause::Approval | Cause::Missed);
    let concerns = syncs.iter().map(|one| match &one.run {
        Some(run) if by_run => run.to_string(),
        _ => one.sync.to_string(),
    });
    Trouble {
        severity,
        state: said.state,
        extent: Extent {
            severity,
            concerns: concerns.collect(),
            rows: syncs.iter().map(|one| one.rows).sum(),
            words: words::shape(&said.happened),
        },
        title: said.title,
        since: found.since,
        happened: said.happened,
        not_done: said.not_done,
        now: said.now,
        place: found.place,
        syncs,
        aside: None,
        key,
    }
}

/// The destinations that were last met failing, with the reason and when.
fn failing(view: &WorkspaceView) -> HashMap<&DestinationId, (&Destination, &str, DateTime<Utc>)> {
    let failing = view
        .destinations
        .iter()
        .filter_map(|one| match &one.health {
            Health::Failing { at, reason } => Some((&one.id, (&**one, reason.as_str(), *at))),
            Health::Healthy { .. } | Health::Unchecked => None,
        });
    failing.collect()
}

struct Gathering<'a> {
    view: &'a WorkspaceView,
    failing: HashMap<&'a DestinationId, (&'a Destination, &'a str, DateTime<Utc>)>,
    found: BTreeMap<String, Found<'a>>,
}

impl<'a> Gathering<'a> {
    fn note(&mut self, key: String, cause: Cause<'a>, place: Place) -> &mut Found<'a> {
        self.found.entry(key).or_insert(Found {
            cause,
            place,
            since: None,
            syncs: Vec::new(),
        })
    }

    fn add(
        &mut self,
        (key, cause, place): (String, Cause<'a>, Place),
        sync: &SyncView,
        (run, rows): (Option<&Run>, u64),
        since: Option<DateTime<Utc>>,
    ) {
        let found = self.note(key, cause, place);
        found.since = found.since.into_iter().chain(since).min();
        if found.syncs.iter().any(|one| one.sync == *sync.id()) {
            return;
        }
        found.syncs.push(Concerned {
            sync: sync.id().clone(),
            name: sync.name().to_owned(),
            run: run.map(|run| run.id.clone()),
            rows,
        });
    }

    fn sync(&mut self, sync: &'a SyncView) {
        let failed = self.last_run(sync);
        self.attention(sync);
        self.destination(sync, failed);
        self.waits(sync);
        self.rows(sync);
        if let Some(run) = latest(sync)
            && let Trigger::Schedule { missed: 1.., .. } = run.trigger
        {
            let cause = ("missed".to_owned(), Cause::Missed, Place::Run);
            self.add(cause, sync, (Some(run), 0), run.started_at);
        }
    }

    /// Notes a last run that failed; says whether its destination was at fault.
    fn last_run(&mut self, sync: &'a SyncView) -> bool {
        let Some(run) = &sync.last else { return false };
        let since = sync.since.or(run.ended_at);
        match (run.status, &run.error) {
            (RunStatus::Interrupted, _) => {
                let cause = ("interrupted".to_owned(), Cause::Interrupted, Place::Run);
                self.add(cause, sync, (Some(run), 0), since);
                false
            }
            // What a person cancelled is known to the person.
            (RunStatus::Failed | RunStatus::Cancelled, Some(problem)) => {
                self.failed(sync, run, problem, since)
            }
            (RunStatus::Failed, None) => {
                let cause = ("failed".to_owned(), Cause::FailedUnsaid, Place::Run);
                self.add(cause, sync, (Some(run), 0), since);
                false
            }
            _ => false,
        }
    }

    fn failed(
        &mut self,
        sync: &'a SyncView,
        run: &'a Run,
        problem: &'a Problem,
        since: Option<DateTime<Utc>>,
    ) -> bool {
        let destination = &sync.sync.settings.destination;
        let kind = problem.kind;
        let at_fault = matches!(
            kind,
            ProblemKind::Destination | ProblemKind::Auth | ProblemKind::Protocol
        );
        if at_fault && self.failing.contains_key(destination) {
            return true;
        }
        let word = words::kind(kind);
        let (key, at, place) = match kind {
            // It is told with what needs attention.
            ProblemKind::Config => {
                self.broken(sync, &problem.text, Some(run), since);
                return false;
            }
            ProblemKind::Source => {
                let source = self.source(sync);
                let id = source.as_ref().map_or("", |id| id.as_str());
                let key = format!("failed/{word}/{id}");
                let place = source.clone().map_or(Place::Run, Place::Source);
                (key, sync.source.as_str(), place)
            }
            ProblemKind::State | ProblemKind::Internal | ProblemKind::Interrupted => {
                let sign = words::sign(&problem.text);
                (format!("failed/{word}/{sign}"), "", Place::Run)
            }
            ProblemKind::Guard => {
                let sign = words::sign(&problem.text);
                // Before anything was sent it is the model that a guard looks at.
                let (id, at) = match run.counters.requests {
                    0 => (sync.sync.settings.model.as_str(), &sync.model),
                    _ => (destination.as_str(), &sync.destination),
                };
                let key = format!("failed/{word}/{id}/{sign}");
                (key, at.as_str(), Place::Run)
            }
            _ => {
                let key = format!("failed/{word}/{destination}");
                (key, sync.destination.as_str(), Place::Run)
            }
        };
        let cause = Cause::Failed { problem, at };
        self.add((key, cause, place), sync, (Some(run), 0), since);
        false
    }

    fn source(&self, sync: &SyncView) -> Option<crate::domain::id::SourceId> {
        let models = &self.view.models;
        let model = models.iter().find(|m| m.id == sync.sync.settings.model);
        model.map(|model| model.source.clone())
    }

    fn attention(&mut self, sync: &'a SyncView) {
        if let SyncState::NeedsAttention { reason } = &sync.state {
            let run = sync.last.as_ref();
            self.broken(sync, reason, run, sync.since);
        }
    }

    /// A sync that does not run until someone mends it.
    fn broken(
        &mut self,
        sync: &'a SyncView,
        reason: &'a str,
        run: Option<&'a Run>,
        since: Option<DateTime<Utc>>,
    ) {
        let model = &sync.sync.settings.model;
        let key = format!("attention/{model}/{}", words::sign(reason));
        let cause = Cause::Attention {
            model: &sync.model,
            reason,
        };
        let place = Place::Mapping(model.clone());
        self.add((key, cause, place), sync, (run, 0), since);
    }

    /// A sync whose destination is failing; one that is paused and did not fail there is left out.
    fn destination(&mut self, sync: &'a SyncView, failed: bool) {
        let id = &sync.sync.settings.destination;
        let Some((destination, reason, at)) = self.failing.get(id).copied() else {
            return;
        };
        if sync.sync.settings.paused && !failed {
            return;
        }
        let cause = Cause::Destination {
            name: &destination.name,
            reason,
        };
        let run = sync.last.as_ref().filter(|_| failed);
        let since = sync.since.filter(|_| failed).or(Some(at)).min(Some(at));
        let place = Place::Destination(id.clone());
        self.add(
            (format!("destination/{id}"), cause, place),
            sync,
            (run, 0),
            since,
        );
    }

    /// What waits for a person.
    fn waits(&mut self, sync: &'a SyncView) {
        let active = sync.active.as_ref().map(|active| &active.run);
        if let Some(run) = active.filter(|run| run.phase == Some(Phase::AwaitingApproval)) {
            let cause = ("approval".to_owned(), Cause::Approval, Place::Plan);
            let rows = run.counters.total(|tally| tally.planned);
            self.add(cause, sync, (Some(run), rows), run.started_at);
        }
        if let Some(held) = &sync.held {
            let run = sync.last.as_ref().filter(|run| run.id == held.run);
            let cause = Cause::Held { model: &sync.model };
            let key = format!("held/{}", sync.sync.settings.model);
            let since = run.and_then(|run| run.ended_at);
            self.add((key, cause, Place::Plan), sync, (run, held.count), since);
        }
    }

    /// Rows that did not go through while the others did.
    fn rows(&mut self, sync: &'a SyncView) {
        let destination = &sync.sync.settings.destination;
        if sync.stuck > 0 {
            let cause = Cause::Stuck {
                destination: &sync.destination,
            };
            let key = format!("stuck/{destination}");
            let about = (sync.last.as_ref(), sync.stuck);
            self.add((key, cause, Place::Rows), sync, about, sync.since);
        }
        let Some(run) = &sync.last else { return };
        if run.status != RunStatus::CompletedWithErrors {
            return;
        }
        let since = sync.since.or(run.ended_at);
        // What a person does not want to hear of is told with the rows alone.
        let ignored = sync.ignored;
        let hushed = ignored.invalid + ignored.rejected + ignored.unknown > 0;
        let invalid = run.counters.invalid.saturating_sub(ignored.invalid);
        if invalid > 0 {
            let cause = Cause::Invalid { model: &sync.model };
            let key = format!("invalid/{}", sync.sync.settings.model);
            self.add((key, cause, Place::Rows), sync, (Some(run), invalid), since);
        }
        let refused = run.counters.total(|tally| tally.rejected + tally.unknown);
        let refused = refused.saturating_sub(ignored.rejected + ignored.unknown);
        if refused > 0 || (invalid == 0 && !hushed) {
            let cause = Cause::Refused {
                destination: &sync.destination,
            };
            let key = format!("refused/{destination}");
            self.add((key, cause, Place::Rows), sync, (Some(run), refused), since);
        }
    }
}

/// The run under way, else the last one.
fn latest(sync: &SyncView) -> Option<&Run> {
    let active = sync.active.as_ref().map(|active| &active.run);
    active.or(sync.last.as_ref())
}

impl Cause<'_> {
    fn severity(&self) -> Severity {
        match self {
            Self::Halted { .. } => Severity::Halted,
            Self::Destination { .. } | Self::Attention { .. } | Self::FailedUnsaid => {
                Severity::Error
            }
            Self::Failed { problem, .. } if problem.kind == ProblemKind::RateLimited => {
                Severity::Warning
            }
            Self::Failed { .. } => Severity::Error,
            Self::Approval | Self::Held { .. } => Severity::Waiting,
            Self::Interrupted
            | Self::Stuck { .. }
            | Self::Refused { .. }
            | Self::Invalid { .. } => Severity::Warning,
            Self::Missed => Severity::Notice,
        }
    }
}
