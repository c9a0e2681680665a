//! What keys and answers change in the list of runs.

use super::asking::{RESEND, ask_resend, resend};
use super::list_view;
use super::run::RunPage;
use super::state::{PAGE, Reading, Runs};
use crate::domain::command::{Command, Reply};
use crate::domain::run::Run;
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::questions::ask_cancel;
use crate::tui::screens::PageAct;
use crate::tui::screens::page::{Heard, Page, Wish, no, not_here};
use crate::tui::screens::plan::Plan;
use crate::tui::screens::rows::Rows;
use crate::tui::state::State;
use crate::tui::widgets::table::Table;

/// What the list of runs has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Cancel,
    Rows,
    Resend,
    Undo,
    Plan,
}

const RUNS: Scope = Scope::Page("Runs");

const fn own(act: Act) -> Action {
    Action::Page(PageAct::Runs(act))
}

impl Page for Runs {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Cancel), "runs_cancel", &["c"], "Cancel the run", "cancel", RUNS)),
        entry(own(Act::Rows), "runs_rows", &["w"], "Rows of the run by cause", "rows", RUNS),
        vital(entry(own(Act::Resend), "runs_resend", &["R"], "Send the run's refused rows again", "re-send", RUNS)),
        entry(own(Act::Undo), "runs_undo", &["U"], "Undo the run: see what is taken back", "undo", RUNS),
        entry(own(Act::Plan), "runs_plan", &["p"], "See the run's plan", "plan", RUNS),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[RUNS]
    }

    fn view(
        &self,
        state: &State,
        look: &Look,
        area: ratatui::layout::Rect,
        buf: &mut ratatui::buffer::Buffer,
    ) -> ratatui::layout::Position {
        list_view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        let run = || match self.selected() {
            Some(run) => Ok(run),
            None => Err(Refusal::Borrowed("no run is selected")),
        };
        match wish {
            Wish::Own(Act::Cancel) => may_cancel(state, run()?),
            Wish::Own(Act::Rows) => may_see_rows(run()?),
            Wish::Own(Act::Resend) => may_resend(state, run()?),
            Wish::Own(Act::Undo) => may_undo(state, run()?),
            Wish::Own(Act::Plan) => may_see_plan(run()?),
            Wish::Shared(Action::Enter | Action::Copy | Action::CopyCommand) => run().map(|_| ()),
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        let Some(run) = self.selected().cloned() else {
            return Vec::new();
        };
        match wish {
            Wish::Own(Act::Cancel) => ask_cancel(state, &[run.sync]),
            Wish::Own(Act::Rows) => state.router.open(Rows::of(&run)),
            Wish::Own(Act::Resend) => return ask_resend(state, &run),
            Wish::Own(Act::Undo) => state.router.open(Plan::undoing(run.sync, run.id)),
            Wish::Own(Act::Plan) => state.router.open(Plan::of(run.sync, run.id)),
            Wish::Shared(Action::Enter) => state.router.open(RunPage::of(&run)),
            Wish::Shared(Action::Copy) => return vec![Effect::Copy(run.id.to_string())],
            Wish::Shared(Action::CopyCommand) => {
                return vec![Effect::Copy(format!("signalsmith show run {}", run.id))];
            }
            Wish::Shared(_) => {}
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Confirmed(RESEND) => match self.selected().cloned() {
                Some(run) => resend(state, &run),
                None => Vec::new(),
            },
            Heard::Answer { token, result } if self.waiting.awaits(token) => {
                let mut read = None;
                self.waiting.take(token, result, |reply| match reply {
                    Reply::Runs(runs) => {
                        read = Some(runs);
                        Some(())
                    }
                    _ => None,
                });
                if let Some(runs) = read {
                    self.take(runs);
                }
                Vec::new()
            }
            Heard::Answer { result, .. } => {
                match result {
                    Ok(Reply::Run(run)) => state.router.open(RunPage::of(&run)),
                    Ok(_) => {}
                    Err(problem) => state.fail(problem.text, problem.hint),
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        self.arrange(state);
        self.table.fit(list_view::list_rows(state));
        let Some(reading) = self.due(state) else {
            return Vec::new();
        };
        let before = match &reading {
            Reading::Newest => None,
            Reading::Before(id) => Some(id.clone()),
        };
        let command = Command::Runs {
            sync: None,
            before,
            limit: PAGE,
        };
        let (token, effect) = state.ask("reading the runs", command);
        self.asked(state, reading, token);
        vec![effect]
    }

    fn due_ms(&self, state: &State) -> Option<u64> {
        let live = self.listed.iter().any(|run| !run.status.is_final());
        let second = (live && state.focused).then_some((state.now.ms / 1_000 + 1) * 1_000);
        self.next_ms(state).into_iter().chain(second).min()
    }

    fn table(&self) -> Option<&Table> {
        Some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        Some(&mut self.table)
    }
}

pub(super) fn may_cancel(state: &State, run: &Run) -> Result<(), Refusal> {
    reachable(state)?;
    let sync = state.sync(&run.sync);
    let active = sync.and_then(|sync| sync.active.as_ref());
    let queued = sync.and_then(|sync| sync.queued.as_ref());
    let active = active.is_some_and(|active| active.run.id == run.id);
    // What is asked is about the run under way; a queued one behind it has its turn later.
    let queued = sync.is_some_and(|sync| sync.active.is_none())
        && queued.is_some_and(|queued| queued.id == run.id);
    match active || queued {
        true => Ok(()),
        false if run.status.is_final() => no("it has ended"),
        false => no("another run of its sync goes first"),
    }
}

pub(super) fn may_see_rows(run: &Run) -> Result<(), Refusal> {
    let c = &run.counters;
    match c.has_errors() || c.total(|tally| tally.held) > 0 {
        true => Ok(()),
        false => no("no row of it needs a look"),
    }
}

pub(super) fn may_see_plan(run: &Run) -> Result<(), Refusal> {
    match run.plan_hash {
        Some(_) => Ok(()),
        None if run.status.is_final() => no("it ended before it had a plan"),
        None => no("it has no plan yet"),
    }
}

/// Whether the undo of a run can be planned; the core looks further.
pub(super) fn may_undo(state: &State, run: &Run) -> Result<(), Refusal> {
    reachable(state)?;
    if let Some(reason) = &state.world.halted {
        return Err(format!("nothing is sent: {reason}").into());
    }
    let Some(sync) = state.sync(&run.sync) else {
        return no("its sync is gone");
    };
    if !run.status.is_final() {
        return no("it goes on; `c` cancels it, and what it wrote can be undone then");
    }
    if run.options.undo_of.is_some() {
        return no("it is an undo itself; a run of the sync sends what the model holds");
    }
    if run.counters.total(|tally| tally.done) == 0 {
        return no("it wrote nothing");
    }
    match sync.active.is_some() || sync.queued.is_some() {
        true => no("a run of its sync is under way"),
        false => Ok(()),
    }
}

pub(super) fn may_resend(state: &State, run: &Run) -> Result<(), Refusal> {
    reachable(state)?;
    if let Some(reason) = &state.world.halted {
        return Err(format!("nothing is sent: {reason}").into());
    }
    if !run.status.is_final() {
        return no("it goes on");
    }
    if state.sync(&run.sync).is_none() {
        return no("its sync is gone");
    }
    if run.options.undo_of.is_some() {
        return no("it is an undo; what is left of it goes with `U` on the run that it undoes");
    }
    match super::lines::refused(run) {
        0 => no("no row of it was refused"),
        _ => Ok(()),
    }
}
