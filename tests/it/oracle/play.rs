//! Plays a history through the core and beside it through the naive model; they must agree.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::command::Command;
use signalsmith::domain::id::RunId;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::row::Fingerprint;
use signalsmith::domain::run::{Counters, RunOptions, Tally};

use super::history::{Change, EMAILS, Edit, History, Row, RowId, Start, Step, Take};
use super::model::{Plan, Slot, State, View};
use super::world::{Settings, Went, World, run_of};
use crate::support::scripted::{Record, Records, Said, Scripted, There, normal};

/// A write whose outcome comes later.
#[derive(Debug, Clone)]
pub struct Pending {
    pub run: RunId,
    pub slot: Slot,
    pub said: Said,
}

/// Deletes that wait for a person.
#[derive(Debug, Clone)]
pub struct Held {
    pub plan_hash: String,
    pub slots: BTreeSet<Fingerprint>,
}

/// One history under way.
pub struct Play<'a> {
    pub world: &'a mut World,
    pub start: Start,
    pub settings: Settings,
    pub rows: BTreeMap<RowId, Vec<Row>>,
    pub state: State,
    /// By ticket.
    pub pending: BTreeMap<String, Pending>,
    pub held: Option<Held>,
    /// Whether a whole run has completed.
    pub good: bool,
    /// What runs with pending rows counted.
    pub counted: BTreeMap<RunId, Counters>,
    /// Identifiers that this sync may have written since its snapshot began, while it was a mirror.
    pub ours: Option<BTreeSet<String>>,
    /// Whether the last run had nothing to do and nothing is open.
    pub is_at_rest: bool,
    /// Whether it has only updated and created since its snapshot began.
    pub is_plain: bool,
}

impl<'a> Play<'a> {
    pub fn new(world: &'a mut World, start: &Start, number: u64) -> Self {
        let settings = Settings {
            name: format!("s{number}"),
            mode: start.mode,
            scope_all: start.scope_all,
            foreign_allowed: start.foreign_allowed,
            mapping: start.mapping,
            key: start.key,
            object: 0,
            from_now: start.from_now,
            hold: start.hold,
            delete_rows: start.delete_rows,
            paused: false,
        };
        let mut there = There::new();
        there.form = start.form;
        there.idempotent = start.idempotent;
        there.batch_rows = start.batch_rows;
        *world.there.there() = there;
        world.begin(&settings);
        let is_mirror = start.mode == Mode::Mirror;
        Self {
            world,
            start: start.clone(),
            settings,
            rows: BTreeMap::new(),
            state: State::default(),
            pending: BTreeMap::new(),
            held: None,
            good: false,
            counted: BTreeMap::new(),
            ours: is_mirror.then(BTreeSet::new),
            is_at_rest: false,
            is_plain: is_plain(start.mode),
        }
    }

    pub fn there(&self) -> Scripted {
        self.world.there.clone()
    }

    pub fn normal(&self, identifier: &str) -> String {
        normal(self.start.form, identifier)
    }

    pub fn rows(&self) -> Vec<Row> {
        // Not in key order: a source need not sort.
        self.rows.values().rev().flatten().copied().collect()
    }

    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Put(id, row) => {
                self.rows.insert(*id, vec![*row]);
            }
            Edit::Double(id, row) => self.rows.entry(*id).or_default().push(*row),
            Edit::Remove(id) => {
                self.rows.remove(id);
            }
            Edit::Swap(one, other) => {
                let first = self.rows.get(one).and_then(|rows| rows.first()).copied();
                let second = self.rows.get(other).and_then(|rows| rows.first()).copied();
                let (Some(first), Some(second)) = (first, second) else {
                    return;
                };
                let give = |row: Row, id| vec![Row { id, ..row }];
                self.rows.insert(*one, give(second, first.id));
                self.rows.insert(*other, give(first, second.id));
            }
            Edit::Empty => self.rows.clear(),
        }
    }

    /// The snapshot begins anew, empty.
    fn reset(&mut self) {
        self.state = State {
            blurred: false,
            ..State::default()
        };
        self.pending.clear();
        self.held = None;
        self.ours = (self.settings.mode == Mode::Mirror).then(BTreeSet::new);
        self.is_plain = is_plain(self.settings.mode);
        self.there().there().drop_tickets();
    }

    pub fn change(&mut self, change: &Change) {
        let name = self.settings.name.clone();
        match *change {
            Change::Mode(mode) => {
                self.settings.mode = mode;
                self.is_plain &= is_plain(mode);
                if mode != Mode::Mirror {
                    self.ours = None;
                }
            }
            Change::Mapping(mapping) => self.settings.mapping = mapping,
            Change::Key(key) => {
                if key != self.settings.key {
                    self.reset();
                }
                self.settings.key = key;
            }
            Change::Object(object) => {
                if object != self.settings.object {
                    self.reset();
                }
                self.settings.object = object;
            }
            Change::Guard(rows) => self.settings.delete_rows = rows,
            Change::Forget => {
                let (sync, confirm) = (name.clone(), name);
                self.world.ask(Command::Forget { sync, confirm }).unwrap();
                self.reset();
                return;
            }
            Change::Pause(paused) => {
                let command = if paused {
                    Command::Pause { sync: name }
                } else {
                    Command::Resume { sync: name }
                };
                self.world.ask(command).unwrap();
                self.settings.paused = paused;
                return;
            }
            Change::Foreign(place) => return self.foreign(place),
            Change::Restart => return self.world.restart(),
        }
        self.world.configure(&self.settings);
    }

    fn foreign(&mut self, place: u8) {
        let (field, identifier) = match self.settings.mapping {
            2 => ("number", format!("integer {place}")),
            _ => ("email", format!("text {}", EMAILS[usize::from(place)])),
        };
        let there = self.there();
        let mut there = there.there();
        let at = there.normal(&identifier);
        let records = there
            .objects
            .entry(self.settings.object_name())
            .or_default();
        let theirs = Record::from([(field.to_owned(), identifier)]);
        if let Entry::Vacant(free) = records.held.entry(at) {
            // What is there from now on is theirs.
            if let Some(ours) = &mut self.ours {
                ours.remove(free.key());
            }
            free.insert(theirs);
        }
    }

    /// Arranges what the destination answers.
    fn arrange(&self, step: &Step) {
        let there = self.there();
        let mut there = there.there();
        there.fates.clear();
        there.seen.clear();
        for (place, fate) in &step.fates {
            let email = format!("text {}", EMAILS[usize::from(*place)]);
            for identifier in [
                email.clone(),
                email.to_lowercase(),
                format!("integer {place}"),
            ] {
                let at = there.normal(&identifier);
                there.fates.insert(at, *fate);
            }
        }
    }

    fn options(&self, take: &Take) -> RunOptions {
        let mut options = RunOptions::default();
        match take {
            Take::All | Take::Approve => {}
            Take::Limit(limit) => options.limit = Some(*limit),
            Take::Keys(_) => {
                let keys = self.chosen(take).unwrap_or_default().into_iter();
                options.keys = keys
                    .filter_map(|key| Some(key.split_once(' ')?.1.to_owned()))
                    .collect();
            }
            Take::Full => (options.full, options.duplicate) = (true, true),
            Take::PlanOnly => options.plan_only = true,
        }
        options
    }

    fn chosen(&self, take: &Take) -> Option<BTreeSet<String>> {
        let Take::Keys(ids) = take else { return None };
        let key = |id: &RowId| match self.settings.key {
            0 => format!("integer {id}"),
            _ => format!("text {}", EMAILS[usize::from(*id)]),
        };
        Some(ids.iter().map(key).collect())
    }

    /// How the next run looks at things, once pending outcomes are told.
    pub fn view(&self, take: &Take, objects: &BTreeMap<String, Records>) -> View {
        let settings = &self.settings;
        let records = objects.get(&settings.object_name());
        let field = if settings.mapping == 2 {
            "number"
        } else {
            "email"
        };
        let listed = records.into_iter().flat_map(|records| &records.held);
        let listed = listed.filter_map(|(at, record)| {
            let identifier = record.get(field)?;
            (self.normal(identifier) == *at).then(|| (at.clone(), identifier.clone()))
        });
        let full = *take == Take::Full;
        let limit = match take {
            Take::Limit(limit) => Some(*limit),
            _ => None,
        };
        let first = !self.good && self.state.known() == 0;
        let mut view = View {
            mode: settings.mode,
            form: self.start.form,
            mapping: settings.mapping,
            key: settings.key,
            hold: settings.hold,
            full,
            adopt: first && settings.from_now && !full,
            keys: self.chosen(take),
            limit,
            listed: None,
        };
        let options = self.options(take);
        if settings.scope_all && settings.mode == Mode::Mirror && !options.is_partial() {
            view.listed = Some(listed.collect());
        }
        view
    }

    pub fn step(&mut self, step: &Step) {
        for edit in &step.edits {
            self.edit(edit);
        }
        let rows = self.rows();
        self.world.rows(&rows);
        if let Some(change) = &step.change {
            self.change(change);
        }
        self.arrange(step);
        self.run(&step.take, step);
    }

    fn run(&mut self, take: &Take, step: &Step) {
        let asks = !self.pending.is_empty();
        let dies_asking = asks && step.silence == Some(crate::support::scripted::Silence::Settle);
        let objects = if dies_asking {
            BTreeMap::new()
        } else {
            self.hear_of_pending()
        };
        let name = self.settings.name.clone();
        let held = self.held.clone().filter(|_| *take == Take::Approve);
        let command = match &held {
            Some(held) => Command::Approve {
                target: name.clone(),
                plan_hash: held.plan_hash.clone(),
            },
            None => run_of(&name, self.options(take)),
        };
        let went = self.world.run(command, step.approves, step.silence);
        if dies_asking {
            assert!(matches!(went, Went::Died(_)), "{went:?}");
            return self.world.start();
        }
        let view = self.view(take, &objects);
        let rows = self.rows();
        let expected = Plan::of(&view, &mut self.state, &rows);
        match went {
            Went::Refused(problem) => panic!("refused: {problem:?}"),
            Went::Ended(run) => {
                self.ended(&view, &expected, &run, held.as_ref(), step);
            }
            Went::Died(id) => self.died(&view, &expected, &id, held.as_ref(), step),
        }
        self.look();
    }

    /// What must hold after each step.
    fn look(&mut self) {
        let broken = std::mem::take(&mut self.there().there().broken);
        assert!(broken.is_empty(), "{broken:#?}");
        let expected: Vec<_> = self.counted.iter().collect();
        for (id, counters) in expected {
            let run = self.world.show(id);
            assert_eq!(tallies(&run.counters), tallies(counters), "{id}");
        }
        let open: BTreeSet<&RunId> = self.pending.values().map(|it| &it.run).collect();
        self.counted.retain(|id, _| open.contains(id));
        if !self.state.blurred {
            let seen = self.world.sync(&self.settings.name);
            assert_eq!(seen.known, self.state.known(), "{:#?}", self.state);
        }
    }
}

fn is_plain(mode: Mode) -> bool {
    matches!(mode, Mode::Upsert | Mode::Mirror)
}

pub fn tallies(counters: &Counters) -> [Tally; 3] {
    [counters.create, counters.update, counters.delete]
}

/// Plays a history.
pub fn play(world: &mut World, history: &History, number: u64) -> bool {
    let mut play = Play::new(world, &history.start, number);
    for step in &history.steps {
        play.step(step);
    }
    play.rest();
    play.state.blurred
}
