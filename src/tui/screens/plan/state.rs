//! What the page of a plan remembers.

use crate::domain::browse::{PlanHead, PlanPart, PlanRow};
use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::Problem;
use crate::domain::run::RunStatus;
use crate::link::view::SyncView;
use crate::tui::questions::waiting;
use crate::tui::requests::Waiting;
use crate::tui::state::State;
use crate::tui::widgets::window::Window;

/// How far the making of a new plan is.
#[derive(Debug)]
pub(super) enum Making {
    /// None is being made.
    Not,
    /// One is to be asked for.
    Wanted,
    /// One was asked for.
    Asked(u64),
    /// A run reads and compares.
    Under { token: u64, run: RunId },
    /// It came to nothing.
    Failed(Problem),
}

/// A text that is being looked for through a plan.
#[derive(Debug)]
pub(super) struct Finding {
    pub token: u64,
    /// The place up to which nothing was found.
    pub from: u64,
}

/// The page of a plan.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) sync: SyncId,
    /// The run whose plan is shown.
    pub(super) run: Option<RunId>,
    /// The run that is to be undone, where the plan is that of an undo.
    pub(super) undone: Option<RunId>,
    pub(super) making: Making,
    pub(super) head: Waiting<PlanHead>,
    pub(super) part: PlanPart,
    pub(super) list: Window<PlanRow>,
    /// Whether the fields of the selected entry are shown beneath it.
    pub(super) open: bool,
    /// The text that was last looked for.
    pub(super) text: String,
    pub(super) finding: Option<Finding>,
    /// What was ordered and not answered, with its token: `applying`.
    pub(super) doing: Option<(u64, &'static str)>,
}

/// What can be done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// It is not here.
    Absent,
    /// Nothing has been sent of it, and it can be applied.
    Fresh,
    /// A guard or a person stopped it; nothing was sent.
    Stopped,
    /// Its deletes are held; the rest went through.
    Held,
    /// Its run waits for a person; nothing was sent.
    Waits,
    /// Its run goes on, or has ended.
    Past,
}

impl Plan {
    fn with(sync: SyncId, run: Option<RunId>, making: Making) -> Self {
        Self {
            sync,
            run,
            undone: None,
            making,
            head: Waiting::Not,
            part: PlanPart::All,
            list: Window::new(0),
            open: true,
            text: String::new(),
            finding: None,
            doing: None,
        }
    }

    /// The page of a plan that is made now.
    pub(crate) fn fresh(sync: SyncId) -> Self {
        Self::with(sync, None, Making::Wanted)
    }

    /// The page of the undo of a run, which is planned now.
    pub(crate) fn undoing(sync: SyncId, undone: RunId) -> Self {
        let mut page = Self::with(sync, None, Making::Wanted);
        page.undone = Some(undone);
        page
    }

    /// The page of a run's plan.
    pub(crate) fn of(sync: SyncId, run: RunId) -> Self {
        Self::with(sync, Some(run), Making::Not)
    }

    /// The page of what waits for a person: the held deletes come first.
    pub(crate) fn waiting(sync: &SyncView) -> Option<Self> {
        let plan = waiting(sync)?;
        let mut page = Self::of(sync.id().clone(), plan.run);
        if plan.whole.is_none() {
            page.part = PlanPart::Delete;
        }
        Some(page)
    }

    pub(super) fn view<'a>(&self, state: &'a State) -> Option<&'a SyncView> {
        state.sync(&self.sync).map(|sync| &**sync)
    }

    /// The sync's name.
    pub(super) fn name<'a>(&'a self, state: &'a State) -> &'a str {
        self.view(state)
            .map_or(self.sync.as_str(), |sync| sync.name())
    }

    pub(super) fn is_making(&self) -> bool {
        matches!(
            self.making,
            Making::Wanted | Making::Asked(_) | Making::Under { .. }
        )
    }

    /// What can be done with the plan that is shown.
    pub(super) fn stance(&self, state: &State) -> Stance {
        let Some(head) = self.head.here() else {
            return Stance::Absent;
        };
        let run = &head.run;
        let waits = self.view(state).and_then(waiting);
        if let Some(waits) = waits.filter(|waits| waits.run == run.id) {
            return match waits.whole {
                None => Stance::Held,
                Some(_) => Stance::Waits,
            };
        }
        match run.status {
            RunStatus::Completed | RunStatus::CompletedWithErrors if run.options.plan_only => {
                Stance::Fresh
            }
            RunStatus::Failed | RunStatus::Cancelled if run.counters.total(|t| t.done) == 0 => {
                Stance::Stopped
            }
            _ => Stance::Past,
        }
    }

    /// The entry on which the cursor stands.
    pub(super) fn selected(&self) -> Option<&PlanRow> {
        self.list.selected()
    }

    /// Takes what the plan says of itself.
    pub(super) fn meet(&mut self) {
        let Some(head) = self.head.here() else { return };
        self.undone.clone_from(&head.run.options.undo_of);
        if self.undone.is_some() && head.run.counters.total(|tally| tally.planned) == 0 {
            // What there is to see is why.
            self.part = PlanPart::Invalid;
        }
        self.show(self.part);
    }

    /// Takes how the plan's run stands, as long as it has not ended.
    pub(super) fn follow(&mut self, state: &State) {
        let Some(head) = self.head.here_mut() else {
            return;
        };
        if head.run.status.is_final() {
            return;
        }
        let Some(sync) = state.sync(&self.sync) else {
            return;
        };
        let active = sync.active.as_ref().map(|active| &active.run);
        let mut known = active.into_iter().chain(sync.last.as_ref());
        if let Some(run) = known.find(|run| run.id == head.run.id) {
            head.run.clone_from(run);
        }
    }

    /// Shows another part, from its beginning.
    pub(super) fn show(&mut self, part: PlanPart) {
        self.part = part;
        let total = self.head.here().map_or(0, |head| head.entries(part));
        self.list = Window::new(total);
    }
}
