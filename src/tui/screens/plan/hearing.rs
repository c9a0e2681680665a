//! What answers change on the page of a plan.

use super::state::{Making, Plan};
use crate::domain::browse::Browsed;
use crate::domain::command::{Command, Reply};
use crate::domain::problem::{Problem, ProblemKind};
use crate::tui::msg::Effect;
use crate::tui::requests::{Waiting, misfit};
use crate::tui::screens::runs::RunPage;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::window::Window;

impl Plan {
    pub(super) fn answered(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        if self.doing.take_if(|(own, _)| *own == token).is_some() {
            match result {
                Ok(Reply::Run(run)) => state.router.open(RunPage::of(&run)),
                Ok(_) => {}
                Err(problem) => state.fail(problem.text, problem.hint),
            }
            return Vec::new();
        }
        if self.head.awaits(token) {
            self.head
                .take(token, result, |reply| match browsed(reply)? {
                    Browsed::Plan(head) => Some(*head),
                    _ => None,
                });
            self.meet();
            return Vec::new();
        }
        if self.list.awaits(token) {
            self.list
                .take(result.and_then(|reply| match browsed(reply) {
                    Some(Browsed::Entries(rows)) => Ok(rows),
                    _ => Err(misfit()),
                }));
            return Vec::new();
        }
        match &self.making {
            Making::Asked(own) if *own == token => self.started(state, result),
            Making::Under { token: own, .. } if *own == token => {
                self.made(result);
                Vec::new()
            }
            _ => self.found(state, token, result),
        }
    }

    /// The run that plans was taken on: its end is awaited.
    fn started(&mut self, state: &mut State, result: Result<Reply, Problem>) -> Vec<Effect> {
        match result {
            Ok(Reply::Run(run)) => {
                let command = Command::WaitRun {
                    run: run.id.clone(),
                };
                let (token, effect) = state.ask("reading and comparing", command);
                self.making = Making::Under { token, run: run.id };
                vec![effect]
            }
            Ok(_) => {
                self.making = Making::Failed(misfit());
                Vec::new()
            }
            Err(problem) => {
                self.making = Making::Failed(problem);
                Vec::new()
            }
        }
    }

    /// The run that plans has ended: its plan takes the place of the one before, where it has one.
    fn made(&mut self, result: Result<Reply, Problem>) {
        self.making = match result {
            Ok(Reply::Run(run)) if run.plan_hash.is_some() => {
                self.run = Some(run.id);
                self.head = Waiting::Not;
                self.list = Window::new(0);
                Making::Not
            }
            Ok(Reply::Run(run)) => Making::Failed(run.error.unwrap_or_else(|| {
                let words = format!("the reading was {}", run.status);
                Problem::new(ProblemKind::Interrupted, words)
            })),
            Ok(_) => Making::Failed(misfit()),
            Err(problem) => Making::Failed(problem),
        };
    }

    /// A stretch of the plan was looked through for the text.
    fn found(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        let ours = self.finding.take_if(|finding| finding.token == token);
        if ours.is_none() {
            return Vec::new();
        }
        let found = match result.map(browsed) {
            Ok(Some(Browsed::Found(found))) => found,
            Ok(_) => {
                state.fail(misfit().text, misfit().hint);
                return Vec::new();
            }
            Err(problem) => {
                state.fail(problem.text, problem.hint);
                return Vec::new();
            }
        };
        match (found.at, found.next) {
            (Some(at), _) => self.list.go(at),
            (None, Some(next)) => return self.find(state, next),
            (None, None) => {
                let words = match self.list.cursor == 0 {
                    true => "no entry has it",
                    false => "no entry from here on has it; `gg` goes to the first",
                };
                state.note(format!("'{}': {words}", text::line(&self.text, 30)));
            }
        }
        Vec::new()
    }
}

/// What was browsed, where a reply is that.
pub(in crate::tui::screens) fn browsed(reply: Reply) -> Option<Browsed> {
    match reply {
        Reply::Browsed(browsed) => Some(*browsed),
        _ => None,
    }
}
