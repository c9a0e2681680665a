//! Deciding over a plan: what can be done with it, what is asked first, and what is then ordered.

use super::lines::cost;
use super::state::{Making, Plan, Stance};
use crate::domain::command::Command;
use crate::domain::run::RunOptions;
use crate::tui::available::{Refusal, reachable};
use crate::tui::intents::Intent;
use crate::tui::msg::Effect;
use crate::tui::overlays::Overlay;
use crate::tui::overlays::dialog::{Ask, Dialog, yes};
use crate::tui::questions::{ask_held, waiting};
use crate::tui::screens::page::{Tag, no};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::field::Field;

pub(super) const APPLY: Tag = "apply";
pub(super) const WITHOUT: Tag = "without deletes";
pub(super) const REJECT: Tag = "reject";

impl Plan {
    /// Whether something may be sent or dropped now.
    fn may_decide(&self, state: &State) -> Result<(), Refusal> {
        reachable(state)?;
        if let Some(reason) = &state.world.halted {
            return Err(format!("nothing is sent: {reason}").into());
        }
        match self.doing {
            Some((_, doing)) => Err(format!("{doing} already").into()),
            None => Ok(()),
        }
    }

    fn is_busy(&self, state: &State) -> bool {
        self.view(state)
            .is_some_and(|sync| sync.active.is_some() || sync.queued.is_some())
    }

    pub(super) fn may_apply(&self, state: &State) -> Result<(), Refusal> {
        self.may_decide(state)?;
        match self.stance(state) {
            Stance::Absent => no("the plan is not here yet"),
            Stance::Held | Stance::Waits => Ok(()),
            Stance::Stopped => no("its run was stopped; `p` makes a new one"),
            Stance::Past if self.undone.is_some() => no("the undo went; `p` plans it anew"),
            Stance::Past => no("its run has carried it out; `p` makes a new one"),
            Stance::Fresh if self.planned() == 0 => no("there is nothing in it to send"),
            Stance::Fresh if self.is_busy(state) => no("a run of this sync is under way"),
            Stance::Fresh => Ok(()),
        }
    }

    pub(super) fn may_leave_deletes(&self, state: &State) -> Result<(), Refusal> {
        let deletes = self
            .head
            .here()
            .map_or(0, |head| head.run.counters.delete.planned);
        match self.stance(state) {
            Stance::Held => no("creates and updates went through already"),
            Stance::Waits => no("its run waits with all of it: `x` ends that first"),
            _ if deletes == 0 => no("it has no deletes"),
            _ => self.may_apply(state),
        }
    }

    pub(super) fn may_reject(&self, state: &State) -> Result<(), Refusal> {
        self.may_decide(state)?;
        match self.stance(state) {
            Stance::Held | Stance::Waits => Ok(()),
            _ => no("nothing of it waits for approval"),
        }
    }

    pub(super) fn may_read_again(&self, state: &State) -> Result<(), Refusal> {
        reachable(state)?;
        if self.is_making() {
            return no("it is being read");
        }
        match self.is_busy(state) {
            true => no("a run of this sync is under way"),
            false => Ok(()),
        }
    }

    /// How many operations stand in it.
    pub(super) fn planned(&self) -> u64 {
        self.head
            .here()
            .map_or(0, |head| head.run.counters.total(|tally| tally.planned))
    }

    fn dialog(&self, state: &State, title: String, tag: Tag) -> Dialog {
        yes(state.now.ms, title, Intent::Confirmed(tag))
    }

    /// Asks before the plan is applied; what is held needs its number typed.
    pub(super) fn ask_apply(&self, state: &mut State) {
        if matches!(self.stance(state), Stance::Held | Stance::Waits) {
            ask_held(state, &self.sync);
            return;
        }
        let (Some(head), Some(sync)) = (self.head.here(), self.view(state)) else {
            return;
        };
        let c = &head.run.counters;
        let cost = cost(sync, head).map_or(String::new(), |cost| format!(": {cost}"));
        let title = format!("Apply the plan of {}?", sync.name());
        let mut dialog = self.dialog(state, title, APPLY);
        dialog.body = vec![
            format!(
                "It creates {}, updates {} and deletes {} at {}{cost}.",
                text::count(c.create.planned),
                text::count(c.update.planned),
                text::count(c.delete.planned),
                sync.destination
            ),
            format!(
                "Exactly this plan, {}: the model is read once more, and where it has moved \
                 nothing is sent.",
                short_hash(&head.plan_hash)
            ),
        ];
        dialog.go = "apply it".to_owned();
        if c.delete.held > 0 {
            let words = format!(
                "Its deletes are over the limit of {}; applied by number, they go too.",
                text::count(head.delete_limit)
            );
            dialog.body.insert(1, words);
            dialog.go = "apply it with its deletes".to_owned();
            dialog.ask = Ask::Number {
                expected: c.delete.planned,
                field: Field::default(),
            };
        }
        state.overlay = Some(Overlay::Dialog(Box::new(dialog)));
    }

    /// Asks before what is no delete is sent.
    pub(super) fn ask_without(&self, state: &mut State) {
        let (Some(head), Some(sync)) = (self.head.here(), self.view(state)) else {
            return;
        };
        let c = &head.run.counters;
        let title = format!("Run {} without deletes?", sync.name());
        let mut dialog = self.dialog(state, title, WITHOUT);
        dialog.body = vec![
            format!(
                "It creates {} and updates {} at {}; {} stay.",
                text::count(c.create.planned),
                text::count(c.update.planned),
                sync.destination,
                text::counted(c.delete.planned, "record")
            ),
            "The model is read once more, and what changed meanwhile goes too. A later run plans \
             the deletes again."
                .to_owned(),
        ];
        dialog.go = "run it without them".to_owned();
        state.overlay = Some(Overlay::Dialog(Box::new(dialog)));
    }

    /// Asks before what waits is dropped.
    pub(super) fn ask_reject(&self, state: &mut State) {
        let Some(sync) = self.view(state).cloned() else {
            return;
        };
        let Some(waits) = waiting(&sync) else { return };
        let deletes = text::counted(waits.figure, "held delete");
        let (title, words, go) = match waits.whole {
            Some(_) if waits.undone.is_some() => (
                format!("Drop the undo for {}?", sync.name()),
                "Nothing is taken back, and the sync is not paused.".to_owned(),
                "drop it",
            ),
            None => (
                format!("Reject the {deletes} of {}?", sync.name()),
                format!(
                    "Nothing is deleted at {}. The next run looks again, and holds what is still \
                     over the limit.",
                    sync.destination
                ),
                "reject them",
            ),
            Some(_) => (
                format!("End run {} of {}?", text::short(&waits.run), sync.name()),
                "It ends with nothing sent; what is due goes with the next run.".to_owned(),
                "end it",
            ),
        };
        let mut dialog = self.dialog(state, title, REJECT);
        dialog.body = vec![words];
        dialog.go = go.to_owned();
        state.overlay = Some(Overlay::Dialog(Box::new(dialog)));
    }

    /// Orders what was confirmed.
    pub(super) fn decided(&mut self, state: &mut State, tag: Tag) -> Vec<Effect> {
        // The world may have moved while the dialog was open.
        let (may, doing, verb) = match tag {
            APPLY => (self.may_apply(state), "applying", "apply the plan of"),
            WITHOUT => (self.may_leave_deletes(state), "starting", "run"),
            REJECT => (self.may_reject(state), "rejecting", "reject what waits of"),
            _ => return Vec::new(),
        };
        if let Err(why) = may {
            state.note(format!("not now: {why}"));
            return Vec::new();
        }
        let sync = self.sync.as_str().to_owned();
        let plan_hash = self.head.here().map(|head| head.plan_hash.clone());
        let (command, done) = match tag {
            APPLY => {
                let options = RunOptions {
                    approved_plan: plan_hash,
                    ..RunOptions::default()
                };
                (Command::Run { sync, options }, String::new())
            }
            WITHOUT => {
                let options = RunOptions {
                    without_deletes: true,
                    ..RunOptions::default()
                };
                (Command::Run { sync, options }, String::new())
            }
            _ => {
                let waits = self.view(state).and_then(waiting);
                let target = waits.map_or(sync, |waits| waits.target);
                let what = match self.undone {
                    Some(_) => "nothing was taken back",
                    None => "nothing was deleted",
                };
                let done = format!("{}: rejected, {what}", self.name(state));
                (Command::Reject { target }, done)
            }
        };
        let failed = format!("could not {verb} {}", self.name(state));
        let (token, effect) = state.order(doing, failed, done, command);
        self.doing = Some((token, doing));
        vec![effect]
    }

    /// Has the model read and compared, or an undo planned, without anything being sent.
    pub(super) fn make(&mut self, state: &mut State) -> Vec<Effect> {
        let (doing, failed, command) = match self.undone.clone() {
            Some(run) => {
                let failed = format!("could not plan the undo of run {}", text::short(&run));
                let approved_plan = None;
                let command = Command::Undo { run, approved_plan };
                ("planning the undo", failed, command)
            }
            None => {
                let options = RunOptions {
                    plan_only: true,
                    ..RunOptions::default()
                };
                let sync = self.sync.as_str().to_owned();
                let failed = format!("could not plan {}", self.name(state));
                ("planning", failed, Command::Run { sync, options })
            }
        };
        let (token, effect) = state.order(doing, failed, "", command);
        self.making = Making::Asked(token);
        vec![effect]
    }
}

/// A plan's hash as short as people say it.
pub(super) fn short_hash(hash: &str) -> String {
    let head: String = hash.chars().take(8).collect();
    format!("{head}…")
}
