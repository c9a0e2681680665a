//! Tests of connections: their steps as they are taken, and what came of the last one.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use crate::domain::command::{Command, Reply};
use crate::domain::destination::{StepOutcome, TestStep};
use crate::domain::problem::Problem;
use crate::tui::msg::Effect;
use crate::tui::requests::misfit;
use crate::tui::state::State;

/// A test, under way or ended.
#[derive(Debug)]
pub(super) struct Test {
    /// Its token while it is under way, and since when.
    pub under_way: Option<(u64, u64)>,
    /// The steps that were taken.
    pub steps: Vec<TestStep>,
    /// Why it could not be made at all.
    pub problem: Option<Problem>,
    /// When it ended.
    pub at: Option<DateTime<Utc>>,
}

impl Test {
    /// The first step that failed.
    pub(super) fn failed(&self) -> Option<&TestStep> {
        let mut steps = self.steps.iter();
        steps.find(|step| step.outcome == StepOutcome::Failed)
    }

    /// Whether it ended well.
    pub(super) fn passed(&self) -> bool {
        self.under_way.is_none() && self.problem.is_none() && self.failed().is_none()
    }
}

/// The tests of this session by the connection's id.
#[derive(Debug, Default)]
pub(super) struct Tests {
    by_id: BTreeMap<String, Test>,
    /// Those whose turn comes when a test ends.
    queue: VecDeque<String>,
}

/// Tests at a time, where many are asked for.
const AT_A_TIME: usize = 4;

impl Tests {
    pub(super) fn of(&self, id: &str) -> Option<&Test> {
        self.by_id.get(id)
    }

    /// Starts a test; one that is under way goes on.
    pub(super) fn start(&mut self, state: &mut State, id: &str) -> Option<Effect> {
        if self.of(id).is_some_and(|test| test.under_way.is_some()) {
            return None;
        }
        let command = Command::Test {
            connection: id.to_owned(),
        };
        let (token, effect) = state.ask("testing", command);
        self.by_id.insert(
            id.to_owned(),
            Test {
                under_way: Some((token, state.now.ms)),
                steps: Vec::new(),
                problem: None,
                at: None,
            },
        );
        Some(effect)
    }

    /// Starts tests of many, a few at a time; the others follow as they end.
    pub(super) fn start_all(&mut self, state: &mut State, ids: Vec<String>) -> Vec<Effect> {
        self.queue = ids.into();
        self.start_next(state)
    }

    /// Starts those whose turn has come.
    pub(super) fn start_next(&mut self, state: &mut State) -> Vec<Effect> {
        let mut effects = Vec::new();
        let under_way = |tests: &Self| {
            let all = tests.by_id.values();
            all.filter(|test| test.under_way.is_some()).count()
        };
        while under_way(self) < AT_A_TIME {
            let Some(id) = self.queue.pop_front() else {
                break;
            };
            effects.extend(self.start(state, &id));
        }
        effects
    }

    /// Notes a step that was just taken.
    pub(super) fn step(&mut self, id: &str, step: &TestStep) {
        if let Some(test) = self.by_id.get_mut(id)
            && test.under_way.is_some()
        {
            test.steps.push(step.clone());
        }
    }

    /// Takes the end of a test; false where it is none.
    pub(super) fn take(
        &mut self,
        token: u64,
        at: DateTime<Utc>,
        result: Result<Reply, Problem>,
    ) -> bool {
        let mut all = self.by_id.values_mut();
        let Some(test) = all.find(|test| test.under_way.is_some_and(|(own, _)| own == token))
        else {
            return false;
        };
        test.under_way = None;
        test.at = Some(at);
        match result {
            // What came step by step may have lost some on the way.
            Ok(Reply::Steps(steps)) => test.steps = steps,
            Ok(_) => test.problem = Some(misfit()),
            Err(problem) => test.problem = Some(problem),
        }
        true
    }

    /// Lets go of the test of one; nothing where it is not under way.
    pub(super) fn let_go(&mut self, state: &mut State, id: &str) -> Option<Vec<Effect>> {
        let (token, _) = self.by_id.get(id)?.under_way?;
        self.by_id.remove(id);
        self.queue.clear();
        Some(state.let_go(token))
    }

    /// Whether the test of `id` is under way.
    pub(super) fn is_under_way(&self, id: &str) -> bool {
        self.of(id).is_some_and(|test| test.under_way.is_some())
    }
}
