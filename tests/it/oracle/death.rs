//! The core dies under a run: it starts again, sends once more what was under way, and stands where it
//! should.

use signalsmith::domain::id::RunId;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::run::{Counters, RunOptions, RunStatus};

use super::history::{Step, Take};
use super::model::{Plan, View};
use super::outcome::{Became, counted};
use super::play::{Held, Play};
use super::world::{Went, run_of};
use crate::support::scripted::Silence;

impl Play<'_> {
    /// After the core died: it starts again, replays what was under way, and stands where it should.
    pub fn died(
        &mut self,
        view: &View,
        expected: &Plan,
        id: &RunId,
        approved: Option<&Held>,
        step: &Step,
    ) {
        let planned = self.world.plan(id).expect("the plan stands in its file");
        if !self.state.blurred {
            let counters = Counters {
                read: expected.read,
                unchanged: expected.unchanged,
                invalid: expected.invalid,
                skipped: expected.skipped + expected.sends.len() as u64 - expected.most_sends(view),
                ..Counters::default()
            };
            self.compare(view, expected, &counters, &planned);
        }
        let work = self.work(expected, id, planned, approved);
        let is_open = self.there().there().seen.iter().any(|it| it.unanswered);
        let at_most_once = self.settings.mode == Mode::Append && self.settings.hold;
        let replays = is_open && !self.settings.paused && !at_most_once;
        // A batch that is refused for one of its rows is answered, and not seen.
        let refused = self.there().there().refuses_what_is_open();
        if let Some(applied) = step.again.filter(|_| replays) {
            // Unless nothing is done with it.
            let applied = applied && !refused;
            self.world.die_again(Silence::Write { nth: 0, applied });
        }
        self.there().fall_silent(None);
        self.world.start();
        // What is planned now waits until all that was open is settled.
        let barrier = run_of(
            &self.settings.name,
            RunOptions {
                plan_only: true,
                ..Default::default()
            },
        );
        self.there().there().told.clear();
        let went = self.world.run(barrier, false, None);
        let Went::Ended(plan_only) = went else {
            panic!("{went:?}")
        };
        let mut became: Vec<Became> = vec![Became::Unsent; work.planned.len()];
        for place in &work.held {
            became[*place] = Became::Held;
        }
        let stored = self.world.show(id);
        assert_eq!(stored.status, RunStatus::Interrupted, "{stored:#?}");
        self.hold(
            view,
            &work,
            &step.take,
            approved.is_some(),
            stored.plan_hash.as_deref(),
        );
        self.note(view, expected, &work);
        let seen = std::mem::take(&mut self.there().there().seen);
        let replayed = seen.iter().any(|it| it.replay);
        assert!(replays || !replayed, "it was replayed all the same");
        assert!(!replays || replayed || refused, "nothing was replayed");
        self.judge(&work, &seen, &mut became, false);
        let mut counters = counted(&work, &became);
        self.conclude(&work, &became, &mut counters);
        self.counted.insert(id.clone(), counters);
        let told = std::mem::take(&mut self.there().there().told);
        self.hear(told);
        let objects = self.there().there().objects.clone();
        let view = self.view(&Take::PlanOnly, &objects);
        let rows = self.rows();
        let expected = Plan::of(&view, &mut self.state, &rows);
        let planned = self.world.plan(&plan_only.id).unwrap();
        self.compare(&view, &expected, &plan_only.counters, &planned);
    }
}
